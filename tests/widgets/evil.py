"""Texts that would run as scripts if they reached a page as markup."""

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'
EVIL_IMAGE = '<img src=x onerror="hacked()">'

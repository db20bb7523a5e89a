"""Tests in a real browser: Chromium, a real JupyterLab, a real kernel."""

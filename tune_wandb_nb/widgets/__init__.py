"""Widgets and pages for people: the form, the search with its dashboard, the doctor."""

"""Shared by all widgets: frontend detection, static output, HTML markup, colours."""

"""The files that `frontend/` is built into."""

from pathlib import Path

__all__ = ["BUNDLE", "STYLES"]

BUNDLE = Path(__file__).parents[1] / "dashboard" / "static" / "trials_view.js"
"""A JavaScript module that draws a search in a widget or in a page."""
STYLES = BUNDLE.with_suffix(".css")

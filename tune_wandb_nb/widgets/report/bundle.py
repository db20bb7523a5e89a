"""The files that `frontend/` is built into."""

from pathlib import Path

__all__ = ["BUNDLE", "STYLES"]

BUNDLE = Path(__file__).parents[1] / "dashboard" / "static" / "trials_view.js"
STYLES = BUNDLE.with_suffix(".css")

"""A Tune search in the background."""

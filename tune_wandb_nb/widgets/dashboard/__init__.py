"""The dashboard of a running search."""

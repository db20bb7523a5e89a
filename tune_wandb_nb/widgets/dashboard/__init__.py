"""The dashboard of a running search, and its static report."""

"""Searches with Ray Tune: search spaces, plans, trials and progress."""

"""Searches with Ray Tune: plans, trials and progress."""

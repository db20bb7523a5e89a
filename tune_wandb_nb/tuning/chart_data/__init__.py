"""From a board's snapshot to what charts draw."""

"""The names and call forms of Ray 1.x, on current versions of Ray."""

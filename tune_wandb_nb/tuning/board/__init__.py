"""The state of every trial as immutable snapshots, and the Tune callback that records it."""

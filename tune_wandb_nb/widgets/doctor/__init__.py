"""One page about this machine, for a bug report."""

"""What W&B shows of a whole search: its saved view, its report and its own run."""

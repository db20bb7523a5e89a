"""What a training function reads and reports, found in its source."""

"""What is done to a search on its pages in W&B: a trial is stopped, the sweep paused or ended."""

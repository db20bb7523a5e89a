"""From disk to W&B: ``sync_runs`` and ``upload_experiment``."""

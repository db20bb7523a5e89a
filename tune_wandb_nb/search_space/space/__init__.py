"""``SearchSpace`` and its conversions: Tune, code, JSON, W&B sweep."""

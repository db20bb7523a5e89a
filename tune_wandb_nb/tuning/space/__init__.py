"""``SearchSpace``, and its forms: Tune, code, JSON, W&B sweep."""

"""The distributions of hyperparameters, one small class each."""

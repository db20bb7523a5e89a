"""The only modules that touch what Ray and wandb do not promise."""

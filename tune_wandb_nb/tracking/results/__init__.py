"""One Tune result becomes a row of a W&B run: metrics, config, summary, media, checkpoints."""

"""Turns a Tune result into a row of a W&B run: metrics, config, summary, media, checkpoints."""

"""One trial's W&B run: how it is opened, written, ended and recovered."""

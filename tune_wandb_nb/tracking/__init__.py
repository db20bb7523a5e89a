"""W&B: settings, credentials, payloads, runs, and the Tune callback that joins them."""

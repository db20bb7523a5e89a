"""Where an API key comes from, and whether the server takes it."""

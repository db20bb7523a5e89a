"""As much of Colab's own package as a notebook meets."""

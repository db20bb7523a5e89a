"""What makes this machine's kernels look like Colab's: its packages, its shell, its modules."""

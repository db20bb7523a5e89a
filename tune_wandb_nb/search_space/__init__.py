"""Search spaces: distributions, what a training function reads, and other forms of a space."""

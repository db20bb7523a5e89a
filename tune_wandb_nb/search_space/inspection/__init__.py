"""Static analysis of a training function: the config it reads, the metrics it reports."""

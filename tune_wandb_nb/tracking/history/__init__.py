"""What is recorded where: in the ``.wandb`` file, in Tune's files, on the server."""

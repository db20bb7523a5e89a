"""The only modules that use what Ray and wandb do not promise.

A docstring says what happens when a version lacks the private name, where the product can live
without it. `tests/compat` checks each against the installed Ray and wandb.
"""

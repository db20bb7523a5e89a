"""The only modules that use what Ray and wandb do not promise.

`tests/compat` checks each name against the installed Ray and wandb. A docstring says what is lost
without it, where that is not plain.
"""

"""The only modules that use what Ray and wandb do not promise.

Each touchpoint is a function, class or constant with a plain name. Where the product can live
without the private name, the docstring says what happens when a version lacks it. `tests/compat`
checks every touchpoint against the installed Ray and wandb.
"""

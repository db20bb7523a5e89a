"""Colab's secrets, here from the environment; only a kernel can ask for them."""

from __future__ import annotations

import os

from ipykernel.kernelapp import IPKernelApp


class SecretNotFoundError(Exception):
    """There is no such secret."""


def get(key: str) -> str:
    if not IPKernelApp.initialized():
        raise AttributeError("'NoneType' object has no attribute 'shell'")
    secret = os.environ.get(f"STAND_IN_SECRET_{key}")
    if secret is None:
        raise SecretNotFoundError(f"Secret {key} does not exist.")
    return secret

"""For scripts and notebooks of tests: the Ray that is there, for one is a dozen processes."""

from __future__ import annotations

import logging
import os
from typing import Any

import ray

# Not Ray's own name for it: what has to start a Ray of its own would join this one.
RAY_TO_JOIN = "TUNE_WANDB_NB_TESTS_RAY"


def join_ray(**given: Any) -> None:
    """Use the Ray of the tests, whose address is in the environment; say nothing."""
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    ray.init(os.environ[RAY_TO_JOIN], **quiet | given)

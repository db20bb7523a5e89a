"""Fixtures that run real searches on a real Ray, and what the tests' trainables have in common."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import ray
from filelock import FileLock
from ray import tune

from tests.joining import RAY_TO_JOIN
from tests.wire import OfflineRun, find_wandb_files, read_ended_wandb_file
from tune_wandb_nb import WandbLogger

OWN_METRICS = frozenset(
    {
        "timestamp",
        "time_this_iter_s",
        "time_total_s",
        "time_since_restore",
        "iterations_since_restore",
        "training_iteration",
    }
)
"""What Tune adds to every result."""


class RunSearch(Protocol):
    """Runs a search to its end; everything that it writes is in the test's folder."""

    def __call__(
        self,
        trainable: Any,
        space: dict[str, Any],
        *,
        logger: WandbLogger | None = None,
        tune_config: dict[str, Any] | None = None,
        **run_config: Any,
    ) -> tune.ResultGrid:
        """Call ``Tuner.fit`` with what is given."""
        ...


@pytest.fixture(scope="session")
def ray_session() -> Iterator[None]:
    """One Ray for all tests; it is too slow to start for each."""
    start_ray(num_cpus=2)
    logging.getLogger("ray").setLevel(logging.ERROR)
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def ray_environ(ray_session: None) -> dict[str, str]:
    """What another process needs in its environment for `tests.joining.join_ray`."""
    token = Path.home() / ".ray" / "auth_token"
    # Needed where a test changes the home folder.
    found = {"RAY_AUTH_TOKEN_PATH": str(token)} if token.exists() else {}
    return {RAY_TO_JOIN: ray.get_runtime_context().gcs_address, **found}


def start_ray(**given: Any) -> None:
    """Start a quiet Ray; once more where a busy machine was too slow for Ray's own time limit."""
    # Two that start at once on two cores are too slow for each other.
    one_at_a_time = FileLock(Path(tempfile.gettempdir(), "tune-wandb-nb-tests.lock"))
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    for tries_left in (2, 1, 0):
        try:
            with one_at_a_time:
                ray.init(**quiet | given)
        except Exception as error:  # noqa: PERF203 - to try again is the point
            ray.shutdown()
            if not tries_left or "timed out during startup" not in str(error):
                raise
        else:
            return


@pytest.fixture
def run_search(
    ray_session: None, wandb_core: None, wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> RunSearch:
    """A quick search: one trial at a time, so that all are run by one worker; prints nothing."""
    for name in [n for n in os.environ if n.startswith("WANDB_") and not n.endswith("SERVICE")]:
        if not name.endswith("_DIR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RAY_AIR_NEW_OUTPUT", "0")

    def run(
        trainable: Any,
        space: dict[str, Any],
        *,
        logger: WandbLogger | None = None,
        tune_config: dict[str, Any] | None = None,
        **run_config: Any,
    ) -> tune.ResultGrid:
        callbacks = [*run_config.pop("callbacks", []), *([logger] if logger else [])]
        quick: dict[str, Any] = {"reuse_actors": True}
        if "scheduler" not in (tune_config or {}):
            # To start a worker takes longer than a search.
            quick["max_concurrent_trials"] = 1
        tuner = tune.Tuner(
            trainable,
            param_space=space,
            tune_config=tune.TuneConfig(**quick | (tune_config or {})),
            run_config=tune.RunConfig(
                callbacks=callbacks,
                verbose=0,
                **{"name": "experiment", "storage_path": str(wandb_home / "ray")} | run_config,
            ),
        )
        return tuner.fit()

    return run


def offline_runs(folder: Path) -> dict[str, OfflineRun]:
    """Read every offline run below a folder, all of them ended: run id -> run, sorted by id."""
    files = find_wandb_files(folder)
    runs = {run.run_id: run for run in map(read_ended_wandb_file, files)}
    assert len(runs) == len(files), files
    return dict(sorted(runs.items()))


def own_values(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the trainable reported, without Tune's and W&B's additions."""
    return {k: v for k, v in row.items() if k not in OWN_METRICS and not k.startswith("_")}

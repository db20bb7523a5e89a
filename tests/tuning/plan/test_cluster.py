"""The CPUs and GPUs that trials can use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import ray

import tune_wandb_nb
from tune_wandb_nb.tuning.plan.cluster import available_resources


def test_without_ray_the_cpus_of_the_machine_count() -> None:
    code = (
        "import sys\n"
        "from tune_wandb_nb.tuning.plan.cluster import available_resources\n"
        "print(available_resources()['CPU'], 'ray' in sys.modules)\n"
    )
    checkout = Path(tune_wandb_nb.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=checkout
    )
    assert done.stdout.split() == [str(float(os.cpu_count() or 1)), "False"]


def test_with_a_cluster_its_resources_count(ray_session: None) -> None:
    total = ray.cluster_resources()
    assert available_resources() == {"CPU": total["CPU"], "GPU": total.get("GPU", 0.0)}


def test_a_cluster_that_goes_away_has_nothing(
    ray_session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise ConnectionError("the cluster is gone")

    monkeypatch.setattr(ray, "cluster_resources", gone)
    assert available_resources() == {}

"""The hook: its import, which unpickling a trainable's class brings about, applies the patches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ray import cloudpickle, tune
from ray.tune.registry import TRAINABLE_CLASS, _global_registry

import tune_wandb_nb as tw

READ = """
import json, pickle, sys
from pathlib import Path
names = "ray.tune.integration.wandb", "tune_wandb_nb.tracking.driver.logger"
before = [name in sys.modules for name in names]
trainable = pickle.loads(Path("trainable.pkl").read_bytes())
after = [name in sys.modules for name in names]
print(json.dumps([before, after, [base.__name__ for base in trainable.__mro__[1:4]]]))
"""


class Training(tune.Trainable):
    """Registered while the classic names are enabled."""


def test_a_process_that_loads_the_trainable_has_the_classic_names(tmp_path: Path) -> None:
    tw.legacy.enable(quiet=True)
    try:
        _global_registry.register(TRAINABLE_CLASS, "training", Training)
        sent = cloudpickle.dumps(_global_registry.get(TRAINABLE_CLASS, "training"))
    finally:
        tw.legacy.disable()
    (tmp_path / "trainable.pkl").write_bytes(sent)
    done = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        check=True,
    )
    before, after, bases = json.loads(done.stdout.splitlines()[-1])
    assert before == [False, False]
    assert after == [True, False], "the names exist, and what they stand for is not loaded yet"
    assert bases == ["LegacyTrial", "KeepsSetupConfig", "Training"]

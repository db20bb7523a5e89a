"""What a search prints, in a notebook and in a script: nothing of wandb's about our own calls."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kernels import run_cells
from tests.wire import WireServer

CHECKOUT = Path(__file__).parents[2]
SEARCH = """
import os
from ray import tune
import wandb
import tune_wandb_nb as tw
from tests.joining import join_ray

join_ray(log_to_driver=True)
ACCESS = {"api_key": os.environ["TEST_KEY"], "host": os.environ["TEST_HOST"]}

def reporting(config):
    for i in range(2):
        tune.report({"score": config["x"] * i})

@tw.wandb_mixin
def decorated(config):
    for i in range(2):
        wandb.log({"own": i})
        tune.report({"score": config["x"] * i})

trainable = TRAINABLE
logger = tw.WandbLogger(project="p", **(MODE or ACCESS))
results = tune.Tuner(
    trainable,
    param_space={"x": tune.grid_search(list(range(20)))},
    tune_config=tune.TuneConfig(reuse_actors=True),
    run_config=tune.RunConfig(
        name="mine", callbacks=[logger], storage_path=os.getcwd(), verbose=0
    ),
).fit()
assert results.num_errors == 0
"""
FROM_TUNE = r"""
[╭╰├│].*                      the box of Tune's settings
View detailed results here:.*
To visualize your results with TensorBoard.*
.*\(\w+ pid=\d+\)(?!.*wandb).*    what Ray makes of a worker that it ends
.*WARNING tune\.py.*          of the time a busy machine takes to write the experiment's state
""".strip().splitlines()
ONLINE = [
    r"tune-wandb-nb: this search in W&B: http://127\.0\.0\.1:\d+/test-entity/p/groups/mine/workspace",
    r"tune-wandb-nb: 20 trials, 40 rows, all in W&B\.",
]
OFFLINE = [r"tune-wandb-nb: 20 trials, 40 rows, all on disk, offline\. Upload with: .*"]


def in_notebook(folder: Path, source: str, environ: dict[str, str]) -> str:
    (cell,) = run_cells(folder, source, environ=environ)
    outputs = cell.outputs
    # The reporter of Tune shows nothing, once.
    shown = [o for o in outputs if o.output_type != "stream" and o.data.get("text/html") != ""]
    assert shown == []
    return "".join(output.get("text", "") for output in outputs)


def in_script(folder: Path, source: str, environ: dict[str, str]) -> str:
    (folder / "script.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "script.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=environ,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def environ(wire_server: WireServer, ray_environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("WANDB_")},
        **ray_environ,
        "PYTHONPATH": str(CHECKOUT),
        "TEST_HOST": wire_server.url,
        "TEST_KEY": wire_server.api_key,
        "NETRC": str(tmp_path / "netrc"),
    }


@pytest.mark.parametrize("run", [in_notebook, in_script])
@pytest.mark.parametrize("trainable", ["reporting", "decorated"])
@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_search_of_twenty_trials_prints_its_page_and_its_audit(
    run: Any, trainable: str, mode: str, tmp_path: Path, environ: dict[str, str]
) -> None:
    source = SEARCH.replace("TRAINABLE", trainable)
    source = source.replace("MODE", str({"mode": "offline"} if mode == "offline" else {}))
    said = [line.rstrip() for line in run(tmp_path, source, environ).splitlines() if line.strip()]
    expected = ONLINE if mode == "online" else OFFLINE
    from_tune = re.compile("|".join(line.partition("   ")[0] for line in FROM_TUNE))
    others = [line for line in said if not from_tune.fullmatch(line)]
    assert len(others) == len(expected), "\n".join(others)
    for line, pattern in zip(others, expected, strict=True):
        assert re.fullmatch(pattern, line), line

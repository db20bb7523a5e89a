"""The API key is on no disk, in no output and in nothing that W&B is sent, whatever the way."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch
from tests.wire import WireServer


def plain(config: dict[str, Any]) -> None:
    for i in range(2):
        tune.report({"value": i})
    if config.get("fails"):
        raise RuntimeError("no such luck")


@tw.wandb_mixin
def decorated(config: dict[str, Any]) -> None:
    for i in range(2):
        wandb.log({"logged": i})
        tune.report({"value": i})
    if config.get("fails"):
        raise RuntimeError("no such luck")


@pytest.fixture
def key() -> str:
    return secrets.token_hex(32)


@pytest.fixture
def key_file(key: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outside of the folder that is searched."""
    file = tmp_path_factory.mktemp("elsewhere") / "key"
    file.write_text(f"{key}\n")
    return file


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    yield
    tw.logout()


def files_with(text: str, *folders: Path) -> list[str]:
    """Every file that holds a text, bytes and names included."""
    needle = text.encode()
    return [
        str(path)
        for folder in folders
        for path in folder.rglob("*")
        if text in path.name or (path.is_file() and needle in path.read_bytes())
    ]


def ray_folder() -> Path:
    return Path(ray._private.worker._global_node.get_session_dir_path())


def assert_no_leak(key: str, tmp_path: Path, capfd: Any, server: WireServer) -> None:
    assert files_with(key, tmp_path, ray_folder()) == []
    assert not any(request.mentions(key) for request in server.requests)
    said = capfd.readouterr()
    assert key not in said.out + said.err


WAYS = [
    *(("argument", who) for who in ("logger", "both")),
    *(("file", who) for who in ("logger", "both")),
    *(("entry", who) for who in ("logger", "mixin", "both")),
    *(("file in the entry", who) for who in ("logger", "mixin", "both")),
    *(("login", who) for who in ("logger", "mixin", "both")),
    *(("environment", who) for who in ("logger", "mixin", "both")),
]


@pytest.mark.parametrize(("way", "who"), WAYS, ids=[" ".join(pair) for pair in WAYS])
def test_no_way_to_give_a_key_leaves_a_trace(  # noqa: PLR0917 - fixtures
    way: str,
    who: str,
    key: str,
    key_file: Path,
    run_search: RunSearch,
    wire_server: WireServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: Any,
) -> None:
    wire_server.accepted_keys = {key}
    arguments: dict[str, Any] = {
        "argument": {"api_key": key},
        "file": {"api_key_file": str(key_file)},
    }.get(way, {})
    entry: dict[str, Any] = {
        "entry": {"api_key": key},
        "file in the entry": {"api_key_file": str(key_file)},
    }.get(way, {})
    if way == "login":
        tw.login(key)
    if way == "environment":
        monkeypatch.setenv("WANDB_API_KEY", key)
    where = {"project": "p", "host": wire_server.url}
    logger = tw.WandbLogger(**where, **arguments) if who != "mixin" else None
    function = plain if who == "logger" else decorated
    space = {"fails": tune.grid_search([False, True]), "wandb": where | entry}
    if entry:
        tw.run(
            function, config=space, loggers=[logger] if logger else None, verbose=0, name="classic",
            storage_path=str(tmp_path / "ray"), raise_on_failed_trial=False,
        )  # fmt: skip
    else:
        run_search(function, space, logger=logger)
    runs = wire_server.runs.values()
    assert sorted(run.exit_code for run in runs) == [0, 1], "it was used"
    assert {len(run.rows) for run in runs} == {4 if who == "both" else 2}
    assert_no_leak(key, tmp_path, capfd, wire_server)


def test_offline_too(
    key: str, run_search: RunSearch, wire_server: WireServer, tmp_path: Path, capfd: Any
) -> None:
    tw.login(key)
    logger = tw.WandbLogger(project="p", mode="offline")
    run_search(decorated, {"wandb": {"project": "p", "mode": "offline"}}, logger=logger)
    assert list(logger.audit()["logged"]) == [2]
    assert_no_leak(key, tmp_path, capfd, wire_server)


CLUSTER = """
import os, ray, sys, wandb
from ray import tune
from ray.cluster_utils import Cluster
import tune_wandb_nb as tw

cluster = Cluster(
    initialize_head=True,
    head_node_args={"num_cpus": 1, "include_dashboard": False, "resources": {"head": 4}},
)
cluster.add_node(num_cpus=2, resources={"other": 4})
ray.init(address=cluster.address)
here = ray.get_runtime_context().get_node_id()
# Of two nodes of one machine, Ray takes either for the driver's.
away = "other" if here == cluster.head_node.node_id else "head"
if sys.argv[1] == "login":
    tw.login(sys.stdin.readline().strip())
    entry = {}
else:
    entry = {"api_key_file": "key"}  # from here: trials are elsewhere

@tw.wandb_mixin
def train(config):
    for i in range(3):
        wandb.log({"logged": i})
        tune.report({"away": ray.get_runtime_context().get_node_id() != here})
    if config["fails"]:
        raise RuntimeError("no such luck")

logger = tw.WandbLogger(project="p")
tuner = tune.Tuner(
    tune.with_resources(train, {"cpu": 1, away: 1}),
    param_space={"fails": tune.grid_search([False, True]), "wandb": {"project": "p", **entry}},
    run_config=tune.RunConfig(
        callbacks=[logger], verbose=0, storage_path=os.path.abspath("storage")
    ),
)
results = tuner.fit()
print("AUDIT", *logger.audit()["logged"], *(r.metrics["away"] for r in results))
print("SESSION", ray._private.worker._global_node.get_session_dir_path())
ray.shutdown()
cluster.shutdown()
"""


@pytest.mark.parametrize("way", ["login", "file"])
def test_trials_on_another_node_get_the_key_and_leave_no_trace(
    way: str, key: str, wire_server: WireServer, tmp_path: Path
) -> None:
    wire_server.accepted_keys = {key}
    (tmp_path / "cluster.py").write_text(CLUSTER)
    if way == "file":
        (tmp_path / "key").write_text(key)
    # The Ray of this process has a token, of which a cluster in another one would know half.
    own = ("WANDB_", "RAY_AUTH")
    env = {k: v for k, v in os.environ.items() if not k.startswith(own)} | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "WANDB_BASE_URL": wire_server.url,
        "RAY_AIR_NEW_OUTPUT": "0",
    }
    done = subprocess.run(
        [sys.executable, "cluster.py", way], cwd=tmp_path, env=env, text=True, check=False,
        input=f"{key}\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "AUDIT 3 3 True True" in done.stdout, done.stdout
    runs = wire_server.runs.values()
    assert sorted(run.exit_code for run in runs) == [0, 1]
    assert all(len(run.rows) == 6 for run in runs)
    (tmp_path / "key").unlink(missing_ok=True)
    session = next(s for s in done.stdout.splitlines() if s.startswith("SESSION")).split()[1]
    assert files_with(key, tmp_path, Path(session)) == []
    assert not any(request.mentions(key) for request in wire_server.requests)
    assert key not in done.stdout


@pytest.mark.parametrize("function", [plain, decorated], ids=["logger", "mixin"])
def test_a_key_in_the_space_of_a_plain_tuner_gives_one_warning(
    function: Any, key: str, run_search: RunSearch, wire_server: WireServer
) -> None:
    wire_server.accepted_keys = {key}
    where = {"project": "p", "host": wire_server.url}
    logger = tw.WandbLogger(**where) if function is plain else None
    space = {"a": tune.grid_search([1, 2]), "wandb": where | {"api_key": key}}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run_search(function, space, logger=logger)
    ours = [str(w.message) for w in caught if "API key" in str(w.message)]
    assert len(ours) == 1
    for word in ("params.json", "tuner.pkl", "result.json", "tune_wandb_nb.login()", "tw.run"):
        assert word in ours[0]
    assert key not in ours[0]
    assert len(wire_server.runs) == 2, "it works nevertheless"

"""The panel, the logger and the mixin on a cluster, with a driver that is not on the head node."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.script_processes import StartScript, read_to, scripts
from tests.wire import WireServer

NODES = ("head", "worker")
SCRIPT = """
    import os
    import ray
    from ray import tune
    from ray.cluster_utils import Cluster
    import tune_wandb_nb as tw
    import wandb

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "resources": {"head": 4}},
    )
    # Of nodes with one address Ray would take the head for the driver's.
    there = "127.0.0.2"
    worker = cluster.add_node(num_cpus=1, node_ip_address=there, resources={"worker": 4})
    ray.init(address=cluster.address, _node_ip_address=there, log_to_driver=False)
    here = ray.get_runtime_context().get_node_id()
    assert here == worker.node_id
    print("RUNNING", flush=True)

    def count_up(config):
        for i in range(3):
            tune.report({"value": config["a"] + i, "node": ray.get_runtime_context().get_node_id()})

    @tw.wandb_mixin
    def count_inside(config):
        wandb.log({"own": config["a"]})
        count_up(config)

    def on_both_nodes(function, name):
        logger = tw.WandbLogger(project="p")
        for node in ("head", "worker"):
            tuner = tune.Tuner(
                tune.with_resources(function, {"cpu": 1, node: 1}),
                param_space={"a": 1, "wandb": {"project": "p"}},
                run_config=tune.RunConfig(
                    name=f"{name}-{node}", storage_path=os.path.abspath("ray"),
                    callbacks=[logger], verbose=0,
                ),
            )
            [result] = tuner.fit()
            assert (result.metrics["node"] == here) == (node == "worker")
        assert list(logger.audit()["logged"]) == [3], logger.audit()

    on_both_nodes(count_up, "logger")
    on_both_nodes(count_inside, "mixin")

    on_head = tune.with_resources(count_up, {"cpu": 1, "head": 1})
    panel = tw.SetupPanel(on_head, {"a": tune.grid_search([1, 2])})
    panel.set(samples=1, project="p", metric="value", mode="max", name="panel")
    panel.set(storage=os.path.abspath("ray"))
    panel.start()
    assert panel.wait().num_errors == 0
    assert all(result.metrics["node"] != here for result in panel.results)
    ray.shutdown()
    cluster.shutdown()
    print("DOWN", flush=True)
"""


@pytest.fixture
def script(tmp_path: Path) -> Iterator[StartScript]:
    with scripts(tmp_path, SCRIPT) as start:
        yield start


def test_searches_from_a_node_that_is_not_the_head(
    script: StartScript, wire_server: WireServer
) -> None:
    with tempfile.TemporaryDirectory(prefix="ray-") as own:
        # Another place than /tmp/ray, where every other Ray would find this cluster and join it.
        process = script(env={"WANDB_MODE": "online", "RAY_TMPDIR": own, **wire_server.environ})
        read_to(process, "DOWN")
    rows = {}
    for run in wire_server.runs.values():
        assert (run.gaps, run.complete, run.exit_code) == ((), True, 0)
        rows.setdefault(run.group, []).append([r["value"] for r in run.rows if "value" in r])
    assert rows == {
        **{f"{name}-{node}": [[1, 2, 3]] for name in ("logger", "mixin") for node in NODES},
        "panel": [[1, 2, 3], [2, 3, 4]],
    }

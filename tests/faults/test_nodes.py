"""A node of the cluster lost under way: its trials go on elsewhere, in the same W&B runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.script_processes import StartScript, read_to, scripts
from tests.wire import WireServer

SCRIPT = """
    from pathlib import Path
    import ray
    from ray import tune
    from ray.cluster_utils import Cluster
    import tune_wandb_nb as tw

    folder = Path.cwd()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    # Before there is another: the driver's own node is not the one that is lost.
    ray.init(address=cluster.address, log_to_driver=False)
    node = cluster.add_node(num_cpus=2)

    def train(config):
        first = 0
        if checkpoint := tune.get_checkpoint():
            first = int(Path(checkpoint.path, "next").read_text())
        for i in range(first, 12):
            there = folder / f"saved-{config['a']}-{i}"
            there.mkdir(exist_ok=True)
            (there / "next").write_text(str(i + 1))
            saved = tune.Checkpoint.from_directory(there)
            tune.report({"value": config["a"] * 1000 + i}, checkpoint=saved)

    class LoseNode(tune.Callback):
        seen = 0

        def on_trial_result(self, iteration, trials, trial, result, **info):
            self.seen += result["training_iteration"] == 5
            if self.seen == 2 and node in cluster.worker_nodes:
                cluster.remove_node(node, allow_graceful=False)
                cluster.add_node(num_cpus=2)

        def __reduce__(self):
            return (tune.Callback, ())

    print("RUNNING", flush=True)
    logger = tw.WandbLogger(project="p")
    tuner = tune.Tuner(
        train,
        param_space={"a": tune.grid_search([1, 2])},
        run_config=tune.RunConfig(
            callbacks=[logger, LoseNode()],
            failure_config=tune.FailureConfig(max_failures=-1),
            verbose=0,
            name="experiment",
            storage_path=str(folder / "ray"),
        ),
    )
    results = tuner.fit()
    assert node not in cluster.worker_nodes
    print("ERRORS", results.num_errors, *results.errors, flush=True)
    ray.shutdown()
    cluster.shutdown()
    print("DOWN", flush=True)
"""


@pytest.fixture
def script(tmp_path: Path, wandb_home: Path) -> Iterator[StartScript]:
    with scripts(tmp_path, SCRIPT) as start:
        yield start


def test_a_node_lost(script: StartScript, wire_server: WireServer) -> None:
    with tempfile.TemporaryDirectory(prefix="ray-") as own:
        # Another place than /tmp/ray, where every other Ray would find this cluster and join it.
        process = script(env={"WANDB_MODE": "online", "RAY_TMPDIR": own, **wire_server.environ})
        assert "ERRORS 0" in read_to(process, "DOWN")
    assert len(wire_server.runs) == 2
    for run in wire_server.runs.values():
        there = [(row["training_iteration"], row["value"]) for row in run.rows]
        expected = [(i + 1, run.config["a"] * 1000 + i) for i in range(12)]
        # What Tune had not saved a checkpoint of in time is reported again.
        assert sorted(set(there)) == expected, wire_server.describe()
        assert (run.gaps, run.complete, run.exit_code) == ((), True, 0)

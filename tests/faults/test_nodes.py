"""A node of the cluster lost under way: its trials go on elsewhere, in the same W&B runs."""

from __future__ import annotations

import tempfile

from tests.script_processes import StartScript, read_to
from tests.wire import WireServer

SCRIPT = """
    from pathlib import Path
    import ray
    from ray import tune
    from ray.cluster_utils import Cluster
    from tests.faults.conftest import At
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

    def lose_node():
        cluster.remove_node(node, allow_graceful=False)
        cluster.add_node(num_cpus=2)

    print("RUNNING", flush=True)
    tuner = tune.Tuner(
        train,
        param_space={"a": tune.grid_search([1, 2])},
        run_config=tune.RunConfig(
            callbacks=[tw.WandbLogger(project="p"), At({5}, lose_node)],
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

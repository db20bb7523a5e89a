"""The handle of this job's broker: started by the driver, found by trials."""

from typing import Any

from tune_wandb_nb.tracking.broker.actor import Broker

__all__ = ["find_broker", "start_broker"]


def start_broker() -> Any:
    """Return this job's broker, started where there is none; it ends with the handle's owner."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    node = ray.get_runtime_context().get_node_id()
    return (
        ray.remote(Broker)
        .options(
            name=_name(),
            get_if_exists=True,
            num_cpus=0,
            max_concurrency=1000,
            # A broker that the kernel kills when memory is short is started again by Ray; the
            # driver then sends everything again.
            max_restarts=-1,
            max_task_retries=-1,
            # On the driver's node, where the key file is, if Ray runs there.
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True),
        )
        .remote()
    )


def find_broker() -> Any:
    """Return this job's broker, or None where none was started."""
    import ray

    if not ray.is_initialized():
        return None
    try:
        return ray.get_actor(_name())
    except ValueError:
        return None


def _name() -> str:
    import ray

    return f"tune_wandb_nb.broker.{ray.get_runtime_context().get_job_id()}"

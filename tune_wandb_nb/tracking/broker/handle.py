from contextlib import suppress
from typing import Any

from tune_wandb_nb.compat.ray import delete_mark, has_mark, store_mark
from tune_wandb_nb.tracking.broker.actor import Broker
from tune_wandb_nb.tracking.waiting import wait_until

__all__ = [
    "announce_logger",
    "find_broker",
    "is_broker_requested",
    "request_broker",
    "start_broker",
    "withdraw",
]

_STARTS_WITHIN = 30.0
_LOOKS_EVERY = 0.1


def start_broker() -> Any:
    """Return this job's broker, which ends with the owner of the first handle."""
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
            # The kernel may kill it when memory is short; the driver sends everything again.
            max_restarts=-1,
            max_task_retries=-1,
            # Where the key file is.
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True),
        )
        .remote()
    )


def find_broker() -> Any:
    import ray

    if ray.is_initialized():
        with suppress(ValueError):
            return ray.get_actor(_name())
    return None


def announce_logger(search_id: str) -> None:
    import ray

    if ray.is_initialized():
        store_mark(_mark("logger", search_id))


def withdraw(search_id: str) -> None:
    import ray

    if ray.is_initialized():
        delete_mark(_mark("logger", search_id))


def is_broker_requested() -> bool:
    import ray

    return ray.is_initialized() and has_mark(_mark("request"))


def request_broker() -> Any:
    """In a trial: return this job's broker; the logger's process is asked to start it."""
    import ray

    found = find_broker()
    if found is not None or not ray.is_initialized() or not has_mark(_mark("logger")):
        return found
    store_mark(_mark("request"))
    wait_until(
        lambda: find_broker() or not has_mark(_mark("logger")), _STARTS_WITHIN, every=_LOOKS_EVERY
    )
    return find_broker()


def _mark(kind: str, search_id: str = "") -> str:
    return f"{_name()}.{kind}.{search_id}"


def _name() -> str:
    import ray

    return f"tune_wandb_nb.broker.{ray.get_runtime_context().get_job_id()}"

"""What a search's trials can have: CPUs and GPUs."""

import os
import sys

__all__ = ["available_resources"]


def available_resources() -> dict[str, float]:
    """Return what Ray's cluster has; before there is one, the CPUs of this machine.

    Neither Ray is imported for it nor a cluster started.

    Example:
        >>> available_resources()["CPU"] >= 1
        True
    """
    ray = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return {"CPU": float(os.cpu_count() or 1)}
    try:
        found = ray.cluster_resources()
    except Exception:  # a cluster that goes away in this moment
        return {}
    return {name: float(found.get(name, 0.0)) for name in ("CPU", "GPU")}

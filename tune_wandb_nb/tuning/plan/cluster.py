import os
import sys

__all__ = ["available_resources"]


def available_resources() -> dict[str, float]:
    """Of the Ray cluster, or the CPUs of this machine; starts no Ray."""
    ray = sys.modules.get("ray")
    if ray is None or not ray.is_initialized():
        return {"CPU": float(os.cpu_count() or 1)}
    try:
        resources = ray.cluster_resources()
    except Exception:  # the cluster shuts down
        return {}
    return {name: float(resources.get(name, 0.0)) for name in ("CPU", "GPU")}

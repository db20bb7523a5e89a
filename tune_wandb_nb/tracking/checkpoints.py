"""A trial's checkpoints as artifacts of its W&B run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.media import is_plain

if TYPE_CHECKING:
    from ray.tune import Checkpoint

__all__ = ["SavedCheckpoint"]

_SCHEMES = {"s3": "s3", "gcs": "gs"}
_KEPT_IN_NAMES = "-_."


@dataclass(frozen=True, slots=True)
class SavedCheckpoint:
    """A checkpoint that a trial has saved: where it is, and the metrics it came with."""

    path: str
    filesystem: str
    iteration: int
    metrics: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, checkpoint: "Checkpoint", result: Mapping[str, Any]) -> "SavedCheckpoint":
        """Describe a checkpoint as Tune hands it to its callbacks."""
        metrics = {key: value for key, value in result.items() if is_plain(value)}
        return cls(
            checkpoint.path,
            checkpoint.filesystem.type_name,
            int(result.get("training_iteration", 0)),
            metrics,
        )

    def log(self, run: Any, name: str) -> None:
        """Log it as an artifact: the files of a local one, a reference to one in S3 or GCS.

        Raises:
            Exception: whatever W&B or the file system says, such as that it is gone.
        """
        import wandb

        artifact = wandb.Artifact(_artifact_name(name), type="model", metadata=dict(self.metrics))
        if self.filesystem == "local":
            artifact.add_dir(self.path)
        elif self.filesystem in _SCHEMES:
            uri = f"{_SCHEMES[self.filesystem]}://{self.path}"
            artifact.add_reference(uri, name="checkpoint", checksum=False)
        else:
            raise ValueError(f"storage of type {self.filesystem!r} cannot be referred to")
        run.log_artifact(artifact, aliases=["latest", f"iter-{self.iteration}"])


def _artifact_name(trial_name: str) -> str:
    """Return a name that W&B allows: letters, digits, dashes, underscores and dots."""
    return "checkpoint_" + "".join(
        c if c.isascii() and (c.isalnum() or c in _KEPT_IN_NAMES) else "-" for c in trial_name
    )

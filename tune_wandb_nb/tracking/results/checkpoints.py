from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.results.media import is_number
from tune_wandb_nb.tracking.results.payload import BestSoFar

if TYPE_CHECKING:
    from ray.tune import Checkpoint

__all__ = ["CheckpointChoice", "SavedCheckpoint", "storage_uri"]

_SCHEMES = {"s3": "s3", "gcs": "gs"}
_NAME_PUNCTUATION = "-_."


@dataclass(frozen=True, slots=True)
class SavedCheckpoint:
    path: str
    filesystem: str
    iteration: int
    metrics: Mapping[str, Any] = field(default_factory=dict)
    is_best: bool = False

    @classmethod
    def of(cls, checkpoint: "Checkpoint", result: Mapping[str, Any]) -> "SavedCheckpoint":
        metrics = {key: value for key, value in result.items() if is_number(value)}
        return cls(
            checkpoint.path,
            checkpoint.filesystem.type_name,
            int(result.get("training_iteration", 0)),
            metrics,
        )

    def log(self, run: Any, name: str) -> None:
        """Upload local files; refer to those in S3 and GCS."""
        import wandb

        artifact = wandb.Artifact(_artifact_name(name), type="model", metadata=dict(self.metrics))
        if self.filesystem == "local":
            artifact.add_dir(self.path)
        elif (uri := storage_uri(self.filesystem, self.path)) is not None:
            artifact.add_reference(uri, name="checkpoint", checksum=False)
        else:
            raise ValueError(f"storage of type {self.filesystem!r} cannot be referred to")
        aliases = ["latest", f"iter-{self.iteration}", *(["best"] if self.is_best else [])]
        run.log_artifact(artifact, aliases=aliases)


class CheckpointChoice:
    """Decides which of a trial's checkpoints are logged; ``which`` is ``upload_checkpoints``."""

    def __init__(self, which: bool | str = False, best: tuple[str, str] | None = None) -> None:
        self._which = which
        self._best = BestSoFar(dict([best] if best is not None else []))
        self._candidate: SavedCheckpoint | None = None

    @property
    def is_none(self) -> bool:
        return self._which is False

    def add(self, saved: SavedCheckpoint) -> SavedCheckpoint | None:
        saved = replace(saved, is_best=bool(self._best.update(saved.metrics, saved.iteration)))
        if self._which is True:
            return saved
        if self._which == "last" or saved.is_best:
            self._candidate = saved
        return None

    def final(self) -> SavedCheckpoint | None:
        final, self._candidate = self._candidate, None
        return final


def storage_uri(filesystem: str, path: str) -> str | None:
    if filesystem == "local":
        return path
    return f"{_SCHEMES[filesystem]}://{path}" if filesystem in _SCHEMES else None


def _artifact_name(trial_name: str) -> str:
    return "checkpoint_" + "".join(
        c if c.isascii() and (c.isalnum() or c in _NAME_PUNCTUATION) else "-" for c in trial_name
    )

"""A trial's checkpoints as artifacts of its W&B run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.results.media import is_plain

if TYPE_CHECKING:
    from ray.tune import Checkpoint

__all__ = ["CheckpointChoice", "SavedCheckpoint", "storage_uri"]

_SCHEMES = {"s3": "s3", "gcs": "gs"}
_KEPT_IN_NAMES = "-_."


@dataclass(frozen=True, slots=True)
class SavedCheckpoint:
    """A checkpoint that a trial has saved: where it is, and the metrics it came with."""

    path: str
    filesystem: str
    iteration: int
    metrics: Mapping[str, Any] = field(default_factory=dict)
    is_best: bool = False
    """Whether it is the best so far, where it is known what is good."""

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
        elif (uri := storage_uri(self.filesystem, self.path)) is not None:
            artifact.add_reference(uri, name="checkpoint", checksum=False)
        else:
            raise ValueError(f"storage of type {self.filesystem!r} cannot be referred to")
        aliases = ["latest", f"iter-{self.iteration}", *(["best"] if self.is_best else [])]
        run.log_artifact(artifact, aliases=aliases)


class CheckpointChoice:
    """Decides which of a trial's checkpoints are logged.

    Args:
        which: False: none; True: each as it is saved; "best" or "last": that one, when the trial
            ends.
        best: A metric, and whether its "min" or "max" is best; None where that is not known.

    Example:
        >>> choice = CheckpointChoice("best", ("loss", "min"))
        >>> choice.take(SavedCheckpoint("first", "local", 1, {"loss": 0.2}))
        >>> choice.take(SavedCheckpoint("second", "local", 2, {"loss": 0.3}))
        >>> choice.rest().path
        'first'
    """

    def __init__(self, which: bool | str = False, best: tuple[str, str] | None = None) -> None:
        self._which = which
        self._best = best
        self._record: float | None = None
        self._kept: SavedCheckpoint | None = None

    @property
    def is_none(self) -> bool:
        """Whether none is ever logged."""
        return self._which is False

    def take(self, saved: SavedCheckpoint) -> SavedCheckpoint | None:
        """Hear of a checkpoint; returns what is to be logged now."""
        saved = replace(saved, is_best=self._is_best(saved))
        if self._which is True:
            return saved
        if self._which == "last" or saved.is_best:
            self._kept = saved
        return None

    def rest(self) -> SavedCheckpoint | None:
        """Return what is to be logged at the trial's end."""
        kept, self._kept = self._kept, None
        return kept

    def _is_best(self, saved: SavedCheckpoint) -> bool:
        if self._best is None:
            return False
        metric, mode = self._best
        value = saved.metrics.get(metric)
        if not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN is no best
            return False
        score = float(value) if mode == "max" else -float(value)
        if self._record is not None and score <= self._record:
            return False
        self._record = score
        return True


def storage_uri(filesystem: str, path: str) -> str | None:
    """Return how others name a path in a file system of pyarrow; None where they cannot.

    Example:
        >>> storage_uri("local", "/results"), storage_uri("s3", "bucket/results")
        ('/results', 's3://bucket/results')
    """
    if filesystem == "local":
        return path
    return f"{_SCHEMES[filesystem]}://{path}" if filesystem in _SCHEMES else None


def _artifact_name(trial_name: str) -> str:
    """Return a name that W&B allows: letters, digits, dashes, underscores and dots."""
    return "checkpoint_" + "".join(
        c if c.isascii() and (c.isalnum() or c in _KEPT_IN_NAMES) else "-" for c in trial_name
    )

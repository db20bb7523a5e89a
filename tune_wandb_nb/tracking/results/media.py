"""Arrays and W&B's own data types on their way from a trial's process into a run."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tune_wandb_nb.compat.wandb_names import move_file, temporary_file
from tune_wandb_nb.tracking.results.payload import Media

__all__ = ["MediaFolder", "is_plain", "to_wandb"]


_WITHOUT_FILES = frozenset({float, int, str, bool, type(None)})


def is_plain(value: object) -> bool:
    """Tell whether a value is a number, which W&B always takes."""
    return isinstance(value, int | float)


def to_wandb(
    value: Any, *, image_kwargs: Mapping[str, Any], video_kwargs: Mapping[str, Any]
) -> Any:
    """Turn an array of images or videos into W&B's data types; leave everything else as it is."""
    if not isinstance(value, Media):
        return value
    import wandb

    if value.kind == "image":
        return wandb.Image(value.array, **image_kwargs)
    if value.kind == "images":
        return [wandb.Image(image, **image_kwargs) for image in value.array]
    return [wandb.Video(video, **video_kwargs) for video in value.array]


class MediaFolder:
    """Keeps the temporary files of W&B objects that were made in a trial's process.

    A ``wandb.Image`` made in a trial is a file in a folder that goes when the trial's process
    goes, which may be before the writer comes to it. A second link to the file outlives that.
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    def keep(self, result: Mapping[str, Any]) -> None:
        """Let the W&B objects in a result, at whatever depth, point to files that stay."""
        for value in result.values():
            if type(value) in _WITHOUT_FILES:
                continue
            if isinstance(value, Mapping):
                self.keep(value)
            else:
                for item, file in _with_files(value):
                    self._keep(item, file)

    def close(self) -> None:
        """Remove what is left."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _keep(self, item: Any, file: str) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tune-wandb-media-")
        self._count += 1
        kept = Path(self._folder.name, f"{self._count}-{Path(file).name}")
        # A file of another machine is not here: the writer will say that it is missing.
        with contextlib.suppress(OSError):
            _link(file, kept)
            move_file(item, str(kept))


def _link(source: str, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system: a copy, which costs more.
        import shutil

        shutil.copyfile(source, target)


def _with_files(value: Any) -> Iterator[tuple[Any, str]]:
    for item in value if isinstance(value, list | tuple) else (value,):
        if (file := temporary_file(item)) is not None:
            yield item, file

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tune_wandb_nb.compat.wandb_names import move_file, temporary_file
from tune_wandb_nb.tracking.results.payload import Media

__all__ = ["MediaFolder", "is_number", "to_wandb"]


_VIDEO_FORMAT = "gif"
_NEVER_MEDIA = frozenset({float, int, str, bool, type(None)})


def is_number(value: object) -> bool:
    """Return whether a value is a number (bool included), which W&B always accepts."""
    return isinstance(value, int | float)


def to_wandb(
    value: Any, *, image_kwargs: Mapping[str, Any], video_kwargs: Mapping[str, Any]
) -> Any:
    if not isinstance(value, Media):
        return value
    import wandb

    if value.kind == "image":
        return wandb.Image(value.array, **image_kwargs)
    if value.kind == "images":
        return [wandb.Image(image, **image_kwargs) for image in value.array]
    if value.kind == "plotly":
        return wandb.Plotly(value.array)
    options = {"format": _VIDEO_FORMAT, **video_kwargs}
    return [wandb.Video(video, **options) for video in value.array]


class MediaFolder:
    """Keeps the files of images that a trial's process made until their rows are written.

    They are in a temporary folder of that process, which may end before.
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    def keep(self, result: Mapping[str, Any]) -> None:
        for value in result.values():
            if type(value) in _NEVER_MEDIA:
                continue
            if isinstance(value, Mapping):
                self.keep(value)
                continue
            for item in value if isinstance(value, list | tuple) else (value,):
                if (file := temporary_file(item)) is not None:
                    self._keep_file(item, file)

    def delete(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _keep_file(self, item: Any, file: str) -> None:
        # The file may be on another machine, or the disk full; the writer reports a missing file.
        with contextlib.suppress(OSError):
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="tune-wandb-media-")
            self._count += 1
            link = Path(self._folder.name, f"{self._count}-{Path(file).name}")
            _link(file, link)
            move_file(item, str(link))


def _link(source: str, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system.
        import shutil

        shutil.copyfile(source, target)

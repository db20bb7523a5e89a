"""Results for Tune's TensorBoard logger, whose failure on media would end the search."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["for_tensorboard", "numbers_of"]

_IMAGE, _IMAGES, _VIDEOS = 3, 4, 5
_GRAY, _RGB, _RGBA = 1, 3, 4
_BRIGHTEST = 255


def for_tensorboard(result: Mapping[str, Any]) -> dict[str, Any]:
    """Put images channels first; leave out videos, which need another package, and odd arrays."""
    taken: dict[str, Any] = {}
    for key, value in result.items():
        if isinstance(value, float | int | str):  # Looking for a Mapping is slow.
            taken[key] = value
        elif isinstance(value, Mapping):
            taken[key] = for_tensorboard(value)
        elif not isinstance(value, np.ndarray):
            taken[key] = value
        elif (array := _drawable(value)) is not None:
            taken[key] = array
    return taken


def numbers_of(result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: numbers_of(value) if isinstance(value, Mapping) else value
        for key, value in result.items()
        if isinstance(value, Mapping | int | float | str | np.number)
    }


def _drawable(array: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any] | None":
    if array.dtype.kind not in "biuf" or not array.size or array.ndim == _VIDEOS:
        return None
    if array.ndim not in (_IMAGE, _IMAGES):
        return array
    if array.shape[-1] == _RGBA:
        array = array[..., :_RGB]
    if array.shape[-1] in (_GRAY, _RGB):
        array = np.moveaxis(array, -1, -3)
    elif array.shape[-3] not in (_GRAY, _RGB):
        return None
    if array.dtype.kind == "b":
        drawn: np.ndarray[Any, Any] = array.astype(np.uint8) * np.uint8(_BRIGHTEST)
    elif array.dtype.kind in "iu":
        drawn = array.clip(0, _BRIGHTEST).astype(np.uint8)
    else:
        drawn = np.nan_to_num(array).clip(0.0, 1.0)
    return drawn

"""The words with which settings are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

__all__ = ["refusal"]


def refusal(about: str, arguments: Mapping[str, Any], entry: object = None, **environ: str) -> str:
    """Return what is said when some settings are refused."""
    with pytest.raises(SettingsError, match=about) as caught:
        WandbSettings.resolve(arguments, entry, environ)
    return str(caught.value)

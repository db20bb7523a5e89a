"""The doctor's page as text, printed by this Python or by one without packages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tune_wandb_nb as tw

CHECKOUT = Path(tw.__file__).parents[1]
Page = Callable[..., str]


def line(text: str, name: str) -> str:
    """Return the text after a name on the page."""
    found = re.search(rf"^  {re.escape(name)}\s+(.*)$", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def in_bare_python(*folders: Path, environ: dict[str, str] | None = None) -> str:
    """Return the page of a Python without any package but those in the folders."""
    paths = [str(folder) for folder in (*folders, CHECKOUT)]
    code = f"import sys; sys.path[1:1] = {paths!r}; import tune_wandb_nb as tw; tw.doctor()"
    environ = {**os.environ, "WANDB_BASE_URL": "http://127.0.0.1:9", **(environ or {})}
    environ.pop("PYTHONPATH", None)
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def install(folder: Path, name: str, version: str, code: str | None = None) -> None:
    """Put a package into a folder, as pip would."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if code is not None:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(code)

"""What every test needs: wandb and Ray kept away from this machine's settings and folders."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from ray import cloudpickle

pytest_plugins = ["tests.searches", "tests.wire.fixtures"]


# A busy machine is no fault: no example has to be ready in a given time.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


def pytest_configure() -> None:
    """Give each process of pytest-xdist a Ray of its own: a cluster leaves its address there."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        # Short: the paths of sockets have a limit.
        place = Path(tempfile.gettempdir(), f"tests-{worker}")
        place.mkdir(exist_ok=True)
        os.environ["RAY_TMPDIR"] = str(place)


@pytest.fixture(scope="module", autouse=True)
def _trials_do_not_import_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Send a trial what is defined in a test as if in a notebook: it need not import pytest."""
    cloudpickle.register_pickle_by_value(request.module)
    yield
    cloudpickle.unregister_pickle_by_value(request.module)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test leave its files in its own folder, not in the checkout."""
    monkeypatch.chdir(tmp_path)

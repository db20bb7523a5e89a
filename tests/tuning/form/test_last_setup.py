"""The last setup of each training function, kept on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from ray import tune

from tests.trainable_functions import failing, quick
from tune_wandb_nb.tuning.form.last_setup import STATE_DIR, recall, remember, setup_file


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_DIR, str(tmp_path / "state"))


def test_each_function_in_each_folder_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recall(quick) is None
    remember(quick, "first")
    remember(quick, "ä second")
    remember(tune.with_parameters(failing, data=1), "failing")
    assert recall(quick) == "ä second"
    assert recall(tune.with_parameters(failing, data=2)) == "failing"
    assert recall(failing) is None
    assert len(list((tmp_path / "state").iterdir())) == 2
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert recall(quick) is None


def test_an_empty_folder_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_DIR, "")
    remember(quick, "first")
    assert (setup_file(quick), recall(quick)) == (None, None)


def test_by_default_it_is_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STATE_DIR)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = setup_file(quick)
    assert path is not None
    assert path.parent == tmp_path / "tune-wandb-nb"


def test_what_cannot_be_written_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(STATE_DIR, str(tmp_path / "file"))
    remember(quick, "first")
    assert recall(quick) is None


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    remember(quick, "first")
    assert setup_file(quick) is None
    monkeypatch.chdir(tmp_path)


def test_what_is_no_text_is_not_offered() -> None:
    remember(quick, "first")
    path = setup_file(quick)
    assert path is not None
    path.write_bytes(b"\xff\xfe")
    assert recall(quick) is None

"""The facts about a machine, through the page that shows them."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import ray
import wandb

from tests.widgets.doctor.pages import Page, in_bare_python, install, line
from tune_wandb_nb.widgets.base.frontend import OVERRIDE
from tune_wandb_nb.widgets.doctor.conflicts import Folder
from tune_wandb_nb.widgets.doctor.machine import NEEDED, read_machine


def test_a_folder_that_cannot_be_is_said(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "file"))
    assert "cannot be written" in line(page(), "the W&B folder")


def test_packages_that_every_process_compiles_are_noticed(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    assert "compileall" not in page()
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert f"python -m compileall -q {Path(ray.__file__).parents[1]}, once." in page()


def test_a_core_that_is_gone_is_noticed(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_SERVICE", f"3-1-unix-{tmp_path / 'gone'}")
    assert "WANDB_SERVICE names a wandb-core that does not answer" in page()


def test_an_import_that_fails_is_told_with_its_reason(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("wandb", "ray.tune", "anywidget"):
        monkeypatch.setitem(sys.modules, module, None)
    text = page()
    assert line(text, "wandb") == f"{wandb.__version__}, cannot be imported"
    assert line(text, "anywidget").endswith(", cannot be imported")
    assert "ray.tune cannot be imported: ModuleNotFoundError" in text
    assert '--force-reinstall "ray[tune]"' in text


def test_a_folder_in_the_place_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "work" / "wandb" / "offline-run-1").mkdir(parents=True)
    text = in_bare_python(tmp_path / "work")
    assert f"import wandb finds {tmp_path}/work/wandb, which is not the package" in text


def test_a_file_in_the_place_of_a_package(tmp_path: Path) -> None:
    install(tmp_path / "site", "ray", "2.60.0", "")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "ray.py").write_text("")
    text = in_bare_python(tmp_path / "work", tmp_path / "site")
    assert f"import ray finds {tmp_path}/work/ray.py, which is not the package" in text
    assert "ray.tune cannot be imported" not in text


def test_a_wandb_without_its_core(tmp_path: Path) -> None:
    install(tmp_path, "wandb", "0.31.0", "")
    assert "wandb was installed without its program wandb-core" in in_bare_python(tmp_path)
    core = tmp_path / "wandb" / "bin" / "wandb-core"
    core.parent.mkdir()
    core.write_text("")
    assert "wandb-core may not be executed" in in_bare_python(tmp_path)
    core.chmod(stat.S_IRWXU)
    assert "wandb-core" not in in_bare_python(tmp_path)


def test_a_jupyter_in_another_environment(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OVERRIDE, "jupyterlab")
    other = tmp_path / "other"
    named = [str(other / "bin" / "python3")]
    with subprocess.Popen(named, executable="/bin/cat", stdin=subprocess.PIPE) as server:
        monkeypatch.setenv("JPY_PARENT_PID", str(server.pid))
        text = page()
        for extension in ("@jupyter-widgets/jupyterlab-manager", "anywidget"):
            (other / "share" / "jupyter" / "labextensions" / extension).mkdir(parents=True)
        well = page()
        server.communicate()
    assert "Jupyter runs in another environment than this kernel" in text
    assert "Jupyter runs in another environment" not in well


def test_a_machine_is_read_without_a_jupyter() -> None:
    machine = read_machine("plain", {"WANDB_DIR": "/tmp"})
    assert set(NEEDED) <= set(machine.versions)
    assert machine.versions["ray"] == ray.__version__
    assert (machine.broken, machine.server_lacks, machine.uncompiled) == ({}, (), None)
    assert not machine.service_is_gone
    folder = machine.folders[0]
    assert isinstance(folder, Folder)
    assert (folder.path, folder.writable) == ("/tmp/wandb", True)
    assert 0 < folder.free <= folder.total


def test_rays_folder_is_the_one_that_its_environment_names(tmp_path: Path) -> None:
    text = in_bare_python(environ={"RAY_TMPDIR": str(tmp_path)})
    assert line(text, "Ray's temporary folder").endswith(f": {tmp_path}/ray")

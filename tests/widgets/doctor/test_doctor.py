"""The page for a bug report: right about this machine, whatever is missing, and without a key."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import ray
import wandb

import tune_wandb_nb as tw
from tests.widgets.doctor.pages import CHECKOUT, Page, in_bare_python, install, line
from tests.wire import WireServer
from tune_wandb_nb.widgets.base.frontend import OVERRIDE

# What is there


def test_versions_are_those_that_are_installed(page: Page) -> None:
    text = page()
    assert text.startswith(f"tune-wandb-nb {tw.__version__}\n")
    assert line(text, "ray") == ray.__version__
    assert line(text, "wandb") == wandb.__version__
    assert line(text, "python").startswith(".".join(map(str, sys.version_info[:3])))


def test_the_frontend_is_the_one_that_is_detected(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert line(page(), "this is") == "no notebook"
    monkeypatch.setenv(OVERRIDE, "vscode")
    text = page()
    assert (line(text, "this is"), line(text, "live widgets")) == ("vscode", "yes")
    assert line(text, "embedded W&B page") == "no, a link"
    monkeypatch.setenv(OVERRIDE, "emacs")
    assert f"{OVERRIDE} must be one of" in line(page(), "this is")


def test_folders_are_shown_with_their_room(
    page: Page, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_DIR", str(home / "runs"))
    text = page()
    assert re.fullmatch(r"[\d.]+ GiB free \(\d+%\): ~/runs/wandb", line(text, "the W&B folder"))
    assert line(text, "Tune's results").endswith(": ~/ray_results")
    assert not (home / "runs").exists()


def test_ray_is_described_where_it_runs(page: Page, ray_session: None) -> None:
    assert re.fullmatch(r"1 node with \d+ CPU, 0 GPU", line(page(), "cluster"))


def test_variables_are_named_and_only_harmless_values_shown(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "dryrun")
    monkeypatch.setenv("WANDB_PROJECT", "top-secret")
    monkeypatch.setenv("https_proxy", "http://me:password@proxy")
    text = page()
    assert line(text, "WANDB_MODE") == "dryrun"
    assert line(text, "WANDB_PROJECT") == line(text, "https_proxy") == "is set"
    assert "top-secret" not in text
    assert "password" not in text


def test_nothing_is_started_and_nothing_written(tmp_path: Path, nobody: str) -> None:
    code = (
        "import os, psutil, sys, tune_wandb_nb as tw; tw.doctor(timeout=0.5)\n"
        "assert not psutil.Process().children(recursive=True)\n"
        "assert not sys.modules['ray'].is_initialized()\n"
        "assert 'WANDB_SERVICE' not in os.environ\n"
    )
    (tmp_path / "work").mkdir()
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT), "https_proxy": nobody}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "work", env=environ, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert line(done.stdout, "https_proxy") == "is set"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# W&B


def test_without_a_key_the_server_is_only_asked_for_a_sign(
    page: Page, wire_server: WireServer, home: Path
) -> None:
    # requests would look this up by itself.
    (home / ".netrc").write_text("machine 127.0.0.1 login user password hunter2\n")
    text = page(wire_server.url)
    assert line(text, "server") == f"{wire_server.url} answers"
    assert line(text, "API key") == "none found"
    assert line(text, "mode of a search") == "offline, for want of a key"
    [asked] = wire_server.requests
    assert "Authorization" not in asked.headers


def test_a_key_is_tried_and_its_place_is_named(page: Page, wire_server: WireServer) -> None:
    tw.login(wire_server.api_key)
    text = page(wire_server.url)
    assert line(text, "server") == f"{wire_server.url} takes the key"
    assert line(text, "API key") == "found: tune_wandb_nb.login()"
    assert line(text, "mode of a search") == "online"
    assert wire_server.api_key not in text
    tw.login("f" * 40)
    assert "refuses the key" in line(page(wire_server.url), "server")


def test_the_server_of_the_environment_is_asked(
    page: Page, wire_server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", wire_server.url)
    assert line(page(None), "server") == f"{wire_server.url} answers"


def test_a_server_that_nobody_is_at(page: Page, nobody: str) -> None:
    assert line(page(nobody), "server").startswith(f"{nobody} cannot be reached (ConnectionError)")


def test_a_server_that_never_answers(page: Page) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "cannot be reached (ReadTimeout)" in line(page(host, timeout=0.2), "server")


def test_an_address_that_is_none(page: Page) -> None:
    assert "host must be the address of a W&B server" in line(page("wandb.example.com"), "settings")


def test_what_is_wrong_comes_with_a_remedy(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Nothing is known to go wrong here." in page() or "What to do" in page()
    monkeypatch.setenv("WANDB_MODE", "disabled")
    text = page()
    assert line(text, "mode of a search") == "disabled (WANDB_MODE)"
    assert "WANDB_MODE=disabled: nothing is recorded, not even offline.\n     -> unset it" in text


# The key


def in_environ(key: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", key)


def in_netrc(key: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://localhost")
    (home / ".netrc").write_text(f"machine localhost login user password {key}\n")


def in_login(key: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tw.login(key)


def in_the_address(key: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", f"http://user:{key}@localhost:9")


def in_other_variables(key: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_DIR", key)
    monkeypatch.setenv("WANDB_NOTES", key)
    monkeypatch.setenv(OVERRIDE, key)


@pytest.mark.parametrize(
    "put", [in_environ, in_netrc, in_login, in_the_address, in_other_variables]
)
def test_a_key_is_never_on_the_page(
    put: Callable[[str, Path, pytest.MonkeyPatch], None],
    page: Page,
    home: Path,
    nobody: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = secrets.token_hex(20)
    monkeypatch.setenv("WANDB_BASE_URL", nobody)
    put(key, home, monkeypatch)
    assert key not in page(None, timeout=0.5)


@pytest.mark.parametrize("key", ["a1b2c3d4e5f6", f"{'a1' * 20}!"])
def test_a_key_of_another_shape_is_refused_unseen(
    key: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", key)
    text = page()
    assert "WANDB_API_KEY does not hold a W&B API key" in line(text, "API key")
    assert key[:12] not in text


# What is missing or broken


def test_with_nothing_installed_it_says_so(tmp_path: Path) -> None:
    text = in_bare_python()
    for name in ("ray", "wandb", "ipywidgets", "anywidget"):
        assert line(text, name) == "not installed"
    assert line(text, "cluster") == "none; a search starts one"
    assert line(text, "this is") == "no notebook"


def test_a_wandb_that_does_not_go_with_its_protobuf(tmp_path: Path) -> None:
    secret = secrets.token_hex(20)
    install(tmp_path, "protobuf", "7.1.0")
    install(tmp_path, "wandb", "0.22.3", f"raise ImportError('cannot import name {secret}')")
    text = in_bare_python(tmp_path)
    assert line(text, "wandb") == "0.22.3, cannot be imported"
    assert "wandb 0.22.3 cannot be imported with protobuf 7.1.0." in text
    assert secret not in text

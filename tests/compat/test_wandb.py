"""Private settings, errors and hooks of runs, in the wandb that is installed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import wandb
from wandb.sdk import wandb_init, wandb_setup
from wandb.sdk.lib import wb_logging

from tests.wire import find_wandb_files, read_ended_wandb_file, read_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat import wandb as compat
from tune_wandb_nb.compat.wandb import (
    SAAS_NETRC_HOSTS,
    assume_current_server,
    default_base_url,
    forget_run,
    is_in_use,
    is_lost_connection,
    never_started,
    new_settings,
    private_settings,
    replace_log,
    send_no_telemetry,
    skip_list_of_active_runs,
    skip_log_file,
    skip_notebook_hook,
    starting_step,
)
from tune_wandb_nb.compat.wandb_log import TransactionLog, read_records
from tune_wandb_nb.tracking.waiting import wait_until

flushes_as_told = pytest.mark.skipif(
    "x_transaction_log_flush_interval" not in wandb.Settings.model_fields,
    reason="this wandb writes a run's rows when it likes",
)
RECORDED = ["machine_info", "stats", "requirements"]


def open_offline(run_id: str, folder: Path, **settings: Any) -> Any:
    lean = {"console": "off", "silent": True, "save_code": False, **settings}
    return wandb.init(
        id=run_id,
        project="p",
        mode="offline",
        dir=str(folder),
        reinit="create_new",
        settings=new_settings(lean),
    )


# The server


def test_the_default_server_is_read_without_a_wandb_core(tmp_path: Path) -> None:
    code = (
        "import os; from tune_wandb_nb.compat.wandb import default_base_url as url;"
        "print(url(), 'WANDB_SERVICE' in os.environ)"
    )
    environ = {k: v for k, v in os.environ.items() if k != "WANDB_SERVICE"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **environ,
            "WANDB_BASE_URL": "https://wandb.example.com",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["https://wandb.example.com", "False"], done.stderr


def test_where_wandb_has_no_settings_object_the_public_one_is_asked(
    monkeypatch: pytest.MonkeyPatch, wandb_core: None
) -> None:
    expected = default_base_url()
    monkeypatch.delattr("wandb.sdk.wandb_setup.singleton")
    assert default_base_url() == expected


@pytest.mark.parametrize("host", SAAS_NETRC_HOSTS)
def test_wandb_keeps_the_keys_of_its_cloud_under_the_classic_name(host: str) -> None:
    urls = pytest.importorskip("wandb.sdk.lib.urls", reason="this wandb's cloud has one name")
    if not hasattr(urls, "FORGE_HOSTS"):
        pytest.skip("this wandb's cloud has one name")
    assert urls.forge_upstream_url(f"https://{host}") == f"https://{SAAS_NETRC_HOSTS[host]}"


# Settings


@pytest.mark.parametrize("name", RECORDED)
def test_wandb_records_by_default_what_a_setting_can_switch_off(name: str) -> None:
    ((setting, value),) = private_settings(**{name: True}).items()
    assert setting in wandb.Settings.model_fields
    assert getattr(wandb.Settings(), setting) is value
    assert private_settings(**{name: False}) == {setting: not value}


@flushes_as_told
def test_several_settings_at_once_and_none() -> None:
    assert private_settings() == {}
    several = private_settings(stats=False, requirements=True, log_level=30, flush_interval=0.5)
    assert list(several.values()) == [True, True, 30, 0.5]
    assert several.keys() <= wandb.Settings.model_fields.keys()


@pytest.mark.parametrize("is_recorded", [True, False])
def test_what_a_run_records_of_its_process(
    tmp_path: Path, wandb_home: Path, wandb_core: None, is_recorded: bool
) -> None:
    settings = private_settings(requirements=is_recorded, machine_info=is_recorded)
    run = open_offline("one", tmp_path, **settings)
    files = Path(run.dir)
    run.finish()
    (file,) = find_wandb_files(tmp_path)
    read_ended_wandb_file(file)
    log = TransactionLog(file)
    kinds = {record.kind for _, record in read_records(log, log)}
    assert (files / "requirements.txt").exists() is is_recorded
    assert ("environment" in kinds) is is_recorded


@flushes_as_told
def test_rows_of_a_run_that_goes_on_are_in_its_file_after_the_interval(
    tmp_path: Path, wandb_home: Path, wandb_core: None
) -> None:
    run = open_offline("one", tmp_path, **private_settings(flush_interval=0.1))
    run.log({"loss": 1})
    (file,) = find_wandb_files(tmp_path)
    assert wait_until(lambda: len(read_wandb_file(file).rows) == 1, timeout=10, every=0.05)
    run.finish()


def test_a_run_that_is_not_wanted_in_it_writes_no_log_file(
    tmp_path: Path, wandb_home: Path, wandb_core: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = wb_logging.add_file_handler
    monkeypatch.setattr(wb_logging, "add_file_handler", getattr(own, "original", own))
    is_unwanted = True
    skip_log_file(lambda: is_unwanted)
    handlers = list(logging.getLogger("wandb").handlers)
    quiet = open_offline("quiet", tmp_path)
    assert logging.getLogger("wandb").handlers == handlers
    is_unwanted = False
    usual = open_offline("usual", tmp_path, reinit="create_new")
    assert len(logging.getLogger("wandb").handlers) == len(handlers) + 1
    for run in (quiet, usual):
        run.finish()
    assert not Path(quiet.dir, "..", "logs", "debug.log").exists()
    assert Path(usual.dir, "..", "logs", "debug.log").exists()


def test_no_server_is_asked_which_media_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(wandb.util, "_get_max_cli_version"):
        pytest.skip("this wandb does not ask")
    monkeypatch.setattr(wandb.util, "_get_max_cli_version", lambda: None)
    assume_current_server()
    assert wandb.util._get_max_cli_version() == wandb.__version__


def test_a_run_whose_telemetry_is_off_measures_no_row(
    tmp_path: Path, wandb_home: Path, wandb_core: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "wandb.analytics.opentelemetry"
    analytics = pytest.importorskip(name, reason="this wandb measures no rows")
    measured: list[str] = []
    monkeypatch.setattr(
        analytics.TelemetryRecorder,
        "record_histogram",
        lambda self, name, *_: measured.append(name) if self._open_telemetry_proxy else None,
    )
    usual, quiet = (open_offline(run_id, tmp_path) for run_id in ("usual", "quiet"))
    send_no_telemetry(quiet)
    quiet.log({"a": 1})
    assert not measured
    usual.log({"a": 1})
    assert measured
    for run in (quiet, usual):
        run.finish()


def test_a_private_setting_that_wandb_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compat, "_NAMES", frozenset({"x_gone"}))
    assert new_settings({"x_gone": 1, "silent": True}).silent
    with pytest.raises(ValueError, match="x_unknown"):
        new_settings({"x_unknown": 1})


# Runs


def test_a_resumed_run_tells_where_it_starts(start_run: StartRun) -> None:
    run = start_run("one")
    assert starting_step(run) == 0
    for i in range(3):
        run.log({"value": i})
    run.finish()
    again = start_run("one", resume="allow")
    assert starting_step(again) == 3
    again.finish()
    assert starting_step(object()) == 0


def test_the_log_of_the_processs_run_is_replaced_until_the_next_run(
    tmp_path: Path, wandb_home: Path, wandb_core: None
) -> None:
    logged: list[dict[str, Any]] = []
    first = wandb.init(project="p", mode="offline", dir=str(tmp_path), reinit="finish_previous")
    replace_log(first, logged.append)
    wandb.log({"value": 1})
    first.log({"value": 2})
    first.finish()
    second = wandb.init(project="p", mode="offline", dir=str(tmp_path), reinit="finish_previous")
    wandb.log({"value": 3})
    second.finish()
    assert logged == [{"value": 1}, {"value": 2}]


def test_the_log_of_another_run_leaves_the_processs_alone(
    tmp_path: Path, wandb_home: Path, wandb_core: None
) -> None:
    logged: list[dict[str, Any]] = []
    before = wandb.log
    run = open_offline("one", tmp_path)
    replace_log(run, logged.append)
    run.log({"value": 1})
    run.finish()
    assert logged == [{"value": 1}]
    assert wandb.log is before


def test_an_id_is_in_use_until_the_run_is_forgotten(
    tmp_path: Path, wandb_home: Path, wandb_core: None
) -> None:
    open_offline("one", tmp_path / "first")
    with pytest.raises(Exception, match="in use") as caught:
        open_offline("one", tmp_path / "second")
    assert is_in_use(caught.value), f"wandb words it differently: {caught.value}"
    forget_run("one")
    open_offline("one", tmp_path / "third").finish()


# Errors


@pytest.fixture
def killed_core(tmp_path: Path, wandb_home: Path) -> Iterator[Any]:
    """A run whose wandb-core has been killed; all is cleared away afterwards."""
    wandb.teardown()
    run = open_offline("one", tmp_path)
    cores = [p for p in psutil.Process().children() if p.name() == "wandb-core"]
    assert len(cores) == 1
    cores[0].kill()
    psutil.wait_procs(cores, timeout=10)
    yield run
    os.environ.pop("WANDB_SERVICE", None)
    with suppress(ConnectionError):
        wandb.teardown()


def error_of(act: Callable[[], object]) -> Exception:
    try:
        act()
    except Exception as error:
        return error
    raise AssertionError("wandb raises no error without its wandb-core")


def test_a_killed_core_is_a_lost_connection(killed_core: Any, tmp_path: Path) -> None:
    def log_on() -> None:
        # The first ones may still fit into a buffer.
        for i in range(1000):
            killed_core.log({"value": i})

    for error in (error_of(log_on), error_of(lambda: open_offline("two", tmp_path))):
        assert is_lost_connection(error), f"wandb raises {type(error).__name__} instead"
        assert not never_started(error)
        assert not is_in_use(error)


@pytest.mark.parametrize("name", sorted({*compat._LOST, compat._NEVER_STARTED}))
def test_wandb_has_an_error_of_that_name(name: str) -> None:
    sources = Path(wandb.__file__).parent.rglob("*.py")
    assert any(f"class {name}(" in source.read_text() for source in sources), f"no {name} in wandb"


@pytest.mark.parametrize("error", [ValueError("run ID is what?"), OSError("no space left")])
def test_another_error_is_none_of_them(error: Exception) -> None:
    assert not any(tells(error) for tells in (is_lost_connection, never_started, is_in_use))


# What wandb does with a run that opens, and a search's run is to be spared

SKIPPED = pytest.mark.parametrize(
    ("kind", "name", "skip"),
    [
        (wandb_init._WandbInit, "monkeypatch_ipython", skip_notebook_hook),
        (wandb_setup._WandbSetup, "add_active_run", skip_list_of_active_runs),
    ],
    ids=["a notebook's hook", "the list of active runs"],
)
Skip = Callable[[Callable[[], bool]], None]


@SKIPPED
def test_wandb_has_the_method(kind: type, name: str, skip: Skip) -> None:
    assert callable(getattr(kind, name))


@SKIPPED
def test_it_is_called_only_where_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch, kind: type, name: str, skip: Skip
) -> None:
    called: list[object] = []
    unwanted = [True, False]
    monkeypatch.setattr(kind, name, lambda _, argument: called.append(argument))
    skip(unwanted.pop)
    skip(lambda: True)
    opening: Any = object.__new__(kind)
    getattr(opening, name)("wanted")
    getattr(opening, name)("unwanted")
    assert called == ["wanted"]


@SKIPPED
def test_a_wandb_without_that_method_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, kind: type, name: str, skip: Skip
) -> None:
    monkeypatch.delattr(kind, name)
    skip(lambda: True)
    assert not hasattr(kind, name)

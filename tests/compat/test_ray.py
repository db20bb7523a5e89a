"""What the driver uses of Ray and Tune without their promise, in the Ray that is installed."""

from __future__ import annotations

import json
import logging
import mmap
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import tune
from ray.tune.trainable import wrap_function

from tune_wandb_nb.compat import ray as compat
from tune_wandb_nb.compat.ray import (
    SOCKET_IN_TEMP_FOLDER,
    assume_notebook,
    delete_mark,
    has_mark,
    inherit_from,
    is_trainable_category,
    kills_detached_processes,
    replace_interrupt_event,
    run_config_of,
    serialize_registrations,
    silence_sigterm_warning,
    store_mark,
    temp_folder,
    trainable_registry,
    when_ray_starts,
    without_display,
)

JOIN = """
import json, logging, threading
import ray
from tests.joining import join_ray
from tune_wandb_nb.compat.ray import silence_sigterm_warning, temp_folder, when_ray_starts

calls, warnings = [], []
class Keep(logging.Handler):
    def emit(self, record):
        warnings.append("SIGTERM" in record.getMessage())
logging.getLogger("ray").addHandler(Keep())

def join_in_thread():
    warnings.clear()
    thread = threading.Thread(target=join_ray, kwargs={"logging_level": logging.WARNING})
    thread.start()
    thread.join()
    assert ray.is_initialized()
    found = any(warnings)
    ray.shutdown()
    return found

before = temp_folder()
loud = join_in_thread()
def call():
    calls.append(str(temp_folder()))
when_ray_starts(call)
when_ray_starts(call)
silence_sigterm_warning()
silenced = join_in_thread()
print(json.dumps([before, loud, silenced, calls]))
"""


def train_fn(config: dict[str, Any]) -> None:
    for i in range(2):
        tune.report({"value": i})


# Ray's start


@pytest.fixture(scope="module")
def joined(ray_environ: dict[str, str]) -> list[Any]:
    """What a process has seen that joined Ray in a thread, first as it is and then as we do."""
    done = subprocess.run(
        [sys.executable, "-c", JOIN],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **ray_environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_ray_calls_once_what_waits_for_its_start(joined: list[Any]) -> None:
    *_, calls = joined
    assert calls == [str(temp_folder())]


def test_ray_warns_of_sigterm_in_a_thread_unless_it_is_silenced(joined: list[Any]) -> None:
    _, loud, silenced, _ = joined
    assert loud, "Ray does not warn any more, or under another name or with other words"
    assert not silenced


def test_only_that_warning_is_silenced() -> None:
    silence_sigterm_warning()
    silence_sigterm_warning()
    logger = logging.getLogger("ray._private.worker")
    records = [
        logging.LogRecord(logger.name, logging.WARNING, "", 0, text, None, None)
        for text in ("SIGTERM handler is not set because ...", "something else")
    ]
    assert [bool(logger.filter(record)) for record in records] == [False, True]


def test_a_ray_without_the_list_of_hooks_calls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("ray._private.worker._post_init_hooks")
    when_ray_starts(lambda: None)


def test_ray_puts_its_sockets_into_its_temporary_folder(
    ray_session: None, joined: list[Any]
) -> None:
    before, *_ = joined
    assert before is None
    folder = temp_folder()
    assert folder is not None
    sockets = ray._private.worker._global_node.plasma_store_socket_name
    below = sockets.removeprefix(str(folder))
    assert len(below) <= len(SOCKET_IN_TEMP_FOLDER)
    shape = re.sub(r"\d+", "0", SOCKET_IN_TEMP_FOLDER)
    assert re.sub(r"\d+", "0", below) == shape


def test_a_ray_that_hides_its_folder_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray._private.worker._global_node", object())
    assert temp_folder() is None


def test_the_variable_with_which_ray_kills_what_a_worker_leaves_is_rays() -> None:
    name = compat._SUBREAPER
    program = Path(ray.__file__).parent / "core/src/ray/raylet/raylet"
    with (
        program.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        assert content.find(name.removeprefix("RAY_").encode()) >= 0
    assert kills_detached_processes({name: "True"})
    assert kills_detached_processes({name: "1"})
    assert not kills_detached_processes({name: "0"})
    assert not kills_detached_processes({})


# Tune's loop


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Tune's module with the function that it comes with, which is put back afterwards."""
    module = import_module("ray.tune.tune")
    own = getattr(module._setup_signal_catching, "original", module._setup_signal_catching)
    monkeypatch.setattr(module, "_setup_signal_catching", own)
    handler = signal.getsignal(signal.SIGINT)
    yield module
    signal.signal(signal.SIGINT, handler)


def test_tune_makes_its_interrupt_event_where_we_replace_it(loop: Any) -> None:
    assert "_setup_signal_catching" in loop.run.__code__.co_names
    assert isinstance(loop._setup_signal_catching(), threading.Event)


def test_the_event_is_ours_or_where_we_have_none_tunes(loop: Any) -> None:
    ours = threading.Event()
    chosen: list[threading.Event | None] = [None, ours]
    replace_interrupt_event(chosen.pop)
    replace_interrupt_event(threading.Event)
    assert loop._setup_signal_catching() is ours
    tunes = loop._setup_signal_catching()
    assert isinstance(tunes, threading.Event)
    assert tunes is not ours


def test_a_tune_without_the_interrupt_is_named(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(loop, "_setup_signal_catching")
    with pytest.raises(AttributeError, match="_setup_signal_catching"):
        replace_interrupt_event(threading.Event)


def test_the_run_config_of_a_tuner_names_its_folder(tmp_path: Path) -> None:
    tuner = tune.Tuner(train_fn, run_config=tune.RunConfig(storage_path=str(tmp_path)))
    run_config = run_config_of(tuner)
    assert run_config.storage_path == str(tmp_path)
    assert run_config.name.startswith("train_fn_")
    # What is changed in it is in force.
    assert run_config_of(tuner) is run_config


def test_a_tuner_without_that_part_has_no_run_config() -> None:
    assert run_config_of(object()) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("name", compat._NOTEBOOK_MODULES)
def test_tune_asks_whether_it_is_in_a_notebook(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in compat._NOTEBOOK_MODULES:
        monkeypatch.setattr(f"ray.tune.{each}.IS_NOTEBOOK", False)
    assume_notebook()
    assert import_module(f"ray.tune.{name}").IS_NOTEBOOK is True


@pytest.mark.filterwarnings("ignore")
def test_a_reporter_is_pickled_without_its_display() -> None:
    reporter = tune.JupyterNotebookReporter(overwrite=False)
    assert "_display_handle" in vars(reporter)
    reporter._display_handle = lambda: None
    assert pickle.dumps(without_display(vars(reporter)))


# Trainables


def test_tune_registers_a_trainable_where_we_look(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[tuple[str, str, Any]] = []
    registry = trainable_registry()
    monkeypatch.setattr(registry, "register", lambda *given: registered.append(given))
    tune.register_trainable("compat", train_fn)
    ((category, name, trainable),) = registered
    assert name == "compat"
    assert is_trainable_category(category)
    assert issubclass(trainable, tune.Trainable)
    assert not is_trainable_category("env_creator")


def test_marks_are_seen_by_all_processes_of_a_cluster(ray_session: None) -> None:
    @ray.remote(num_cpus=0)
    def look(prefix: str) -> bool:
        return has_mark(prefix)

    assert not has_mark("test.mark.")
    store_mark("test.mark.one")
    assert [has_mark(prefix) for prefix in ("test.mark.", "test.mark.two")] == [True, False]
    assert ray.get(look.remote("test.mark."), timeout=60)
    delete_mark("test.mark.one")
    delete_mark("test.mark.one")
    assert not has_mark("test.mark.")


def test_without_rays_store_there_are_no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.experimental.internal_kv", None)
    store_mark("test.mark.one")
    delete_mark("test.mark.one")
    assert not has_mark("test.mark.")


class Base:
    """A base that a function's class is to have."""


def test_the_class_that_tune_makes_of_a_function_has_our_base(ray_session: None) -> None:
    def function(config: dict[str, Any]) -> None:
        del config

    inherit_from(function, Base)
    assert issubclass(wrap_function(function), Base)
    assert issubclass(wrap_function(tune.with_parameters(function)), Base)


def test_threads_register_trainables_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    serialize_registrations()
    registry = trainable_registry()
    inside, most = [], []
    # What the registry does for each value, slow enough for two threads to meet.
    put = registry.flush_values

    def flush_values() -> None:
        inside.append(1)
        most.append(len(inside))
        put()
        inside.pop()

    monkeypatch.setattr(registry, "flush_values", flush_values)
    threads = [
        threading.Thread(target=tune.register_trainable, args=(f"trainable{n}", train_fn))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) <= {1}
    assert all(registry.contains("trainable_class", f"trainable{n}") for n in range(20))


def test_the_flush_that_ray_calls_when_it_starts_takes_its_turn_too() -> None:
    serialize_registrations()
    hooks = ray._private.worker._post_init_hooks
    assert trainable_registry().flush_values in hooks

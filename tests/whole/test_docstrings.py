"""Every example in a docstring runs, and shows what it says."""

from __future__ import annotations

import doctest
import inspect
import re
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests.wire import WireServer

PACKAGE = Path(tw.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text()
)
PLAIN = {"__version__", "legacy", "DEFAULT_LOGGERS", "SettingsError", "SetupError", "logout"}
"""Public names that need no example: a value, a module, an error, and the other half of a pair."""
SEARCH = {"tune_wandb_nb.tracking.legacy.run", "tune_wandb_nb.widgets.experiment"}
"""Modules whose examples run a search, which prints its progress."""


def train_fn(config: dict[str, Any]) -> None:
    for _ in range(2):
        tune.report({"accuracy": config.get("lr", 0.5), "loss": config.get("a", 1)})


class Lenient(doctest.OutputChecker):
    """Lets a search say what it likes, where an example shows nothing of it."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return not want or super().check_output(want, got, optionflags)


class Finder(doctest.DocTestFinder):
    """Finds the examples of what has the package as its ``__module__`` by its code."""

    def _from_module(self, module: Any, obj: Any) -> bool:
        if inspect.isclass(obj) and obj.__module__ == tw.__name__:
            members = [value for value in vars(obj).values() if inspect.isfunction(value)]
            return any(member.__module__ == module.__name__ for member in members)
        if inspect.isfunction(obj) and obj.__module__ == tw.__name__:
            return obj.__globals__ is vars(module)
        return bool(super()._from_module(module, obj))  # type: ignore[misc]


@pytest.fixture(scope="module")
def home(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with searches of long ago."""
    home = tmp_path_factory.mktemp("home")
    old = tune.RunConfig(
        name="train_2026-01-01_12-00-00", storage_path=str(home / "ray_results"), verbose=0
    )
    tune.Tuner(train_fn, run_config=old).fit()
    digits = tune.RunConfig(name="digits", storage_path=str(home / "ray_results"), verbose=0)
    tune.Tuner(train_fn, run_config=digits, tune_config=tune.TuneConfig(num_samples=4)).fit()
    for name in ("adam", "sgd"):
        shutil.copytree(home / "ray_results" / "digits", home / "ray_results" / name)
    return home


@pytest.fixture
def names(
    home: Path, monkeypatch: pytest.MonkeyPatch, wire_server: WireServer
) -> Iterator[dict[str, Any]]:
    """What examples take for granted: imports, a function to train, an account, an old search."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    # Ray has looked up the home when it was imported.
    for module in ("ray.train.constants", "ray.tune.experiment.experiment"):
        monkeypatch.setattr(f"{module}.DEFAULT_STORAGE_PATH", str(home / "ray_results"))
    monkeypatch.setenv("WANDB_BASE_URL", wire_server.url)
    monkeypatch.setenv("WANDB_API_KEY", wire_server.api_key)
    yield {"tw": tw, "tune": tune, "wandb": wandb, "train_fn": train_fn}
    tw.logout()


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_run(module: str, names: dict[str, Any]) -> None:
    loaded = import_module(module)
    checker = Lenient() if module in SEARCH else doctest.OutputChecker()
    runner = doctest.DocTestRunner(checker, optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    for test in Finder(exclude_empty=True).find(loaded, extraglobs=names):
        runner.run(test, out=said.append)
    assert runner.summarize(verbose=False).attempted > 0
    assert said == [], "".join(said)


@pytest.mark.parametrize("name", sorted(set(tw.__all__) - PLAIN))
def test_a_public_name_has_an_example_that_is_run(name: str) -> None:
    text = inspect.getdoc(getattr(tw, name)) or ""
    assert "Example:\n" in text
    assert ">>> " in text
    assert "+SKIP" not in text


def _shown_members() -> list[tuple[str, str]]:
    """The members of public classes that the reference shows."""
    shown = []
    for page in sorted((PACKAGE.parent / "docs" / "reference").glob("*.md")):
        for block in page.read_text().split("::: tune_wandb_nb.")[1:]:
            name = block.split(maxsplit=1)[0]
            if name not in tw.__all__:
                continue
            lists = re.findall(r"members:\s*\[([^\]]*)\]", block)
            value = getattr(tw, name)
            own = vars(value) if inspect.isclass(value) and "  members:" not in block else {}
            public = [
                member
                for member in own
                if not member.startswith("_") and not inspect.ismemberdescriptor(own[member])
            ]
            listed = [member.strip() for each in lists for member in each.split(",")]
            shown += [(name, member) for member in (*public, *listed)]
    return shown


@pytest.mark.parametrize(("name", "member"), _shown_members())
def test_a_member_in_the_reference_says_what_it_is_for(name: str, member: str) -> None:
    value = inspect.getattr_static(getattr(tw, name), member)
    assert inspect.getdoc(getattr(value, "__func__", value))


def test_the_reference_has_every_public_name() -> None:
    pages = (PACKAGE.parent / "docs" / "reference").glob("*.md")
    text = "".join(page.read_text() for page in pages)
    names = set(re.findall(r"^::: tune_wandb_nb\.(\w+)$", text, re.MULTILINE))
    # A module, a number, and a second name of WandbLogger.
    assert set(tw.__all__) - names == {"legacy", "__version__", "WandbLoggerCallback"}

"""What a newcomer does wrong first: each says what to do, in the words of `docs/trouble.md`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.trainable_functions import endless, run_config
from tests.wire import WireServer
from tune_wandb_nb.tracking.waiting import wait_until

PAGE = (Path(tw.__file__).parent.parent / "docs/trouble.md").read_text("utf-8")
SECTION = PAGE.partition("## The first minutes\n")[2].partition("\n## ")[0]
ROWS = dict(re.findall(r'^\| (.+?) \| "(.+?)"', SECTION, re.MULTILINE))
"""What is done -> the words that are seen, as the page has them."""

pytestmark = pytest.mark.usefixtures("ray_session")


def words_of(row: str) -> str:
    """The words that the page promises."""
    return ROWS[row]


@pytest.fixture
def experiment_of(tmp_path: Path) -> Iterator[Callable[..., tw.Experiment]]:
    """Make experiments; none outlives its test."""
    made: list[tw.Experiment] = []

    def make(trainable: Any, *, metric: str | None = None, **given: Any) -> tw.Experiment:
        config = tune.TuneConfig(metric=metric, mode="max" if metric else None)
        settings = {"project": "p", "mode": "offline", "dir": str(tmp_path)}
        made.append(
            tw.Experiment(
                trainable,
                tune_config=config,
                run_config=run_config(tmp_path),
                **{"param_space": {"lr": 0.5}, "wandb": settings} | given,
            )
        )
        return made[-1]

    yield make
    for experiment in made:
        experiment.stop()
        if experiment.status != "new":
            ended(experiment)


def ended(experiment: tw.Experiment) -> None:
    """Wait for the end of a search; it holds CPUs that the next test needs."""
    wait_until(lambda: experiment.status not in ("running", "stopping"), timeout=120, every=0.05)
    assert experiment.status not in ("running", "stopping")


def train(config: dict[str, Any]) -> None:
    tune.report({"accuracy": config["lr"]})


def raises(config: dict[str, Any]) -> None:
    raise FileNotFoundError("data.csv")


def asking(trainable: Any, cpus: float) -> Any:
    """Ask for CPUs; `tune.with_resources` changes a function that it is given."""

    def train_again(config: dict[str, Any]) -> None:
        trainable(config)

    return tune.with_resources(train_again, {"CPU": cpus})


def end(experiment: tw.Experiment) -> str:
    """Run a search to its end and return the error that ended it, if one did."""
    experiment.start()
    try:
        experiment.wait(300)
    except TimeoutError:
        raise
    except Exception as error:
        return str(error)
    return ""


def note(experiment: tw.Experiment) -> str:
    assert experiment.dashboard is not None
    return experiment.dashboard.board.snapshot().note


def test_no_project(
    experiment_of: Callable[..., tw.Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    assert words_of("no project is given") in end(experiment_of(train, wandb={}))


def test_a_key_that_is_none() -> None:
    with pytest.raises(tw.SettingsError, match=words_of("a key that is none")):
        tw.login("abc")


def test_a_key_that_the_server_refuses(
    experiment_of: Callable[..., tw.Experiment],
    wire_server: WireServer,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    access = {"project": "p", "host": wire_server.url, "api_key": "b" * 40, "dir": str(tmp_path)}
    assert end(experiment_of(train, wandb=access)) == ""
    said = capfd.readouterr().out
    assert words_of("a key that the server refuses") in said
    assert "on disk, offline. Upload with" in said


def test_a_metric_that_is_never_reported(
    experiment_of: Callable[..., tw.Experiment], capfd: pytest.CaptureFixture[str]
) -> None:
    experiment = experiment_of(train, metric="acuracy")
    assert "did not include the specified metric" in end(experiment)
    assert words_of("a metric that is never reported") in capfd.readouterr().out


def test_a_function_that_raises_at_once(
    experiment_of: Callable[..., tw.Experiment], capfd: pytest.CaptureFixture[str]
) -> None:
    experiment = experiment_of(raises)
    assert end(experiment) == ""
    assert words_of("the training function raises at once") in capfd.readouterr().out
    assert "data.csv" in str(experiment.wait().errors[0])


def test_a_name_in_param_space_is_wrong(
    experiment_of: Callable[..., tw.Experiment], capfd: pytest.CaptureFixture[str]
) -> None:
    end(experiment_of(train, param_space={"lrr": 0.5}))
    assert words_of("a wrong name in `param_space`") in capfd.readouterr().out


def test_a_distribution_in_quotation_marks(
    experiment_of: Callable[..., tw.Experiment], capfd: pytest.CaptureFixture[str]
) -> None:
    end(experiment_of(train, param_space={"lr": "tune.uniform(0, 1)"}))
    assert words_of("a distribution in quotation marks") in capfd.readouterr().out


def test_ray_has_too_few_cpus(experiment_of: Callable[..., tw.Experiment]) -> None:
    experiment = experiment_of(asking(train, 10_000))
    experiment.start()
    words = words_of("Ray has fewer CPUs than a trial asks for")
    wait_until(lambda: words in note(experiment), timeout=120, every=0.05)
    assert words in note(experiment)


def test_no_cpu_is_free_since_a_cell_was_run_again(
    experiment_of: Callable[..., tw.Experiment],
) -> None:
    import ray

    every = ray.cluster_resources()["CPU"]
    first, second = (experiment_of(asking(endless, every)) for _ in range(2))
    first.start()
    assert first.dashboard is not None
    board = first.dashboard.board
    wait_until(lambda: board.snapshot().counts["running"] == 1, timeout=120, every=0.05)
    second.start()
    words = words_of("a cell is run again while its search still runs")
    wait_until(lambda: words in note(second), timeout=120, every=0.05)
    assert words in note(second)
    first.stop()
    assert second.dashboard is not None
    waiting = second.dashboard.board
    wait_until(lambda: waiting.snapshot().counts["running"] == 1, timeout=120, every=0.05)
    assert waiting.snapshot().counts["running"] == 1


def test_start_is_called_twice(experiment_of: Callable[..., tw.Experiment]) -> None:
    experiment = experiment_of(train)
    end(experiment)
    with pytest.raises(Exception, match=words_of("`experiment.start()` twice")):
        experiment.start()


def test_the_kernel_is_dead(experiment_of: Callable[..., tw.Experiment]) -> None:
    """Another kernel has nothing but the folder."""
    first = experiment_of(train)
    end(first)
    assert first.path is not None
    shown = tw.Dashboard.open(first.path)
    assert shown.board.snapshot().counts["done"] == 1
    again = experiment_of(train)
    with pytest.raises(Exception, match=words_of("a new kernel, and the search is gone")):
        again.resume()
    again.resume(first.path)
    assert again.wait(300).num_terminated == 1


def test_every_row_of_the_page_was_tested() -> None:
    asked = re.findall(r'words_of\("(.+?)"\)', Path(__file__).read_text("utf-8"))
    assert sorted(asked) == sorted(ROWS)

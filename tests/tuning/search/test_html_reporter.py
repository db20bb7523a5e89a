"""Tune's progress table as HTML, passed to a function."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from ray import cloudpickle
from ray.tune.experiment import Trial

import tune_wandb_nb
from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter


def test_html_goes_to_the_function_that_shows_it() -> None:
    shown: list[str] = []
    reporter = HtmlReporter(shown.append)
    reporter.display("<b>1</b>")
    assert shown == ["", "<b>1</b>"], "the empty text is Tune's own first display"
    assert reporter


def test_a_report_that_nobody_sees_leaves_the_progress_to_tune() -> None:
    assert not HtmlReporter(print, seen=False)


def test_it_pickles_without_the_function() -> None:
    shown: list[str] = []
    copy = cloudpickle.loads(cloudpickle.dumps(HtmlReporter(shown.append)))
    copy.display("<b>1</b>")
    assert shown == [""]
    assert not copy


def test_the_last_report_has_no_more_rows_than_the_others(tmp_path: Path) -> None:
    shown: list[str] = []
    reporter = HtmlReporter(shown.append)
    reporter.setup(start_time=0.0)
    trials = [Trial("train", trial_id=f"t{i}", stub=True) for i in range(300)]
    for trial in trials:
        trial.storage = SimpleNamespace(trial_driver_staging_path=str(tmp_path))
    reporter.report(trials, False, "resources")
    reporter.report(trials, True, "resources")
    rows = [html.count("<tr>") for html in shown[-2:]]
    assert 200 <= rows[0] < 300
    assert rows[1] == rows[0]


def test_tune_takes_a_shell_with_a_kernel_for_a_notebook() -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.instance().kernel = object()\n"
        "from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter\n"
        "from ray.tune import progress_reporter\n"
        "before = progress_reporter.IS_NOTEBOOK\n"
        "HtmlReporter(print)\n"
        "print(before, progress_reporter.IS_NOTEBOOK)\n"
    )
    checkout = Path(tune_wandb_nb.__file__).parents[1]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=checkout)
    assert done.stdout.split() == ["False", "True"]

"""The audit: a table of what became of every row, and a last line whose command can be used."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tune_wandb_nb.tracking.runs.audit import (
    AUDIT_COLUMNS,
    audit_table,
    closing_line,
    sync_command,
)
from tune_wandb_nb.tracking.settings.settings import Mode


@dataclass
class Run:
    """As much of a `TrialRun` as the audit asks for."""

    trial_id: str = "ab_00000"
    name: str = "train_ab_00000"
    state: str = "finished"
    reported: int = 20
    logged: int = 20
    dropped: int = 0
    mode: Mode = "online"
    url: str | None = None
    path: str | None = None
    why: str = ""
    lost: int = 0

    @property
    def run_id(self) -> str:
        return f"run-of-{self.trial_id}"

    def explain(self) -> str:
        return self.why


def offline(number: int, **given: int) -> Run:
    trial = f"ab_{number:05}"
    return Run(
        trial, f"train_{trial}", mode="offline", path=f"wandb/offline-run-7-{trial}", **given
    )


def folders(command: str) -> list[str]:
    """Return what a shell makes of a `wandb sync` command's folders."""
    assert command.startswith("wandb sync ")
    script = "printf '%s\\n' " + command.removeprefix("wandb sync ")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return sorted(done.stdout.splitlines())


# The table


def test_the_table_has_one_row_a_trial_in_their_order() -> None:
    runs = [
        Run("b", "train_b", "failed", 3, 2, 1, "online", "https://w/b", "wandb/run-1-b", "why"),
        Run("a", "train_a", "running", 5, 4, 0, "offline", None, "wandb/offline-run-1-a"),
    ]
    table = audit_table(iter(runs))
    assert tuple(table.columns) == AUDIT_COLUMNS
    first = ["b", "run-of-b", "train_b", "failed", 3, 2, 1, "online", "https://w/b"]
    assert table.iloc[0].tolist() == [*first, "wandb/run-1-b", "why"]
    assert table["trial_id"].tolist() == ["b", "a"]
    assert table["reported"].sum() == 8
    assert table["url"].isna().tolist() == [False, True]
    assert table["note"].tolist() == ["why", ""]


def test_an_empty_table_has_its_columns() -> None:
    table = audit_table([])
    assert (len(table), tuple(table.columns)) == (0, AUDIT_COLUMNS)


# The last line


@pytest.mark.parametrize(
    ("runs", "unfinished", "line"),
    [
        pytest.param([Run()], [], "1 trial, 20 rows, all in W&B.", id="one"),
        pytest.param([Run(reported=1, logged=1)], [], "1 trial, 1 row, all in W&B.", id="one-row"),
        pytest.param([Run()] * 100, [], "100 trials, 2,000 rows, all in W&B.", id="many"),
        pytest.param(
            [Run(), Run(logged=18, dropped=2)],
            [],
            "2 trials, 40 rows, 38 of them in W&B. See .audit() for what is missing and why.",
            id="some-dropped",
        ),
        pytest.param(
            [offline(0), offline(1)],
            [],
            "2 trials, 40 rows, all on disk, offline. Upload with:"
            " wandb sync wandb/offline-run-7-ab_00000 wandb/offline-run-7-ab_00001",
            id="offline",
        ),
        pytest.param(
            [offline(n) for n in range(16)],
            [],
            "16 trials, 320 rows, all on disk, offline. Upload with:"
            " wandb sync wandb/offline-run-*-ab_*",
            id="offline-many",
        ),
        pytest.param(
            [offline(0, logged=19, dropped=1)],
            [],
            "1 trial, 20 rows, 19 of them on disk, offline. Upload with:"
            " wandb sync wandb/offline-run-7-ab_00000"
            " See .audit() for what is missing and why.",
            id="offline-dropped",
        ),
        pytest.param(
            [offline(0, state="failed"), offline(1)],
            [],
            "2 trials (1 failed), 40 rows, all on disk, offline. Upload with:"
            " wandb sync wandb/offline-run-7-ab_00000 wandb/offline-run-7-ab_00001",
            id="failed",
        ),
        pytest.param(
            [Run(mode="disabled", logged=0)] * 3,
            [],
            "3 trials, 60 rows, none tracked (mode is 'disabled').",
            id="disabled",
        ),
    ],
)
def test_the_last_line_says_where_the_rows_are(
    runs: list[Run], unfinished: list[Run], line: str
) -> None:
    assert closing_line(runs, unfinished) == line


@pytest.mark.parametrize(
    ("count", "names"),
    [
        pytest.param(1, "r0.", id="one"),
        pytest.param(3, "r0, r1, r2.", id="three"),
        pytest.param(5, "r0, r1, r2 and 2 more.", id="five"),
    ],
)
def test_runs_that_were_not_uploaded_are_named_with_the_command(count: int, names: str) -> None:
    late = [Run(str(n), f"r{n}", path=f"wandb/run-{n}-x{n}") for n in range(count)]
    paths = " ".join(f"wandb/run-{n}-x{n}" for n in range(count))
    assert closing_line([Run(), *late], late) == (
        f"{count + 1} trials, {20 * (count + 1)} rows; not uploaded in time: {names}"
        f" The rows are on disk; upload them with: wandb sync {paths}"
    )


def test_without_a_folder_there_is_no_command() -> None:
    late = [Run(name="r")]
    assert closing_line(late, late) == "1 trial, 20 rows; not uploaded in time: r."


def test_rows_that_only_tune_has_come_with_what_brings_them() -> None:
    repair = "tune_wandb_nb.upload_experiment('/results/search', 'p')"
    some = [Run(), Run(logged=18, dropped=2, lost=2)]
    assert closing_line(some, [], repair).endswith(f" This repairs it: {repair}")
    by_rule = [Run(), Run(logged=18, dropped=2)]
    assert repair not in closing_line(by_rule, [], repair)
    assert repair not in closing_line([Run()], [], repair)


def test_a_search_without_trials_is_not_called_disabled() -> None:
    assert closing_line([], []) == "no trial was tracked."


def test_late_runs_do_not_hide_those_that_are_offline() -> None:
    late, on_disk = Run("x_1", path="wandb/run-7-x_1"), offline(0)
    assert closing_line([late, on_disk], [late]) == (
        "2 trials, 40 rows; not uploaded in time: train_ab_00000. The rows are on disk; upload them"
        " with: wandb sync wandb/run-7-x_1 wandb/offline-run-7-ab_00000"
    )
    both = closing_line([on_disk], [on_disk])
    assert both.count(str(on_disk.path)) == 1


# The command


@pytest.mark.parametrize(
    ("paths", "command"),
    [
        pytest.param([], "", id="none"),
        pytest.param(["wandb/run-7-a_1"], "wandb sync wandb/run-7-a_1", id="one"),
        pytest.param(
            ["my runs/run-7-a_1"], "wandb sync 'my runs/run-7-a_1'", id="folder-with-a-space"
        ),
        pytest.param(
            [f"w/run-{n}-a_{n}" for n in range(4)], "wandb sync w/run-*-a_*", id="online-many"
        ),
        pytest.param(
            [f"/far off/offline-run-{n}-a_{n}" for n in range(4)],
            "wandb sync '/far off'/offline-run-*-a_*",
            id="elsewhere-many",
        ),
        pytest.param(
            [f"w{n}/run-7-a_{n}" for n in range(4)],
            "wandb sync w0/run-7-a_0 w1/run-7-a_1 w2/run-7-a_2 w3/run-7-a_3",
            id="many-folders",
        ),
        pytest.param(
            [f"w/run-7-{name}_0" for name in "abcd"],
            "wandb sync w/run-7-a_0 w/run-7-b_0 w/run-7-c_0 w/run-7-d_0",
            id="many-searches",
        ),
        pytest.param(
            [f"w/run-7-own{n}" for n in range(4)],
            "wandb sync w/run-7-own0 w/run-7-own1 w/run-7-own2 w/run-7-own3",
            id="ids-of-the-user's-own",
        ),
    ],
)
def test_the_command_names_the_folders(paths: list[str], command: str) -> None:
    assert sync_command(paths) == command


def test_folders_are_named_from_where_the_person_is(tmp_path: Path) -> None:
    assert sync_command([str(tmp_path / "wandb" / "run-7-a_1")]) == "wandb sync wandb/run-7-a_1"
    outside = str(tmp_path.parent / "run-7-a_1")
    assert sync_command([outside]) == f"wandb sync {shlex.quote(outside)}"


@given(st.lists(st.text("ab '\"$;*&(){}~é-_", min_size=1, max_size=9), min_size=1, max_size=3))
def test_a_shell_reads_back_every_folder(names: list[str]) -> None:
    paths = [f"wandb/run-7-{name}" for name in names]
    assert shlex.split(sync_command(paths)) == ["wandb", "sync", *paths]


def make(*names: str) -> list[str]:
    paths = [f"my runs/{name}" for name in names]
    for path in paths:
        Path(path).mkdir(parents=True)
    return paths


@pytest.mark.parametrize("kind", ["run", "offline-run"])
def test_a_glob_finds_all_runs_of_the_search_and_no_other(kind: str) -> None:
    mine = make(*(f"{kind}-2026010{n}-ab_0000{n}" for n in range(6)))
    make(f"{kind}-20260101-cd_00001", f"{kind}-20260101-own", "latest-run")
    assert "*" in sync_command(mine)
    assert folders(sync_command(mine)) == mine


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        pytest.param(
            [*(f"run-7-ab_{n}" for n in range(3)), "offline-run-7-ab_3"],
            [],
            id="online-and-offline",
        ),
        pytest.param(
            [f"run-7-ab_{n}" for n in range(4)],
            ["run-7-ab_4"],
            id="others-of-the-search-are-uploaded",
        ),
        pytest.param(
            [f"offline-run-7-my-run_{n}" for n in range(4)],
            ["offline-run-7-your-run_1"],
            id="ids-with-a-dash",
        ),
        pytest.param([f"run-7-a;b_{n}" for n in range(4)], [], id="ids-a-shell-would-split"),
    ],
)
def test_a_glob_finds_just_the_runs_it_stands_for(mine: list[str], others: list[str]) -> None:
    paths = make(*mine)
    make(*others)
    assert folders(sync_command(paths)) == sorted(paths)


def test_random_ids_make_one_short_command_too() -> None:
    paths = [f"wandb/offline-run-20261127_02000{n}-{n * 7919:08x}" for n in range(9)]
    command = "tune_wandb_nb.sync_runs('wandb', group='my search')"
    assert sync_command(paths, "my search") == command
    assert sync_command(paths[:3], "my search") == f"wandb sync {' '.join(paths[:3])}"
    runs = [Run(str(n), mode="offline", path=path) for n, path in enumerate(paths)]
    assert closing_line(runs, [], group="my search").endswith(f"Upload with: {command}")
    elsewhere = [*paths, "other/offline-run-20261127_020009-ff"]
    assert sync_command(elsewhere, "my search").startswith("wandb sync "), "of two folders"

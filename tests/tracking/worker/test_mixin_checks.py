"""What cannot work is said on the driver, before any trial starts."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import cloudpickle, tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, offline_runs
from tests.wire import WireServer
from tests.wire.sync import sync
from tune_wandb_nb.tracking.auth.access import CheckedKey
from tune_wandb_nb.tracking.broker.client import BrokerClient, broker_client
from tune_wandb_nb.tracking.broker.messages import Answer, KeyRequest
from tune_wandb_nb.tracking.settings.api_key import ApiKey

KEY = "0123456789abcdef" * 3


@pytest.fixture(autouse=True)
def _logged_out() -> Any:
    yield
    tw.logout()


def started(config: dict[str, Any]) -> None:
    Path(config["folder"], "started").touch()
    wandb.log({"logged": 1})


class Started(tune.Trainable):
    def step(self) -> dict[str, Any]:
        Path(self.config["folder"], "started").touch()
        return {"done": True}


BAD_ENTRIES: list[tuple[Any, str]] = [
    (None, "no W&B project was given"),
    ({"projekt": "p"}, "unknown argument 'projekt'"),
    (["p"], "no W&B project was given"),
    ({"project": "p", "api_key_file": "nowhere"}, "'nowhere' does not exist"),
    ({"project": "p", "mode": "sometimes"}, "mode must be"),
    ({"project": "a/b"}, "W&B refuses the project name"),
]


@pytest.mark.parametrize(("entry", "message"), BAD_ENTRIES)
@pytest.mark.parametrize("trainable", [started, Started], ids=["function", "class"])
def test_a_bad_entry_ends_the_search_before_a_trial_starts(
    run_search: RunSearch, tmp_path: Path, trainable: Any, entry: Any, message: str
) -> None:
    space = {"folder": str(tmp_path)} | ({"wandb": entry} if entry is not None else {})
    with pytest.raises(Exception, match=message):
        run_search(tw.wandb_mixin(trainable), space)
    assert not (tmp_path / "started").exists()


def test_a_project_in_the_environment_is_enough(
    run_search: RunSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "from-environment")
    run_search(tw.wandb_mixin(started), {"folder": str(tmp_path)})
    (run,) = offline_runs(tmp_path).values()
    assert run.project == "from-environment"


@pytest.mark.parametrize("what", [3, "train", None.__class__])
def test_only_functions_and_trainables_can_be_decorated(what: Any) -> None:
    with pytest.raises(tw.SettingsError, match=r"@wandb_mixin decorates"):
        tw.wandb_mixin(what)


def test_a_refused_key_is_said_once_and_nothing_is_lost(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path, capsys: Any
) -> None:
    tw.login(KEY)
    entry = {"project": "p", "host": wire_server.url}
    space = {"folder": str(tmp_path), "a": tune.grid_search([1, 2, 3]), "wandb": entry}
    run_search(tw.wandb_mixin(started), space)
    said = capsys.readouterr().out
    assert said.count("refuses the API key") == 1
    assert KEY not in said
    runs = offline_runs(tmp_path)
    assert len(runs) == 3
    sync(wire_server, *(tmp_path / "wandb").glob("offline-run-*"))
    assert [len(run.rows) for run in wire_server.runs.values()] == [1, 1, 1]


def test_nothing_that_holds_a_key_shows_or_pickles_it() -> None:
    known = CheckedKey(ApiKey(KEY))
    full = BrokerClient()
    full._sent_keys[KeyRequest()] = known
    for text in (repr(full), str(full)):
        assert KEY not in text
    with pytest.raises(pickle.PicklingError, match="not the same object"):
        pickle.dumps(full)
    for held in (known, Answer(known)):
        for text in (repr(held), str(held), f"{held}"):
            assert KEY not in text
        for dumps in (pickle.dumps, cloudpickle.dumps):
            assert KEY.encode() not in dumps(held)
    assert pickle.loads(pickle.dumps(broker_client)) is broker_client
    tw.login(KEY)
    decorated = tw.wandb_mixin(started)
    assert KEY.encode() not in cloudpickle.dumps(decorated)

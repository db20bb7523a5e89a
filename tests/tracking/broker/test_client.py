"""The driver's side of the broker: what is sent, when, and what never is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from tune_wandb_nb.tracking.auth.credentials import forget_keys, keep_key
from tune_wandb_nb.tracking.broker.client import BrokerClient, broker_client
from tune_wandb_nb.tracking.broker.messages import Answer
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import SettingsError

KEY = ApiKey("0123456789abcdef" * 3)


@pytest.fixture
def client(ray_session: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrokerClient]:
    """The process's own client, with a key: a broker ends with the client that has started it."""
    monkeypatch.setenv("NETRC", "/nowhere")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    keep_key(KEY)
    yield broker_client
    for search_id in ("one", "two"):
        broker_client.detach(search_id)
    forget_keys()


def answer(client: BrokerClient, experiment: str, host: str | None = None) -> Answer:
    asked = client.broker.answer.remote(f"trial of {experiment}", host, None, experiment)
    return Answer.unpack(ray.get(asked))


def attach(client: BrokerClient, search_id: str, **arguments: Any) -> None:
    client.attach(search_id, {"project": "p", **arguments}, Notices())
    client.set_experiment(search_id, f"/{search_id}")


def test_a_trial_gets_the_key_and_the_loggers_arguments_without_one(client: BrokerClient) -> None:
    attach(client, "one", api_key=KEY, tags=["a"])
    found = answer(client, "/one")
    assert found.key.key == KEY
    assert found.logger == {"project": "p", "tags": ["a"], "api_key": None}


def test_secrets_and_other_programs_variables_are_not_sent(
    client: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY.reveal())
    monkeypatch.setenv("WANDB_SERVICE", "3-1-unix-/nowhere")
    monkeypatch.setenv("WANDB_TAGS", "a,b")
    monkeypatch.setenv("OTHER_TOKEN", "secret")
    attach(client, "one")
    environ = answer(client, "/one").environ
    assert environ["WANDB_TAGS"] == "a,b"
    assert not {"WANDB_API_KEY", "WANDB_SERVICE", "OTHER_TOKEN"} & set(environ)


def test_each_search_has_its_own_and_takes_only_its_own_away(client: BrokerClient) -> None:
    other = threading.Event()
    thread = threading.Thread(target=lambda: (attach(client, "one", tags=["1"]), other.wait()))
    thread.start()
    while "/one" not in {search.experiment for search in list(client._searches.values())}:
        assert thread.is_alive()
    attach(client, "two", tags=["2"])
    ray.get(client._last_message)
    assert answer(client, "/one").logger == {"project": "p", "tags": ["1"], "api_key": None}
    client.detach("one")
    other.set()
    ray.get(client._last_message)
    assert answer(client, "/one").logger is None
    assert answer(client, "/two").logger == {"project": "p", "tags": ["2"], "api_key": None}
    assert answer(client, "/two").key.key == KEY


def test_nothing_is_sent_twice(client: BrokerClient) -> None:
    attach(client, "one")
    client.offer()
    before = dict(client._sent_keys)
    client.offer()
    assert client._sent_keys == before
    assert all(key is client._sent_keys[each] for each, key in before.items())


def test_trials_get_what_was_sent_last(
    client: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach(client, "one")
    # Ray runs a call before an earlier one now and then: once in some hundred pairs.
    for i in range(300):
        for tags in ("first", f"last {i}"):
            monkeypatch.setenv("WANDB_TAGS", tags)
            client.offer()
        ray.get(client._last_message)
        assert answer(client, "/one").environ["WANDB_TAGS"] == f"last {i}"


def test_a_broker_that_has_forgotten_everything_is_sent_it_again(client: BrokerClient) -> None:
    attach(client, "one", tags=["1"])
    ray.get(client.broker.detach.remote("one"))
    assert answer(client, "/one").logger is None
    client.send_again()
    ray.get(client._last_message)
    assert answer(client, "/one").logger == {"project": "p", "tags": ["1"], "api_key": None}


def test_a_trials_config_is_checked_before_the_trial_starts(client: BrokerClient) -> None:
    with pytest.raises(SettingsError, match="no W&B project was given"):
        client.offer({"lr": 0.1})
    with pytest.raises(SettingsError, match="unknown argument 'projekt'"):
        client.offer({"wandb": {"project": "p", "projekt": "q"}})
    client.offer({"wandb": {"project": "p", "mode": "offline"}})


def test_a_search_that_tune_has_left_by_an_exception_goes_with_the_next_one(
    client: BrokerClient,
) -> None:
    client.attach("one", {"project": "left"}, Notices())
    attach(client, "two")
    client.set_experiment("one", "/one")
    ray.get(client._last_message)
    assert answer(client, "/one").logger is None
    assert answer(client, "/two").logger == {"project": "p", "api_key": None}


STARTS = """
import threading
import ray
from tests.joining import join_ray
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.notices import Notices

join_ray()
both = threading.Barrier(2)
def attach(name):
    both.wait()
    broker_client.attach(name, {"project": "p"}, Notices())
    broker_client.set_experiment(name, f"/{name}")
    done.wait()
done = threading.Event()
threads = [threading.Thread(target=attach, args=(name,)) for name in ("one", "two")]
for thread in threads:
    thread.start()
while {s.experiment for s in list(broker_client._searches.values())} != {"/one", "/two"}:
    assert all(thread.is_alive() for thread in threads)
for name in ("one", "two"):
    ray.get(broker_client._last_message)
    answer = ray.get(broker_client.broker.answer.remote("t", None, None, f"/{name}"))
    assert answer["logger"] == {"project": "p", "api_key": None}
done.set()
print("both")
"""


def test_two_searches_that_start_the_broker_at_once_share_it(
    ray_environ: dict[str, str], tmp_path: Path
) -> None:
    checkout = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", STARTS],
        cwd=tmp_path,
        env={**os.environ, **ray_environ, "PYTHONPATH": checkout, "NETRC": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "both" in done.stdout, done.stderr

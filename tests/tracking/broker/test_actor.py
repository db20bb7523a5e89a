"""The broker's own logic, without Ray; that it is an actor is for the tests of the mixin."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tune_wandb_nb.tracking.auth.access import CheckedKey
from tune_wandb_nb.tracking.broker.actor import Broker
from tune_wandb_nb.tracking.broker.messages import Answer, KeyRequest, Search, WorkerReport
from tune_wandb_nb.tracking.settings.api_key import ApiKey

KEY = ApiKey("0123456789abcdef" * 3)
OTHER = ApiKey("fedcba9876543210" * 3)
ASKS = ("t1", None, None)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def told(**common: Any) -> Broker:
    broker = Broker()
    await broker.update(KeyRequest(), CheckedKey(KEY, is_checked=True).pack(), common)
    return broker


def test_a_trial_is_told_the_key_that_it_asks_for() -> None:
    async def work() -> tuple[Answer, Answer]:
        broker = await told(folder="/", environ={"WANDB_PROJECT": "p"})
        other = KeyRequest("http://other")
        await broker.update(other, CheckedKey(OTHER, "it is down", True).pack(), {"folder": "/"})
        first = Answer.unpack(await broker.answer(*ASKS))
        return first, Answer.unpack(await broker.answer("t2", "http://other", None))

    first, second = run(work())
    assert (first.key, first.is_first) == (CheckedKey(KEY, None, is_checked=True), True)
    assert (second.key, second.is_first) == (
        CheckedKey(OTHER, "it is down", is_checked=True),
        False,
    )


def test_a_trial_that_is_quicker_than_the_driver_waits() -> None:
    async def work() -> Answer:
        broker = Broker()
        asked = asyncio.create_task(broker.answer(*ASKS))
        await asyncio.sleep(0)
        assert not asked.done()
        await broker.update(KeyRequest(), CheckedKey(KEY).pack(), {})
        return Answer.unpack(await asked)

    assert run(work()).key.key == KEY


def test_a_file_that_the_driver_has_not_seen_is_read_beside_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(OTHER.reveal())

    async def work() -> Answer:
        broker = await told(folder=str(tmp_path))
        return Answer.unpack(await broker.answer("t", None, "key"))

    assert run(work()).key.key == OTHER


def test_one_that_was_started_again_is_told_all_at_once() -> None:
    async def work() -> None:
        broker = Broker()
        assert not (await broker.changes("s"))[3]
        asking = asyncio.create_task(broker.answer("t", "https://other", None))
        await asyncio.sleep(0)
        keys = [(KeyRequest(host), CheckedKey(KEY).pack()) for host in (None, "https://other")]
        await broker.restore(keys, {"folder": "/there"}, {})
        answer = Answer.unpack(await asking)
        assert (answer.key.key, answer.folder) == (KEY, "/there")
        await broker.restore([], {}, {"s": Search({"project": "p"}, "/e")})
        assert (await broker.changes("s"))[3]

    run(work())


def test_a_run_id_belongs_to_the_first_trial_that_claims_it() -> None:
    async def work() -> list[bool]:
        broker = Broker()
        return [await broker.claim_run_id("mine", trial) for trial in ("a", "b", "a")]

    assert run(work()) == [False, True, False]


def test_of_a_nodes_trials_one_starts_the_core_and_the_others_wait_for_it() -> None:
    async def work() -> None:
        broker = Broker()
        assert await broker.core("n1") == (None, True)
        waiting = asyncio.create_task(broker.core("n1"))
        assert await broker.core("n2") == (None, True)
        await asyncio.sleep(0)
        assert not waiting.done()
        await broker.core_started("n1", "token")
        assert await waiting == ("token", False)
        # One that does not answer any more is started again, by one of those who noticed.
        assert await broker.core("n1", "token") == (None, True)
        await broker.core_started("n1", None)
        assert await broker.core("n1", "token") == (None, False)

    run(work())


def test_the_logger_hears_of_a_trials_end_once_it_has_come() -> None:
    async def work() -> None:
        broker = await told()
        await broker.attach("s", Search({}, "/e"))
        await broker.answer("t", None, None, "/e")
        assert await broker.last_report("t", 1) is None, "its run was never opened"
        with pytest.raises(asyncio.TimeoutError):
            # The broker was started again, and the driver knows of the run.
            await broker.last_report("u", 0.01, had_run=True)
        await broker.report("t", WorkerReport("running"))
        waiting = asyncio.create_task(broker.last_report("t", 10))
        await asyncio.sleep(0)
        assert not waiting.done()
        await broker.report("t", WorkerReport("finished", logged=3), {"step": 3})
        assert (await waiting).logged == 3
        await broker.report("t", WorkerReport("finished", logged=3), {"step": 3})
        assert (await broker.changes("s"))[0]["t"].logged == 3, "Ray may call it once more"
        assert (await broker.answer(*("t", None, None, "/e")))["earlier"] == {"step": 3}
        await broker.report("t", WorkerReport("running", logged=1))
        assert (await broker.changes("s"))[0]["t"].logged == 4, "with those of its first process"
        assert (await broker.changes("s"))[0] == {}, "nothing new since"
        # Its process is killed: the next one asks, twice where the entry names another server.
        for _ in range(2):
            await broker.answer("t", None, None, "/e")
        await broker.report("t", WorkerReport("running", logged=2))
        assert (await broker.changes("s"))[0]["t"].logged == 6, "with those of the killed one"
        with pytest.raises(asyncio.TimeoutError):
            await broker.last_report("t", 0.01)
        await broker.set_ending("t", {"tune/status": "stopped by user"})
        assert await broker.take_ending("t") == {"tune/status": "stopped by user"}
        assert await broker.take_ending("t") == {}

    run(work())


def test_notices_go_to_the_logger_or_are_printed_once(capsys: Any) -> None:
    async def work() -> None:
        broker = await told()
        await broker.attach("s", Search({}, "/e"))
        await broker.answer("t", None, None, "/e")
        await broker.notify("for the logger", "t")
        assert (await broker.changes("s"))[2] == ["for the logger"]
        assert (await broker.changes("s"))[2] == []
        broker = await told()
        for _ in range(2):
            await broker.notify("nobody else is there", "t")

    run(work())
    assert capsys.readouterr().out == "tune-wandb-nb: nobody else is there\n"


def test_where_the_starter_of_a_core_has_died_the_next_one_takes_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tune_wandb_nb.tracking.broker.node_cores.CORE_STARTS_WITHIN", 0.05)

    async def work() -> None:
        broker = Broker()
        assert await broker.core("n") == (None, True), "it is killed before it reports anything"
        assert await broker.core("n") == (None, True), "so the next one starts it"
        monkeypatch.setattr("tune_wandb_nb.tracking.broker.node_cores.CORE_STARTS_WITHIN", 30)
        waiting = asyncio.create_task(broker.core("n"))
        await asyncio.sleep(0)
        assert not waiting.done()
        await broker.core_started("n", "token")
        assert await waiting == ("token", False)
        assert await broker.core("n") == ("token", False)

    run(work())


# Several searches at once


async def two_searches() -> Broker:
    broker = await told(folder="/")
    await broker.attach("one", Search({"project": "p1"}, "/e1"))
    await broker.attach("two", Search({"project": "p2"}, "/e2"))
    return broker


def test_each_trial_is_answered_with_its_own_searchs_logger_and_key() -> None:
    async def work() -> None:
        broker = await two_searches()
        mine = KeyRequest(search_id="two")
        await broker.update(mine, CheckedKey(OTHER).pack(), {"folder": "/"})
        answers = {
            experiment: Answer.unpack(await broker.answer(f"t{experiment}", None, None, experiment))
            for experiment in ("/e1", "/e2", "/e3")
        }
        assert [each.logger for each in answers.values()] == [
            {"project": "p1"},
            {"project": "p2"},
            None,
        ]
        assert [each.key.key for each in answers.values()] == [KEY, OTHER, KEY]
        assert all(each.is_first for each in answers.values()), "the first of its own search"

    run(work())


def test_a_trial_waits_for_the_logger_that_does_not_know_its_experiment_yet() -> None:
    async def work() -> None:
        broker = await told()
        await broker.attach("one", Search({"project": "p1"}))
        asking = [asyncio.create_task(broker.answer("t", None, None, e)) for e in ("/e1", "/e2")]
        await asyncio.sleep(0)
        assert not any(task.done() for task in asking)
        await broker.attach("one", Search({"project": "p1"}, "/e1"))
        first, second = [Answer.unpack(await task) for task in asking]
        assert (first.logger, second.logger) == ({"project": "p1"}, None)

    run(work())


def test_what_belongs_to_a_search_goes_with_it_and_nothing_else() -> None:
    async def work() -> None:
        broker = await two_searches()
        for trial, experiment in (("a", "/e1"), ("b", "/e2")):
            await broker.answer(trial, None, None, experiment)
            assert not await broker.claim_run_id("mine", trial), "each search has its own ids"
            await broker.report(trial, WorkerReport("running", logged=1))
            await broker.notify(f"of {trial}", trial)
        reports, claims, notices, is_attached = await broker.changes("one")
        assert (list(reports), claims, notices, is_attached) == (["a"], [], ["of a"], True)
        await broker.detach("one")
        assert await broker.changes("one") == ({}, [], [], False)
        reports, claims, notices, is_attached = await broker.changes("two")
        assert (list(reports), claims, notices, is_attached) == (["b"], [], ["of b"], True)
        assert Answer.unpack(await broker.answer("c", None, None, "/e1")).logger is None

    run(work())


def test_a_trial_waits_with_its_run_until_the_driver_does_not_write_it() -> None:
    async def work() -> None:
        broker = await two_searches()
        await broker.answer("a", None, None, "/e1")
        claiming = asyncio.create_task(broker.claim("a", "one"))
        await asyncio.sleep(0)
        assert (await broker.changes("two"))[1] == []
        assert (await broker.changes("one"))[1] == ["a"], "until the driver has released it"
        assert (await broker.changes("one"))[1] == ["a"]
        written = WorkerReport("running", logged=2)
        await broker.release("one", "a", written, {"step": 2})
        assert await claiming == {"step": 2}
        assert (await broker.changes("one"))[1] == []
        await broker.report("a", WorkerReport("running", logged=1))
        assert (await broker.changes("one"))[0]["a"].logged == 3, "with those of the driver"
        assert await broker.claim("a", "one") == {"step": 2}, "its next process need not wait"

    run(work())


def test_a_run_is_not_claimed_where_the_driver_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tune_wandb_nb.tracking.broker.actor._TIMEOUT", 0.01)

    async def work() -> None:
        broker = await two_searches()
        assert await broker.claim("of no search", None) is None, "there is no driver to wait for"
        with pytest.raises(asyncio.TimeoutError):
            await broker.claim("a", "one")
        assert (await broker.changes("one"))[1] == []

    run(work())


def test_after_a_restart_the_trials_name_their_searches() -> None:
    async def work() -> None:
        broker = await two_searches()
        await broker.report("a", WorkerReport("running", logged=1), None, "one")
        assert list((await broker.changes("one"))[0]) == ["a"]

    run(work())


def test_a_search_that_ended_before_its_first_trial_holds_up_nobody_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tune_wandb_nb.tracking.broker.actor.EXPERIMENT_KNOWN_WITHIN", 0)

    async def work() -> None:
        broker = await told()
        await broker.attach("left by an exception", Search({"project": "p1"}))
        await broker.attach("two", Search({"project": "p2"}, "/e2"))
        for experiment, logger in (("/e2", {"project": "p2"}), ("/e3", None)):
            asked = asyncio.wait_for(broker.answer("t", None, None, experiment), 5)
            assert Answer.unpack(await asked).logger == logger

    run(work())

"""Dead letters are looked at, sent again once their cause is mended, or let go; each of them once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import dead_letters
from chassis.dead_letters import Fate, Letter
from chassis.errors import Refused
from chassis.settings import ROOT
from contracts import EVENTS
from tests.chassis import echo
from tests.chassis.echo import Called, called
from tests.stack import Stack, eventually, stack

pytestmark = pytest.mark.live


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Stack]:
    """The echo service at work."""
    with stack(tmp_path, lambda settings: [echo.build(settings)]) as made:
        echo.at_work(made)
        yield made


async def letters(up: Stack, *, at_least: int = 1) -> list[Letter]:
    async def there() -> bool:
        return len(await dead_letters.letters(await up.bus())) >= at_least

    await eventually(there)
    return await dead_letters.letters(await up.bus())


async def echoes(up: Stack, cause: str) -> int:
    return [letter.cause for letter in await up.letters()].count(cause)


def test_a_letter_says_what_happened_to_which_message(up: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EVENTS, Called.declared.ce_type, Called.declared)

    async def check() -> None:
        fact = called("unprocessable")
        event_id = await up.publish(fact)
        (letter,) = await letters(up)
        assert (letter.consumer, letter.reason, letter.code) == ("echo-called", "unprocessable", "not-a-call")
        assert (letter.subject, letter.deliveries, letter.fate) == (fact.subject, 1, Fate.OPEN)
        assert (letter.headers["ce-id"], letter.event) == (event_id, Called.declared.ce_type)
        assert Called.model_validate_json(letter.body) == fact

    up.run(check())


def test_what_is_no_decision_about_a_letter_is_in_nobodys_way(up: Stack) -> None:
    async def check() -> None:
        await up.publish(called("unprocessable"))
        (letter,) = await letters(up)
        bus = await up.bus()
        for headers in ({}, {"dlq-number": "one"}, {"dlq-number": str(letter.number), "dlq-fate": "burnt"}):
            await bus.publish("dlq.settled", b"", headers=headers)
        assert [each.fate for each in await dead_letters.letters(bus)] == [Fate.OPEN]

    up.run(check())


def test_a_letter_replayed_after_its_cause_was_mended_is_acted_on_once(
    up: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        event_id = await up.publish(called("unprocessable"))
        (letter,) = await letters(up)
        monkeypatch.setattr(echo, "_go", lambda _how: None)  # the release that mends it
        bus = await up.bus()
        assert (await dead_letters.replay(bus, letter.number)).fate is Fate.REPLAYED
        await eventually(lambda: [known for _, known in up.inbox("echo")].count(event_id) == 1)
        with pytest.raises(Refused, match="was replayed before"):
            await dead_letters.replay(bus, letter.number)
        await eventually(lambda: up.unsent("echo") == 0)
        assert await echoes(up, event_id) == 1
        assert [each.fate for each in await dead_letters.letters(bus)] == [Fate.REPLAYED]

    up.run(check())


def test_a_letter_replayed_too_early_comes_back_as_another(up: Stack) -> None:
    async def check() -> None:
        await up.publish(called("unprocessable"))
        (first,) = await letters(up)
        await dead_letters.replay(await up.bus(), first.number)
        again = await letters(up, at_least=2)
        assert [(each.code, each.fate) for each in again] == [
            ("not-a-call", Fate.REPLAYED),
            ("not-a-call", Fate.OPEN),
        ]
        assert again[0].headers["ce-id"] == again[1].headers["ce-id"]

    up.run(check())


def test_a_fact_that_was_acted_on_is_not_again_when_a_letter_of_it_is_replayed(up: Stack) -> None:
    """The other readers of a fact get it too; here the reader itself has it from elsewhere meanwhile."""

    async def check() -> None:
        fact = called("well")
        event_id = await up.publish(fact, body=b'{"area": ')
        (letter,) = await letters(up)
        again = {"Nats-Msg-Id": f"{event_id}-whole"}
        await up.publish(fact, event_id=event_id, headers=again)
        await eventually(lambda: len(up.inbox("echo")) == 1)
        await dead_letters.replay(await up.bus(), letter.number)
        await letters(up, at_least=2)
        await eventually(lambda: up.unsent("echo") == 0)
        assert await echoes(up, event_id) == 1

    up.run(check())


def test_a_dropped_letter_is_not_open_any_more_and_cannot_be_replayed(up: Stack) -> None:
    async def check() -> None:
        await up.publish(called("unprocessable"))
        (letter,) = await letters(up)
        bus = await up.bus()
        assert (await dead_letters.drop(bus, letter.number)).fate is Fate.DROPPED
        with pytest.raises(Refused, match="was dropped before"):
            await dead_letters.replay(bus, letter.number)

    up.run(check())


def test_a_letter_that_is_not_there_is_said_to_be_none(up: Stack) -> None:
    async def check() -> None:
        with pytest.raises(Refused, match="there is no dead letter 7"):
            await dead_letters.drop(await up.bus(), 7)

    up.run(check())


def test_a_strangers_message_among_the_letters_is_shown_and_harms_nothing(up: Stack) -> None:
    async def check() -> None:
        await (await up.bus()).publish("dlq.elsewhere", b"?")
        (letter,) = await letters(up)
        assert (letter.consumer, letter.code, letter.deliveries) == ("?", "?", 0)

    up.run(check())


async def digi(up: Stack, *words: str) -> tuple[int | None, str]:
    """Exit code and everything said."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "bus", *words),
        cwd=ROOT, env=up.environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await child.communicate()
    return child.returncode, said.decode()


@pytest.mark.system
def test_an_operator_lists_shows_drops_and_is_told_no(up: Stack) -> None:
    async def check() -> None:
        event_id = await up.publish(called("unprocessable"))
        (letter,) = await letters(up)
        number = str(letter.number)
        code, said = await digi(up, "dlq", "list")
        assert (code, said.splitlines()[-1]) == (0, "open dead letters: 1")
        assert {"unprocessable", "not-a-call", "echo-called"} <= set(said.split())
        listed = json.loads((await digi(up, "dlq", "list", "--json"))[1])
        assert [(each["number"], each["fate"]) for each in listed] == [(letter.number, "open")]
        assert f"ce-id: {event_id}" in (await digi(up, "dlq", "show", number))[1]
        assert await digi(up, "dlq", "drop", number) == (0, f"dead letter {number}: dropped\n")
        assert (await digi(up, "dlq", "list"))[1] == "open dead letters: 0\n"
        code, said = await digi(up, "dlq", "replay", number)
        assert (code, said.strip()) == (2, f"digi: letter-settled: dead letter {number} was dropped before")

    up.run(check())

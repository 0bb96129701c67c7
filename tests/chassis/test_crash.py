"""kill -9 at named points, then a clean start: nothing is lost, nothing has two effects."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.seal import Sealer
from contracts.chat import ConversationQueued
from contracts.intake import ContactRouted
from services.unit import build
from tests import child
from tests.child import POINTS
from tests.services.facts import fresh
from tests.stack import DATABASES, Stack, eventually, stack

pytestmark = [pytest.mark.live, pytest.mark.system, pytest.mark.timeout(180)]

ACK_WAIT_SECONDS = 2.0
"""Instead of the contract's 30: how long the bus waits for the dead before it gives their work to the living."""
CONTACTS = 25


@pytest.fixture(params=DATABASES)
def up(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """An installation of the chat, which is still to be started."""
    child.warm_up()
    monkeypatch.setattr("chassis.provision.ACK_WAIT_SECONDS", ACK_WAIT_SECONDS)
    url = request.getfixturevalue("postgres").make(["chat"]) if request.param == "postgresql" else ""
    with stack(tmp_path, lambda settings: [build("chat", settings)], database_url=url) as made:
        yield made


@pytest.mark.parametrize("point", POINTS)
def test_a_service_that_dies_at_any_point_loses_nothing_and_does_nothing_twice(up: Stack, point: str) -> None:
    async def check() -> None:
        sealer = Sealer(up.settings.keys_dir, "portal")
        sent = [await up.publish(fresh(ContactRouted, sealer)) for _ in range(CONTACTS)]
        doomed = up.child("chat", dies=point, ack_wait=ACK_WAIT_SECONDS)
        await eventually(lambda: doomed.exitcode is not None, f"it dies {point}")
        assert doomed.exitcode == -signal.SIGKILL, up.said(doomed)
        clean = up.child("chat", ack_wait=ACK_WAIT_SECONDS)
        await up.child_ready(clean)
        await everything_is_settled(up)
        letters = [letter for letter in await up.letters() if letter.headers["ce-type"] == _queued]
        assert Counter(letter.cause for letter in letters) == Counter(sent)
        assert len({letter.id for letter in letters}) == CONTACTS
        assert Counter(event_id for _, event_id in up.inbox("chat")) == Counter(sent)
        assert up.rows("chat")["conversation"] == CONTACTS
        clean.terminate()
        await eventually(lambda: clean.exitcode is not None, "it has ended")
        assert clean.exitcode == 0, up.said(clean)

    up.run(check())


_queued = ConversationQueued.declared.ce_type


async def everything_is_settled(up: Stack) -> None:
    """Everything sent is acknowledged, everything told has left."""
    durable = ContactRouted.declared.durable("chat")

    async def settled() -> bool:
        info = await (await up.bus()).consumer_info("EVT", durable)
        return info.num_pending == info.num_ack_pending == 0 and len(up.inbox("chat")) == CONTACTS

    await eventually(settled, "every fact is acted on and acknowledged")
    await eventually(lambda: up.unsent("chat") == 0, "everything told has left")

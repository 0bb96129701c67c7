"""Where an answer may be sent: what a server with our permissions lets through, and what it does not.

A permission to publish says nothing of the reply subject that a message names, and JetStream, which answers, publishes
there. So an identity of our account that may ask it anything can let the answer land in
a stream, under a subject that it may not publish itself.

THE TABLE IS NO RULE OF OURS BUT WHAT IS POSSIBLE: nats-server 2.15 has no permission for replies. It stands here so
that a change for better or worse is seen. What keeps such an answer harmless is that it is no fact of that subject:
readers set it aside (`bad-envelope`, `wrong-subject`: tests/chassis). Whoever has an account of their own (the
observer, every neighbour) can do nothing of the kind: the reply stays in it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from chassis import permissions
from chassis.reading import last_sequence, messages
from contracts import ASKS
from contracts.base import NEIGHBOUR_API
from contracts.callbacks import CallbackKept
from contracts.intake import ContactRouted
from contracts.public import VisitCounted
from contracts.scheduling import VisitCompleted
from tests.county import County, county
from tests.stack import PATIENCE_SECONDS

pytestmark = [pytest.mark.live, pytest.mark.system]
NEIGHBOUR = "aids-centre"
STRANGE = {
    "EVT": "evt.10.285.intake.contact_routed.v1",
    "PUB": "pub.10.285.contact_counted.v1",
    "DLQ": "dlq.settled",
}
"""Subjects that are nobody's inbox, by the stream that keeps them; none of those below may publish there."""
ASKED = next(each for each in ASKS if each.startswith("cmd.chat."))
ONE = json.dumps({"batch": 1, "no_wait": True}).encode()
OURS, THEIRS = permissions.API, NEIGHBOUR_API
TAKE, DURABLE = f"{OURS}.CONSUMER.MSG.NEXT", f"neighbour-{NEIGHBOUR}"
ALL, NONE = frozenset(STRANGE), frozenset[str]()
Call = tuple[str, str, bytes]
"""Identity, subject, body of something that it is allowed."""
TABLE: dict[tuple[str, str], tuple[Call, frozenset[str]]] = {
    ("a service", "looks at a stream"): (("chat", f"{OURS}.STREAM.INFO.EVT", b""), ALL),
    # in its own stream the copy of a fact is known by its id; elsewhere it stands under its own subject
    ("a service", "takes a fact"): (("chat", f"{TAKE}.EVT.chat-contact_routed", ONE), ALL - {"EVT"}),
    ("a service", "finds nothing to take"): (("chat", f"{TAKE}.EVT.chat-callback_requested", ONE), ALL),
    ("a service", "tells a fact of its own"): (("chat", CallbackKept.example.subject, b"{}"), ALL),
    ("a front end", "asks a service"): (("portal", ASKED, b"{}"), NONE),
    ("the observer", "looks at a stream"): (("observer", f"{THEIRS}.STREAM.INFO.EVT", b""), NONE),
    ("the observer", "reads a message"): (("observer", f"{THEIRS}.STREAM.MSG.GET.EVT", b'{"seq": 1}'), NONE),
    ("a neighbour", "looks at its durable"): ((NEIGHBOUR, f"{THEIRS}.CONSUMER.INFO.EVT.{DURABLE}", b""), NONE),
    ("a neighbour", "takes a fact"): ((NEIGHBOUR, f"{THEIRS}.CONSUMER.MSG.NEXT.EVT.{DURABLE}", ONE), NONE),
}
"""Who does what -> how, and the streams that keep the answer when a subject of theirs is named as the place for it."""


@pytest.fixture
def around(tmp_path: Path) -> Iterator[County]:
    with county(tmp_path) as made:
        yield made


async def connect(around: County, identity: str) -> Client:
    if identity == NEIGHBOUR:
        return await around.connect(identity)
    seed = str(around.settings.seed_file(identity))
    return await nats.connect(around.url, nkeys_seed=seed, inbox_prefix=f"_INBOX_{identity}".encode())


async def answered(client: Client, subject: str, body: bytes) -> None:
    """Ask as one should. What a durable gives comes under its own subject, so `request` would not know it."""
    inbox = client.new_inbox()
    own = await client.subscribe(inbox)
    await client.publish(subject, body, reply=inbox)
    await own.next_msg(timeout=PATIENCE_SECONDS)
    await own.unsubscribe()


async def landed(around: County, client: Client, subject: str, body: bytes) -> set[str]:
    """Streams in which an answer is found when it is asked for there."""
    before = {stream: await last_sequence(around.bus, stream) for stream in STRANGE}
    for reply in STRANGE.values():
        await client.publish(subject, body, reply=reply)
    await answered(client, subject, body)  # after those
    ours = await around.tell(VisitCompleted.example, VisitCounted.example)  # and kept after their answers
    await around.bus.publish(STRANGE["DLQ"], b"", headers={"ce-id": ours[0]})
    return {
        stream
        for stream in STRANGE
        async for each in messages(around.bus, stream, after=before[stream])
        if each.subject != subject and (each.headers or {}).get("ce-id") not in ours
    }


async def answering(around: County) -> Client:
    """The chat service at work, as far as it answers."""

    async def answer(message: Msg) -> None:
        await message.respond(b"{}")

    client = await connect(around, "chat")
    await client.subscribe(ASKED, cb=answer)
    await client.flush()
    return client


def test_where_an_answer_lands_is_as_the_table_says(around: County) -> None:
    async def case() -> None:
        await around.grant(NEIGHBOUR, "visit_completed")
        clients = {name: await connect(around, name) for name in ("portal", "observer", NEIGHBOUR)}
        clients["chat"] = await answering(around)
        found = {}
        for who_does_what, ((identity, subject, body), _) in TABLE.items():
            await around.tell(*[ContactRouted.example, VisitCompleted.example] * 5)  # something waits for everybody
            found[who_does_what] = await landed(around, clients[identity], subject, body)
        for client in clients.values():
            await client.close()
        assert found == {who_does_what: lands for who_does_what, (_, lands) in TABLE.items()}

    around.run(case())


async def on_its_way(portal: Client, asked: Subscription) -> tuple[asyncio.Future[Msg], Msg]:
    """A question that has arrived. One that is lost is put again, as whoever asks does: the answer is what counts."""
    while True:
        answer = asyncio.ensure_future(portal.request(ASKED, b"{}", timeout=PATIENCE_SECONDS))
        try:
            return answer, await asked.next_msg(timeout=PATIENCE_SECONDS / 4)
        except nats.errors.TimeoutError:
            answer.cancel()


def test_an_answer_on_its_way_while_a_neighbour_is_granted_something_arrives(around: County) -> None:
    async def case() -> None:
        portal, chat = await connect(around, "portal"), await connect(around, "chat")
        asked = await chat.subscribe(ASKED)
        await chat.flush()
        answer, question = await on_its_way(portal, asked)
        await around.grant(NEIGHBOUR, "visit_completed")
        await around.connect(NEIGHBOUR)
        await question.respond(b"{}")
        assert (await answer).data == b"{}"
        await portal.close()
        await chat.close()

    around.run(case())

"""A query and a command to another service, and back."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from nats.aio.msg import Msg

from bench import rig
from bench.rig import Kept, Place, Row
from chassis import SERVICE, Answers, Service, Transaction
from chassis.running import Running
from contracts.base import Ask, View, command, query

ASKS = 400


class Found(View):
    trouble: str


@query(owner="bench", version=1)
class FindTrouble(Ask[Found]):
    contact_id: UUID


@command(owner="bench", version=1)
class KeepTrouble(Ask[Found]):
    contact_id: UUID


answers = Answers()


@answers(FindTrouble)
def find(ask: FindTrouble, tx: Transaction) -> Found:
    row = tx.session.get(Kept, ask.contact_id)
    return Found(trouble=row.trouble if row else "")


@answers(KeepTrouble)
def keep(ask: KeepTrouble, tx: Transaction) -> Found:
    tx.session.add(Kept(contact_id=ask.contact_id, trouble="knee", opened_at=tx.now))
    return Found(trouble="knee")


async def measure(place: Place) -> list[Row]:
    answering = Service(name="answerer", settings=place.settings, answers=answers, tables=rig.BenchTable.metadata)
    client = await place.client()
    await client.subscribe("bench.echo", cb=_echo)
    async with place.running(place.portal(), answering) as (portal, _):
        runs = await rig.in_turn(
            lambda: _timed(lambda: portal.ask(FindTrouble(contact_id=uuid4()), viewer=SERVICE)),
            lambda: _timed(lambda: _command(portal)),
            lambda: _timed(lambda: client.request("bench.echo", b"{}", timeout=5)),
        )
    await client.close()
    return [
        rig.paired_row("ask", place.database, f"{what} p{percent}", "ms", [(run[i][j], run[2][j]) for run in runs])
        for i, what in enumerate(("query", "command"))
        for j, percent in enumerate((50, 99))
    ]


async def _command(portal: Running) -> None:
    await portal.ask(KeepTrouble(contact_id=uuid4()), viewer=SERVICE, key=str(uuid4()))


async def _echo(message: Msg) -> None:
    await message.respond(message.data)


async def _timed(ask: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    seconds = []
    for _ in range(ASKS):
        began = time.perf_counter()
        await ask()
        seconds.append(time.perf_counter() - began)
    return rig.milliseconds(seconds)

"""A stream that was wiped, a database that was restored: what is missing is named, and comes back once."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from nats.js.client import JetStreamContext

from chassis import Service, Settings, Transaction, reconcile, run
from chassis.reconcile import Report
from contracts.portal import ContactOpened
from services.operating_reconcile import said
from services.unit import build
from tests.factories import contact_opened, safe_answers
from tests.stack import DATABASES, Stack, eventually, stack

pytestmark = [pytest.mark.live, pytest.mark.system]
CHAIN = ("portal", "intake", "chat", "scheduling")
"""Who tells, and who acts on what is told, when a contact comes in."""
STREAMS = ("EVT", "PUB", "DLQ")
CONTACTS = 25


class Unit(Stack):
    """Four services at work, and an operator."""

    async def contacts(self, count: int) -> None:
        """That many people come in; waits until everything that follows has been told and acted on."""
        assert self.process
        (portal,) = (each for each in self.process.running if each.name == "portal")
        for _ in range(count):
            await portal.transact(partial(_open, fact=contact_opened(answers=safe_answers())))
        await self.quiet()

    async def quiet(self) -> None:
        async def still() -> bool:
            """What is acknowledged has been committed, and what was committed has left, with nothing new meanwhile."""
            before = await self.told()
            all_acted_on = not await self.pending()
            all_sent = not any(self.unsent(name) for name in CHAIN)
            return all_acted_on and all_sent and await self.told() == before

        await eventually(still, "everything has been told and acted on")

    async def told(self) -> int:
        return (await (await self.bus()).stream_info("EVT")).state.last_seq

    async def pending(self) -> int:
        bus = await self.bus()
        infos = await bus.consumers_info("EVT")
        return sum((info.num_pending or 0) + (info.num_ack_pending or 0) for info in infos)

    async def report(self, *, repair: bool = False) -> tuple[Report, int]:
        """As an operator sees it: with what the deployer may do, and no more."""
        async with run.deployer(self.settings, self.nats.url) as bus:
            return await reconcile.run(bus.jetstream(), self.settings, self.services, repair=repair)

    async def stored(self) -> dict[str, list[tuple[str, dict[str, str], bytes]]]:
        """What the streams have about contacts: subject, headers, body, in order. Calendars fill up when they like."""
        return {
            stream: [
                (letter.subject, letter.headers, letter.body)
                for letter in await self.letters(stream)
                if "slots_published" not in letter.subject
            ]
            for stream in STREAMS
        }

    def everything(self) -> dict[str, dict[str, int]]:
        return {name: self.rows(name) for name in CHAIN}

    async def restart(self) -> None:
        await self.start()
        await self.ready()


def _open(tx: Transaction, fact: ContactOpened) -> None:
    tx.publish(fact)


@pytest.fixture(params=DATABASES)
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Unit]:
    url = request.getfixturevalue("postgres").make(CHAIN) if request.param == "postgresql" else ""

    def built(settings: Settings) -> list[Service]:
        return [build(name, settings) for name in CHAIN]

    with stack(tmp_path, built, make=Unit, database_url=url) as made:
        made.run(made.restart())
        yield made


def restore(folder: Path) -> None:
    """Put the backup of the chat's database in place of what it has become."""
    for file in folder.glob("chat.db*"):
        file.unlink()
    shutil.copy(folder / "backup", folder / "chat.db")


async def wipe(bus: JetStreamContext) -> None:
    for stream in STREAMS:
        await bus.delete_stream(stream)


def test_a_wiped_stream_comes_back_byte_for_byte_and_nobody_acts_twice(unit: Unit) -> None:
    async def case() -> None:
        await unit.contacts(CONTACTS)
        await unit.publish(contact_opened(), body=b"{")
        await unit.quiet()
        before, acted = await unit.stored(), unit.everything()
        assert len(before["EVT"]) >= CONTACTS * 4
        assert len(before["PUB"]) == CONTACTS
        await wipe(await unit.bus())
        await unit.provision()
        lost, put_back = await unit.report()
        about_contacts = [row for row in lost.lost if "slots_published" not in row.subject]
        broken = 1  # what was never told by anybody of ours cannot be lost, its dead letter can
        assert (len(about_contacts), put_back) == (sum(map(len, before.values())) - broken, 0)
        assert [row.stream for row in lost.lost].count("DLQ") == 1
        _, put_back = await unit.report(repair=True)
        assert put_back == len(lost.lost)
        after = await unit.stored()
        assert after == before | {"EVT": [each for each in before["EVT"] if each[2] != b"{"]}
        await unit.quiet()
        assert unit.everything() == acted

    unit.run(case())


def test_a_repair_that_was_broken_off_is_finished_and_a_second_one_doubles_nothing(unit: Unit) -> None:
    async def case() -> None:
        await unit.contacts(CONTACTS)
        before = await unit.stored()
        await wipe(await unit.bus())
        await unit.provision()
        found, _ = await unit.report()
        found.lost = found.lost[:10]
        with reconcile.databases(unit.settings, unit.services) as databases:
            await reconcile.put_back(await unit.bus(), found, databases)
        await unit.report(repair=True)
        left, put_back = await unit.report(repair=True)
        assert (left.whole, put_back) == (True, 0)
        assert await unit.stored() == before

    unit.run(case())


def test_what_a_server_still_remembers_is_not_said_to_be_put_back(unit: Unit) -> None:
    """A purge leaves the server's memory of ids: for ten minutes it takes them for copies."""

    async def case() -> None:
        await unit.contacts(3)
        before = await unit.stored()
        await (await unit.bus()).purge_stream("EVT")
        found, put_back = await unit.report(repair=True)
        assert put_back == 0
        assert len([row for row in found.lost if "slots_published" not in row.subject]) == len(before["EVT"])
        text = said(found, put_back, repaired=True)
        assert (text.code, "try again after that" in text.text) == (1, True)

    unit.run(case())


def test_a_unit_where_all_is_well_is_left_alone(unit: Unit) -> None:
    async def case() -> None:
        await unit.contacts(5)
        before = await unit.stored()
        found, put_back = await unit.report(repair=True)
        assert (found.whole, put_back) == (True, 0)
        assert found.told["portal"] == 5
        assert await unit.stored() == before

    unit.run(case())


def test_a_restored_database_is_told_what_it_has_forgotten(tmp_path: Path) -> None:
    """Restored alone, a service has forgotten what it acknowledged after its backup; nobody else acts again."""

    def built(settings: Settings) -> list[Service]:
        return [build(name, settings) for name in CHAIN]

    with stack(tmp_path, built, make=Unit) as unit:

        async def case() -> None:
            await unit.restart()
            await unit.contacts(5)
            await unit.stop()
            shutil.copy(tmp_path / "chat.db", tmp_path / "backup")
            await unit.restart()
            await unit.contacts(7)
            rows = unit.everything()
            await unit.stop()
            restore(tmp_path)
            await unit.restart()
            found, _ = await unit.report()
            missed = Counter(each.durable for each in found.missed)
            assert (missed, found.lost) == ({"chat-contact_routed": 7, "chat-due_time_set": 7}, [])
            await unit.report(repair=True)
            await unit.quiet()
            assert unit.rows("chat")["conversation"] == rows["chat"]["conversation"]
            assert unit.rows("scheduling")["contact"] == rows["scheduling"]["contact"]
            assert (await unit.report())[0].whole

        unit.run(case())


def test_what_an_operator_reads_names_who_lost_what(unit: Unit) -> None:
    async def case() -> None:
        await unit.contacts(2)
        await wipe(await unit.bus())
        await unit.provision()
        found, put_back = await unit.report()
        text = said(found, put_back).text
        assert "lost: 2 of portal are no longer in EVT" in text
        assert text.endswith("put it back with --repair")
        assert {row["service"] for row in said(found, 0).data["lost"]} >= {
            "portal",
            "intake",
            "chat",
        }

    unit.run(case())

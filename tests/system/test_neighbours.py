"""Other systems of the county, each in an account of its own, on a real server with the permissions of `make run`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from structlog.testing import capture_logs

from chassis import Settings, clock, neighbours, permissions, provision, run
from chassis.bus import OBSERVER, Bus
from contracts.base import NEIGHBOUR_API, Event
from contracts.public import VisitCounted
from contracts.scheduling import VisitBooked, VisitCompleted
from services.unit import build_all
from tests.county import County, county, read
from tests.stack import eventually, free_ports
from tests.unit import practice_settings

pytestmark = [pytest.mark.live, pytest.mark.system]
LAST_WEEK = timedelta(days=7)


@pytest.fixture
def around(tmp_path: Path) -> Iterator[County]:
    with county(tmp_path) as made:
        yield made


def completed(count: int, **said: str) -> list[Event]:
    return [VisitCompleted.example.model_copy(update=said) for _ in range(count)]


def test_a_neighbour_reads_what_it_is_granted_and_nothing_else(around: County) -> None:
    async def case() -> None:
        granted = await around.grant("aids-centre", "pub", "visit_completed")
        _, visits = await around.tell(VisitBooked.example), await around.tell(*completed(3))
        counts = await around.tell(VisitCounted.example)
        client = await around.connect("aids-centre")
        assert await read(client, granted, "EVT") == visits
        assert await read(client, granted, "PUB") == counts

    around.run(case())


def test_a_neighbour_reads_its_own_areas_only(around: County) -> None:
    async def case() -> None:
        granted = await around.grant("lake", "visit_completed", areas=("18",))
        await around.tell(*completed(2))
        ours = await around.tell(*completed(2, area="18", municipality="272"))
        assert await read(await around.connect("lake"), granted, "EVT") == ours

    around.run(case())


def test_a_neighbour_that_was_away_gets_everything_once_and_in_order(around: County) -> None:
    """An outage of theirs loses nothing: all of it is still there, also what they had taken and not settled."""

    async def case() -> None:
        granted = await around.grant("aids-centre", "visit_completed")
        client = await around.connect("aids-centre")
        before = await around.tell(*completed(5))
        assert await read(client, granted, "EVT") == before
        await client.close()
        told = await around.tell(*completed(400))
        back = await around.connect("aids-centre")
        assert await read(back, granted, "EVT", most=150) == told[:150]
        await back.close()
        assert await read(await around.connect("aids-centre"), granted, "EVT") == told[150:]
        assert await provision.waiting(around.bus, granted) == 0

    around.run(case())


def test_a_neighbour_added_today_reads_from_last_week(around: County) -> None:
    async def case() -> None:
        told = await around.tell(*completed(20))
        late = await around.grant("late", "visit_completed")
        early = await around.grant("early", "visit_completed", since=clock.now() - LAST_WEEK)
        assert await read(await around.connect("late"), late, "EVT") == []
        assert await read(await around.connect("early"), early, "EVT") == told

    around.run(case())


def test_a_replay_begins_again_from_a_day_and_a_further_grant_does_not(around: County) -> None:
    async def case() -> None:
        granted = await around.grant("lake", "visit_completed")
        told = await around.tell(*completed(3))
        client = await around.connect("lake")
        assert await read(client, granted, "EVT") == told
        more = await around.grant("lake", "visit_completed", "visit_booked")
        assert await read(client, more, "EVT") == []
        again = more.model_copy(update={"since": clock.now() - LAST_WEEK})
        await provision.serve(around.bus, again, anew=True)
        assert await read(client, again, "EVT") == told

    around.run(case())


FORBIDDEN = (
    "evt.10.285.scheduling.visit_completed.v1",
    "pub.10.285.visit_counted.v1",
    "cmd.chat.accept_conversation.v1",
    "qry.intake.get_person.v1",
    "dlq.chat.contact_routed",
    "live.chat",
    "DIGITERAPIA.API.CONSUMER.MSG.NEXT.EVT.neighbour-other",
    "DIGITERAPIA.API.CONSUMER.INFO.EVT.neighbour-other",
    "DIGITERAPIA.API.CONSUMER.MSG.NEXT.EVT.chat-contact_routed",
    "DIGITERAPIA.API.STREAM.INFO.EVT",
    "DIGITERAPIA.API.STREAM.MSG.GET.EVT",
    "DIGITERAPIA.API.STREAM.PURGE.EVT",
    "DIGITERAPIA.API.CONSUMER.CREATE.EVT",
    "$JS.API.STREAM.INFO.EVT",
    "$JS.ACK.EVT.neighbour-other.1.1.1.1.1",
    "_INBOX_chat.answer",
)


def test_whatever_else_a_neighbour_tries_is_refused_by_the_server(around: County) -> None:
    async def case() -> None:
        await around.grant("other", "visit_completed")
        await around.grant("aids-centre", "visit_completed", "pub")
        client = await around.connect("aids-centre")
        kept = (await around.bus.stream_info("EVT")).state.messages
        for subject in FORBIDDEN:
            await client.publish(subject, b"{}")
        for subject in ("evt.>", "pub.>", "dlq.>", "live.>", ">", "$JS.EVENT.>"):
            await client.subscribe(subject)
        await client.flush()
        await eventually(lambda: len(around.said) >= len(FORBIDDEN) + 6, f"all are refused: {around.said}")
        assert all("permissions violation" in each for each in around.said)
        assert (await around.bus.stream_info("EVT")).state.messages == kept

    around.run(case())


async def kept_out(around: County, name: str) -> bool:
    """Whether the server does not let a neighbour in."""
    client = Client()
    try:
        await client.connect(around.url, nkeys_seed=around.seed(name), allow_reconnect=False)
    except (NatsError, OSError):
        return True
    finally:
        await client.close()
    return False


def test_a_revoked_neighbour_is_a_stranger(around: County) -> None:
    async def case() -> None:
        granted = await around.grant("aids-centre", "visit_completed")
        await around.revoke(granted)
        await eventually(lambda: kept_out(around, "aids-centre"), "the server knows it no more")
        assert (await around.bus.stream_info("EVT")).state.consumer_count == len(
            [kind for service in around.services for kind, _ in service.handlers.items()]
        )

    around.run(case())


def test_a_neighbour_whose_file_makes_no_sense_is_kept_out_alone_and_named_in_the_log(around: County) -> None:
    """What the server is told goes on following the grants of all others, and what is mended is taken up."""

    async def case() -> None:
        await around.grant("lake", "pub")
        await around.connect("lake")
        file = around.settings.neighbours_dir / "lake.toml"
        whole = file.read_text()
        with capture_logs() as said:
            file.write_text("reads = 7")
            await eventually(lambda: kept_out(around, "lake"), "the server knows it no more")
            await around.grant("aids-centre", "pub")
            await around.connect("aids-centre")
        bad = [(line["log_level"], line["neighbour"]) for line in said if line.get("code") == "bad-neighbour-file"]
        assert bad == [("error", "lake")]
        file.write_text(whole)
        await around.connect("lake")

    around.run(case())


def test_a_unit_starts_beside_a_neighbour_whose_file_makes_no_sense(tmp_path: Path) -> None:
    (tmp_path / "neighbours").mkdir()
    (tmp_path / "neighbours" / "lake.toml").write_text("reads = 7")
    with capture_logs() as said, county(tmp_path) as around:
        around.run(around.grant("aids-centre", "pub"))
        around.run(_reads(around, "aids-centre"))
        with pytest.raises(ValueError, match=r"lake\.toml"):  # an operator is told
            neighbours.load(around.settings.neighbours_dir)
    assert {line["neighbour"] for line in said if line.get("code") == "bad-neighbour-file"} == {"lake"}


async def _reads(around: County, name: str) -> None:
    granted = neighbours.one(around.settings.neighbours_dir, name)
    counts = await around.tell(VisitCounted.example)
    assert await read(await around.connect(name), granted, "PUB") == counts


def test_who_was_let_in_stays_in_while_the_grants_are_out_of_reach(around: County) -> None:
    async def case() -> None:
        await around.grant("lake", "pub")
        await around.connect("lake")
        folder = around.settings.neighbours_dir
        with capture_logs() as said:
            away = folder.rename(folder.with_name("away"))
            await eventually(lambda: [line for line in said if line["event"] == "grants not read"], "it is told")
        away.rename(folder)
        await around.connect("lake")

    around.run(case())


class Connected:
    """A plain client of one of our services that would come back by itself, and says whether it ever had to."""

    def __init__(self) -> None:
        self.client = Client()
        self.lost = 0

    async def connect(self, around: County, identity: str) -> None:
        seed = str(around.settings.seed_file(identity))
        await self.client.connect(around.url, nkeys_seed=seed, disconnected_cb=self._disconnected)

    async def _disconnected(self) -> None:
        self.lost += 1


def test_a_client_of_ours_and_a_neighbour_stay_connected_while_others_come_and_go(around: County) -> None:
    """A grant reloads the server twice, and so does a revocation; who is connected and still may be stays connected."""

    async def case() -> None:
        granted = await around.grant("steady", "visit_completed")
        steady, ours = await around.connect("steady"), Connected()
        await ours.connect(around, "scheduling")
        numbers = steady.client_id, ours.client.client_id
        for name in ("one-system", "two-systems"):
            come = await around.grant(name, "pub")
            await around.connect(name)
            told = await around.tell(*completed(3))
            assert await read(steady, granted, "EVT") == told
            await around.revoke(come)
            await eventually(lambda name=name: kept_out(around, name), "the server knows it no more")
            told = await around.tell(*completed(3))
            assert await read(steady, granted, "EVT") == told
        await ours.client.flush()
        assert (steady.client_id, ours.client.client_id) == numbers
        assert (steady.is_connected, ours.client.is_connected, ours.lost) == (True, True, 0)
        await ours.client.close()  # one that goes on reconnecting is not always to be cancelled

    around.run(case())


def test_a_neighbour_revoked_while_the_server_starts_does_not_stay_in(tmp_path: Path) -> None:
    """What the server was started with is what later grants are compared with."""

    async def case(settings: Settings) -> None:
        services = build_all(settings)
        key = permissions.make_seeds(settings.keys_dir / "neighbours", ["lake"])["lake"]
        reads = tuple(neighbours.keys_of(["pub"]))
        neighbours.save(
            settings.neighbours_dir, neighbours.Neighbour(name="lake", since=clock.now(), nkey=key, reads=reads)
        )
        async with run.bus(settings, services):
            neighbours.remove(settings.neighbours_dir, "lake")
            config = settings.data_dir / "nats.conf"
            await eventually(lambda: key not in config.read_text(), "the server is told")

    asyncio.run(case(practice_settings(tmp_path, embedded_nats_port=free_ports(2)[0])))


def test_an_answer_the_observer_asks_for_cannot_land_among_the_facts(around: County) -> None:
    async def case() -> None:
        observer = Bus(around.settings, OBSERVER, around.url)
        await observer.reach()
        info = f"{NEIGHBOUR_API}.STREAM.INFO.EVT"
        for reply in ("evt.10.285.intake.contact_routed.v1", "dlq.settled", "pub.10.285.visit_counted.v1"):
            await observer.connection.publish(info, b"", reply=reply)
        await observer.connection.flush()
        assert (await observer.jetstream().stream_info("EVT")).state.messages == 0
        for stream in ("EVT", "PUB", "DLQ"):
            assert (await around.bus.stream_info(stream)).state.messages == 0
        await observer.broker.stop()

    around.run(case())


def test_of_two_neighbours_with_one_key_the_first_alone_gets_in(around: County) -> None:
    """A server does not start with a key twice; nobody else is kept out by it."""

    async def case() -> None:
        first = await around.grant("aaa", "pub")
        neighbours.save(around.settings.neighbours_dir, first.model_copy(update={"name": "bbb"}))
        await around.grant("ccc", "pub")
        await around.connect("ccc")
        config = (around.settings.data_dir / "nats.conf").read_text()
        assert (config.count(str(first.nkey)), "bbb {" in config, "aaa {" in config) == (1, False, True)

    around.run(case())

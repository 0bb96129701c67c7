"""Identity x subject x verb on a real server: what each may do is what the clinic's rules say, and nothing more."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client

from chassis import permissions
from chassis.embedded import server_binary
from chassis.neighbours import Neighbour, keys_of
from chassis.service import Service
from contracts import ASKS, EVENTS
from services import NAMES
from services.unit import build_all
from tests.stack import eventually, free_ports
from tests.unit import practice_settings

pytestmark = [pytest.mark.live, pytest.mark.system]
DENIED = re.compile(r'permissions violation for (publish|subscription) to "([^"]+)"', re.IGNORECASE)
VERBS = ("publish", "subscribe")
MANAGING = ("CREATE", "UPDATE", "DELETE", "PURGE", "MSG.DELETE")
OURS = ("EVT", "PUB", "DLQ", "ADV")
US = (*NAMES, "deployer", "observer")
READS = {"aids-centre": ("EVT", "PUB"), "data-lake": ("PUB",)}
"""Neighbours, and the streams of what each is granted."""
EVERYBODY = (*US, *READS)
POSTED, POSTED_FROM, POSTS = "patient-portal", "PUB", "notifications"
"""A neighbour with a webhook: from which stream it is posted to, and who does it. It does not come itself."""
COUNTS = {
    "contact_counted": "intake",
    "conversation_counted": "chat",
    "callback_counted": "chat",
    "visit_counted": "scheduling",
    "feedback_counted": "feedback",
}
"""Who tells which public event: its subject does not say."""
APIS = ("$JS.API", "DIGITERAPIA.API")
PULLS = ("INFO", "MSG.NEXT")
LOOKS = ("STREAM.INFO", "STREAM.MSG.GET", "CONSUMER.LIST", "CONSUMER.NAMES")
Cell = tuple[str, str, str]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> list[Service]:
    return build_all(practice_settings(tmp_path_factory.mktemp("unit")))


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of everybody's seeds."""
    return tmp_path_factory.mktemp("seeds")


@pytest.fixture(scope="module")
def server(services: list[Service], seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A nats-server with nothing but the permissions."""
    (port,) = free_ports(1)
    folder = tmp_path_factory.mktemp("nats")
    keys = permissions.make_seeds(seeds, EVERYBODY)
    config = folder / "nats.conf"
    config.write_text(
        f'host: 127.0.0.1\nport: {port}\njetstream {{ store_dir: "{folder}" }}\n'
        + permissions.configuration(permissions.grants(services, neighbours(keys)), keys, neighbours(keys))
    )
    process = subprocess.Popen([server_binary(), "-c", str(config), "-l", str(folder / "log")])
    yield f"nats://127.0.0.1:{port}"
    process.send_signal(signal.SIGTERM)
    process.wait()


def neighbours(keys: dict[str, str]) -> list[Neighbour]:
    reads = {"aids-centre": keys_of(["visit_completed", "pub"]), "data-lake": keys_of(["pub"])}
    since = datetime(2026, 11, 26, tzinfo=UTC)
    pulling = [Neighbour(name=name, nkey=keys[name], since=since, reads=tuple(reads[name])) for name in READS]
    return [*pulling, Neighbour(name=POSTED, webhook="https://x.example/", since=since, reads=tuple(keys_of(["pub"])))]


def subjects(services: list[Service]) -> list[str]:
    """Every subject there is: of the contracts, of the streams and durables, of answers, hints and neighbours."""
    theirs = [f"{stream}.neighbour-{name}" for name in (*READS, POSTED) for stream in ("EVT", "PUB")]
    durables = [kind.durable(service.name) for service in services for kind, _ in service.handlers.items()]
    return [
        *(kind.subject("10", "285") for kind in EVENTS.values()),
        *ASKS,
        *(f"dlq.{name}.contact_opened" for name in NAMES),
        "dlq.settled",
        *(f"live.{name}" for name in NAMES),
        *(f"_INBOX_{name}.answer" for name in US),
        *(
            f"{api}.CONSUMER.{verb}.{each}"
            for api in APIS
            for each in theirs
            for verb in ("INFO", "MSG.NEXT", "DELETE")
        ),
        *(f"$JS.ACK.{each}.1.1.1.1.1" for each in theirs),
        *(
            f"{api}.STREAM.{verb}.{stream}"
            for api in APIS
            for stream in OURS
            for verb in ("INFO", "MSG.GET", *MANAGING)
        ),
        *(f"$JS.API.CONSUMER.{verb}.EVT.{each}" for each in durables for verb in ("INFO", "MSG.NEXT", "DELETE")),
        *(f"{api}.CONSUMER.{verb}.{stream}" for api in APIS for verb in ("LIST", "NAMES") for stream in OURS),
        *(f"$JS.API.CONSUMER.DURABLE.CREATE.EVT.{each}" for each in durables),
        *(f"$JS.ACK.EVT.{each}.1.1.1.1.1" for each in durables),
        *("pub.>", "evt.>", "cmd.>", "qry.>", "dlq.>", "live.>", "_INBOX.>", "$JS.API.>", ">"),
    ]


def may(who: str, verb: str, subject: str) -> bool:
    """What the rules of the house say, in words of their own."""
    start, *rest = subject.split(".")
    if who in READS:
        return _neighbour_may(who, verb, subject)
    if who == "observer":
        return _observer_may(verb, subject)
    if ">" in rest or start == ">":
        return (who, verb, subject) == ("portal", "subscribe", "live.>")
    if verb == "subscribe":  # its own answers, its own asks; the pages hear hints
        hears = subject.startswith(f"_INBOX_{who}.") or (start == "live" and who == "portal")
        return hears or (start in ("cmd", "qry") and rest[0] == who)
    if start == "$JS":
        return (who == "deployer" and rest[0] == "API") or _jetstream(who, rest)
    return who in _tellers(start, rest)


def _tellers(start: str, rest: list[str]) -> tuple[str, ...]:
    """Who may publish there."""
    if start == "evt":  # a fact is told by its owner; a dead letter is sent again by the deployer
        return rest[2], "deployer"
    if start == "pub":
        return COUNTS[rest[2]], "deployer"
    if start == "dlq":
        return rest[0], "deployer"
    if start == "live":
        return (rest[0],)
    if start == "_INBOX_portal":  # only front ends ask, and whoever is asked answers
        return tuple({subject.split(".")[1] for subject in ASKS})
    return ("portal",) if start in ("cmd", "qry") else ()


def _observer_may(verb: str, subject: str) -> bool:
    """Hear its own answers; ask what stands in a stream and who reads it, from an account of its own."""
    if verb == "subscribe":
        return subject.startswith("_INBOX_observer.")
    asked = {f"{APIS[1]}.{each}.{stream}" for each in LOOKS for stream in OURS}
    return subject in asked


def _neighbour_may(who: str, verb: str, subject: str) -> bool:
    """Hear its own answers, and pull, settle and look at its own durables."""
    if verb == "subscribe":
        return subject == "_INBOX.>"
    own = [f"{stream}.neighbour-{who}" for stream in READS[who]]
    return any(
        subject.startswith(f"$JS.ACK.{each}.") or subject in (f"{APIS[1]}.CONSUMER.{verb}.{each}" for verb in PULLS)
        for each in own
    )


def _jetstream(who: str, rest: list[str]) -> bool:
    if who == POSTS and _for_the_posted(rest):
        return True
    if rest[0] == "ACK":  # $JS.ACK.<stream>.<durable>...
        return rest[2].split("-")[0] == who
    thing, verb, last = rest[1], ".".join(rest[2:-1]), rest[-1]
    if thing == "STREAM":  # everybody of us sees whether the streams are whole
        return rest[2:-1] == ["INFO"]
    return verb in ("INFO.EVT", "MSG.NEXT.EVT") and last.split("-")[0] == who


def _for_the_posted(rest: list[str]) -> bool:
    """Whoever posts reads for those it posts to, and for no other neighbour."""
    own = [POSTED_FROM, f"neighbour-{POSTED}"]
    return rest[:3] == ["ACK", *own] or rest in ([*f"API.CONSUMER.{verb}".split("."), *own] for verb in PULLS)


class Tries:
    """One identity trying everything."""

    def __init__(self) -> None:
        self.denied: set[tuple[str, str]] = set()

    async def heard(self, error: Exception) -> None:
        if found := DENIED.search(str(error)):
            self.denied.add(("publish" if found[1].lower() == "publish" else "subscribe", found[2]))

    async def everything(self, bus: Client, all_subjects: list[str]) -> None:
        for subject in all_subjects:
            await bus.subscribe(subject)
        await bus.flush()
        for subject in all_subjects:
            if "*" not in subject and ">" not in subject:  # nobody can publish on a wildcard
                await bus.publish(subject, b"")
        await bus.flush()


def matrix(server: str, seed: Path, who: str, all_subjects: list[str]) -> dict[Cell, bool]:
    tries = Tries()

    async def run() -> None:
        bus = await nats.connect(server, nkeys_seed=str(seed), error_cb=tries.heard, max_reconnect_attempts=0)
        await tries.everything(bus, all_subjects)
        await bus.publish("denied.last", b"")
        await bus.flush()
        await eventually(lambda: ("publish", "denied.last") in tries.denied, "the last refusal is heard")
        await bus.close()

    asyncio.run(run())
    return {
        (who, verb, subject): (verb, subject.lower()) not in tries.denied  # nats-py lowers what the server says
        for verb in VERBS
        for subject in all_subjects
        if verb == "subscribe" or ">" not in subject
    }


@pytest.mark.timeout(120)
def test_who_may_do_what_is_what_the_rules_say(server: str, services: list[Service], seeds: Path) -> None:
    all_subjects = subjects(services)
    cells: dict[Cell, bool] = {}
    for who in EVERYBODY:
        cells |= matrix(server, seeds / f"{who}.seed", who, all_subjects)
    wrong = {cell: allowed for cell, allowed in cells.items() if allowed != may(*cell)}
    assert wrong == {}
    sys.stdout.write(f"{len(cells)} cells, {len(wrong)} wrong\n")
    assert len(cells) >= 1000
    assert {who for (who, _, _), allowed in cells.items() if allowed} == set(EVERYBODY)


QUOTED = re.compile(r'"([^"]+)"')
ACCOUNTS = re.compile(r"accounts: \[[^\]]*\]")
"""Names of accounts: all that is quoted in the configuration beside subjects."""


def untried(configuration: str, tried: list[str]) -> set[str]:
    """Subjects that a server's configuration names anywhere, for anybody, and that are not in the matrix."""
    named = set(QUOTED.findall(ACCOUNTS.sub("", configuration)))
    expressions = {each: re.escape(each).replace(r"\*", "[^.]+").replace(">", ".+") for each in named}
    return {each for each in named if not any(re.fullmatch(expressions[each], subject) for subject in tried)}


def test_every_subject_that_anybody_is_granted_is_in_the_matrix(services: list[Service], seeds: Path) -> None:
    """Ours and the neighbours': what they may publish and hear, what is exported to them, and what they call it."""
    tried, keys = subjects(services), permissions.make_seeds(seeds, EVERYBODY)
    granted = permissions.grants(services, neighbours(keys))
    written = permissions.configuration(granted, keys, neighbours(keys))
    assert untried(written, tried) == set()
    assert len(QUOTED.findall(written)) > 100
    alias = written.replace(f'to: "{APIS[1]}.', 'to: "ALIAS.')
    assert {each.split(".")[0] for each in untried(alias, tried)} == {"ALIAS"}
    more = permissions.configuration(granted | {"chat": permissions.Grants(("x.*",), ("y.>",))}, keys, ())
    assert untried(more, tried) == {"x.*", "y.>"}


def test_nobody_gets_in_without_a_key(server: str) -> None:
    async def knock() -> None:
        stranger = Client()
        with pytest.raises(nats.errors.Error, match="Authorization"):
            await stranger.connect(server, allow_reconnect=False)
        await stranger.close()

    asyncio.run(knock())

"""A neighbour and a whole unit: granted by the operator, it posts as contracts/README.md says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis import clock, event_loop
from chassis.bus import OBSERVER, Bus
from chassis.reading import Stored, facts
from chassis.seal import Sealer
from contracts.base import Event
from contracts.portal import ContactOpened, IdentityVerified
from tests.stack import eventually
from tests.whole import WholeUnit, whole_unit

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
NAME = "navigator"
SECRET = re.compile(r"client secret, shown this once: (\S+)")
FORM = {"grant_type": "client_credentials"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeUnit]:
    with whole_unit(tmp_path_factory.mktemp("unit")) as made:
        yield made


@pytest.fixture(scope="module")
def secret(unit: WholeUnit) -> str:
    return made_secret(unit, "grant", NAME, "--tells", "contact_opened", "identity_verified", "--areas", "10")


def made_secret(unit: WholeUnit, *words: str) -> str:
    done = unit.digi("bus", *words)
    assert done.returncode == 0, done.stderr
    found = SECRET.search(done.stdout)
    assert found, done.stdout
    return found[1]


def ask(unit: WholeUnit, secret: str) -> httpx.Response:
    return httpx.post(f"{unit.address}/api/v1/token", data=FORM, auth=(NAME, secret), trust_env=False)


def token(unit: WholeUnit, secret: str) -> str:
    return str(ask(unit, secret).json()["access_token"])


def post(unit: WholeUnit, token: str, body: bytes | str, **headers: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} | headers
    return httpx.post(f"{unit.address}/api/v1/events", content=body, headers=headers, trust_env=False)


def both_modes(opened: Event) -> list[tuple[str, dict[str, str]]]:
    """One event, written in binary and in structured mode."""
    data = opened.model_dump(mode="json")
    attributes = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "https://navigator.example",
        "type": opened.declared.ce_type,
        "subject": str(opened.about),
        "time": clock.now().isoformat(),
    }
    binary = {f"ce-{name}": value for name, value in attributes.items()} | {"content-type": "application/json"}
    structured = {"content-type": "application/cloudevents+json"}
    return [(json.dumps(data), binary), (json.dumps(attributes | {"data": data}), structured)]


def contact() -> ContactOpened:
    return ContactOpened.example.model_copy(update={"contact_id": uuid4(), "opened_at": clock.now()})


def on_the_bus(unit: WholeUnit, opened: ContactOpened) -> list[Stored]:
    """What the bus knows of a contact, once it was routed and nothing more is to come."""

    async def read() -> list[Stored]:
        bus = Bus(unit.settings, OBSERVER, unit.nats)
        await bus.reach()
        try:
            await eventually(lambda: about(bus, "contact_routed"), "the contact is routed")
            return await about(bus)
        finally:
            await bus.broker.stop()

    async def about(bus: Bus, name: str = "") -> list[Stored]:
        told = await facts(bus.jetstream(), after=0)
        mine = [each for each in told if getattr(each.fact, "contact_id", None) == opened.contact_id]
        return [each for each in mine if name in each.fact.declared.name]

    return event_loop.run(read())


@pytest.mark.parametrize("mode", [0, 1], ids=["binary", "structured"])
def test_a_contact_posted_three_times_is_routed_once(unit: WholeUnit, secret: str, mode: int) -> None:
    opened, shown = contact(), token(unit, secret)
    first, other = both_modes(opened)[mode], both_modes(opened)[mode]
    assert first != other
    for body, headers in (first, first, first):
        assert post(unit, shown, body, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01", **headers).status_code == 202
    assert post(unit, shown, other[0], **other[1]).json()["code"] == "already-opened"
    told = on_the_bus(unit, opened)
    names = [each.fact.declared.name for each in told]
    assert [names.count(name) for name in ("contact_opened", "triage_completed", "contact_routed")] == [1, 1, 1]
    posted = first[1].get("ce-id") or json.loads(first[0])["id"]
    assert told[0].headers["ce-id"] == posted
    assert {each.headers["traceparent"].split("-")[1] for each in told} == {TRACE}


def test_a_dead_letter_says_which_neighbour_posted_it(unit: WholeUnit, secret: str) -> None:
    """Nothing on the bus says so: the portal knows, and an operator has somebody to call."""
    opened = contact()
    shown = token(unit, secret)
    body, headers = both_modes(opened)[0]
    assert post(unit, shown, body, **headers).status_code == 202
    stranger = Sealer(unit.settings.keys_dir, "portal").seal("feedback", {"nobody": "here"})
    identified = IdentityVerified.example.model_copy(
        update={"contact_id": opened.contact_id, "person": stranger, "verified_at": clock.now()}
    )
    body, headers = both_modes(identified)[0]
    assert post(unit, shown, body, **headers).status_code == 202

    def letters() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(unit.digi("bus", "dlq", "list", "--json").stdout)
        return [each for each in found if each["code"] == "cannot-unseal"]

    (letter, *_) = event_loop.run(eventually(letters, "intake cannot open what was sealed for another"))
    assert f"posted_by: {NAME}" in unit.digi("bus", "dlq", "show", str(letter["number"])).stdout


def test_a_mebibyte_is_refused_and_good_traffic_goes_on(unit: WholeUnit, secret: str) -> None:
    shown = token(unit, secret)
    response = post(unit, shown, b" " * 1_048_576, **{"content-type": "application/cloudevents+json"})
    assert (response.status_code, response.json()["code"]) == (413, "too-big")
    body, headers = both_modes(contact())[0]
    assert post(unit, shown, body, **headers).status_code == 202


def test_what_is_refused_is_counted_and_names_nobody(unit: WholeUnit, secret: str) -> None:
    body, headers = both_modes(contact())[0]
    post(unit, token(unit, secret), body.replace("knee", "Noora's knee"), **headers)
    metrics = httpx.get(f"{unit.address}/metrics", trust_env=False).text
    counted = f'digi_portal_events_posted_total{{neighbour="{NAME}",outcome="schema"}} 1.0'
    assert counted in metrics
    assert "Noora" not in metrics + unit.said()


def test_a_secret_changes_without_a_gap_and_a_revoked_neighbour_is_out(unit: WholeUnit, secret: str) -> None:
    def works(token: str) -> bool:
        body, headers = both_modes(contact())[0]
        return post(unit, token, body, **headers).status_code == 202

    of_the_old = token(unit, secret)
    fresh = made_secret(unit, "secret", NAME)
    of_the_new = token(unit, fresh)
    assert works(of_the_old)
    assert works(of_the_new)
    assert unit.digi("bus", "secret", NAME).returncode == 2
    assert unit.digi("bus", "secret", NAME, "--retire").returncode == 0
    assert not works(of_the_old)
    assert ask(unit, secret).status_code == 401
    assert works(of_the_new)
    assert unit.digi("bus", "revoke", NAME).returncode == 0
    assert not works(of_the_new)
    assert unit.digi("bus", "secret", NAME).returncode == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tells", "visit_completed"), "scheduling.visit_completed.v1 is for its owner alone to tell"),
        (("--tells", "contact_counted"), "intake.contact_counted.v1 is for its owner alone to tell"),
        (("--tells", "nothing_such"), "nothing_such is no event"),
    ],
)
def test_what_is_not_a_front_ends_cannot_be_granted(unit: WholeUnit, words: tuple[str, ...], said: str) -> None:
    done = unit.digi("bus", "grant", "other", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (unit.settings.neighbours_dir / "other.toml").exists()


def test_the_secret_itself_is_kept_nowhere(unit: WholeUnit) -> None:
    made = made_secret(unit, "grant", "careful", "--tells", "contact_opened")
    folder: Path = unit.settings.data_dir
    kept: list[Any] = [file for file in folder.rglob("*") if file.is_file() and made.encode() in file.read_bytes()]
    assert kept == []

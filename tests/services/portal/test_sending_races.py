"""The same person sent many times at once, on both databases: one contact, one answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chassis import clock, neighbours
from chassis.neighbours import Neighbour
from services.unit import build
from tests.services.portal.fhir_bodies import service_request
from tests.services.portal.poster import FORM, NAME
from tests.services.portal.sender import ACTS, result
from tests.stack import DATABASES, Stack, stack

pytestmark = pytest.mark.live
AT_ONCE = 20
SERVICES = ["portal", "intake"]


class Unit(Stack):
    """A portal and intake at work, and a neighbour that may send people."""

    async def open(self) -> None:
        self.secret, digest = neighbours.new_secret()
        granted = Neighbour(name=NAME, since=clock.now(), sends=ACTS, client_secrets=(digest,))
        neighbours.save(self.settings.neighbours_dir, granted)
        await self.start()
        await self.ready()

    async def send(self, path: str, *bodies: dict[str, Any]) -> list[httpx.Response]:
        """Send bodies, all at the same time."""
        async with httpx.AsyncClient(base_url=self.settings.base_url, trust_env=False, timeout=30) as client:
            asked = await client.post("/api/v1/token", data=FORM, auth=(NAME, self.secret))
            token = asked.json()["access_token"]
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            return await asyncio.gather(
                *(client.post(path, content=json.dumps(each), headers=headers) for each in bodies)
            )


@pytest.fixture(scope="module", params=DATABASES)
def unit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    url = request.getfixturevalue("postgres").make(SERVICES) if request.param == "postgresql" else ""
    folder = tmp_path_factory.mktemp("unit")
    with stack(
        folder, lambda settings: [build(each, settings) for each in SERVICES], make=Unit, database_url=url
    ) as it:
        it.run(it.open())
        yield it


def told(unit: Unit, service: str, kind: str) -> int:
    return len([each for each in unit.outbox(service) if kind in each.headers["ce-type"]])


def test_the_same_result_at_once_is_one_contact_and_one_answer(unit: Unit) -> None:
    before = told(unit, "portal", "contact_opened")
    body = result(assessed_at=clock.now().isoformat())
    answers = unit.run(unit.send("/api/v1/assessments", *[body] * AT_ONCE))
    assert {each.status_code for each in answers} == {201}
    assert len({each.text for each in answers}) == 1
    assert told(unit, "portal", "contact_opened") == before + 1


def test_two_contents_under_one_id_at_once_are_one_result(unit: Unit) -> None:
    before = told(unit, "portal", "contact_opened")
    one = result(assessed_at=clock.now().isoformat())
    other = one | {"language": "sv"}
    answers = unit.run(unit.send("/api/v1/assessments", *[one, other] * (AT_ONCE // 2)))
    assert sorted(each.status_code for each in answers) == [201] * (AT_ONCE // 2) + [409] * (AT_ONCE // 2)
    assert told(unit, "portal", "contact_opened") == before + 1


def test_the_same_referral_at_once_is_one(unit: Unit) -> None:
    before = told(unit, "intake", "referral_received")
    body = service_request(authoredOn=clock.now().isoformat())
    answers = unit.run(unit.send("/fhir/r4/ServiceRequest", *[body] * AT_ONCE))
    assert {each.status_code for each in answers} == {201}, [each.text for each in answers if each.status_code != 201]
    assert len({each.json()["id"] for each in answers}) == 1
    assert told(unit, "intake", "referral_received") == before + 1

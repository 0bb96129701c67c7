"""Many posts at once, on both databases: one effect, and none that is answered 202 and not kept."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis import clock, neighbours
from chassis.neighbours import Neighbour
from contracts.portal import ContactOpened
from services.unit import build
from tests.services.portal.poster import FORM, NAME, STRUCTURED, TELLS, contact
from tests.stack import DATABASES, Stack, stack

pytestmark = pytest.mark.live
AT_ONCE = 20


class Portal(Stack):
    """A portal at work, and a neighbour that may post to it."""

    async def open(self) -> None:
        self.secret, digest = neighbours.new_secret()
        granted = Neighbour(name=NAME, since=clock.now(), tells=TELLS, client_secrets=(digest,))
        neighbours.save(self.settings.neighbours_dir, granted)
        await self.start()
        await self.ready()

    async def post(self, *events: dict[str, Any]) -> Counter[int]:
        """Post events, all at the same time; how many got each status."""
        async with httpx.AsyncClient(base_url=self.settings.base_url, trust_env=False, timeout=30) as client:
            asked = await client.post("/api/v1/token", data=FORM, auth=(NAME, self.secret))
            headers = {"authorization": f"Bearer {asked.json()['access_token']}", "content-type": STRUCTURED}
            answers = [client.post("/api/v1/events", content=json.dumps(each), headers=headers) for each in events]
            return Counter([answer.status_code for answer in await asyncio.gather(*answers)])


def written(opened: ContactOpened) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "https://navigator.example",
        "type": opened.declared.ce_type,
        "subject": str(opened.about),
        "time": clock.now().isoformat(),
        "data": opened.model_copy(update={"opened_at": clock.now()}).model_dump(mode="json"),
    }


@pytest.fixture(scope="module", params=DATABASES)
def portal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    url = request.getfixturevalue("postgres").make(["portal"]) if request.param == "postgresql" else ""
    folder = tmp_path_factory.mktemp("portal")
    with stack(folder, lambda settings: [build("portal", settings)], make=Portal, database_url=url) as made:
        made.run(made.open())
        yield made


def kept(portal: Portal, opened: ContactOpened) -> int:
    return len([each for each in portal.outbox("portal") if each.headers["ce-subject"] == str(opened.about)])


def test_the_same_event_at_once_is_told_once(portal: Portal) -> None:
    opened = contact()
    event = written(opened)
    assert portal.run(portal.post(*[event] * AT_ONCE)) == {202: AT_ONCE}
    assert kept(portal, opened) == 1


def test_two_contents_under_one_id_at_once_are_one_event(portal: Portal) -> None:
    one, other = contact(), contact()
    first = written(one)
    second = written(other) | {"id": first["id"]}
    answers = portal.run(portal.post(*[first, second] * (AT_ONCE // 2)))
    assert answers == {202: AT_ONCE // 2, 409: AT_ONCE // 2}
    assert kept(portal, one) + kept(portal, other) == 1


def test_one_contact_opened_by_many_events_at_once_is_opened_once(portal: Portal) -> None:
    opened = contact()
    assert portal.run(portal.post(*(written(opened) for _ in range(AT_ONCE)))) == {202: 1, 409: AT_ONCE - 1}
    assert kept(portal, opened) == 1


def test_different_events_at_once_are_all_told(portal: Portal) -> None:
    many = [contact() for _ in range(AT_ONCE)]
    assert portal.run(portal.post(*map(written, many))) == {202: AT_ONCE}
    assert [kept(portal, each) for each in many] == [1] * AT_ONCE

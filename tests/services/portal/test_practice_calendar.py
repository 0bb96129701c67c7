"""The invented therapists' times."""

import asyncio
from typing import Any
from uuid import UUID

from chassis import Refused, Viewer
from services.portal.practice import people
from services.portal.practice.calendar import keep_times_on_offer


class Calendar:
    """Takes the times of everybody but the first therapist."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []
        self.keys: set[str | None] = set()

    async def __call__(self, _ask: Any, *, viewer: Viewer, key: str | None = None) -> Any:
        self.asked.append(viewer.id)
        self.keys.add(key)
        if len(self.asked) == 1:
            raise Refused("service-unavailable", "away")


def published() -> Calendar:
    calendar: Any = Calendar()
    asyncio.run(keep_times_on_offer(None, calendar))  # type: ignore[arg-type]  # it does not use its transaction
    assert isinstance(calendar, Calendar)
    return calendar


def test_one_refused_therapist_does_not_keep_the_others_from_publishing() -> None:
    assert published().asked == [UUID(person.claims["therapist_id"]) for person in people.therapists()]


def test_every_publication_has_a_key_of_its_own() -> None:
    assert None not in (keys := published().keys)
    assert len(keys) == len(people.therapists())

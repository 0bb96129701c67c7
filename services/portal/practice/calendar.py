"""Practice times: the invented therapists always have free remote times ahead, for a practice journey to book."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

from chassis import Jobs, Refused, Role, Transact, Viewer, clock
from chassis.asking import Asker
from chassis.calendar import HELSINKI, add_business_days, local_date
from contracts.scheduling import Modality, PublishSlots
from services.portal.practice import people

DAYS_AHEAD = 5
STARTS = (time(9), time(10), time(13), time(14))
MINUTES = 45

jobs = Jobs()


@jobs(every=timedelta(minutes=5))
async def keep_times_on_offer(_transact: Transact, ask: Asker) -> None:
    """Publish each invented therapist's times of the coming business days. Safe to repeat: a time is kept once."""
    days = [add_business_days(local_date(clock.now()), n) for n in range(1, DAYS_AHEAD + 1)]
    starts = tuple(
        datetime.combine(day, start, HELSINKI).astimezone(clock.now().tzinfo) for day in days for start in STARTS
    )
    for place, person in enumerate(people.therapists()):
        areas: list[str] = person.claims["areas"]
        viewer = Viewer(
            role=Role.STAFF, id=UUID(person.claims["therapist_id"]), areas=frozenset(areas), name=person.claims["name"]
        )
        published = PublishSlots(
            area=areas[place % len(areas)],
            therapist_name=person.claims["name"].split()[0],
            modality=Modality.VIDEO,
            starts_at=starts,
            minutes=MINUTES,
        )
        with suppress(Refused):  # the next person's times do not depend on it, and the job comes again
            await ask(published, viewer=viewer, key=str(uuid4()))

"""The scheduling service, put together."""

from __future__ import annotations

from chassis import Service, Settings
from contracts.areas import load_areas
from services.scheduling import answers, handlers, jobs, models


def build(settings: Settings) -> Service:
    """Free times, holds, visits.

    Hears ContactRouted, ContactDeclined, IdentityVerified; tells SlotsPublished, TimesOffered, Visit*.
    """
    return Service(
        name="scheduling",
        settings=settings,
        handlers=handlers.on,
        answers=answers.answers,
        jobs=jobs.jobs,
        tables=models.SchedulingTable.metadata,
        provides=[load_areas(settings.areas_dir, practice=settings.always_open)],
    )

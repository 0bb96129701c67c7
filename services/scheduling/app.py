"""The scheduling service, put together."""

from __future__ import annotations

from pathlib import Path

from chassis import Service, Settings
from contracts.areas import load_areas
from services.scheduling import answers, handlers, jobs, models
from services.scheduling.licences import load_licences
from services.scheduling.settings import SchedulingSettings

PRACTICE_LICENCES = Path(__file__).with_name("practice.toml")


def build(settings: Settings) -> Service:
    """Free times, holds, visits.

    Hears ContactRouted, ContactDeclined, DirectAccessGranted, IdentityVerified; tells SlotsPublished, TimesOffered,
    Visit*.

    Raises:
        LicenceError: the file of licences does not make sense.
    """
    own = SchedulingSettings()
    return Service(
        name="scheduling",
        settings=settings,
        handlers=handlers.on,
        answers=answers.answers,
        jobs=jobs.jobs,
        tables=models.SchedulingTable.metadata,
        provides=[
            load_areas(settings.areas_dir, practice=settings.always_open),
            load_licences(own.licences_file or (PRACTICE_LICENCES if settings.practice else None)),
        ],
    )

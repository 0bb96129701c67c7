"""Two versions of one event side by side: both are told, and the reader of the newer one can read the older one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from contracts import EVENTS, scheduling
from contracts.base import Event, Id, Instant, event
from contracts.check import check
from contracts.events_page import events_page
from contracts.golden import structured
from contracts.scheduling import Modality, VisitCompleted
from contracts.schema import of_event
from contracts.versions import newest, older, upcast


@pytest.fixture
def two() -> Iterator[type[Event]]:
    """VisitCompleted as it would be with a second version, minutes where there was a start; the first is deprecated."""
    before = dict(EVENTS)
    del EVENTS[VisitCompleted.declared.ce_type]
    first = VisitCompleted.declared
    event(owner="scheduling", version=1, about="visit_id", told_until=date(2027, 6, 30))(VisitCompleted)

    @event(owner="scheduling", version=2, about="visit_id", external="the county's reports")
    class VisitCompletedV2(Event):
        """A visit took place.

        Sent: once per visit, beside version 1 until 2027-06-30.
        """

        visit_id: Id
        modality: Modality
        minutes: int
        completed_at: Instant

    def from_the_first(old: VisitCompleted) -> VisitCompletedV2:
        lasted = (old.completed_at - old.starts_at).total_seconds() / 60
        if lasted < 0:
            raise ValueError("a visit ends after it starts")
        return VisitCompletedV2(**old.model_dump(), minutes=round(lasted))

    VisitCompletedV2.upcast = from_the_first
    VisitCompletedV2.example = from_the_first(scheduling.VisitCompleted.example)
    yield VisitCompletedV2
    VisitCompleted.declared = first
    EVENTS.clear()
    EVENTS.update(before)


def line(kind: Any, **data: Any) -> str:
    told = structured(kind)
    return json.dumps(told | {"data": told["data"] | data})


def test_both_versions_have_one_name_and_subjects_of_their_own(two: type[Event]) -> None:
    assert two.declared.name == VisitCompleted.declared.name == "visit_completed"
    assert two.declared.key == "scheduling.visit_completed.v2"
    assert two.declared.pattern == "evt.*.*.scheduling.visit_completed.v2"
    assert newest(VisitCompleted.declared) is two.declared
    assert older(two.declared) is VisitCompleted.declared


def test_what_the_first_version_told_is_read_as_the_second(two: type[Event]) -> None:
    read: Any = upcast(VisitCompleted.example, two.declared)
    assert type(read) is two
    assert read.minutes == 43
    assert upcast(read, two.declared) is read


def test_nothing_leads_back_to_the_older_version(two: type[Event]) -> None:
    with pytest.raises(ValueError, match=r"visit_completed\.v2 does not become scheduling\.visit_completed\.v1"):
        upcast(two.example, VisitCompleted.declared)


def test_the_checker_takes_both_and_says_until_when_the_older_one_is_told(two: type[Event]) -> None:
    report = check([line(VisitCompleted.declared), line(two.declared)])
    assert list(report.lines()) == [
        "line 1: deprecated: scheduling.visit_completed.v1 is told until 2027-06-30; the newest version is v2",
        "events: 2, bad: 0",
    ]


def test_the_checker_finds_what_a_reader_of_the_second_version_could_not_read(two: type[Event]) -> None:
    report = check([line(VisitCompleted.declared, completed_at="2026-11-26T07:59:00Z")])
    assert [each.code for each in report.findings] == ["no-upcast"]
    assert report.bad == 1


def test_the_page_and_the_schema_say_until_when_the_older_version_is_told(two: type[Event]) -> None:
    page = events_page({})
    assert "- **Deprecated**, told until 2027-06-30; read [VisitCompletedV2](#visitcompletedv2) instead" in page
    assert of_event(VisitCompleted.declared)["x-told-until"] == "2027-06-30"
    assert of_event(VisitCompleted.declared)["deprecated"] is True


def test_every_second_version_says_how_the_first_becomes_it() -> None:
    for kind in EVENTS.values():
        if before := older(kind):
            assert upcast(before.cls.example, kind).declared is kind

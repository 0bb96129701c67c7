"""What anybody in the county may know points at nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path

import pytest

from chassis.envelope import headers_for
from chassis.settings import ROOT
from contracts import EVENTS, EventType
from contracts.areas import load_areas
from contracts.feedback import Score
from contracts.public import ContactCounted
from contracts.schema import of_event

PUBLIC = [kind for kind in EVENTS.values() if kind.public]
each_public = pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.key)
PLACE = {"area", "municipality"}


@each_public
def test_a_public_event_holds_closed_lists_and_the_day_alone(kind: EventType) -> None:
    for name, field in kind.cls.model_fields.items():
        closed = isinstance(field.annotation, type) and issubclass(field.annotation, Enum)
        assert closed or name in PLACE or field.annotation in (date, bool) or name == "recommend", name
    assert Score.__metadata__[0].metadata[1].le == 10


@each_public
def test_a_public_event_has_no_id_and_no_moment_in_its_schema(kind: EventType) -> None:
    formats = {field.get("format") for field in of_event(kind)["properties"].values()}
    assert formats <= {None, "date"}


@each_public
def test_no_cause_no_trace_and_no_moment_lead_from_a_public_event_to_a_person(kind: EventType) -> None:
    at = datetime(2026, 11, 24, 8, 1, 2, tzinfo=UTC)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = headers_for(kind.cls.example, event_id="1", at=at, version=1, cause="2", traceparent=trace)
    assert {"ce-causationid", "traceparent"} & set(headers) == set()
    assert headers["ce-time"].endswith("T22:00:00Z")  # midnight in Helsinki, in winter


@each_public
def test_the_subject_of_a_public_event_is_about_its_place(kind: EventType) -> None:
    one, other = kind.cls.example, kind.cls.example.model_copy(update={"day": date(2027, 1, 1)})
    assert one.about == other.about
    assert one.about != one.model_copy(update={"area": "18"}).about
    assert one.subject == f"pub.10.{one.municipality}.{kind.name}.v1"


def test_a_care_event_is_not_public() -> None:
    care = {kind.cls.__name__ for kind in EVENTS.values() if not kind.public}
    assert {"ContactOpened", "VisitCompleted", "FeedbackGiven"} <= care
    assert {kind.subject("10", "285").split(".")[0] for kind in EVENTS.values() if not kind.public} == {"evt"}


@pytest.mark.parametrize(
    ("area", "municipality", "counted"),
    [
        ("10", "285", "285"),  # Kotka
        ("10", "489", "000"),  # Miehikkälä
        ("18", "272", "272"),  # Kokkola
        ("18", "421", "000"),  # Lestijärvi, some 700 inhabitants
        ("18", "285", "000"),  # another county's
        ("10", "000", "000"),
        ("99", "285", "000"),
    ],
)
def test_a_municipality_too_small_to_hide_in_is_counted_with_its_county(
    area: str, municipality: str, counted: str
) -> None:
    areas = load_areas(Path(ROOT) / "deploy" / "areas", practice=False)
    assert areas.counted(area, municipality) == counted


def test_a_public_event_says_the_day_and_nothing_finer() -> None:
    body = ContactCounted.example.model_dump(mode="json")
    assert body == {
        "area": "10",
        "municipality": "285",
        "day": "2026-11-24",
        "origin": "chat",
        "trouble": "joint",
        "destination": "chat",
    }

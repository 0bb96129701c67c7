"""Our own services set aside what the kit calls wrong, under the very code that the checker gives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.inbox import Consumer, Ending, Received, apply
from services.unit import build, consumers
from tests.golden import HEARD, WRONG, OnTheBus
from tests.unit import Unit, practice_settings

JUDGED = ("schema:", "content-type", "unknown-type", "wrong-aggregate", "wrong-subject")
"""Beside a missing attribute. The rest only the checker sees: a service does not compare what it does not use."""


def judged(wrong: dict[str, Any]) -> bool:
    event = wrong["event"]
    if wrong["code"] == "bad-envelope":
        return isinstance(event, dict) and "headers" not in event
    return wrong["code"].startswith(JUDGED)


@pytest.fixture
def units(tmp_path: Path) -> Iterator[dict[str, Unit]]:
    settings = practice_settings(tmp_path)
    hearing = {name for names in consumers().values() for name in names}
    made = {name: Unit(build(name, settings)) for name in hearing}
    yield made
    for unit in made.values():
        unit.close()


def consumer_of(unit: Unit, ce_type: str) -> Consumer:
    (found,) = (pair for pair in unit.service.handlers.items() if pair[0].ce_type == ce_type)
    return Consumer(unit.service.name, found[0], unit.service.wire(found[1], 2), unit.sealer)


def test_a_service_sets_a_wrong_golden_event_aside_with_the_code_of_the_checker(units: dict[str, Unit]) -> None:
    judged_by_ours = 0
    for number, wrong in enumerate(filter(judged, WRONG)):
        sent = OnTheBus.of(wrong["event"])
        received = Received(sent.subject, sent.headers, sent.body, number, 1)
        read_as = received.headers["ce-type"] if wrong["code"].startswith("schema:") else HEARD
        for name in consumers().get(read_as, ()):
            unit = units[name]
            (verdict,), _ = apply(consumer_of(unit, read_as), unit.database.write, [received])
            assert (verdict.ending, verdict.code) == (Ending.UNPROCESSABLE, wrong["code"])
            judged_by_ours += 1
    assert judged_by_ours > len(JUDGED)

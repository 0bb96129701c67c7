"""`digi triage shadow`: a rule table over past cases, before it takes effect."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from contracts.intake import TriageOutcome
from services import cli
from services.intake.app import build
from services.intake.settings import QUESTIONNAIRES
from services.intake.triage.domain import triage
from services.intake.triage.questionnaire import read_questionnaire
from services.intake.triage.shadow import MOST_NAMED, Past, compare
from tests.factories import contact_opened
from tests.services.intake.builders import answers, stored_bytes, the_questionnaire
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings

FILE = (QUESTIONNAIRES / "2026-11-01.toml").read_text(encoding="utf-8")
CURRENT, NEXT = the_questionnaire(), "2026-12-01"
Shadow = Callable[..., dict[str, Any]]


def changed(was: str, becomes: str) -> str:
    assert was in FILE
    return FILE.replace(was, becomes)


MILDER = changed('code = "g_trauma"\noutcome = "urgent_same_day"', 'code = "g_trauma"\noutcome = "physician"').replace(
    'signs = ["g_fever", "g_trauma"]', 'signs = ["g_trauma"]'
)
"""Who came by accident with a neck waits for a physician; the fever is asked about no longer."""
SEVERER = changed('code = "j_hot"\noutcome = "urgent_now"', 'code = "j_hot"\noutcome = "emergency_112"')
ONE_MORE = changed('flags = ["joint_now", "leg_same_day"]', 'flags = ["joint_now", "leg_same_day", "arm_same_day"]')
"""Ankles are asked about fever and fractures, too."""


def past(number: int, trouble: str, **given: str) -> Past:
    subject, told = CURRENT.trouble(trouble), answers(trouble, **given)
    assert subject
    return Past(UUID(int=number), trouble, triage(CURRENT, subject, told).outcome, tuple(told))


# the rules of it


def test_the_same_rules_change_nothing() -> None:
    cases = [past(1, "knee"), past(2, "back", back_now="yes"), past(3, "exercise", limits="much")]
    found = compare(cases, CURRENT)
    assert (found.cases, found.changed, found.milder, found.incomplete.total()) == (3, 0, 0, 0)


def test_a_case_that_would_become_severer_is_counted_and_named() -> None:
    found = compare([past(1, "knee", joint_now="yes"), past(2, "knee")], read_questionnaire(NEXT, SEVERER))
    now, emergency, mild = TriageOutcome.URGENT_NOW, TriageOutcome.EMERGENCY_112, TriageOutcome.SELF_CARE
    assert found.matrix == {(now, emergency): 1, (mild, mild): 1}
    assert [(one.contact_id.int, one.was, one.becomes) for one in found.named_severer] == [(1, now, emergency)]
    assert (found.changed, found.milder) == (1, 0)


def test_a_case_that_would_become_milder_is_counted_apart() -> None:
    found = compare([past(1, "neck_shoulder", neck_same_day="yes")], read_questionnaire(NEXT, MILDER))
    assert (found.milder, [one.contact_id.int for one in found.named_milder]) == (1, [1])


def test_questions_nobody_was_asked_are_named_and_their_cases_kept_apart() -> None:
    """An unanswered red flag counts as don't know: nobody looks milder for want of an answer."""
    found = compare([past(1, "ankle"), past(2, "ankle"), past(3, "knee")], read_questionnaire(NEXT, ONE_MORE))
    assert found.unasked == {"arm_same_day": 2}
    assert found.incomplete == {(TriageOutcome.SELF_CARE, TriageOutcome.PHYSICIAN): 2}
    assert found.matrix == {(TriageOutcome.SELF_CARE, TriageOutcome.SELF_CARE): 1}


def test_a_trouble_that_is_gone_is_named_and_not_weighed() -> None:
    gone = changed('[[troubles]]\ncode = "exercise"', '[[troubles]]\ncode = "moving"')
    found = compare([past(1, "exercise"), past(2, "knee")], read_questionnaire(NEXT, gone))
    assert (found.unknown_troubles, found.matrix.total(), found.cases) == ({"exercise": 1}, 1, 2)


def test_however_many_change_a_bounded_number_is_named() -> None:
    cases = (past(number, "knee", joint_now="yes") for number in range(MOST_NAMED + 20))
    found = compare(cases, read_questionnaire(NEXT, SEVERER))
    assert (found.changed, len(found.named_severer)) == (MOST_NAMED + 20, MOST_NAMED)


# the command, over a real database


@pytest.fixture(params=DATABASES)
def intake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Unit]:
    url = request.getfixturevalue("postgres").make(["intake"]) if request.param == "postgresql" else ""
    monkeypatch.setenv("DIGI_DATA_DIR", str(tmp_path))
    if url:
        monkeypatch.setenv("DIGI_DATABASE_URL", url)
    unit = Unit(build(practice_settings(tmp_path, **({"database_url": url} if url else {}))))
    yield unit
    unit.close()


@pytest.fixture
def shadow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shadow:
    def run(rules: str, *more: str) -> dict[str, Any]:
        (tmp_path / f"{NEXT}.toml").write_text(rules, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            cli.main(["triage", "shadow", "--rules", str(tmp_path / f"{NEXT}.toml"), *more])
        said = capsys.readouterr()
        return {"code": ended.value.code, "out": said.out, "err": said.err}

    return run


def came(intake: Unit, number: int, trouble: str, **given: str) -> UUID:
    contact_id = UUID(int=number)
    intake.hears(contact_opened(contact_id=contact_id, trouble=trouble, answers=answers(trouble, **given)))
    return contact_id


def test_past_cases_are_weighed_again_and_the_matrix_is_printed(intake: Unit, shadow: Shadow) -> None:
    came(intake, 1, "knee")
    hot = came(intake, 2, "knee", joint_now="yes")
    said = shadow(SEVERER)
    assert said["code"] == 0
    assert f"past cases weighed again by {NEXT}: 2\n" in said["out"]
    assert re.search(r"^was / becomes +emergency_112 +self_care$", said["out"], re.MULTILINE)
    assert re.search(r"^urgent_now +1 +–$", said["out"], re.MULTILINE)
    assert re.search(r"^self_care +– +1$", said["out"], re.MULTILINE)
    assert f"severer than they were: 1\n  {hot}  urgent_now -> emergency_112" in said["out"]


def test_a_milder_outcome_ends_with_1_and_a_program_reads_the_same(intake: Unit, shadow: Shadow) -> None:
    neck = came(intake, 1, "neck_shoulder", neck_same_day="yes")
    said = shadow(MILDER, "--json")
    told = json.loads(said["out"])
    assert (said["code"], told["cases"], told["changed"], told["milder"]) == (1, 1, 1, 1)
    assert told["named_milder"] == [{"contact_id": str(neck), "was": "urgent_same_day", "becomes": "physician"}]
    assert told["matrix"] == [{"was": "urgent_same_day", "becomes": "physician", "cases": 1}]


def test_what_nobody_was_asked_is_said(intake: Unit, shadow: Shadow) -> None:
    came(intake, 1, "ankle")
    said = shadow(ONE_MORE)
    assert f"never asked what {NEXT} asks, counted as don't know: 1\n  arm_same_day: 1\n" in said["out"]


def test_cases_before_the_day_are_left_out(intake: Unit, shadow: Shadow) -> None:
    intake.clock.set(datetime(2026, 11, 18, 21, 59, tzinfo=UTC))
    came(intake, 1, "knee")
    intake.clock.set(datetime(2026, 11, 18, 22, 0, tzinfo=UTC))
    came(intake, 2, "knee")
    assert f"past cases weighed again by {NEXT}: 1\n" in shadow(FILE, "--since", "2026-11-19")["out"]


def test_nothing_is_changed_and_nothing_told(intake: Unit, shadow: Shadow, tmp_path: Path) -> None:
    came(intake, 1, "knee", joint_now="yes")
    told, kept = intake.told, stored_bytes(tmp_path)
    shadow(SEVERER)
    assert (intake.told, stored_bytes(tmp_path)) == (told, kept)
    assert intake.audited == []


def test_a_table_that_makes_no_sense_is_refused_with_the_place(intake: Unit, shadow: Shadow) -> None:
    said = shadow(changed('sv = "Knä"', 'sv = " "'))
    assert (said["code"], said["out"]) == (2, "")
    assert "troubles.knee.text.sv" in said["err"]


def test_without_a_database_there_is_nothing_to_look_at(
    shadow: Shadow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGI_DATA_DIR", str(tmp_path / "empty"))
    said = shadow(FILE)
    assert said["code"] == 2
    assert "no database yet" in said["err"]
    assert not (tmp_path / "empty").exists()

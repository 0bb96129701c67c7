from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from chassis import SERVICE, Refused, Transaction, Viewer
from contracts.base import Language
from contracts.intake import (
    ContactState,
    GetContact,
    GetPerson,
    GetQuestionnaire,
    QuestionnaireView,
    Route,
    TriageMode,
)
from services.intake.app import build
from services.intake.triage.store import last_run
from tests.factories import AINO, client, contact_opened, identity_verified, staff
from tests.services.intake.builders import CODE, answers, sealed_person, the_questionnaire, write_two_versions
from tests.unit import Unit, practice_settings


@pytest.fixture
def two_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Unit]:
    """A second version takes effect on the 25th."""
    write_two_versions(tmp_path / "versions")
    monkeypatch.setenv("INTAKE_QUESTIONNAIRES_DIR", str(tmp_path / "versions"))
    unit = Unit(build(practice_settings(tmp_path)))
    yield unit
    unit.close()


TROUBLES = [one.code for one in the_questionnaire().troubles]


def came_in(unit: Unit, **over: object) -> UUID:
    contact_id = uuid4()
    unit.hears(contact_opened(contact_id=contact_id, answers=answers(), **over))
    return contact_id


def identified(unit: Unit, **person: object) -> UUID:
    contact_id = came_in(unit)
    unit.hears(identity_verified(contact_id=contact_id, person=unit.seal(sealed_person(**person))))
    return contact_id


def asked(unit: Unit, trouble: str | None, language: Language = Language.FI) -> QuestionnaireView:
    view = unit.asks(GetQuestionnaire(language=language, trouble=trouble), viewer=client(uuid4()))
    assert isinstance(view, QuestionnaireView)
    return view


# GetQuestionnaire


def test_before_a_trouble_is_picked_there_are_troubles_and_safety_signs_but_no_questions(intake: Unit) -> None:
    view = asked(intake, None)
    assert (view.version, view.trouble, view.questions) == ("2026-11-01", None, ())
    assert [one.code for one in view.troubles] == TROUBLES
    assert len(view.safety_signs) == 8


@pytest.mark.parametrize("trouble", TROUBLES)
def test_red_flags_are_asked_first_and_can_be_answered_dont_know(intake: Unit, trouble: str) -> None:
    questions = asked(intake, trouble).questions
    flags = [one.red_flag for one in questions]
    assert flags == sorted(flags, reverse=True)
    assert any(flags)
    codes = {tuple(option.code for option in one.options) for one in questions if one.red_flag}
    assert codes == {("yes", "no", "dont_know")}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_is_asked_is_what_is_weighed(intake: Unit, trouble: str) -> None:
    subject = the_questionnaire().trouble(trouble)
    assert subject
    assert [one.code for one in asked(intake, trouble).questions] == [*subject.flags, *subject.questions]


def test_a_questionnaire_comes_in_the_language_asked_for(intake: Unit) -> None:
    spoken = {language: asked(intake, "knee", language) for language in Language}
    assert len({view.safety_signs for view in spoken.values()}) == len(Language)
    assert len({view.questions for view in spoken.values()}) == len(Language)
    assert spoken[Language.SV].questions[-1].text == "Vad önskar du av oss?"


def test_an_unknown_trouble_is_refused(intake: Unit) -> None:
    with pytest.raises(Refused, match="unknown-trouble"):
        asked(intake, "tooth")


MIDNIGHT = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
"""Of the 25th in Helsinki."""


@pytest.mark.parametrize(
    ("at", "version"),
    [(MIDNIGHT - timedelta(microseconds=1), "2026-11-01"), (MIDNIGHT, "2026-11-25")],
    ids=["before midnight", "at midnight"],
)
def test_a_version_takes_effect_at_midnight_in_finland(two_versions: Unit, at: datetime, version: str) -> None:
    two_versions.clock.set(at)
    assert asked(two_versions, None).version == version


@pytest.mark.parametrize(
    ("at", "answerable"),
    [
        (MIDNIGHT - timedelta(days=9), True),
        (MIDNIGHT, True),
        (MIDNIGHT + timedelta(hours=24) - timedelta(microseconds=1), True),
        (MIDNIGHT + timedelta(hours=24), False),
    ],
)
def test_answers_to_a_version_are_taken_until_24_hours_after_the_next_took_effect(
    two_versions: Unit, at: datetime, answerable: bool
) -> None:
    two_versions.clock.set(at)
    ask = GetQuestionnaire(language=Language.FI, trouble="knee", version="2026-11-01")
    view = two_versions.asks(ask, viewer=client(uuid4()))
    assert (view.version, len(view.questions), view.answerable) == ("2026-11-01", 7, answerable)


def test_a_version_that_nobody_wrote_is_refused(intake: Unit) -> None:
    with pytest.raises(Refused, match="unknown-questionnaire"):
        intake.asks(GetQuestionnaire(language=Language.FI, version="2020-01-01"), viewer=client(uuid4()))


def test_an_old_version_is_still_weighed_by_its_own_rules(two_versions: Unit) -> None:
    """A fact may wait long for the bus: whoever came in is decided about."""
    two_versions.clock.set(MIDNIGHT + timedelta(days=9))
    view = two_versions.asks(GetContact(contact_id=came_in(two_versions)), viewer=staff())
    assert (view.trace.rules, view.route) == ("2026-11-01", Route.CHAT)


# GetContact


@pytest.mark.parametrize("viewer", [staff(AINO, "10"), SERVICE], ids=["staff of the area", "a service"])
def test_a_contact_is_there_for_staff_of_its_area_and_for_services(intake: Unit, viewer: Viewer) -> None:
    contact_id = came_in(intake)
    view = intake.asks(GetContact(contact_id=contact_id), viewer=viewer)
    assert (view.state, view.route, view.identified) == (ContactState.ROUTED, Route.CHAT, False)


def test_a_contact_is_there_for_its_own_person(intake: Unit) -> None:
    contact_id = came_in(intake)
    assert intake.asks(GetContact(contact_id=contact_id), viewer=client(contact_id)).contact_id == contact_id


@pytest.mark.parametrize("viewer", [staff(AINO, "18"), client(uuid4())], ids=["staff elsewhere", "another person"])
@pytest.mark.parametrize("ask", [GetContact, GetPerson])
def test_what_is_not_yours_is_not_there(intake: Unit, viewer: Viewer, ask: type[GetContact | GetPerson]) -> None:
    contact_id = identified(intake)
    with pytest.raises(Refused, match="unknown-contact"):
        intake.asks(ask(contact_id=contact_id), viewer=viewer)


def test_a_contact_not_decided_about_yet_is_not_there(intake: Unit) -> None:
    with pytest.raises(Refused, match="unknown-contact"):
        intake.asks(GetContact(contact_id=uuid4()), viewer=staff())


def test_a_declined_contact_says_why(intake: Unit) -> None:
    view = intake.asks(GetContact(contact_id=came_in(intake, municipality="091")), viewer=staff())
    assert (view.state, view.route, view.declined) == ("declined", None, "other_municipality")


def test_a_contact_of_an_unknown_questionnaire_was_never_triaged(intake: Unit) -> None:
    view = intake.asks(GetContact(contact_id=came_in(intake, questionnaire="2020-01-01")), viewer=staff())
    assert (view.outcome, view.flags) == (None, ())


def test_a_therapists_read_of_a_contact_is_on_record(intake: Unit) -> None:
    """What troubles the person and which red flags were raised are personal data."""
    contact_id = came_in(intake)
    intake.asks(GetContact(contact_id=contact_id), viewer=staff())
    reads = [(one.viewer_id, one.action, one.whom, one.what) for one in intake.audited]
    assert reads == [(AINO, "read", contact_id, "contact")]


def test_a_contact_read_by_its_own_person_or_a_service_is_no_record(intake: Unit) -> None:
    contact_id = came_in(intake)
    for viewer in (client(contact_id), SERVICE):
        intake.asks(GetContact(contact_id=contact_id), viewer=viewer)
    assert intake.audited == []


def test_a_therapist_sees_how_the_answers_were_weighed(intake: Unit) -> None:
    """Rule 12: version, mode, answers and outcome are there for the professional."""
    contact_id = uuid4()
    told = answers(joint_now="dont_know")
    intake.hears(contact_opened(contact_id=contact_id, answers=told))
    trace = intake.asks(GetContact(contact_id=contact_id), viewer=staff()).trace
    assert (trace.rules, trace.mode, trace.answers, trace.ran_at) == (
        "2026-11-01",
        TriageMode.ROUTING_ONLY,
        tuple(told),
        intake.clock(),
    )
    assert [(step.code, step.milder) for step in trace.steps if step.hit and step.kind == "flag"] == [
        ("joint_now", True)
    ]
    assert trace.decided_by == ("joint_now",)


@pytest.mark.parametrize("asks", ["the person", "a service"])
def test_how_the_answers_were_weighed_is_for_staff_alone(intake: Unit, asks: str) -> None:
    contact_id = came_in(intake)
    viewer = client(contact_id) if asks == "the person" else SERVICE
    assert intake.asks(GetContact(contact_id=contact_id), viewer=viewer).trace is None


def test_a_run_from_before_steps_were_kept_is_still_read(intake: Unit) -> None:
    contact_id = came_in(intake)

    def forget(tx: Transaction) -> None:
        run = last_run(tx.session, contact_id, SERVICE)
        assert run
        run.trace = None

    intake.transact(forget)
    trace = intake.asks(GetContact(contact_id=contact_id), viewer=staff()).trace
    assert (trace.rules, trace.steps, trace.decided_by) == ("2026-11-01", (), ())


# GetPerson


def test_staff_of_the_area_see_who_an_identified_contact_is(intake: Unit) -> None:
    view = intake.asks(GetPerson(contact_id=identified(intake)), viewer=staff())
    assert (view.display_name, view.birth_year, view.personal_identity_code) == (
        "Testi Maria Esimerkki-Virtanen",
        1981,
        CODE,
    )


def test_a_person_from_abroad_has_no_code(intake: Unit) -> None:
    """Rule 7."""
    contact_id = identified(intake, personal_identity_code=None, birth_date="1975-05-05")
    view = intake.asks(GetPerson(contact_id=contact_id), viewer=staff())
    assert (view.birth_year, view.personal_identity_code) == (1975, "")


def test_every_read_of_a_person_is_on_record(intake: Unit) -> None:
    contact_id = identified(intake)
    for _ in range(2):
        intake.asks(GetPerson(contact_id=contact_id), viewer=staff())
    reads = [(one.viewer_id, one.whom, one.what) for one in intake.audited if one.action == "read"]
    assert reads == [(AINO, contact_id, "identity")] * 2


@pytest.mark.parametrize("role", ["the person", "a service"])
def test_a_person_is_shown_to_staff_only(intake: Unit, role: str) -> None:
    contact_id = identified(intake)
    viewer = client(contact_id) if role == "the person" else SERVICE
    with pytest.raises(Refused, match="unknown-contact"):
        intake.asks(GetPerson(contact_id=contact_id), viewer=viewer)


def test_nobody_is_behind_a_contact_that_has_not_identified(intake: Unit) -> None:
    with pytest.raises(Refused, match="not-identified"):
        intake.asks(GetPerson(contact_id=came_in(intake)), viewer=staff())


def test_a_refused_read_is_no_read(intake: Unit) -> None:
    contact_id = came_in(intake)
    with pytest.raises(Refused):
        intake.asks(GetPerson(contact_id=contact_id), viewer=staff())
    assert intake.audited == []

"""Who identified without a personal identity code is matched by a professional, never by a machine. Rule 7."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis import Refused, Viewer
from contracts import Ask
from contracts.cases import ContactParted, JoinGround, PartReason
from contracts.intake import GetPerson
from contracts.matching import (
    KEEPING_APART,
    LINKING,
    FindCandidate,
    GetMatching,
    KeepApart,
    LinkPerson,
    MatchOutcome,
    MatchReason,
    PersonMatchDecided,
    ReopenMatch,
    UnmatchedView,
)
from services.intake.app import build
from tests.factories import AINO, MATTI, client, identity_verified, staff
from tests.services.intake.builders import CODE, code, sealed_person
from tests.services.intake.cases.steps import Cases
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings

OTHER = code("030374-901")
LINK, APART = MatchReason.DOCUMENT, MatchReason.NOT_IN_VAULT
BACK = MatchReason.MISTAKE


@pytest.fixture
def cases(intake: Unit) -> Cases:
    return Cases(intake)


def abroad(cases: Cases, **over: Any) -> UUID:
    """Somebody comes in and identifies without a code."""

    contact_id = cases.comes(**over)
    told = sealed_person(personal_identity_code=None, family_name="Muualta")
    cases.unit.hears(identity_verified(contact_id=contact_id, person=cases.unit.seal(told)))
    assert cases.unit.outcome == "done"
    return contact_id


def listed(unit: Unit, viewer: Viewer | None = None) -> tuple[list[UnmatchedView], list[UnmatchedView]]:
    view = unit.asks(GetMatching(), viewer=viewer or staff())
    return list(view.waiting), list(view.decided)


def name_of(unit: Unit, contact_id: UUID) -> str:
    return str(unit.asks(GetPerson(contact_id=contact_id), viewer=staff()).display_name)


def links(unit: Unit, contact_id: UUID, typed: str = CODE, viewer: Viewer | None = None, **over: Any) -> MatchOutcome:
    ask = LinkPerson(**{"contact_id": contact_id, "personal_identity_code": typed, "reason": LINK} | over)
    outcome: MatchOutcome = unit.asks(ask, viewer=viewer or staff()).outcome
    return outcome


def refusal(unit: Unit, ask: Ask[Any], viewer: Viewer | None = None) -> str:
    with pytest.raises(Refused) as refused:
        unit.asks(ask, viewer=viewer or staff())
    assert CODE not in str(refused.value)
    return refused.value.code


def test_who_identified_without_a_code_waits_on_the_list_as_told(cases: Cases) -> None:
    contact_id = abroad(cases)
    cases.comes(person=CODE)
    [waiting], decided = listed(cases.unit)
    assert (waiting.contact_id, waiting.display_name, waiting.birth_date, decided) == (
        contact_id,
        "Testi Maria Muualta",
        date(1981, 2, 21),
        [],
    )


def test_the_contact_is_usable_and_nobodys_else_until_somebody_decides(cases: Cases) -> None:
    cases.comes(person=CODE)
    contact_id = abroad(cases)
    assert name_of(cases.unit, contact_id) == "Testi Maria Muualta"
    assert cases.offered(contact_id) is None


def test_a_professional_looks_for_somebody_by_code_and_sees_both_birth_dates(cases: Cases) -> None:
    cases.comes(person=CODE)
    ask = FindCandidate(contact_id=abroad(cases), personal_identity_code=CODE)
    found = cases.unit.asks(ask, viewer=staff()).candidate
    assert (found.display_name, found.birth_date, found.same_birth_date) == (
        "Testi Maria Esimerkki-Virtanen",
        date(1981, 2, 21),
        True,
    )


def test_nobody_and_another_countys_client_look_alike(cases: Cases) -> None:
    cases.comes(person=CODE, area="18", municipality="272")
    contact_id = abroad(cases)
    for typed in (CODE, OTHER):
        ask = FindCandidate(contact_id=contact_id, personal_identity_code=typed)
        assert cases.unit.asks(ask, viewer=staff()).candidate is None
        link = LinkPerson(contact_id=contact_id, personal_identity_code=typed, reason=LINK)
        assert refusal(cases.unit, link) == "candidate-not-found"


def test_linked_the_contact_is_the_persons_and_their_earlier_case_is_offered(cases: Cases) -> None:
    first = cases.comes(person=CODE)
    contact_id = abroad(cases)
    assert links(cases.unit, contact_id) is MatchOutcome.LINKED
    assert name_of(cases.unit, contact_id) == "Testi Maria Esimerkki-Virtanen"
    assert cases.offered(contact_id) == cases.case_of(first)
    waiting, [decided] = listed(cases.unit)
    assert (waiting, decided.outcome, decided.display_name) == ([], MatchOutcome.LINKED, "Testi Maria Muualta")


def test_a_person_who_was_linked_can_identify_with_the_code_too(cases: Cases) -> None:
    cases.comes(person=CODE)
    contact_id = abroad(cases)
    links(cases.unit, contact_id)
    cases.identifies(contact_id, CODE)


def test_kept_apart_the_contact_stays_as_it_is(cases: Cases) -> None:
    cases.comes(person=CODE)
    contact_id = abroad(cases)
    view = cases.unit.asks(KeepApart(contact_id=contact_id, reason=APART), viewer=staff())
    assert view.outcome is MatchOutcome.KEPT_APART
    assert name_of(cases.unit, contact_id) == "Testi Maria Muualta"
    waiting, [decided] = listed(cases.unit)
    assert (waiting, decided.outcome, decided.reason) == ([], MatchOutcome.KEPT_APART, APART)


def test_a_decision_is_undone_and_made_anew(cases: Cases) -> None:
    cases.comes(person=CODE)
    contact_id = abroad(cases)
    links(cases.unit, contact_id)
    cases.unit.asks(ReopenMatch(contact_id=contact_id, reason=BACK), viewer=staff())
    assert name_of(cases.unit, contact_id) == "Testi Maria Muualta"
    assert [one.contact_id for one in listed(cases.unit)[0]] == [contact_id]
    assert links(cases.unit, contact_id) is MatchOutcome.LINKED
    assert refusal(cases.unit, KeepApart(contact_id=contact_id, reason=APART)) == "already-matched"


def test_undoing_takes_the_contact_out_of_the_other_persons_case(cases: Cases) -> None:
    first = cases.comes(person=CODE)
    contact_id = abroad(cases)
    links(cases.unit, contact_id)
    cases.joins(contact_id, cases.case_of(first))
    cases.unit.asks(ReopenMatch(contact_id=contact_id, reason=BACK), viewer=staff())
    assert cases.case_of(contact_id) != cases.case_of(first)
    assert [told.reason for told in cases.unit.told_of(ContactParted)] == [PartReason.OTHER_PERSON]


def test_who_shares_the_case_and_has_not_identified_stays_in_it(cases: Cases) -> None:
    cases.comes(person=CODE)
    contact_id, unidentified = abroad(cases), cases.comes()
    cases.joins(unidentified, cases.case_of(contact_id), JoinGround.CLIENT_SAID)
    links(cases.unit, contact_id)
    assert cases.case_of(unidentified) == cases.case_of(contact_id)
    with pytest.raises(Refused, match="different-persons"):
        cases.joins(cases.comes(person=OTHER), cases.case_of(contact_id))


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        (CODE[:-1] + "0", "bad-personal-identity-code"),
        (CODE.lower().replace("2", "２"), "bad-personal-identity-code"),  # full-width on purpose
        ("010199A123Y", "bad-personal-identity-code"),
    ],
    ids=["check character", "full width", "future"],
)
def test_a_code_that_cannot_be_finds_nobody(cases: Cases, typed: str, refused: str) -> None:
    """Rule 3."""
    ask = FindCandidate(contact_id=abroad(cases), personal_identity_code=typed)
    assert refusal(cases.unit, ask) == refused


def test_a_test_persons_code_is_looked_for_in_practice_alone(real_intake: Unit) -> None:
    """Rule 3."""
    ask = FindCandidate(contact_id=abroad(Cases(real_intake)), personal_identity_code=CODE)
    assert refusal(real_intake, ask) == "test-personal-identity-code"


def test_two_who_were_born_on_different_days_are_not_linked(cases: Cases) -> None:
    cases.comes(person=OTHER)
    contact_id = abroad(cases)
    found = cases.unit.asks(FindCandidate(contact_id=contact_id, personal_identity_code=OTHER), viewer=staff())
    assert not found.candidate.same_birth_date
    ask = LinkPerson(contact_id=contact_id, personal_identity_code=OTHER, reason=LINK)
    assert refusal(cases.unit, ask) == "birth-dates-differ"


@pytest.mark.parametrize("reason", list(MatchReason))
def test_a_reason_carries_only_what_it_can(cases: Cases, reason: MatchReason) -> None:
    cases.comes(person=CODE)
    contact_id = abroad(cases)
    asks: dict[Ask[Any], bool] = {
        LinkPerson(contact_id=contact_id, personal_identity_code=CODE, reason=reason): reason in LINKING,
        KeepApart(contact_id=contact_id, reason=reason): reason in KEEPING_APART,
    }
    for ask, fits in asks.items():
        if not fits:
            assert refusal(cases.unit, ask) == "reason-does-not-fit"


def test_who_has_a_code_or_is_nobody_yet_is_not_matched(cases: Cases) -> None:
    known, unknown = cases.comes(person=CODE), cases.comes()
    assert refusal(cases.unit, KeepApart(contact_id=known, reason=APART)) == "nothing-to-match"
    assert refusal(cases.unit, KeepApart(contact_id=unknown, reason=APART)) == "not-identified"
    assert refusal(cases.unit, ReopenMatch(contact_id=known, reason=BACK)) == "not-matched"


def test_it_is_for_staff_of_the_county_alone(cases: Cases) -> None:
    contact_id = abroad(cases)
    for ask in (
        FindCandidate(contact_id=contact_id, personal_identity_code=CODE),
        LinkPerson(contact_id=contact_id, personal_identity_code=CODE, reason=LINK),
        KeepApart(contact_id=contact_id, reason=APART),
        ReopenMatch(contact_id=contact_id, reason=BACK),
    ):
        assert refusal(cases.unit, ask, client(contact_id)) == "not-yours"
        assert refusal(cases.unit, ask, staff(AINO, "18")) == "unknown-contact"
    assert refusal(cases.unit, GetMatching(), client(contact_id)) == "not-yours"
    assert listed(cases.unit, staff(AINO, "18")) == ([], [])


def test_every_decision_is_told_without_naming_anybody(cases: Cases) -> None:
    """Rule 4, and rule 7."""
    cases.comes(person=CODE)
    contact_id = abroad(cases)
    links(cases.unit, contact_id)
    cases.unit.asks(ReopenMatch(contact_id=contact_id, reason=BACK), viewer=staff())
    told = cases.unit.told_of(PersonMatchDecided)
    assert [(one.contact_id, one.outcome, one.reason) for one in told] == [
        (contact_id, MatchOutcome.LINKED, LINK),
        (contact_id, MatchOutcome.REOPENED, BACK),
    ]


def test_who_looked_and_decided_and_why_is_on_record(cases: Cases) -> None:
    """Rule 32."""
    cases.comes(person=CODE)
    contact_id, before = abroad(cases), len(cases.unit.audited)
    for typed in (CODE, OTHER):
        cases.unit.asks(FindCandidate(contact_id=contact_id, personal_identity_code=typed), viewer=staff(MATTI))
    links(cases.unit, contact_id, viewer=staff(MATTI))
    listed(cases.unit)
    rows = cases.unit.audited[before:]
    assert [(row.action, row.what, row.ground) for row in rows] == [
        ("read", "person looked for", "matching"),
        ("read", "identity", "matching"),
        ("read", "person looked for", "matching"),
        ("change", "person linked", "document"),
        ("read", "matching list", "care relation"),
    ]
    assert [row.viewer_id for row in rows] == [MATTI] * 4 + [AINO]
    assert {row.whom for row in rows if row.what != "identity"} == {contact_id}


# Two at once


@pytest.fixture(params=DATABASES)
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Unit, Unit]]:
    over = {}
    if request.param == "postgresql":
        over["database_url"] = request.getfixturevalue("postgres").make(["intake"])
    service = build(practice_settings(tmp_path, **over))
    units = (Unit(service), Unit(service))
    yield units
    for unit in units:
        unit.close()


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(two: tuple[Unit, Unit]) -> None:
    cases = Cases(two[0])
    cases.comes(person=CODE)
    contact_id = abroad(cases)

    def decides(unit: Unit, ask: Ask[Any], viewer: Viewer) -> str:
        try:
            return str(unit.asks(ask, viewer=viewer).outcome)
        except Refused as refused:
            return refused.code

    asks: list[Ask[Any]] = [
        LinkPerson(contact_id=contact_id, personal_identity_code=CODE, reason=LINK),
        KeepApart(contact_id=contact_id, reason=APART),
    ]
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(decides, two, asks, (staff(), staff(MATTI))))
    assert ended.count("already-matched") == 1
    assert set(ended) - {"already-matched"} <= {"linked", "kept_apart"}
    assert len(cases.unit.told_of(PersonMatchDecided)) == 1

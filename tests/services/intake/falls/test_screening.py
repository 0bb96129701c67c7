from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import SERVICE, Refused
from contracts.falls import (
    FallCondition,
    FallForm,
    FallOutcome,
    FallRiskScreened,
    FilledBy,
    GetFallForms,
    ScreenFallRisk,
)
from contracts.portal import Answer
from tests.factories import client, contact_opened, identity_verified, staff
from tests.services.intake.builders import answers, code, sealed_person
from tests.services.intake.falls.builders import VERSION, at_70, pathway, refusal_of, screens, short
from tests.unit import Unit

KOKKOLA = {"area": "18", "municipality": "272"}


def comes_in(intake: Unit, contact_id: UUID | None = None, **over: Any) -> UUID:
    opened = contact_opened(**{"contact_id": contact_id or uuid4(), "answers": answers()} | over)
    intake.hears(opened)
    return opened.contact_id


def identifies(intake: Unit, contact_id: UUID, first_ten: str = "241151-951") -> None:
    """Somebody born on 24.11.1951: 75 on the day the clock starts."""
    person = intake.seal(sealed_person(personal_identity_code=code(first_ten)))
    assert intake.hears(identity_verified(contact_id=contact_id, person=person)).ending == "done"


def refused(intake: Unit, **over: Any) -> str:
    return refusal_of(lambda: screens(intake, **over))


def test_the_forms_of_today_come_in_the_language_asked_for(intake: Unit) -> None:
    view = intake.asks(GetFallForms(language="sv"), viewer=client(uuid4()))
    assert [(one.form, one.age_years, len(one.questions)) for one in view.forms] == [
        (FallForm.SHORT_SCREEN, 75, 3),
        (FallForm.FALLS_AND_FEAR, 70, 2),
    ]
    assert view.forms[1].questions[1].text == "Är du rädd för att falla?"
    assert "kaateh" not in {one.code for one in view.sources}


def test_a_resident_who_has_not_come_in_yet_fills_in_the_screen_and_it_is_told(intake: Unit) -> None:
    view = screens(intake)
    assert intake.told == [
        FallRiskScreened(
            area="10",
            municipality="285",
            contact_id=view.contact_id,
            screen_id=view.screen_id,
            form=FallForm.SHORT_SCREEN,
            filled_by=FilledBy.RESIDENT,
            source="self",
            score=7,
            conditions=(FallCondition.SCORE, FallCondition.BALANCE_PROBLEM, FallCondition.FALL),
            outcome=FallOutcome.PHYSIOTHERAPIST,
            rule="all_of_three",
            rules=VERSION,
            review_on=date(2027, 5, 24),
            screened_at=intake.clock(),
        )
    ]


def test_what_is_told_of_a_screen_holds_no_answer(intake: Unit) -> None:
    """Rule 4: which condition held, never what was answered."""
    screens(intake)
    assert "answers" not in intake.told[0].model_dump()


def test_the_same_click_twice_is_one_screen(intake: Unit) -> None:
    contact_id = uuid4()
    for _ in range(2):
        intake.asks(_ask(contact_id), viewer=client(contact_id), key="one")
    assert len(intake.told_of(FallRiskScreened)) == 1


def _ask(contact_id: UUID) -> ScreenFallRisk:
    return ScreenFallRisk(
        contact_id=contact_id, municipality="285", form="short_screen", rules=VERSION, answers=short(1, 1, 1)
    )


def test_a_screen_filled_in_before_is_there_when_the_contact_comes_in(intake: Unit) -> None:
    view = screens(intake)
    comes_in(intake, view.contact_id)
    [found] = pathway(intake, view.contact_id, staff()).screens
    words = {
        "source_text": "Asukas täytti itse",
        "rule_text": "Kaikki kolme: pisteet, tasapaino-ongelma ja kaatuminen.",
    }
    assert found == view.model_copy(update=words)


def test_before_the_contact_comes_in_no_therapist_sees_the_screen(intake: Unit) -> None:
    view = screens(intake)
    with pytest.raises(Refused, match="unknown-contact"):
        pathway(intake, view.contact_id, staff())


def test_a_therapist_of_another_county_sees_nothing(intake: Unit) -> None:
    view = screens(intake)
    comes_in(intake, view.contact_id)
    with pytest.raises(Refused, match="unknown-contact"):
        pathway(intake, view.contact_id, staff(uuid4(), "18"))


def test_a_resident_sees_no_others_screen(intake: Unit) -> None:
    view = screens(intake)
    with pytest.raises(Refused, match="unknown-contact"):
        screens(intake, contact_id=view.contact_id, viewer=client(uuid4()))
    assert pathway(intake, uuid4(), client(view.contact_id)).screens == ()


def test_a_resident_sees_the_own_screen(intake: Unit) -> None:
    view = screens(intake)
    [found] = pathway(intake, view.contact_id, client(view.contact_id)).screens
    assert found.screen_id == view.screen_id
    assert intake.audited == []


def test_a_therapists_read_and_screen_are_on_record(intake: Unit) -> None:
    """Rule 32."""
    contact_id = comes_in(intake)
    screens(intake, contact_id=contact_id, viewer=staff())
    pathway(intake, contact_id, staff())
    assert [(row.action, row.whom, row.what) for row in intake.audited] == [
        ("change", contact_id, "fall screen"),
        ("read", contact_id, "fall prevention"),
    ]


def test_a_therapist_screens_a_contact_of_any_age_and_says_what_led_to_it(intake: Unit) -> None:
    contact_id = comes_in(intake, age_band="23_74")
    view = screens(intake, contact_id=contact_id, viewer=staff(), source="senior_health_point")
    assert (view.filled_by, view.source) == (FilledBy.STAFF, "senior_health_point")
    assert intake.told_of(FallRiskScreened)[0].source == "senior_health_point"


def test_the_kaateh_reception_is_no_source_any_more(intake: Unit) -> None:
    """It ended with 2024."""
    contact_id = comes_in(intake)
    assert refused(intake, contact_id=contact_id, viewer=staff(), source="kaateh") == "unknown-source"


def test_a_contact_counts_where_it_came_in_whatever_the_form_says(intake: Unit) -> None:
    contact_id = comes_in(intake, **KOKKOLA)
    screens(intake, contact_id=contact_id, viewer=client(contact_id), municipality="285")
    assert intake.told_of(FallRiskScreened)[0].area == "18"
    assert pathway(intake, contact_id, staff()).team == "Keskitetty fysioterapia, Kokkola"


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"municipality": "091"}, "unknown-municipality"),
        ({"rules": "2020-01-01"}, "fall-form-renewed"),
        ({"source": "professional"}, "unknown-source"),
        ({"answers": short(1, 1, 1)[:2]}, "unanswered-question"),
        ({"answers": at_70("yes", "some")}, "unknown-question"),
        ({"answers": (*short(1, 1, 1)[:2], Answer(question="balance", answer="so_so"))}, "unknown-answer"),
        ({"viewer": staff()}, "unknown-contact"),
        ({"viewer": SERVICE}, "unknown-contact"),
    ],
)
def test_each_wrong_form_has_an_answer_of_its_own_and_is_not_kept(
    intake: Unit, over: dict[str, Any], code: str
) -> None:
    assert (refused(intake, **over), intake.told) == (code, [])


def test_who_has_identified_is_asked_by_the_birth_date(intake: Unit) -> None:
    """Rule 24: 75 on this very day, in Helsinki."""
    contact_id = comes_in(intake)
    identifies(intake, contact_id)
    own = {"contact_id": contact_id, "viewer": client(contact_id)}
    assert pathway(intake, contact_id, client(contact_id)).form is FallForm.SHORT_SCREEN
    assert refused(intake, **own, form="falls_and_fear", answers=at_70("no", "none")) == "not-invited"
    assert screens(intake, **own).outcome is FallOutcome.PHYSIOTHERAPIST


def test_who_is_75_tomorrow_is_not_invited_today(intake: Unit) -> None:
    contact_id = comes_in(intake)
    identifies(intake, contact_id, "251151-951")
    assert pathway(intake, contact_id, staff()).form is None
    assert refused(intake, contact_id=contact_id, viewer=client(contact_id)) == "not-invited"
    assert screens(intake, contact_id=contact_id, viewer=staff()).score == 7


def test_screens_of_one_person_stand_together_for_staff_once_both_contacts_are_identified(intake: Unit) -> None:
    first, second = comes_in(intake), comes_in(intake)
    before = screens(intake, contact_id=first, viewer=staff())
    identifies(intake, first)
    assert pathway(intake, second, staff()).screens == ()
    identifies(intake, second)
    assert [one.screen_id for one in pathway(intake, second, staff()).screens] == [before.screen_id]
    assert pathway(intake, second, client(second)).screens == ()


def test_screens_of_a_person_in_another_county_are_not_the_viewers(intake: Unit) -> None:
    here, there = comes_in(intake), comes_in(intake, **KOKKOLA)
    screens(intake, contact_id=there, viewer=staff())
    for contact_id in (here, there):
        identifies(intake, contact_id)
    assert pathway(intake, here, staff(uuid4(), "10")).screens == ()


def test_the_newest_screen_says_when_to_look_again(intake: Unit) -> None:
    """Rule 24: every 6 months."""
    contact_id = comes_in(intake)
    screens(intake, contact_id=contact_id, viewer=staff())
    intake.clock.set(intake.clock().replace(month=12, day=31))
    screens(intake, contact_id=contact_id, viewer=staff(), answers=short(0, 0, 0))
    view = pathway(intake, contact_id, staff())
    assert ([one.score for one in view.screens], view.review_on) == ([0, 7], date(2027, 6, 30))

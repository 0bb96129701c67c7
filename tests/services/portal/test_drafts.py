"""A questionnaire left unfinished: kept for 24 hours in the session it was begun in, then gone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import select

from chassis import Service, clock
from contracts.base import Language
from contracts.portal import ContactOpened
from services.portal import drafts, sessions
from services.portal.app import forget, jobs
from services.portal.drafts.store import KEPT, Draft
from services.portal.language import words
from services.portal.models import PortalTable
from tests.services.portal.town import Browser, Town, filled, picked
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings

FI = words(Language.FI)
KNEE, HIP, KNEE_IN_KOUVOLA = (
    f"/fi/kysely?kunta={municipality}&vaiva={trouble}"
    for municipality, trouble in (("285", "knee"), ("285", "hip"), ("286", "knee"))
)
MOMENT = timedelta(microseconds=1)


def leaves_unfinished(town: Town, browser: Browser | None = None, **more: str) -> dict[str, str]:
    """Answer all but the last question of a knee, send it and go away; gives back what was answered."""
    browser = browser or town.resident
    browser.get(KNEE)
    answers = filled(browser.page)
    last = list(answers)[-1]
    so_far = {name: value for name, value in answers.items() if name != last}
    assert browser.post(KNEE, so_far | more).status_code == 422
    return so_far


def kept(town: Town) -> list[Draft]:
    return town.units["portal"].database.read(lambda session: list(session.exec(select(Draft))))


def test_who_comes_back_in_the_session_finds_their_answers(town: Town) -> None:
    so_far = leaves_unfinished(town)
    town.resident.get("/fi")
    page = town.resident.get(KNEE).text
    assert picked(page) == len(so_far)
    assert FI("questions.note.kept") in page


def test_what_is_answered_the_next_time_replaces_it(town: Town) -> None:
    leaves_unfinished(town)
    town.resident.get(KNEE)
    town.resident.post(KNEE, {"age": "18_22"})
    assert [draft.answers for draft in kept(town)] == [{"age": "18_22"}]


@pytest.mark.parametrize("elsewhere", [HIP, KNEE_IN_KOUVOLA], ids=["another trouble", "another municipality"])
def test_answers_belong_to_one_trouble_and_municipality(town: Town, elsewhere: str) -> None:
    leaves_unfinished(town)
    page = town.resident.get(elsewhere).text
    assert (picked(page), FI("questions.note.gone") in page) == (0, False)


def test_another_session_finds_nothing(town: Town) -> None:
    leaves_unfinished(town)
    page = town.browser().get(KNEE).text
    assert (picked(page), FI("questions.note.kept") in page) == (0, False)


def test_codes_alone_are_kept(town: Town, tmp_path: Path) -> None:
    """Rule 4."""
    canary = f"maija{uuid4().hex}"
    leaves_unfinished(town, q_wish=canary, q_of_nobody=canary, age=canary)
    assert canary not in str(kept(town)[0].answers)
    assert canary.encode() not in b"".join(file.read_bytes() for file in (tmp_path / "town").glob("portal.db*"))


def test_an_empty_form_leaves_nothing(town: Town) -> None:
    town.resident.get(KNEE)
    town.resident.post(KNEE, {})
    assert kept(town) == []


# until when


@pytest.mark.parametrize("after", [timedelta(hours=1), KEPT - MOMENT])
def test_answers_are_kept_for_24_hours(town: Town, after: timedelta) -> None:
    so_far = leaves_unfinished(town)
    town.clock.set(town.clock() + after)
    town.units["portal"].runs(forget)
    assert picked(town.resident.get(KNEE).text) == len(so_far)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("swept", [True, False], ids=["job has run", "job has not run yet"])
def test_after_24_hours_they_are_gone_and_that_is_told_kindly_once(town: Town, language: Language, swept: bool) -> None:
    leaves_unfinished(town)
    town.clock.set(town.clock() + timedelta(hours=12))
    town.resident.get(HIP)  # the session goes on
    town.clock.set(town.clock() + timedelta(hours=12))
    if swept:
        town.units["portal"].runs(forget)
        assert kept(town) == []
    again = KNEE.replace("/fi/", f"/{language}/")
    page, later = town.resident.get(again).text, town.resident.get(again).text
    said = words(language)("questions.note.gone")
    assert (picked(page), said in page, said in later) == (0, True, False)


def test_who_comes_back_when_the_session_has_ended_too_is_told_the_same(town: Town) -> None:
    leaves_unfinished(town)
    town.clock.set(town.clock() + timedelta(days=3))
    town.units["portal"].runs(forget)
    page = town.resident.get(KNEE).text
    assert (picked(page), FI("questions.note.gone") in page) == (0, True)


def test_a_cookie_that_says_nothing_is_no_harm(town: Town) -> None:
    town.resident.cookies.set("digi-draft", "no id", domain="127.0.0.1", path="/")
    assert town.resident.get(KNEE).status_code == 200


def test_the_portal_forgets_by_the_clock() -> None:
    assert forget in [job for _, job in jobs]


# when it becomes a contact


def test_a_questionnaire_that_is_sent_leaves_no_draft_and_nobody_is_told_of_one(town: Town) -> None:
    leaves_unfinished(town)
    form = filled(town.resident.get(KNEE).text)
    assert town.resident.post(KNEE, form).status_code == 303
    assert (len(town.told(ContactOpened)), kept(town)) == (1, [])
    page = town.resident.get(KNEE).text
    assert (FI("questions.note.kept") in page, FI("questions.note.gone") in page) == (False, False)


def test_what_was_answered_to_questions_that_were_renewed_is_kept_where_it_fits(renewing_town: Town) -> None:
    leaves_unfinished(renewing_town)
    renewing_town.clock.set(renewing_town.clock() + timedelta(hours=16))
    page = renewing_town.resident.get(KNEE).text
    assert 'name="q_course"' not in page
    assert picked(page) == len(filled(page)) - 1


# on both databases


@pytest.fixture(params=DATABASES)
def portal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Unit]:
    given = {}
    if request.param == "postgresql":
        given["database_url"] = request.getfixturevalue("postgres").make(["portal"])
    settings = practice_settings(tmp_path, **given)
    unit = Unit(Service(name="portal", settings=settings, tables=PortalTable.metadata))
    yield unit
    unit.close()


def test_a_draft_is_kept_replaced_found_and_swept_away(portal: Unit) -> None:
    with clock.using(portal.clock):
        me = portal.transact(sessions.open_visitor).session_id
        first = portal.transact(lambda tx: drafts.keep(tx, me, "285", "knee", {"age": "23_74"}))
        second = portal.transact(lambda tx: drafts.keep(tx, me, "285", "knee", {"age": "18_22"}))
        assert first == second
        assert portal.transact(lambda tx: drafts.find(tx, me, "285", "knee")) == {"age": "18_22"}
        assert portal.transact(lambda tx: drafts.is_there(tx, str(second)))
        portal.clock.set(portal.clock() + KEPT)
        assert not portal.transact(lambda tx: drafts.is_there(tx, str(second)))
        portal.transact(drafts.forget_old)
    assert portal.database.read(lambda session: list(session.exec(select(Draft)))) == []


def test_a_draft_goes_with_its_session(portal: Unit) -> None:
    with clock.using(portal.clock):
        me = portal.transact(sessions.open_visitor).session_id
        portal.transact(lambda tx: drafts.keep(tx, me, "285", "knee", {"age": "23_74"}))
        portal.clock.set(portal.clock() + sessions.VISITOR_IDLE)
        portal.transact(sessions.forget_expired)
    assert portal.database.read(lambda session: list(session.exec(select(Draft)))) == []

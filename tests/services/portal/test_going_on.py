"""Past a warning, page by page: first where to turn, then the way on, then the alert at the desk (rule 11)."""

import re

import pytest

from contracts.base import Language
from contracts.intake import ContactRouted
from contracts.portal import ContactOpened, WarningPassed
from services.portal.language import words
from tests.services.portal.test_pages import LEFT, QUESTIONS, heading
from tests.services.portal.town import Town

FI = words(Language.FI)
EMERGENCY = "/fi/hatatilanne?kunta=285&vaiva=knee"
ALERT = FI("alert.urgent_now", emergency="112", helpline="116117")


def warned(town: Town) -> str:
    """A resident whose answers raise a red flag: path of the case page."""
    return town.comes_in(q_joint_now="yes")


def went_on(town: Town) -> str:
    case = warned(town)
    town.resident.get(case)
    assert town.resident.post(f"{case}/go-on").status_code == 303
    return case


@pytest.mark.parametrize("language", list(Language))
def test_the_numbers_stand_before_the_way_on(town: Town, language: Language) -> None:
    """Rule 11."""
    case = warned(town).removeprefix("/fi")
    page = town.resident.get(f"/{language}{case}").text
    t = words(language)
    first, last = page.index('href="tel:116117"'), page.index(t("elsewhere.go_on"))
    assert heading(page) == t("elsewhere.now")
    assert first < last


def test_who_goes_on_stands_in_the_queue_and_the_warning_stays_in_sight(town: Town) -> None:
    """Rule 11."""
    page = town.resident.get(went_on(town)).text
    assert heading(page) == FI("case.title.queued")
    assert town.edge.areas.area("10").elsewhere["urgent_now"].fi in page
    assert FI("elsewhere.go_on") not in page


def test_pressing_twice_goes_on_once(town: Town) -> None:
    case = went_on(town)
    assert town.resident.post(f"{case}/go-on").status_code == 303
    assert (len(town.told(WarningPassed)), len(town.told(ContactRouted))) == (1, 2)


def test_until_another_way_is_found_the_page_says_so_and_loads_itself_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = warned(town)
    town.resident.get(case)
    monkeypatch.setattr(town, "carry", lambda: None)
    town.resident.post(f"{case}/go-on")
    page = town.resident.get(case).text
    assert FI("elsewhere.went_on") in page
    assert FI("elsewhere.go_on") not in page
    assert "http-equiv" in page


def test_the_desk_tells_in_words_that_the_person_went_on(town: Town) -> None:
    """Rule 11: in the queue, in the conversation, among one's own."""
    case = went_on(town)
    desk, talk = town.therapist(), "/fi/desk/conversation/" + case.rpartition("/")[2]
    queue = desk.get("/fi/desk").text
    assert ALERT in queue
    conversation = re.search(r'name="conversation_id" value="([^"]+)"', queue)
    assert conversation
    desk.post(f"{talk}/accept", {"conversation_id": conversation[1]})
    assert ALERT in desk.get(talk).text
    assert ALERT in desk.get("/fi/desk").text


def test_the_list_of_calls_tells_in_words_that_the_person_went_on(closed_town: Town) -> None:
    """Rule 11."""
    closed_town.clock.set(closed_town.clock().replace(hour=18))
    case = went_on(closed_town)
    assert heading(closed_town.resident.get(case).text) == FI("case.title.leave_message")
    closed_town.resident.post(f"{case}/callback", LEFT)
    assert ALERT in closed_town.therapist().get("/fi/desk/callbacks").text


def test_somebody_without_a_warning_has_none_to_go_on_from(town: Town) -> None:
    case = town.comes_in()
    assert FI("elsewhere.go_on") not in town.resident.get(case).text
    response = town.resident.post(f"{case}/go-on")
    assert (response.status_code, town.told(WarningPassed)) == (409, [])
    assert FI("refusal.no-warning") in response.text


def test_a_wish_that_is_not_ours_is_no_warning(town: Town) -> None:
    case = town.comes_in(q_wish="medicine")
    assert FI("elsewhere.go_on") not in town.resident.get(case).text


@pytest.mark.parametrize("away", [(), ("intake", "chat")])
def test_who_leaves_the_emergency_page_and_goes_on_carries_the_alert(town: Town, away: tuple[str, ...]) -> None:
    """Rule 11: the page remembers it in the browser alone, whoever is away."""
    town.away |= set(away)
    assert town.resident.get(EMERGENCY).status_code == 200
    town.away.clear()
    case = town.comes_in()
    [routed] = town.told(ContactRouted)
    assert routed.alert == "emergency_112"
    assert FI("alert.emergency_112", emergency="112", helpline="116117") in town.therapist().get("/fi/desk").text
    assert heading(town.resident.get(case).text) == FI("case.title.queued")


def test_the_next_contact_of_the_same_browser_carries_no_old_alert(town: Town) -> None:
    town.resident.get(EMERGENCY)
    for _ in range(2):
        town.comes_in()
    assert [opened.warned for opened in town.told(ContactOpened)] == ["emergency_112", None]


def test_a_made_up_warning_in_the_cookie_is_none(town: Town) -> None:
    town.resident.cookies.set("digi-warned", "self_care", domain="127.0.0.1", path="/")
    town.comes_in()
    assert town.told(ContactOpened)[0].warned is None


def test_the_questions_come_back_where_the_person_went_on_from(town: Town) -> None:
    town.resident.get(EMERGENCY)
    assert 'href="/fi/turvallisuus?kunta=285&amp;vaiva=knee"' in town.resident.page
    assert town.resident.get(QUESTIONS).status_code == 200

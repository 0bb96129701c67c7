"""What follows for both sides of a conversation once somebody has identified: the whole way, through the stand-in."""

from __future__ import annotations

from contracts.base import Language
from contracts.intake import ContactDeclined
from services.portal.language import words
from tests.services.portal.town import Town

FI = words(Language.FI)
SEVENTEEN = 17


def test_who_turns_out_too_young_sees_where_to_go_and_the_therapist_sees_why(town: Town) -> None:
    """Rule 2: Soite takes from 18 on, and a person of 17 had said 23."""
    case, desk, talk = town.in_conversation(municipality="272", area="18")
    town.identifies(case, SEVENTEEN)
    assert len(town.told(ContactDeclined)) == 1
    page = town.resident.get(case).text
    assert "18 vuotta täyttäneille" in page
    assert "panel--declined" in page
    acts = desk.get(talk).text
    assert FI("desk.too_young") in acts
    assert f'action="{talk}/offer"' not in acts
    assert f'action="{talk}/end"' in acts


def test_who_is_old_enough_goes_on(town: Town) -> None:
    case, desk, talk = town.in_conversation()
    town.identifies(case, SEVENTEEN)
    assert town.told(ContactDeclined) == []
    assert "panel--open" in town.resident.get(case).text
    assert f'action="{talk}/offer"' in desk.get(talk).text

from __future__ import annotations

import pytest

from contracts.areas import Areas
from contracts.closings import Door
from contracts.intake import DeclineReason, Route, RouteReason, TriageOutcome
from contracts.portal import AgeBand, Origin
from services.intake import domain
from services.intake.domain import Shut
from services.intake.triage.domain import Triage, triage
from services.intake.triage.questionnaire import SEVERITY
from tests.services.intake.builders import answers, the_questionnaire

RULES = the_questionnaire()
KNEE = next(trouble for trouble in RULES.troubles if trouble.code == "knee")
NOTHING: Shut = {}
OUT_OF_HOURS: Shut = {Door.CHAT: RouteReason.CHAT_CLOSED}
KOTKA, KOKKOLA, HELSINKI = "285", "272", "091"


# eligibility


@pytest.mark.parametrize(
    ("area", "municipality", "band", "declined"),
    [
        ("10", KOTKA, AgeBand.UNDER_16, DeclineReason.TOO_YOUNG),
        ("10", KOTKA, AgeBand.FROM_16_TO_17, None),
        ("10", KOTKA, AgeBand.FROM_18_TO_22, None),
        ("10", KOTKA, AgeBand.FROM_23_TO_74, None),
        ("10", KOTKA, AgeBand.FROM_75, None),
        ("18", KOKKOLA, AgeBand.UNDER_16, DeclineReason.TOO_YOUNG),
        ("18", KOKKOLA, AgeBand.FROM_16_TO_17, DeclineReason.TOO_YOUNG),
        ("18", KOKKOLA, AgeBand.FROM_18_TO_22, None),
        ("18", KOKKOLA, AgeBand.FROM_23_TO_74, None),
        ("18", KOKKOLA, AgeBand.FROM_75, None),
    ],
)
def test_kymenlaakso_takes_from_16_and_soite_from_18(
    areas: Areas, area: str, municipality: str, band: AgeBand, declined: DeclineReason | None
) -> None:
    """Rule 2: 16 in Kymenlaakso, 18 in Soite, has turned."""
    assert domain.eligibility(areas.area(area), municipality=municipality, age_band=band) == declined


@pytest.mark.parametrize("municipality", [KOKKOLA, HELSINKI, "000"])
def test_another_or_unknown_municipality_is_declined(areas: Areas, municipality: str) -> None:
    found = domain.eligibility(areas.area("10"), municipality=municipality, age_band=AgeBand.FROM_23_TO_74)
    assert found is DeclineReason.OTHER_MUNICIPALITY


def test_a_young_person_from_elsewhere_is_sent_home_first(areas: Areas) -> None:
    found = domain.eligibility(areas.area("10"), municipality=HELSINKI, age_band=AgeBand.UNDER_16)
    assert found is DeclineReason.OTHER_MUNICIPALITY


def test_a_limit_inside_a_band_declines_the_band(areas: Areas) -> None:
    from_17 = areas.area("10").model_copy(update={"minimum_age": 17})
    found = domain.eligibility(from_17, municipality=KOTKA, age_band=AgeBand.FROM_16_TO_17)
    assert found is DeclineReason.TOO_YOUNG


# route


def found(outcome: TriageOutcome, *, flags: tuple[str, ...] = (), not_ours: bool = False) -> Triage:
    return Triage(outcome, flags, not_ours, trace=())


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("severe", SEVERITY[:4])
def test_a_red_flag_goes_elsewhere_by_every_door_even_when_the_chat_is_open(
    origin: Origin, severe: TriageOutcome
) -> None:
    routed = domain.route(found(severe, flags=("joint_now",)), origin=origin, shut=NOTHING)
    assert (routed.route, routed.reasons) == (Route.ELSEWHERE, (RouteReason.RED_FLAG,))


@pytest.mark.parametrize("mild", SEVERITY[4:])
def test_without_a_red_flag_every_outcome_meets_a_professional_in_the_open_chat(mild: TriageOutcome) -> None:
    """Rule 12: the rules assess nobody."""
    routed = domain.route(found(mild), origin=Origin.CHAT, shut=NOTHING)
    assert (routed.route, routed.reasons) == (Route.CHAT, (RouteReason.NO_RED_FLAG, RouteReason.CHAT_OPEN))


@pytest.mark.parametrize("mild", SEVERITY[4:])
def test_without_a_red_flag_every_outcome_is_called_back_when_the_chat_is_closed(mild: TriageOutcome) -> None:
    routed = domain.route(found(mild), origin=Origin.CHAT, shut=OUT_OF_HOURS)
    assert (routed.route, routed.reasons) == (Route.CALLBACK, (RouteReason.NO_RED_FLAG, RouteReason.CHAT_CLOSED))


@pytest.mark.parametrize("shut", [NOTHING, OUT_OF_HOURS])
def test_who_came_to_book_goes_to_booking(shut: Shut) -> None:
    routed = domain.route(found(TriageOutcome.PT_REMOTE), origin=Origin.BOOKING, shut=shut)
    assert (routed.route, routed.reasons) == (Route.BOOKING, (RouteReason.NO_RED_FLAG, RouteReason.CAME_BY_BOOKING))


def test_who_only_wants_a_prescription_goes_elsewhere() -> None:
    weighed = triage(RULES, KNEE, answers(wish="medicine"))
    routed = domain.route(weighed, origin=Origin.CHAT, shut=NOTHING)
    assert (routed.route, routed.reasons[0]) == (Route.ELSEWHERE, RouteReason.NOT_FOR_PHYSIOTHERAPY)


def test_a_red_flag_goes_before_a_wish() -> None:
    weighed = triage(RULES, KNEE, answers(wish="medicine", joint_now="yes"))
    assert domain.route(weighed, origin=Origin.CHAT, shut=NOTHING).reasons == (RouteReason.RED_FLAG,)

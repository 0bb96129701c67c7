"""What the case page says, from what the owners say of a contact."""

from typing import Any
from uuid import uuid4

import pytest

from chassis.settings import Settings
from contracts.areas import load_areas
from contracts.base import Language
from contracts.callbacks import PromiseView
from contracts.chat import ConversationView
from contracts.feedback import InvitationView
from contracts.intake import ContactView
from contracts.scheduling import TimesView, VisitView
from services.portal.case import WAITING, Case, Stage, Step, elsewhere
from services.portal.store import MESSAGE

CONTACT = uuid4()
AT = "2026-11-24T08:00:00Z"
LATER = "2026-11-26T08:00:00Z"


def contact(**over: Any) -> ContactView:
    told = {
        "contact_id": CONTACT, "area": "10", "municipality": "285", "origin": "chat", "language": "fi",
        "trouble": "knee", "state": "routed", "route": "chat", "reasons": ["no_red_flag"], "declined": None,
        "outcome": "pt_remote", "flags": [], "identified": False, "opened_at": AT,
    }  # fmt: skip
    return ContactView.model_validate(told | over)


def conversation(**over: Any) -> ConversationView:
    told = {
        "conversation_id": uuid4(), "contact_id": CONTACT, "area": "10", "municipality": "285", "language": "fi",
        "trouble": "knee", "channel": "physiotherapy", "state": "open", "position": None, "therapist_id": uuid4(),
        "therapist_name": "Aino", "identity_requested": False, "identified": False, "queued_at": AT, "accepted_at": AT,
        "ended_at": None, "last_sequence": 0,
    }  # fmt: skip
    return ConversationView.model_validate(told | over)


def promise(state: str) -> PromiseView:
    return PromiseView.model_validate(
        {"callback_id": uuid4(), "kind": "advice", "state": state, "due_on": "2026-12-01"}
    )


def slot() -> dict[str, Any]:
    return {"slot_id": uuid4(), "therapist_id": uuid4(), "therapist_name": "Aino", "modality": "video",
            "starts_at": LATER, "ends_at": "2026-11-26T08:45:00Z"}  # fmt: skip


def times(**over: Any) -> TimesView:
    return TimesView.model_validate({"offered": True, "slots": [slot()], "hold": None, "visit": None} | over)


def visit(state: str) -> VisitView:
    return VisitView.model_validate(slot() | {"visit_id": uuid4(), "contact_id": CONTACT, "area": "10", "state": state})


def case(**over: Any) -> Case:
    return Case(CONTACT, **{"contact": contact(), "conversation": conversation()} | over)


@pytest.mark.parametrize(
    ("told", "stage"),
    [
        ({"contact": None, "conversation": None}, Stage.DECIDING),
        ({"contact": None, "conversation": None, "missing": True}, Stage.UNAVAILABLE),
        ({"conversation": None}, Stage.DECIDING),
        (
            {"contact": contact(state="declined", route=None, declined="too_young"), "conversation": None},
            Stage.DECLINED,
        ),
        ({"contact": contact(route="elsewhere"), "conversation": None}, Stage.ELSEWHERE),
        ({"conversation": conversation(state="queued", position=1)}, Stage.QUEUED),
        ({}, Stage.OPEN),
        ({"conversation": conversation(state="ended")}, Stage.ENDED),
        ({"conversation": conversation(state="abandoned")}, Stage.ABANDONED),
        ({"contact": contact(route="callback"), "conversation": None}, Stage.LEAVE_MESSAGE),
        ({"contact": contact(route="callback"), "conversation": None, "passed_on": {MESSAGE}}, Stage.MESSAGE_LEFT),
        ({"contact": contact(route="callback"), "conversation": None, "promise": promise("promised")}, Stage.PROMISED),
        ({"contact": contact(route="callback"), "conversation": None, "promise": promise("kept")}, Stage.KEPT),
        ({"contact": contact(route="booking"), "conversation": None}, Stage.BOOKING),
    ],
)
def test_what_the_owners_say_becomes_one_stage(told: dict[str, Any], stage: Stage) -> None:
    assert case(**told).stage is stage


@pytest.mark.parametrize(
    ("told", "step"),
    [
        ({}, None),
        ({"conversation": conversation(identity_requested=True)}, Step.IDENTIFY),
        ({"conversation": conversation(identity_requested=True, identified=True)}, None),
        ({"conversation": conversation(identity_requested=True), "contact": contact(identified=True)}, None),
        ({"conversation": conversation(identity_requested=True, state="ended")}, None),
        ({"times": times(offered=False)}, None),
        ({"times": times()}, Step.PICK),
        ({"times": times(hold={"hold_id": uuid4(), "slot": slot(), "expires_at": LATER})}, Step.BOOK),
        ({"times": times(visit=visit("booked"))}, Step.BOOKED),
        ({"times": times(visit=visit("completed"))}, Step.VISITED),
    ],
)  # fmt: skip
def test_the_next_step_is_the_furthest_one_reached(told: dict[str, Any], step: Step | None) -> None:
    assert case(**told).step is step


@pytest.mark.parametrize(("position", "ahead"), [(1, 0), (3, 2)])
def test_who_is_next_has_nobody_ahead(position: int, ahead: int) -> None:
    assert case(conversation=conversation(state="queued", position=position)).ahead == ahead


def test_a_page_loads_itself_again_only_where_nothing_can_be_typed() -> None:
    assert {Stage.OPEN, Stage.LEAVE_MESSAGE, Stage.ENDED} & WAITING == set()


def test_the_newest_unanswered_invitation_is_asked() -> None:
    invitations = tuple(
        InvitationView.model_validate({"invitation_id": uuid4(), "about_what": what, "answered": done})
        for what, done in [("visit", True), ("conversation", False)]
    )
    assert case(invitations=invitations).asked == invitations[1]


AREA = load_areas(Settings().areas_dir, practice=True).area("10")


def where(**over: Any) -> Any:
    return elsewhere(contact(**over), AREA, Language.FI)


def test_who_stays_with_us_is_sent_nowhere() -> None:
    assert where() is None


@pytest.mark.parametrize(
    ("outcome", "severity"),
    [("emergency_112", "now"), ("urgent_now", "now"), ("urgent_same_day", "today"), ("physician", "later")],
)
def test_a_red_flag_is_told_as_urgently_as_it_is(outcome: str, severity: str) -> None:
    assert where(route="elsewhere", reasons=["red_flag"], outcome=outcome).severity == severity


@pytest.mark.parametrize("outcome", ["emergency_112", "urgent_now", "urgent_same_day"])
def test_who_is_too_young_and_in_danger_is_told_of_the_danger_alone(outcome: str) -> None:
    """A second place to turn to beside the number to ring made a new reader unsure which of them to take."""
    told = where(state="declined", route=None, declined="too_young", outcome=outcome)
    assert list(told.texts) == [AREA.elsewhere[outcome].fi]


def test_who_is_too_young_and_in_no_danger_is_told_who_helps_them() -> None:
    told = where(state="declined", route=None, declined="too_young", outcome="pt_remote")
    assert list(told.texts) == [AREA.elsewhere["too_young"].fi]

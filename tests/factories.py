"""Builders of facts and viewers: sensible unless told otherwise."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID, uuid4

from chassis import Role, Viewer
from chassis.settings import ROOT
from contracts import Event, callbacks, chat, feedback, intake, portal, scheduling
from services.intake.triage.questionnaire import load_questionnaires

AINO = UUID("9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e01")
MATTI = UUID("9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e02")


@cache
def safe_answers() -> tuple[portal.Answer, ...]:
    """To all that is asked about a knee: no red flag, neither new nor worse, nothing that leads out of the chat."""
    asked = load_questionnaires(ROOT / "services/intake/triage/questionnaires").version("2026-11-01")
    assert asked
    knee = asked.trouble("knee")
    assert knee
    mild = {code: asked.question(code).options[0].code for code in knee.questions} | {"course": "same"}
    told = dict.fromkeys(knee.flags, "no") | mild
    return tuple(portal.Answer(question=question, answer=answer) for question, answer in told.items())


def like_the_example(kind: type[Event], /, **over: Any) -> Any:
    """The documented example of an event with some fields changed."""
    return kind.model_validate(kind.example.model_dump() | over)


def contact_opened(**over: Any) -> portal.ContactOpened:
    return like_the_example(portal.ContactOpened, **{"contact_id": uuid4()} | over)


def warning_passed(**over: Any) -> portal.WarningPassed:
    return like_the_example(portal.WarningPassed, **over)


def identity_verified(**over: Any) -> portal.IdentityVerified:
    return like_the_example(portal.IdentityVerified, **over)


def earlier_text_decided(**over: Any) -> portal.EarlierTextDecided:
    return like_the_example(portal.EarlierTextDecided, **over)


def callback_requested(**over: Any) -> portal.CallbackRequested:
    return like_the_example(portal.CallbackRequested, **{"contact_id": uuid4(), "callback_id": uuid4()} | over)


def contact_routed(**over: Any) -> intake.ContactRouted:
    return like_the_example(intake.ContactRouted, **{"contact_id": uuid4()} | over)


def contact_declined(**over: Any) -> intake.ContactDeclined:
    return like_the_example(intake.ContactDeclined, **over)


def conversation_accepted(**over: Any) -> chat.ConversationAccepted:
    return like_the_example(chat.ConversationAccepted, **over)  # type: ignore[no-any-return]


def conversation_ended(**over: Any) -> chat.ConversationEnded:
    return like_the_example(chat.ConversationEnded, **{"contact_id": uuid4(), "conversation_id": uuid4()} | over)


def callback_kept(**over: Any) -> callbacks.CallbackKept:
    return like_the_example(callbacks.CallbackKept, **{"contact_id": uuid4(), "callback_id": uuid4()} | over)


def visit_booked(**over: Any) -> scheduling.VisitBooked:
    return like_the_example(scheduling.VisitBooked, **{"contact_id": uuid4(), "visit_id": uuid4()} | over)


def visit_completed(**over: Any) -> scheduling.VisitCompleted:
    return like_the_example(scheduling.VisitCompleted, **{"contact_id": uuid4(), "visit_id": uuid4()} | over)


def feedback_given(**over: Any) -> feedback.FeedbackGiven:
    return like_the_example(feedback.FeedbackGiven, **{"answer_id": uuid4()} | over)


def staff(therapist: UUID = AINO, *areas: str, name: str = "Aino", licensed: bool = True) -> Viewer:
    """A therapist of these counties (Kymenlaakso and Keski-Pohjanmaa unless told otherwise)."""
    return Viewer(role=Role.STAFF, id=therapist, areas=frozenset(areas or ("10", "18")), name=name, licensed=licensed)


def client(contact_id: UUID) -> Viewer:
    """The resident behind a contact."""
    return Viewer(role=Role.CLIENT, id=contact_id)

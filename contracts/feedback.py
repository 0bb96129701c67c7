"""Feedback: invitations and answers, kept apart so that an answer cannot be led back to a person."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.base import (
    AreaCode,
    Ask,
    Event,
    Id,
    Instant,
    Language,
    View,
    command,
    event,
    query,
)
from contracts.portal import _CONTACT

TEXT_MAX = 2000
"""Longest free text of a feedback, characters."""

Score = Annotated[int, Field(ge=0, le=10)]
"""How likely to recommend, 0-10."""


class About(StrEnum):
    """What the person was asked about."""

    CONVERSATION = "conversation"
    CALLBACK = "callback"
    VISIT = "visit"


@event(
    owner="feedback",
    version=1,
    about="invitation_id",
    external="the county's feedback reports: how many were asked",
)
class FeedbackInvited(Event):
    """A person was asked for feedback at the end of a conversation, call or visit.

    Sent: once per conversation, call or visit.
    """

    invitation_id: Id
    contact_id: Id
    about_what: About
    invited_at: Instant


FeedbackInvited.example = FeedbackInvited.shown(
    invitation_id="e2b0d7b8-3b1f-4a53-8f1e-5d8d2f4c7a90", contact_id=_CONTACT, about_what="conversation",
    invited_at="2026-11-24T08:22:09Z",
)  # fmt: skip


@event(
    owner="feedback",
    version=1,
    about="answer_id",
    external="the county's feedback reports: scores without persons",
)
class FeedbackGiven(Event):
    """Somebody gave feedback. Anonymous by design: no contact, no municipality, the day instead of the moment.

    Sent: once per invitation that is answered.
    """

    answer_id: Id
    about_what: About
    recommend: Score
    """How likely to recommend, 0-10."""
    useful: bool | None
    """Whether it was of use; None when not answered."""
    given_on: date


FeedbackGiven.example = FeedbackGiven.shown(
    municipality="000", answer_id="5d0f3c44-9f0e-4f0c-8a0c-3f4f0a5b6c77", about_what="conversation", recommend=10,
    useful=True, given_on="2026-11-24",
)  # fmt: skip


class InvitationView(View):
    """Whether a contact is asked for feedback now."""

    invitation_id: Id
    about_what: About
    answered: bool


class InvitationsView(View):
    """A contact's invitations, newest first."""

    invitations: tuple[InvitationView, ...]


@query(owner="feedback", version=1)
class GetInvitations(Ask[InvitationsView]):
    """What a contact has been asked about. Never refused."""

    contact_id: Id


class Given(View):
    """Thank you."""

    invitation_id: Id


@command(owner="feedback", version=1)
class GiveFeedback(Ask[Given]):
    """Answer an invitation once. Refused: `already-answered`, `unknown-invitation`."""

    invitation_id: Id
    contact_id: Id
    language: Language
    recommend: Score
    useful: bool | None = None
    text: Annotated[str, StringConstraints(max_length=TEXT_MAX, strip_whitespace=True)] = ""


class SummaryView(View):
    """Net promoter score with its base. Source: rules 26-27."""

    asked: int
    answered: int
    promoters: int
    passives: int
    detractors: int
    nps: int | None
    """None when nobody answered."""
    useful_yes: int
    useful_base: int
    nps_interval: tuple[int, int] | None = None
    """95 % confidence interval of the score; None when nobody answered."""
    answered_interval: tuple[float, float] | None = None
    """95 % confidence interval of answered out of asked, percent (Wilson); None without a base."""
    useful_interval: tuple[float, float] | None = None
    """95 % confidence interval of useful_yes out of useful_base, percent (Wilson); None without a base."""


class FeedbackText(View):
    """One free text, without time or person; shown when its day is over."""

    about_what: About
    text: str
    given_on: date


class FeedbackView(View):
    """A unit's feedback."""

    summary: SummaryView
    texts: tuple[FeedbackText, ...]


@query(owner="feedback", version=1)
class GetFeedback(Ask[FeedbackView]):
    """Feedback of an area, for staff: `not-yours`."""

    area: AreaCode
    since: Instant | None = None

"""Cases: one person and one trouble, by whatever doors. Intake owns them; a contact begins one of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Ask, Code, Event, Id, Instant, View, command, event, query
from contracts.portal import _CONTACT

_CASE = Id("c5a0f0de-5b7e-4d53-9f0b-1f5d0a3f7c01")

MOST_IN_SESSION = 50
"""Contacts of one browser session that are looked at for an earlier case."""

SessionContacts = Annotated[tuple[Id, ...], Field(max_length=MOST_IN_SESSION)]
"""Contacts that the asker's browser session has opened, as the portal has verified."""


class JoinedBy(StrEnum):
    """Who said that a contact belongs to a case."""

    CLIENT = "client"
    STAFF = "staff"


class JoinGround(StrEnum):
    """What it rests on that two contacts are one person's. Nothing is ever joined by e-mail or phone."""

    SAME_PERSON = "same_person"
    """Both were strongly identified, as the same person."""
    SAME_SESSION = "same_session"
    """One browser session opened both, and the person chose to go on with the first."""
    CLIENT_SAID = "client_said"
    """The person told a professional so; not both are identified."""


class PartReason(StrEnum):
    """Why a contact is no longer of a case."""

    OTHER_MATTER = "other_matter"
    MISTAKE = "mistake"
    CLIENT_WISH = "client_wish"
    """The person took back what they had chosen."""
    OTHER_PERSON = "other_person"
    """It was identified as somebody else afterwards; nobody had to ask."""


class Ending(StrEnum):
    """Why a contact is over."""

    DECLINED = "declined"
    """It never was the unit's to take: ContactDeclined says why."""
    ELSEWHERE = "elsewhere"
    """It was sent elsewhere at once: ContactRouted says why."""
    DONE = "done"
    """Everything that was begun about it has come to its end."""
    QUIET = "quiet"
    """Nothing is going on, and nothing has happened for as long as the unit waits."""


class Happened(StrEnum):
    """What others have told intake of a contact."""

    CONVERSATION_ACCEPTED = "conversation_accepted"
    CONVERSATION_ENDED = "conversation_ended"
    CONVERSATION_ABANDONED = "conversation_abandoned"
    CALL_PROMISED = "call_promised"
    CALL_ATTEMPTED = "call_attempted"
    CALL_KEPT = "call_kept"
    TIMES_OFFERED = "times_offered"
    VISIT_BOOKED = "visit_booked"
    VISIT_COMPLETED = "visit_completed"


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's record system: which contacts are one matter of one person",
)
class ContactJoined(Event):
    """A contact belongs to an earlier case: the same person and trouble.

    Sent: once per joining, when the person has chosen to go on with the case, or a professional has joined the two.
    """

    contact_id: Id
    case_id: Id
    """The case it belongs to from now on."""
    by: JoinedBy
    ground: JoinGround
    joined_at: Instant


ContactJoined.example = ContactJoined.shown(
    contact_id=_CONTACT, case_id=_CASE, by="client", ground="same_person", joined_at="2026-11-24T08:10:00Z"
)


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's record system: which contacts are one matter no longer",
)
class ContactParted(Event):
    """A joining was undone: the contact is where it was before it.

    Sent: once per parting, whoever parted it.
    """

    contact_id: Id
    from_case_id: Id
    """The case it does not belong to any more."""
    case_id: Id
    """The case it belongs to again."""
    reason: PartReason
    parted_at: Instant


ContactParted.example = ContactParted.shown(
    contact_id=_CONTACT, from_case_id=_CASE, case_id="d1f6b7a4-0c52-4f0e-8a59-6a4a2f0b9e02", reason="other_matter",
    parted_at="2026-11-24T09:00:00Z",
)  # fmt: skip


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's record system: a contact that is over",
)
class ContactClosed(Event):
    """Nothing is going on about a contact any more; a case is over when all its contacts are.

    Sent: when the last of its conversation, calls and visits has come to its end and no times are on offer, or when
    nothing has happened for long. Not of a contact that was declined or sent elsewhere: that has been told.
    """

    contact_id: Id
    case_id: Id
    ending: Ending
    closed_at: Instant


ContactClosed.example = ContactClosed.shown(
    contact_id=_CONTACT, case_id=_CASE, ending="done", closed_at="2026-11-26T08:43:00Z"
)


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's record system: a contact that goes on after all",
)
class ContactReopened(Event):
    """Something is going on again about a contact that was over.

    Sent: when it gets a conversation, a promised call, times or a visit after ContactClosed, or after it had been sent
    elsewhere.
    """

    contact_id: Id
    case_id: Id
    reopened_at: Instant


ContactReopened.example = ContactReopened.shown(contact_id=_CONTACT, case_id=_CASE, reopened_at="2026-11-27T09:00:00Z")


class CaseInBrief(View):
    """What a case is called on a page."""

    case_id: Id
    trouble: Code
    """Of the contact that began it."""
    begun_at: Instant
    open: bool
    """Whether it is still going on."""


class OfferView(View):
    """Whether a contact could go on with an earlier case, or does."""

    offered: CaseInBrief | None
    """An earlier case of the same person and trouble, while the person has not chosen."""
    continued: CaseInBrief | None
    """The earlier case that the person has chosen to go on with."""


@query(owner="intake", version=1)
class GetOffer(Ask[OfferView]):
    """What the person may choose about a contact of theirs. Refused: `unknown-contact`."""

    contact_id: Id
    session: SessionContacts = ()


@command(owner="intake", version=1)
class ContinueCase(Ask[OfferView]):
    """The person goes on with the case they were offered. Refused: `case-not-offered`, `unknown-contact`."""

    contact_id: Id
    case_id: Id
    session: SessionContacts = ()


@command(owner="intake", version=1)
class KeepNewCase(Ask[OfferView]):
    """The person keeps the contact as a new matter, also after having continued one. Refused: `unknown-contact`."""

    contact_id: Id


class MembershipView(View):
    """Which case a contact belongs to."""

    contact_id: Id
    case_id: Id


@command(owner="intake", version=1)
class JoinContact(Ask[MembershipView]):
    """A professional joins a contact to a case of the same person.

    Refused: `different-persons`, `ground-missing` (not both are identified and the ground does not say why it holds),
    `unknown-contact`, `unknown-case`, `not-yours`.
    """

    contact_id: Id
    case_id: Id
    ground: JoinGround


@command(owner="intake", version=1)
class PartContact(Ask[MembershipView]):
    """A professional undoes the last joining of a contact. Refused: `not-joined`, `unknown-contact`, `not-yours`."""

    contact_id: Id
    reason: Literal[PartReason.OTHER_MATTER, PartReason.MISTAKE]

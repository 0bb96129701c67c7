"""Matching: a person from abroad without a personal identity code is matched by a professional, never by a machine.

Owned by intake. Until somebody has decided, the contact is served like any other; it is linked to nobody.
Source: rule 7.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from contracts.base import AreaCode, Ask, Event, Id, Instant, MunicipalityCode, View, command, event, query
from contracts.portal import _CONTACT


class MatchOutcome(StrEnum):
    """What a professional has decided about somebody without a code."""

    LINKED = "linked"
    """The same person as somebody in the vault."""
    KEPT_APART = "kept_apart"
    """Nobody in the vault; treated as a person of their own."""
    REOPENED = "reopened"
    """The decision was taken back; somebody decides anew."""


class MatchReason(StrEnum):
    """What a decision rests on."""

    DOCUMENT = "document"
    """An official document shows name, birth date and code."""
    REGISTER = "register"
    """The population register tells so."""
    NOT_IN_VAULT = "not_in_vault"
    """Nobody has come here under the code."""
    OTHER_PERSON = "other_person"
    """Somebody else has the code, or a name alike."""
    NO_CODE = "no_code"
    """The person says that they have none."""
    MISTAKE = "mistake"
    NEW_KNOWLEDGE = "new_knowledge"


LINKING = (MatchReason.DOCUMENT, MatchReason.REGISTER)
"""A name that looks alike, a phone number or an address are no ground."""
KEEPING_APART = (MatchReason.NOT_IN_VAULT, MatchReason.OTHER_PERSON, MatchReason.NO_CODE)
TAKING_BACK = (MatchReason.MISTAKE, MatchReason.NEW_KNOWLEDGE)


@event(
    owner="intake",
    version=1,
    about="contact_id",
    external="the county's record system: whose record a contact of somebody without a code belongs to, or no longer",
)
class PersonMatchDecided(Event):
    """A professional has decided who somebody without a personal identity code is, or has taken that back.

    Sent: with each decision. It names nobody: whose the contact is, is asked of intake, on record.
    """

    contact_id: Id
    outcome: MatchOutcome
    reason: MatchReason
    decided_at: Instant


PersonMatchDecided.example = PersonMatchDecided.shown(
    contact_id=_CONTACT, outcome="linked", reason="document", decided_at="2026-11-24T09:00:00Z"
)


class UnmatchedView(View):
    """Somebody who identified without a code. Personal data: every read is audited."""

    contact_id: Id
    area: AreaCode
    municipality: MunicipalityCode
    display_name: str
    """As told."""
    birth_date: date
    """As told."""
    non_disclosure: bool = False
    identified_at: Instant
    outcome: MatchOutcome | None
    """None: nobody has decided yet."""
    reason: MatchReason | None
    decided_at: Instant | None


class MatchingView(View):
    """Who is to be matched, longest waiting first, and who was matched lately."""

    waiting: tuple[UnmatchedView, ...]
    decided: tuple[UnmatchedView, ...]


@query(owner="intake", version=1)
class GetMatching(Ask[MatchingView]):
    """The worklist of the viewer's areas, or one contact of it. Staff only: `not-yours`."""

    contact_id: Id | None = None


class CandidateView(View):
    """Somebody in the vault, to be held against somebody without a code. Every read is audited."""

    display_name: str
    birth_date: date
    same_birth_date: bool


class FoundView(View):
    """Who has a code; None: nobody who has been a client of the contact's county."""

    candidate: CandidateView | None


_Code = Annotated[str, StringConstraints(max_length=32)]


@query(owner="intake", version=1)
class FindCandidate(Ask[FoundView]):
    """Look for a person who has been a client of the contact's county, by the code that a professional types.

    Refused: `bad-personal-identity-code`, `test-personal-identity-code`, `already-matched`, `nothing-to-match`,
    `not-identified`, `unknown-contact`, `not-yours`.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    contact_id: Id
    personal_identity_code: _Code


class MatchedView(View):
    """How a contact stands after a decision."""

    contact_id: Id
    outcome: MatchOutcome


@command(owner="intake", version=1)
class LinkPerson(Ask[MatchedView]):
    """The contact is the person's with this code. Undone by ReopenMatch.

    Refused: `already-matched` (somebody else was quicker), `candidate-not-found`, `birth-dates-differ`,
    `reason-does-not-fit`, and as FindCandidate.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    contact_id: Id
    personal_identity_code: _Code
    reason: MatchReason


@command(owner="intake", version=1)
class KeepApart(Ask[MatchedView]):
    """The person is nobody in the vault. Undone by ReopenMatch.

    Refused: `already-matched`, `reason-does-not-fit`, `nothing-to-match`, `unknown-contact`, `not-yours`.
    """

    contact_id: Id
    reason: MatchReason


@command(owner="intake", version=1)
class ReopenMatch(Ask[MatchedView]):
    """Take a decision back: the contact is again of the person who identified, and waits for somebody to decide.

    Refused: `not-matched`, `reason-does-not-fit`, `unknown-contact`, `not-yours`.
    """

    contact_id: Id
    reason: MatchReason

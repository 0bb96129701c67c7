"""Non-disclosure for personal safety (turvakielto): where a person lives and how they are reached is told to nobody.

Owned by intake. From the moment it is known, a contact is of no municipality ("000") anywhere, and what names a place
or a number is shown to a professional who asks for it, on record.
Source: rule 9; Act 661/2009 section 36.
"""

from __future__ import annotations

from contracts.base import Ask, Event, Id, Instant, View, command, event, query
from contracts.portal import _CONTACT

CONCEALED = "000"
"""Municipality and site of whoever must not be found by them; also where nothing is known."""


@event(owner="intake", version=1, about="contact_id", within=True)
class NonDisclosureChanged(Event):
    """The person behind a contact is under non-disclosure for personal safety, or no longer.

    Sent: when it becomes known of a contact, by identification, a referral or a professional's word, and when a
    professional lifts it. Whoever hears of it forgets the municipality.
    Source: rule 9.
    """

    contact_id: Id
    in_force: bool
    """Whether they are from now on."""
    changed_at: Instant


NonDisclosureChanged.example = NonDisclosureChanged.shown(
    municipality=CONCEALED, contact_id=_CONTACT, in_force=True, changed_at="2026-11-24T08:09:30Z"
)


class NonDisclosureView(View):
    """How a contact stands."""

    contact_id: Id
    in_force: bool


@command(owner="intake", version=1)
class SetNonDisclosure(Ask[NonDisclosureView]):
    """A professional says that a person is under non-disclosure, or no longer; it holds for all of their contacts.

    It is lifted in the viewer's counties alone, and brings no place back. Safe to repeat. Refused: `licence-needed` (to
    lift it), `unknown-contact`, `not-yours`.
    """

    contact_id: Id
    in_force: bool


class ContactDetailsView(View):
    """How somebody is reached, and who sent them. Personal data: every read is audited."""

    contact_id: Id
    phone: str = ""
    """As the person gave it last; empty where they gave none."""
    takes_sms: bool = False
    email: str = ""
    referral_phone: str = ""
    """As the professional wrote it who sent the person."""
    referral_unit: str = ""


@query(owner="intake", version=1)
class GetContactDetails(Ask[ContactDetailsView]):
    """What is not shown of somebody under non-disclosure until it is asked for. Refused: `unknown-contact`."""

    contact_id: Id


class CallNumberView(View):
    """Where a promised call goes. Personal data: every read is audited."""

    contact_id: Id
    phone: str


@query(owner="chat", version=1)
class GetCallNumber(Ask[CallNumberView]):
    """The number a person left to be called at. Therapists only. Refused: `unknown-callback`."""

    contact_id: Id

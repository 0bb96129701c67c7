"""Referrals: a professional sends a person to the unit, and hears what became of it. Owner: intake."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from contracts.base import (
    AreaCode,
    Ask,
    Code,
    Event,
    Id,
    Instant,
    Jwe,
    Language,
    MunicipalityCode,
    View,
    command,
    event,
    query,
    sealed_for,
)
from contracts.chat import MESSAGE_MAX
from contracts.demand import ReasonCode
from contracts.intake import Route
from contracts.portal import _CONTACT, _JWE
from contracts.public import TroubleGroup

_REFERRAL = Id("c1a4d6f2-8f0b-4b7e-9c55-6d1e0a2b3c71")


class ReferralKind(StrEnum):
    """How much the professional asks for."""

    RECOMMENDATION = "recommendation"
    """Suositus: the person is advised to turn to the unit."""
    REFERRAL = "referral"
    """Lähete: the care of the person is asked of the unit."""


class Urgency(StrEnum):
    """How soon the person should be met."""

    ROUTINE = "routine"
    URGENT = "urgent"


class ReferralStatus(StrEnum):
    """What has become of a referral."""

    RECEIVED = "received"
    CONTACTED = "contacted"
    """A professional of the unit has spoken with the person."""
    BOOKED = "booked"
    COMPLETED = "completed"
    DECLINED = "declined"
    """Given back: the sender is to see to the person."""
    CLOSED = "closed"
    """The matter ended without a visit."""


class ReturnReason(StrEnum):
    """Why a referral is given back."""

    NOT_FOR_UNIT = "not_for_unit"
    """The matter is not one for the unit."""
    PHYSICIAN_FIRST = "physician_first"
    """A physician should see the person first."""
    NOT_REACHED = "not_reached"
    """The person could not be reached."""
    PERSON_SAID_NO = "person_said_no"
    """The person does not want it."""


@event(owner="intake", version=1, about="referral_id")
class ReferralReceived(Event):
    """A professional has sent a person to the unit, and the unit takes them.

    Sent: once per referral, before ContactRouted of the contact that it opens.
    """

    referral_id: Id
    contact_id: Id
    """What the referral opens; the person is known."""
    kind: ReferralKind
    urgency: Urgency
    reason: TroubleGroup
    code: ReasonCode | None
    """As the professional gives it; None: the group alone."""
    site: Code
    """Where the person belongs: a site of the county, or a municipality by code."""
    red_flags_checked: bool
    """Whether the professional has looked for red flags and found none."""
    language: Language
    call: Annotated[Jwe | None, sealed_for("chat")]
    """A `LeftMessage`: phone number and the professional's words, for chat alone; None: nobody is to call."""
    received_at: Instant


ReferralReceived.example = ReferralReceived.shown(
    contact_id=_CONTACT, referral_id=_REFERRAL, kind="referral", urgency="urgent", reason="back", code="L03",
    site="286", red_flags_checked=True, language="fi", call=_JWE, received_at="2026-11-24T08:01:00Z",
)  # fmt: skip


@event(
    owner="intake",
    version=1,
    about="referral_id",
    external="who sent the referral: what became of the person they sent",
)
class ReferralStatusChanged(Event):
    """Something has become of a referral.

    Sent: each time its status becomes another one; the first one is `received`.
    """

    referral_id: Id
    contact_id: Id
    status: ReferralStatus
    returned: ReturnReason | None = None
    """Why it was given back; of status `declined`."""
    changed_at: Instant


ReferralStatusChanged.example = ReferralStatusChanged.shown(
    contact_id=_CONTACT, referral_id=_REFERRAL, status="booked", changed_at="2026-11-25T09:12:00Z"
)


class ReferralStatusView(View):
    """What has become of a referral: no personal data."""

    referral_id: Id
    contact_id: Id
    area: AreaCode
    municipality: MunicipalityCode
    kind: ReferralKind
    urgency: Urgency
    reason: TroubleGroup
    code: ReasonCode | None
    site: Code
    status: ReferralStatus
    returned: ReturnReason | None = None
    """Why it was given back."""
    route: Route
    """Where the person goes first; `booking`: on their own, to a message while booking is closed."""
    sent_at: Instant
    changed_at: Instant
    repeated: bool = False
    """It had been sent before: this is what there is."""
    number: str | None = None
    """What its sender calls it; for them alone, and where they have told one."""


class ReferralView(ReferralStatusView):
    """A referral in full, for therapists. Personal data: every read is audited."""

    display_name: str
    birth_year: int
    non_disclosure: bool = False
    """Phone and unit are empty then, place and site unknown: GetContactDetails tells the first two (rule 9)."""
    phone: str
    unit: str
    """Where it came from, in words."""
    role: str
    red_flags_checked: bool
    text: str


class ReferralsView(View):
    """Referrals, newest first."""

    referrals: tuple[ReferralView, ...]


class WaitingReferral(View):
    """A referral whose person is to choose a time, or has one ahead: what the person may know of it."""

    contact_id: Id
    area: AreaCode
    municipality: MunicipalityCode


class WaitingReferralsView(View):
    """Referrals of one person that wait for them, newest first."""

    referrals: tuple[WaitingReferral, ...]


_Named = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


@command(owner="intake", version=1)
class SendReferral(Ask[ReferralStatusView]):
    """A professional sends a person to the unit: from the desk, or from a system of the county.

    The same sender and number again, with the same content, is the same referral.
    Refused: `not-yours`, `bad-personal-identity-code`, `test-personal-identity-code`, `unknown-municipality`,
    `other-municipality`, `too-young`, `unknown-site`, `bad-reason-code`, `phone-needed`, `referral-changed`,
    `door-closed`.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    number: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    """What the sender calls it; None: a person at the desk, whose form is sent once by its key."""
    kind: ReferralKind
    unit: _Named
    role: _Named
    municipality: MunicipalityCode
    """Where the person lives."""
    personal_identity_code: Annotated[str, StringConstraints(max_length=32)]
    family_name: _Named
    given_names: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
    phone: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")] | None = None
    language: Language
    reason: TroubleGroup
    code: Annotated[str, StringConstraints(max_length=16)] | None = None
    """ICPC-2 of chapter L, or an ICD-10 of M00-M99."""
    site: Code | None = None
    """Where the person is met; None: where people of the municipality are."""
    urgency: Urgency
    red_flags_checked: bool
    non_disclosure: bool = False
    """The person is under non-disclosure for personal safety (rule 9)."""
    text: Annotated[str, StringConstraints(max_length=MESSAGE_MAX, strip_whitespace=True)] = ""


@command(owner="intake", version=1)
class ReturnReferral(Ask[ReferralStatusView]):
    """A therapist gives a referral back to who sent it: the person is theirs to see to again.

    Refused: `unknown-referral`; `referral-over`: the person was met, or it was given back before; `licence-needed`.
    """

    referral_id: Id
    reason: ReturnReason


@query(owner="intake", version=1)
class GetReferralStatus(Ask[ReferralStatusView]):
    """What has become of a referral, for its sender. Refused: `unknown-referral` (not there, or not yours)."""

    referral_id: Id


@query(owner="intake", version=1)
class GetReferral(Ask[ReferralView]):
    """A referral in full, for therapists of its area. Refused: `unknown-referral`."""

    referral_id: Id


@query(owner="intake", version=1)
class GetWaitingReferrals(Ask[WaitingReferralsView]):
    """Referrals of somebody who has just identified strongly, where a time is to be chosen or ahead.

    The front end has checked who that is.

    Refused only: `not-yours`.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    personal_identity_code: Annotated[str, StringConstraints(max_length=32)]


@query(owner="intake", version=1)
class GetReferrals(Ask[ReferralsView]):
    """Referrals of the viewer's areas, newest first, at most 100. Therapists only: `not-yours`."""

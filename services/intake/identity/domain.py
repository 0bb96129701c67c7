"""The rules of identity: who somebody is, and whose a contact is. Pure: the day is an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from chassis.errors import Refused, Unprocessable
from contracts import identity_code
from contracts.intake import ContactState
from contracts.notifications import is_email_address
from contracts.portal import ContactPoint, VerifiedPerson


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom a strong identification named."""

    personal_identity_code: str | None
    """None for a person from abroad (eIDAS) who has no Finnish code."""
    family_name: str
    given_names: str
    birth_date: date
    non_disclosure: bool = False
    """The provider says that they are under non-disclosure; not kept with the person but with their contacts."""

    @property
    def display_name(self) -> str:
        """How the person is shown to a therapist."""
        return f"{self.given_names} {self.family_name}".strip()


@dataclass(frozen=True, slots=True)
class Points:
    """Where a person is reached; empty where there is nothing. Text messages go to mobile numbers alone (rule 34)."""

    phone: str = ""
    takes_sms: bool = False
    email: str = ""


def born(code: str, *, today: date, test_codes: bool) -> date:
    """Check a personal identity code and tell the birth date it holds. Nothing else is read from it.

    Args:
        code: as the identity provider gave it; it is not cleaned.
        today: the day in Finland.
        test_codes: whether individual numbers 900-999 are taken (practice only).

    Raises:
        Unprocessable: `bad-personal-identity-code`; `test-personal-identity-code`. The text never quotes the code.
    """
    try:
        birth_date = identity_code.birth_date(code, today=today)
    except ValueError as error:
        raise Unprocessable("bad-personal-identity-code", str(error)) from None
    if identity_code.is_test(code) and not test_codes:
        raise Unprocessable("test-personal-identity-code", "a test person's code is taken in practice only")
    return birth_date


def identity(opened: Mapping[str, Any], *, today: date, test_codes: bool) -> Identity:
    """Make out who somebody is from what the identity provider said; the code's birth date goes before a told one.

    Args:
        opened: the opened sealed field of IdentityVerified.
        today: as `born`.
        test_codes: as `born`.

    Raises:
        Unprocessable: as `born`; `bad-person`: a field is missing or malformed.
    """
    try:
        told = VerifiedPerson.model_validate(opened)
    except ValidationError:
        raise Unprocessable("bad-person", "expected code, family name, given names and birth date") from None
    code = told.personal_identity_code
    birth_date = told.birth_date if code is None else born(code, today=today, test_codes=test_codes)
    return Identity(code, told.family_name, told.given_names, birth_date, told.non_disclosure)


def contact_point(opened: Mapping[str, Any]) -> ContactPoint:
    """Where somebody wants to be reached, from what the front end has sealed. Its number is not looked at yet.

    Raises:
        Unprocessable: `bad-contact-point`: neither phone nor e-mail address, or malformed.
    """
    try:
        point = ContactPoint.model_validate(opened)
    except ValidationError:
        raise Unprocessable("bad-contact-point", "expected a phone number or an e-mail address") from None
    if (point.phone or point.email) is None or (point.email is not None and not is_email_address(point.email)):
        raise Unprocessable("bad-contact-point", "expected a phone number or an e-mail address")
    return point


def must_be_identified(person_id: UUID | None, identified_at: datetime | None) -> UUID:
    """Let something be kept for a person only once they have identified.

    Raises:
        Refused: `not-identified`.
    """
    if person_id is None or identified_at is None:
        raise Refused("not-identified", "nobody has identified for this contact")
    return person_id


def must_be_the_client(on_behalf: str | None) -> None:
    """Let nobody be taken for the client who acts for one: neither kept, nor judged by their own age.

    Raises:
        Refused: `acting-for`.
    """
    if on_behalf is not None:
        raise Refused("acting-for", "somebody acts for the client of this contact; only the client can identify")


def must_be_ours(state: str) -> None:
    """Let only somebody be kept whom the unit serves.

    Raises:
        Refused: `contact-declined`.
    """
    if state == ContactState.DECLINED:
        raise Refused("contact-declined", "the contact was declined; its person is not kept")


def must_be_free(known: UUID | None, person_id: UUID) -> None:
    """Let a contact be bound to a person only while it is nobody else's.

    Raises:
        Refused: `already-identified`.
    """
    if known is not None and known != person_id:
        raise already_identified()


def already_identified() -> Refused:
    """What is said when a contact is somebody else's."""
    return Refused("already-identified", "the contact was identified as another person before")

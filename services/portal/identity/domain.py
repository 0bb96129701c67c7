"""When an identity provider's answer counts, and whom it names. Pure: claims in, verdict out.

Source: OpenID Connect Core 1.0 section 3.1.3.7; Traficom recommendation 213/2023 (Finnish Trust Network); domain.md
section 2 and rules 3, 5 and 7.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.errors import Refused
from contracts import identity_code
from contracts.portal import AssuranceLevel

CLOCK_SKEW = timedelta(minutes=2)
"""How far apart our clock and the provider's may be."""
FRESH = timedelta(minutes=10)
"""An ID token is used at once; an older one is somebody's copy."""
LATEST = 2**40
"""No time claim is later, seconds since 1970; what is no number is not smaller either."""
LONGEST_NAME = 200
NOT_UNDER = (None, False, 0, "", "0", "false", "False")
"""What says that somebody is not under non-disclosure; whatever else a provider tells in that claim protects them."""

LEVELS: Mapping[str, AssuranceLevel] = {
    "http://ftn.ficora.fi/2017/loa2": AssuranceLevel.SUBSTANTIAL,
    "http://ftn.ficora.fi/2017/loa3": AssuranceLevel.HIGH,
    "http://eidas.europa.eu/LoA/substantial": AssuranceLevel.SUBSTANTIAL,
    "http://eidas.europa.eu/LoA/high": AssuranceLevel.HIGH,
}
"""Levels that identify a person strongly. Source: domain.md section 2."""
EIDAS = "http://eidas.europa.eu/LoA/"
TEST_LEVELS: Mapping[str, AssuranceLevel] = {
    "http://ftn.ficora.fi/2017/loatest2": AssuranceLevel.SUBSTANTIAL,
    "http://ftn.ficora.fi/2017/loatest3": AssuranceLevel.HIGH,
}
"""The same with test credentials, which anybody has."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must say to be ours, fresh and strong enough."""

    issuer: str
    client_id: str
    nonce: str
    acr_values: Collection[str]
    """Levels that are enough; empty when the provider alone decides (staff)."""
    now: datetime
    practice: bool = False


@dataclass(frozen=True, slots=True)
class PersonClaims:
    """What the provider calls a resident's claims."""

    personal_identity_code: str
    family_name: str
    given_names: str
    birth_date: str
    non_disclosure: str = ""
    """Empty: the provider tells nothing of it."""


@dataclass(frozen=True, slots=True)
class StaffClaims:
    """What the provider calls a member of staff's claims."""

    therapist_id: str
    name: str
    areas: str
    profession: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who was strongly identified. Personal data: leaves the portal only sealed."""

    personal_identity_code: str | None
    """None for an eIDAS person without a Finnish code: to be matched by a human, never merged (rule 7)."""
    family_name: str
    given_names: str
    birth_date: date
    assurance: AssuranceLevel
    non_disclosure: bool = False
    """Under non-disclosure for personal safety (rule 9)."""

    @property
    def known_by(self) -> str:
        """What tells the person from others at one browser; for that alone."""
        return self.personal_identity_code or f"{self.birth_date} {self.given_names} {self.family_name}"


@dataclass(frozen=True, slots=True)
class Therapist:
    """Who has logged in at the desk."""

    therapist_id: UUID
    name: str
    areas: frozenset[str]
    licensed: bool


def check_token(claims: Mapping[str, Any], expected: Expected) -> None:
    """Let only an ID token pass that answers this very login.

    Args:
        claims: of a token whose signature has been verified.
        expected: what this login asked for.

    Raises:
        Refused: `identity-refused`: issuer, audience, nonce or times are not what they must be;
            `identity-level-too-low`: the level of assurance is not enough.
    """
    if claims.get("iss") != expected.issuer:
        raise _refused("issuer")
    _check_audience(claims, expected.client_id)
    if not expected.nonce or claims.get("nonce") != expected.nonce:
        raise _refused("nonce")
    _check_times(claims, expected.now)
    if expected.acr_values:
        _check_level(claims.get("acr"), expected)


def person_of(claims: Mapping[str, Any], names: PersonClaims, *, today: date, practice: bool) -> Person:
    """Read who was identified from the claims of a checked token.

    Raises:
        Refused: `identity-no-code`: no personal identity code although a Finnish means of identification was used;
            `identity-test-person`: a code from the test range outside practice;
            `identity-level-too-low`: no level of strong identification;
            `identity-refused`: the code, the birth date or the names are malformed or contradict each other.
    """
    level = str(claims.get("acr"))
    assurance = {**LEVELS, **TEST_LEVELS}.get(level)
    if assurance is None:
        raise Refused("identity-level-too-low", "no known level of strong identification")
    code = _text(claims, names.personal_identity_code) if claims.get(names.personal_identity_code) else None
    if code is None and not level.startswith(EIDAS):
        raise Refused("identity-no-code", "a Finnish identification came without a personal identity code")
    return Person(
        personal_identity_code=code,
        family_name=_text(claims, names.family_name),
        given_names=_text(claims, names.given_names),
        birth_date=_born(code, claims.get(names.birth_date), today=today, practice=practice),
        assurance=assurance,
        non_disclosure=bool(names.non_disclosure) and claims.get(names.non_disclosure) not in NOT_UNDER,
    )


def therapist_of(
    claims: Mapping[str, Any], names: StaffClaims, *, areas: Collection[str], licensed: Collection[str]
) -> Therapist:
    """Read which member of staff logged in from the claims of a checked token.

    Args:
        claims: of a checked token.
        names: what the provider calls them; without a therapist id claim the subject is taken.
        areas: codes of the counties this installation serves; others do not count.
        licensed: professions that may assess (rule 13).

    Raises:
        Refused: `identity-not-staff`: no id, no name, or no county of this installation.
    """
    try:
        therapist_id = UUID(str(claims.get(names.therapist_id) or claims.get("sub")))
        name = _text(claims, names.name)
    except (ValueError, Refused) as error:
        raise Refused("identity-not-staff", "the claims name no member of staff") from error
    mine = _words(claims.get(names.areas)) & frozenset(areas)
    if not mine:
        raise Refused("identity-not-staff", "the claims name no county of this installation")
    may_assess = not _words(claims.get(names.profession)).isdisjoint(licensed)
    return Therapist(therapist_id, name[:80], mine, may_assess)


def birth_date(code: str, *, today: date) -> date:
    """The birth date a personal identity code tells, its form and check character verified.

    Raises:
        Refused: `identity-refused`.
    """
    try:
        return identity_code.birth_date(code, today=today)
    except ValueError as error:
        raise _refused("code") from error


def _born(code: str | None, told: Any, *, today: date, practice: bool) -> date:
    """The birth date of the code, which a told one must agree with; the told one where there is no code."""
    if code is None:
        try:
            return date.fromisoformat(told)
        except (TypeError, ValueError) as error:
            raise _refused("birth date") from error
    born = birth_date(code, today=today)
    if identity_code.is_test(code) and not practice:
        raise Refused("identity-test-person", "a code from the test range outside practice")
    if told is not None and told != born.isoformat():
        raise _refused("birth date")
    return born


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    told = claims.get("aud")
    audience = told if isinstance(told, list) else [told]
    if client_id not in audience:
        raise _refused("audience")
    party = claims.get("azp")
    if (party is not None or len(audience) > 1) and party != client_id:
        raise _refused("authorized party")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    moment, skew = now.timestamp(), CLOCK_SKEW.total_seconds()
    expires, issued = _number(claims, "exp"), _number(claims, "iat")
    if expires <= moment - skew:
        raise _refused("expiry")
    if not moment - FRESH.total_seconds() - skew <= issued <= moment + skew:
        raise _refused("time of issue")
    if "nbf" in claims and _number(claims, "nbf") > moment + skew:
        raise _refused("not before")


def _check_level(level: Any, expected: Expected) -> None:
    known = {**LEVELS, **TEST_LEVELS} if expected.practice else LEVELS
    if not isinstance(level, str) or level not in expected.acr_values or level not in known:
        raise Refused("identity-level-too-low", "the level of assurance is not on the allow-list")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        raise _refused(name)
    return float(value)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_NAME:
        raise _refused("a claim's text")
    return value.strip()


def _words(told: Any) -> frozenset[str]:
    """The words of a list, or of a text separated by blanks or commas."""
    words = re.split(r"[\s,]+", told) if isinstance(told, str) else told
    return frozenset(word for word in words if isinstance(word, str)) if isinstance(words, list) else frozenset()


def _refused(what: str) -> Refused:
    return Refused("identity-refused", f"the provider's answer does not fit this login: {what}")

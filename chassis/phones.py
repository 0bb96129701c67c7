"""Telephone numbers: which can be called, which take a text message, how they are read aloud. The one place that says.

Source: phonenumbers, whose data knows the plans of all countries; domain.md section 1, rule 34.
"""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType, shortnumberinfo

from chassis.errors import Refused

HOME, HOME_CODE = "FI", 358
"""A number without a country code is Finnish."""
DEAR = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}
"""Valid numbers that cost whoever calls them dearly."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be called."""

    number: str
    """In E.164: +358401234567."""
    takes_sms: bool
    """Of a mobile phone, and nothing else: where a plan does not tell mobile from fixed ones, nobody is texted."""


def phone(typed: str) -> Phone:
    """Read a number that somebody typed.

    Raises:
        Refused: `phone-premium`: premium rate or shared cost; `phone-short`: an emergency or short number, which is
            nobody's own; `phone-not-callable`: anything else that is no number.
    """
    try:
        parsed = phonenumbers.parse(typed, HOME)
    except phonenumbers.NumberParseException:
        raise Refused("phone-not-callable", "expected a phone number") from None
    if not phonenumbers.is_valid_number(parsed):
        if shortnumberinfo.is_valid_short_number(parsed):
            raise Refused("phone-short", "expected a number of one's own, not an emergency or short number")
        raise Refused("phone-not-callable", "expected a phone number")
    kind = phonenumbers.number_type(parsed)
    if kind in DEAR:
        raise Refused("phone-premium", "expected a number at the usual price")
    return Phone(
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), kind == PhoneNumberType.MOBILE
    )


def readable(number: str) -> str:
    """A number as one reads it aloud: 040 1234567."""
    try:
        parsed = phonenumbers.parse(number, HOME)
    except phonenumbers.NumberParseException:
        return number
    kind = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, kind.NATIONAL if parsed.country_code == HOME_CODE else kind.INTERNATIONAL)

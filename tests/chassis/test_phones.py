"""Which numbers can be called and which take a text message. Rule 34."""

from __future__ import annotations

import pytest

from chassis import Refused
from chassis.phones import phone, readable


@pytest.mark.parametrize(
    ("typed", "number", "takes_sms"),
    [
        ("040 123 4567", "+358401234567", True),
        ("0457-123 4567", "+3584571234567", True),
        ("+358 50 123 4567", "+358501234567", True),
        ("+46 70 123 45 67", "+46701234567", True),
        ("09 123 4567", "+35891234567", False),
        ("05 123 4567", "+35851234567", False),
        ("0800 123456", "+358800123456", False),
        ("020 123 4567", "+358201234567", False),
        ("+1 212 555 0123", "+12125550123", False),
    ],
    ids=["mobile", "mobile of four digits", "with country code", "swedish mobile", "fixed", "fixed of Kotka",
         "free of charge", "of a company", "mobile or fixed, nobody knows"],
)  # fmt: skip
def test_a_number_can_be_called_and_only_a_mobile_one_is_texted(typed: str, number: str, takes_sms: bool) -> None:
    found = phone(typed)
    assert (found.number, found.takes_sms) == (number, takes_sms)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0600 12345", "phone-premium"),
        ("+358 600 12345", "phone-premium"),
        ("0700 123456", "phone-premium"),
        ("+44 906 123 4567", "phone-premium"),
        ("+41 840 123 456", "phone-premium"),
        ("112", "phone-short"),
        ("+358112", "phone-short"),
        ("116117", "phone-short"),
        ("116 111", "phone-short"),
        ("040", "phone-not-callable"),
        ("soita minulle", "phone-not-callable"),
        ("", "phone-not-callable"),
        ("9" * 300, "phone-not-callable"),
        ("0606 12345", "phone-not-callable"),
    ],
    ids=["0600", "0600 with country code", "0700", "british premium", "swiss shared cost", "emergency",
         "emergency with country code", "helpline", "short", "too short", "words", "nothing", "too long", "unused"],
)  # fmt: skip
def test_a_dear_or_short_number_and_what_is_none_is_refused_with_its_code(typed: str, code: str) -> None:
    """The library counts premium numbers as valid (domain.md section 1)."""
    with pytest.raises(Refused) as refused:
        phone(typed)
    assert refused.value.code == code
    assert not typed or typed not in str(refused.value)


def test_a_finnish_number_is_read_aloud_without_its_country_code() -> None:
    assert (readable("+358401234567"), readable("+46701234567")) == ("040 1234567", "+46 70 123 45 67")

"""The Finnish personal identity code: its form, its check character, the birth date it holds. Nothing else is read.

Pure. A code is taken as it stands, in ASCII and upper case, or not at all.
Source: rule 3.
"""

from __future__ import annotations

import re
from datetime import date

FIRST_TEST_NUMBER = 900
"""Individual numbers 900-999 are nobody's."""

_CENTURY = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CODE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])([0-9]{3})([0-9A-Y])", re.ASCII)
"""Day, month, year, century sign, individual number, check character; nothing around them."""
_IN_TEXT = re.compile(rf"(?<![0-9A-Z]){_CODE.pattern}(?![0-9A-Z])", re.ASCII)


def birth_date(code: str, *, today: date) -> date:
    """Check a code and tell the birth date it holds.

    Args:
        code: as an identity provider gave it.
        today: the day in Finland.

    Raises:
        ValueError: it is no personal identity code, or its birth date is still to come. The text never quotes it.
    """
    shape = _CODE.fullmatch(code)
    if shape is None:
        raise ValueError("expected a valid Finnish personal identity code")
    day, month, year, sign, number, check = shape.groups()
    if check != check_character(f"{day}{month}{year}", number) or int(number) < 2:
        raise ValueError("expected a valid Finnish personal identity code")
    try:
        born = date(_CENTURY[sign] + int(year), int(month), int(day))
    except ValueError:
        raise ValueError("a personal identity code holds a day that does not exist") from None
    if born > today:
        raise ValueError("a personal identity code holds a birth date in the future")
    return born


def stands_in(text: str) -> bool:
    """Whether a valid code stands in a text, in capital letters or small ones."""
    return any(_is_one(shape.group()) for shape in _IN_TEXT.finditer(text.upper()))


def _is_one(code: str) -> bool:
    try:
        birth_date(code, today=date.max)
    except ValueError:
        return False
    return True


def is_test(code: str) -> bool:
    """Whether a valid code belongs to nobody: individual number 900-999."""
    return int(code[7:10]) >= FIRST_TEST_NUMBER


def check_character(ddmmyy: str, number: str) -> str:
    """The last character of a code."""
    return _CHECK[int(ddmmyy + number) % len(_CHECK)]

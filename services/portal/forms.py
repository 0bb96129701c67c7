"""Forms: urlencoded, parsed by the standard library, bounded; what was typed and what was wrong with it.

No multipart: a portal that takes no files needs no parser for them (trust.md section 4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Request

from chassis import Refused
from chassis.phones import phone
from contracts import identity_code
from contracts.notifications import is_email_address
from services.portal.language import Words

FIELDS_MAX = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters, line ends and tab excepted: no keyboard writes them, some databases refuse them."""


@dataclass(slots=True)
class Form:
    """What a person typed, by field, and what is wrong with it. Shown again as it was when it is refused."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def target(self, name: str) -> str:
        """Id of the control an error message leads to."""
        return name

    @property
    def key(self) -> str:
        """The form's one-time idempotency key.

        Raises:
            Refused: `form-expired`: there is none, so the form is not one of ours.
        """
        return str(self.uuid("key", "form-expired"))

    def uuid(self, name: str, code: str) -> UUID:
        """The id in a hidden field.

        Raises:
            Refused: `code`: it is none.
        """
        try:
            return UUID(self[name])
        except ValueError:
            raise Refused(code, f"the field {name} holds no id") from None


def clean(text: str) -> str:
    """What a person typed, without control characters, with plain line ends."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def must_hold(form: Form, t: Words, **fields: tuple[str, int]) -> None:
    """Note an error for each field that is empty or longer than its bound: name=(text, bound)."""
    for name, (text, bound) in fields.items():
        if not text:
            form.errors[name] = t("error.empty")
        elif len(text) > bound:
            form.errors[name] = t("error.long", n=bound)


def must_name_nobody(words: str) -> None:
    """Let free text pass only without a personal identity code: who somebody is comes by identification alone (rule 8).

    Raises:
        Refused: `identity-code-in-text`. The text is quoted nowhere.
    """
    if identity_code.stands_in(words):
        raise Refused("identity-code-in-text", "a personal identity code stands in the text; leave it out")


async def read_form(request: Request) -> Form:
    """Read a posted form.

    Raises:
        Refused: `not-a-form`: another content type, no UTF-8, or more fields than any form of ours has.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise Refused("not-a-form", "expected application/x-www-form-urlencoded")
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise Refused("not-a-form", "expected percent-encoded UTF-8 fields") from None
    return Form({name: clean(value) for name, value in pairs})


def phone_number(form: Form, name: str, t: Words) -> str | None:
    """The number in a field, in E.164; None, and an error in the form, when it is none that the unit calls."""
    try:
        return phone(form[name]).number
    except Refused as refused:
        form.errors[name] = t("error.phone") if refused.code == "phone-not-callable" else t.refusal(refused.code)
        return None


def email_address(typed: str) -> str | None:
    """An e-mail address, or None when it is none."""
    typed = typed.strip()
    return typed if is_email_address(typed) else None


def day_of(typed: str) -> date | None:
    """A day as a date field sends it; None when it is none."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def time_of(typed: str) -> time | None:
    """A time of day as a time field sends it; None when it is none."""
    try:
        return time.fromisoformat(typed).replace(tzinfo=None)
    except ValueError:
        return None


def number_of(typed: str, most: int) -> int | None:
    """A whole number from 1 to `most`; None when it is none."""
    if not (typed.isascii() and typed.isdigit() and len(typed) <= len(str(most))):
        return None
    return int(typed) if 1 <= int(typed) <= most else None

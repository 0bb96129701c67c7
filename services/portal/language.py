"""The three languages of service: every word a person sees, and how days and times are written. Read once at start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_time, get_day_names
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.plural import PluralRule

from chassis.calendar import HELSINKI
from contracts.base import Language

LOCALES = Path(__file__).with_name("locales")
LANGUAGES: tuple[Language, ...] = (Language.FI, Language.SV, Language.EN)
DEFAULT = Language.FI

Texts = Mapping[str, tuple[str, ...]]
"""Key -> the text, or its plural forms."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language: `t("front.title")`, `t("queue.ahead", n=3)`, and dates and times as that language writes them."""

    language: Language
    texts: Texts
    plural: PluralRule
    locale: Locale

    def __call__(self, key: str, /, **values: Any) -> str:
        """The text of a key, its {holes} filled; `n` picks the plural form.

        Raises:
            KeyError: the catalogue has no such key.
        """
        forms = self.texts[key]
        text = forms[self._form(values["n"]) if len(forms) > 1 else 0]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        return key in self.texts

    def refusal(self, code: str) -> str:
        """The sentence of a refusal; a code nobody has described still gets a sentence."""
        key = f"refusal.{code}"
        return self(key if self.has(key) else "refusal.other")

    def day_time(self, instant: datetime) -> str:
        """An instant: torstai 26.11. klo 10.00."""
        return self._format(instant, "format.day_time")

    def day(self, day: date) -> str:
        """A day: torstai 26.11.2026."""
        return format_date(day, self("format.day"), locale=self.locale)

    def birth_date(self, day: date) -> str:
        """The day somebody was born, whose weekday nobody asks for: 21.2.1981."""
        return format_date(day, self("format.birth_date"), locale=self.locale)

    def on_day_time(self, instant: datetime) -> str:
        """When something happens: torstaina 26.11. klo 10.00."""
        return self._format(instant, "format.on_day_time")

    def on_day(self, day: date) -> str:
        """On which day something happens: torstaina 26.11.2026."""
        return format_date(day, self("format.on_day"), locale=self.locale)

    def clock(self, instant: datetime) -> str:
        """A time of day: 10.00."""
        return format_time(instant.astimezone(HELSINKI), self("format.clock"), tzinfo=HELSINKI, locale=self.locale)

    def date(self, instant: datetime) -> str:
        """The day of an instant: torstai 26.11."""
        return self._format(instant, "format.date")

    def from_to(self, start: datetime, end: datetime) -> str:
        """Within a day: klo 10.00–10.45."""
        return f"{self._format(start, 'format.from')}–{self.clock(end)}"

    def number(self, value: Decimal | float) -> str:
        """A number: 13,5."""
        return str(format_decimal(value, locale=self.locale))

    def hours(self, periods: Iterable[tuple[int, str, str]]) -> list[tuple[str, str]]:
        """Opening hours, days with equal hours together: [("tiistai ja torstai", "9.00–11.00")]."""
        by_hours: dict[str, list[int]] = {}
        for weekday, opens, closes in periods:
            by_hours.setdefault(f"{self._hour(opens)}–{self._hour(closes)}", []).append(weekday)
        return [(self._days(days), hours) for hours, days in by_hours.items()]

    def _form(self, n: float) -> int:
        return 0 if self.plural(n) == "one" else 1

    def _format(self, instant: datetime, pattern: str) -> str:
        return format_datetime(instant.astimezone(HELSINKI), self(pattern), tzinfo=HELSINKI, locale=self.locale)

    def _hour(self, hh_mm: str) -> str:
        hour, minute = hh_mm.split(":")[:2]
        return self("format.hour").format(hour=int(hour), minute=minute)

    def _days(self, weekdays: list[int]) -> str:
        names = get_day_names("wide", "stand-alone", self.locale)
        days = [names[weekday - 1] for weekday in sorted(weekdays)]
        if len(days) > 2 and weekdays == list(range(weekdays[0], weekdays[-1] + 1)):
            return f"{days[0]}–{days[-1]}"
        return self("format.and").join(days)


def read_texts(language: Language) -> Texts:
    """The catalogue file of one language."""
    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=str(language), abort_invalid=True)
    texts: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            texts[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return texts


@cache
def words(language: Language) -> Words:
    """Everything said in one language."""
    locale = Locale.parse("en_GB" if language is Language.EN else f"{language}_FI")
    return Words(language, read_texts(language), locale.plural_form, locale)


def preferred(accept_language: str) -> Language:
    """The language of service a browser asks for first (RFC 9110 section 12.5.4); Finnish when none of ours."""
    wishes: list[tuple[float, int, Language]] = []
    for place, part in enumerate(accept_language[:500].split(",")):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        primary = tag.strip().lower().split("-")[0]
        if primary in LANGUAGES and weight > 0:
            wishes.append((-weight, place, Language(primary)))
    return min(wishes)[2] if wishes else DEFAULT


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0

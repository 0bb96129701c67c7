"""The invented people a practice installation can identify as."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from contracts.identity_code import check_character

NON_DISCLOSURE = "non_disclosure"
"""The claim of the stand-in that says so of a person."""
FILE = Path(__file__).with_name("people.toml")


@dataclass(frozen=True, slots=True)
class TestPerson:
    """Somebody the stand-in provider can vouch for."""

    __test__ = False  # not a test, whatever its name begins with

    key: str
    """Also the subject the provider tells."""
    shown: str
    claims: Mapping[str, Any]
    age: int | None = None


@cache
def residents(today: date) -> tuple[TestPerson, ...]:
    """The invented residents, as old this year as the file says."""
    return tuple(_resident(one, today) for one in _file()["residents"])


@cache
def staff() -> tuple[TestPerson, ...]:
    """The invented therapists, and an assistant."""
    claims = ("name", "therapist_id", "areas", "profession")
    return tuple(
        TestPerson(one["therapist_id"], one["name"], {name: one[name] for name in claims}) for one in _file()["staff"]
    )


def therapists() -> tuple[TestPerson, ...]:
    """Of the staff, those who are licensed."""
    return tuple(one for one in staff() if one.claims["profession"] == "physiotherapist")


def texts(language: str) -> Mapping[str, str]:
    """What the stand-in's page says in a language; Finnish for one that is not ours."""
    known: Mapping[str, Mapping[str, str]] = _file()["texts"]
    return known.get(language, known["fi"])


def _resident(told: Mapping[str, Any], today: date) -> TestPerson:
    born = date(today.year - told["age"], 1, 1)
    code = _code(born, told["individual_number"]) if "individual_number" in told else {}
    return TestPerson(
        key=f"resident-{told.get('individual_number', 'abroad')}",
        shown=f"{told['given_names']} {told['family_name']}",
        age=told["age"],
        claims={
            **code,
            "urn:oid:2.5.4.4": told["family_name"],
            "urn:oid:1.2.246.575.1.14": told["given_names"],
            "urn:oid:1.3.6.1.5.5.7.9.1": born.isoformat(),
            "acr": told["acr"],
            **({NON_DISCLOSURE: True} if told.get("non_disclosure") else {}),
        },
    )


def _code(born: date, individual: int) -> dict[str, str]:
    digits, number = born.strftime("%d%m%y"), f"{individual:03}"
    sign = "A" if born.year >= 2000 else "-"
    return {"urn:oid:1.2.246.21": f"{digits}{sign}{number}{check_character(digits, number)}"}


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))

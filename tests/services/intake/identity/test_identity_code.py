from __future__ import annotations

from datetime import date

import pytest

from chassis import Unprocessable
from services.intake.identity import domain
from tests.services.intake.builders import CODE, code, sealed_person

TODAY = date(2026, 11, 24)


def born(given: str, *, test_codes: bool = True) -> date:
    return domain.born(given, today=TODAY, test_codes=test_codes)


@pytest.mark.parametrize(
    ("sign", "century"), [("+", 1800), *((sign, 1900) for sign in "-YXWVU"), *((sign, 2000) for sign in "ABCDEF")]
)
def test_a_century_sign_tells_the_century(sign: str, century: int) -> None:
    """Rule 3."""
    assert born(code(f"210205{sign}901")) == date(century + 5, 2, 21)


@pytest.mark.parametrize("sign", "GZTS01 ")
def test_any_other_century_sign_is_refused(sign: str) -> None:
    with pytest.raises(Unprocessable, match="bad-personal-identity-code"):
        born(f"210281{sign}9988")


def test_the_published_test_code_is_valid() -> None:
    """domain.md section 2."""
    assert born(CODE) == date(1981, 2, 21)


@pytest.mark.parametrize("wrong", [one for one in "0123456789ABCDEFHJKLMNPRSTUVWXY" if one != CODE[-1]])
def test_a_wrong_check_character_is_refused(wrong: str) -> None:
    """Rule 3: exactly one of 31 fits."""
    with pytest.raises(Unprocessable, match="bad-personal-identity-code"):
        born(CODE[:-1] + wrong)


@pytest.mark.parametrize(
    "given",
    [
        code("310281-901"),
        code("290225-901"),
        code("000181-901"),
        code("011381-901"),
        code("210281-001"),
        code("210281-000"),
    ],
    ids=["31 February", "29 February of a common year", "day 0", "month 13", "number 001", "number 000"],
)
def test_a_day_or_number_that_does_not_exist_is_refused(given: str) -> None:
    with pytest.raises(Unprocessable, match="bad-personal-identity-code"):
        born(given)


def test_a_leap_day_is_a_birth_date() -> None:
    assert born(code("290224A901")) == date(2024, 2, 29)


@pytest.mark.parametrize(
    "given",
    [
        CODE.translate({ord(digit): ord(digit) - ord("0") + ord("０") for digit in "0123456789"}),
        CODE.replace("-", "−"),
        f"{CODE}\n",
        f" {CODE}",
        "210281a900w",
        CODE.replace("-", ""),
        "",
        "210281-99880",
    ],
    ids=["full-width", "minus sign", "newline", "space", "lower case", "no sign", "empty", "too long"],
)
def test_a_code_is_taken_as_it_stands_in_ascii_or_not_at_all(given: str) -> None:
    """Rule 3 and section 1: stdnum cleans these, we do not."""
    with pytest.raises(Unprocessable, match="bad-personal-identity-code"):
        born(given)


def test_a_birth_date_in_the_future_is_refused() -> None:
    """domain.md section 1: stdnum takes 010199A123Y, born in 2099."""
    with pytest.raises(Unprocessable, match="future"):
        born("010199A123Y")


@pytest.mark.parametrize(("day", "taken"), [("24", True), ("25", False)])
def test_born_today_is_not_in_the_future_and_tomorrow_is(day: str, taken: bool) -> None:
    try:
        born(code(f"{day}1126A901"))
    except Unprocessable:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize("number", ["900", "950", "999"])
def test_a_test_persons_code_is_refused_outside_practice(number: str) -> None:
    """Rule 3: 900-999 is nobody's."""
    with pytest.raises(Unprocessable, match="test-personal-identity-code"):
        born(code(f"210281-{number}"), test_codes=False)


@pytest.mark.parametrize("number", ["002", "899"])
def test_a_real_number_is_taken_outside_practice(number: str) -> None:
    assert born(code(f"210281-{number}"), test_codes=False) == date(1981, 2, 21)


@pytest.mark.parametrize("given", [CODE[:-1] + "0", "010199A123Y", CODE])
def test_a_refusal_never_quotes_the_code(given: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        born(given, test_codes=False)
    assert given not in str(refused.value)


def test_a_codes_birth_date_goes_before_a_told_one() -> None:
    opened = sealed_person(birth_date="1999-01-01")
    assert domain.identity(opened, today=TODAY, test_codes=True).birth_date == date(1981, 2, 21)


@pytest.mark.parametrize(
    "opened",
    [
        sealed_person(personal_identity_code=None, birth_date=None),
        sealed_person(family_name=" "),
        sealed_person(birth_date="21.2.1981"),
        sealed_person(given_names=None),
        {"personal_identity_code": CODE},
        {},
    ],
    ids=["neither code nor birth date", "no name", "odd date", "given names missing", "code alone", "nothing"],
)
def test_an_incomplete_person_is_refused_without_being_quoted(opened: dict[str, object]) -> None:
    with pytest.raises(Unprocessable, match="bad-person") as refused:
        domain.identity(opened, today=TODAY, test_codes=True)
    assert "Virtanen" not in repr(refused.value)
    assert refused.value.__cause__ is None

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import Unprocessable
from contracts import ASKS, EVENTS, identity_code
from services.intake.identity import domain
from services.intake.identity.models import Person
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
    """Rule 3: stdnum refuses G and Z too (section 1)."""
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
    """Rule 3: 002 is the first individual number."""
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
        f"{CODE}\r\n",
        f"{CODE}\u2028",
        f"{CODE}\u00a0",
        f" {CODE}",
        "210281a900w",
        "210281A900w",
        "２" + CODE[1:],
        CODE.translate({ord(digit): ord(digit) - ord("0") + ord("٠") for digit in "0123456789"}),
        CODE.replace("-", ""),
        "",
        "210281-99880",
    ],
    ids=["full-width", "minus sign", "newline", "line ends", "line separator", "hard space", "space", "lower case",
         "lower check character", "one full-width", "arabic digits", "no sign", "empty", "too long"],
)  # fmt: skip
def test_a_code_is_taken_as_it_stands_in_ascii_or_not_at_all(given: str) -> None:
    """Rule 3 and section 1: stdnum cleans these, we do not."""
    with pytest.raises(Unprocessable, match="bad-personal-identity-code"):
        born(given)


def test_a_birth_date_in_the_future_is_refused() -> None:
    """Rule 3, and section 1: stdnum takes 010199A123Y, born in 2099."""
    with pytest.raises(Unprocessable, match="future"):
        born("010199A123Y")


@pytest.mark.parametrize(("day", "taken"), [("24", True), ("25", False)])
def test_born_today_is_not_in_the_future_and_tomorrow_is(day: str, taken: bool) -> None:
    """Rule 3."""
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
    """Rule 3: 002-899 are people's."""
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


SIGNS = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
CODES = st.builds(
    lambda day, sign, number: code(f"{day:%d%m}{day.year % 100:02}{sign}{number:03}"),
    st.dates(date(2000, 1, 1), date(2026, 11, 24)),
    st.sampled_from([*SIGNS]),
    st.integers(2, 999),
).filter(lambda one: born_by(one) <= TODAY)


def born_by(given: str) -> date:
    """The day a code says, read here on its own; of a leap day in a century without one, a day that is never taken."""
    try:
        return date(SIGNS[given[6]] + int(given[4:6]), int(given[2:4]), int(given[:2]))
    except ValueError:
        return date.max


@given(given=CODES)
def test_every_code_of_rule_3_says_its_birth_date(given: str) -> None:
    """Rule 3: every sign, day and number that there can be."""
    assert born(given) == born_by(given)


@given(given=CODES, at=st.sampled_from([0, 1, 2, 3, 4, 5, 7, 8, 9]), by=st.integers(1, 9))
def test_one_digit_typed_wrong_is_always_found(given: str, at: int, by: int) -> None:
    """Rule 3: 31 is a prime that divides no digit's place value."""
    wrong = given[:at] + str((int(given[at]) + by) % 10) + given[at + 1 :]
    with pytest.raises(Unprocessable, match="bad-personal-identity-code"):
        born(wrong)


@given(text=st.text(max_size=14))
def test_any_other_text_is_refused_and_never_a_bug(text: str) -> None:
    """Rule 3: a code is made of 11 characters of ASCII, or it is none."""
    with pytest.raises(Unprocessable):
        born(text)


@given(
    given=CODES, before=st.sampled_from(["", "Olen ", "(", "\n"]), after=st.sampled_from(["", ", soittakaa", ")", "."])
)
def test_a_code_is_found_in_a_text_in_capitals_or_not(given: str, before: str, after: str) -> None:
    """Rule 3."""
    assert identity_code.stands_in(f"{before}{given}{after}")
    assert identity_code.stands_in(f"{before}{given.lower()}{after}")


@pytest.mark.parametrize(
    "text", ["", "soita 040 1234567", "21.2.1981", "210281-9989", "X210281-9988", "210281-99881", "viite 210281-998"]
)
def test_what_is_no_code_is_found_in_no_text(text: str) -> None:
    assert not identity_code.stands_in(text)


def test_sex_is_asked_kept_and_told_nowhere() -> None:
    """Rule 3: it is never inferred; no message and no table of the vault has a place for it."""
    messages = [kind.cls for kind in (*EVENTS.values(), *ASKS.values())]
    messages += [kind.answer for kind in ASKS.values()]
    names = {name for each in (*messages, Person, domain.Identity) for name in getattr(each, "__annotations__", {})}
    assert names
    assert not [name for name in names if {"sex", "gender"} & set(name.split("_"))]

"""When an ID token counts and whom it names: pure rules. Source: domain.md section 2, rules 3, 5 and 7."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import Refused
from contracts.identity_code import check_character
from contracts.portal import AssuranceLevel
from services.portal.identity.domain import (
    LEVELS,
    TEST_LEVELS,
    Expected,
    PersonClaims,
    StaffClaims,
    birth_date,
    check_token,
    person_of,
    therapist_of,
)

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TODAY = NOW.date()
THERAPIST = "9a3d5c10-77a4-4c8b-9d41-2f9a5a0c1e01"
NAMES = PersonClaims("code", "family", "given", "born")
STAFF = StaffClaims("therapist_id", "name", "areas", "profession")
LOA2 = "http://ftn.ficora.fi/2017/loa2"
SECOND = timedelta(seconds=1)


def expected(**over: Any) -> Expected:
    told = {"issuer": "https://idp.example", "client_id": "we", "nonce": "n", "acr_values": set(LEVELS), "now": NOW}
    return Expected(**told | over)


def token(**over: Any) -> dict[str, Any]:
    now = int(NOW.timestamp())
    told = {"iss": "https://idp.example", "aud": "we", "nonce": "n", "iat": now, "exp": now + 300, "acr": LOA2}
    return {name: value for name, value in (told | over).items() if value is not None}


def person(**over: Any) -> dict[str, Any]:
    told = {"code": "131052-308T", "family": "Näyte", "given": "Noora", "born": "1952-10-13", "acr": LOA2}
    return {name: value for name, value in (told | over).items() if value is not None}


def refusal_of(claims: dict[str, Any], *, practice: bool = False) -> str:
    with pytest.raises(Refused) as refused:
        person_of(claims, NAMES, today=TODAY, practice=practice)
    return refused.value.code


def outcome(work: Callable[[], Any]) -> Refused | None:
    try:
        work()
    except Refused as refused:
        return refused
    return None


def test_a_token_that_answers_this_login_passes() -> None:
    check_token(token(), expected())


@pytest.mark.parametrize("audience", [["we"], ["we", "others"]])
def test_a_list_of_audiences_with_us_as_the_party_passes(audience: list[str]) -> None:
    check_token(token(aud=audience, azp="we"), expected())


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_of_strong_identification_is_enough(level: str) -> None:
    check_token(token(acr=level), expected())


@pytest.mark.parametrize("level", TEST_LEVELS)
def test_a_test_level_is_never_enough_outside_practice_even_where_it_is_listed(level: str) -> None:
    """Source: rule 5."""
    with pytest.raises(Refused, match="identity-level-too-low"):
        check_token(token(acr=level), expected(acr_values={level}))


@pytest.mark.parametrize("level", TEST_LEVELS)
def test_a_test_level_is_enough_in_practice(level: str) -> None:
    check_token(token(acr=level), expected(acr_values={level}, practice=True))


def test_a_level_this_installation_does_not_list_is_not_enough() -> None:
    with pytest.raises(Refused, match="identity-level-too-low"):
        check_token(token(), expected(acr_values={"http://ftn.ficora.fi/2017/loa3"}))


def test_a_directory_without_levels_decides_by_itself() -> None:
    check_token(token(acr=None), expected(acr_values=()))


def test_a_token_is_good_until_its_last_second_and_the_clocks_difference() -> None:
    moment = int((NOW - timedelta(minutes=2) + SECOND).timestamp())
    check_token(token(exp=moment), expected())


def test_a_token_is_over_after_its_last_second_and_the_clocks_difference() -> None:
    moment = int((NOW - timedelta(minutes=2)).timestamp())
    with pytest.raises(Refused, match="expiry"):
        check_token(token(exp=moment), expected())


@pytest.mark.parametrize("value", [True, "1795507200", float("nan"), float("inf"), 10**400, -1])
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_a_time_that_is_no_time_is_refused(claim: str, value: object) -> None:
    with pytest.raises(Refused, match="identity-refused"):
        check_token(token(**{claim: value}), expected())


def test_a_login_without_a_nonce_is_never_answered() -> None:
    with pytest.raises(Refused, match="nonce"):
        check_token(token(nonce=""), expected(nonce=""))


def test_a_finnish_person_is_read_with_the_birth_date_of_the_code() -> None:
    found = person_of(person(born=None), NAMES, today=TODAY, practice=False)
    assert (found.personal_identity_code, found.birth_date, found.assurance) == (
        "131052-308T",
        date(1952, 10, 13),
        AssuranceLevel.SUBSTANTIAL,
    )


def test_an_eidas_person_without_a_code_is_left_to_a_humans_match() -> None:
    """Source: rule 7."""
    claims = person(code=None, acr="http://eidas.europa.eu/LoA/high")
    found = person_of(claims, NAMES, today=TODAY, practice=False)
    assert (found.personal_identity_code, found.birth_date) == (None, date(1952, 10, 13))


def test_an_eidas_person_without_code_and_birth_date_is_refused() -> None:
    assert refusal_of(person(code=None, born=None, acr="http://eidas.europa.eu/LoA/high")) == "identity-refused"


def test_a_finnish_identification_without_a_code_is_refused() -> None:
    assert refusal_of(person(code=None)) == "identity-no-code"


def test_a_code_of_the_test_range_is_refused_outside_practice() -> None:
    """Source: domain.md section 2: individual numbers 900-999, for example 210281-9988."""
    assert refusal_of(person(code="210281-9988", born=None)) == "identity-test-person"


def test_a_code_of_the_test_range_is_taken_in_practice() -> None:
    found = person_of(person(code="210281-9988", born=None), NAMES, today=TODAY, practice=True)
    assert found.birth_date == date(1981, 2, 21)


@pytest.mark.parametrize("over", [{"family": None}, {"given": "  "}, {"family": "x" * 201}, {"given": ["Noora"]}])
def test_a_person_without_a_proper_name_is_refused(over: dict[str, Any]) -> None:
    assert refusal_of(person(**over)) == "identity-refused"


@pytest.mark.parametrize(
    ("code", "born"),
    [
        ("131052-308T", date(1952, 10, 13)),
        ("131052Y308T", date(1952, 10, 13)),
        ("010594Y9032", date(1994, 5, 1)),
        ("020202A9022", None),
        ("131052+308T", date(1852, 10, 13)),
    ],
)
def test_the_century_sign_tells_the_century(code: str, born: date | None) -> None:
    """Source: rule 3."""
    if born is None:
        code = code[:-1] + check_character(code[:6], code[7:10])
        born = date(2002, 2, 2)
    assert birth_date(code, today=TODAY) == born


@pytest.mark.parametrize(
    "code",
    [
        "131052-308U",  # check character
        "131052G308T",  # no such sign
        "131052-308t",  # lower case
        "131052-308T\n",
        "١٣١٠٥٢-308T",  # digits of another script
        "310226-3081",  # no such day
        "131052-001" + check_character("131052", "001"),  # number below 002
        "010199A123" + check_character("010199", "123"),  # 2099
        "",
    ],
)
def test_a_malformed_code_is_refused(code: str) -> None:
    with pytest.raises(Refused, match="identity-refused"):
        birth_date(code, today=TODAY)


@pytest.mark.parametrize("areas", [["10", "99"], "10 99", "99,10"])
def test_a_therapist_serves_the_known_counties_of_the_claim(areas: object) -> None:
    claims = {"therapist_id": THERAPIST, "name": " Aino ", "areas": areas}
    found = therapist_of(claims, STAFF, areas=["10", "18"], licensed={"physiotherapist"})
    assert (found.therapist_id, found.name, found.areas) == (UUID(THERAPIST), "Aino", {"10"})


@pytest.mark.parametrize(
    ("told", "licensed"),
    [
        ("physiotherapist", True),
        (["secretary", "physiotherapist"], True),
        ("practical_nurse", False),
        ("", False),
        (None, False),
    ],
)
def test_who_is_licensed_is_what_the_directory_says(told: Any, licensed: bool) -> None:
    """Rule 13."""
    claims = {"sub": THERAPIST, "name": "Aino", "areas": "10", "profession": told}
    assert therapist_of(claims, STAFF, areas=["10"], licensed={"physiotherapist"}).licensed is licensed


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@settings(deadline=None)  # a busy machine is not a broken rule
@given(over=st.dictionaries(st.sampled_from(["iss", "aud", "azp", "nonce", "iat", "exp", "nbf", "acr"]), ANYTHING))
def test_whatever_a_token_says_it_is_taken_or_refused(over: dict[str, Any]) -> None:
    refused = outcome(lambda: check_token(token() | over, expected()))
    assert refused is None or refused.code in {"identity-refused", "identity-level-too-low"}


@settings(deadline=None)  # a busy machine is not a broken rule
@given(over=st.dictionaries(st.sampled_from(["code", "family", "given", "born", "acr"]), ANYTHING))
def test_whatever_a_person_is_said_to_be_they_are_read_or_refused(over: dict[str, Any]) -> None:
    refused = outcome(lambda: person_of(person() | over, NAMES, today=TODAY, practice=False))
    assert refused is None or refused.code.startswith("identity-")


@settings(deadline=None)  # a busy machine is not a broken rule
@given(claims=st.dictionaries(st.sampled_from(["therapist_id", "sub", "name", "areas"]), ANYTHING))
def test_whatever_staff_are_said_to_be_they_are_read_or_refused(claims: dict[str, Any]) -> None:
    refused = outcome(lambda: therapist_of(claims, STAFF, areas=["10"], licensed={"physiotherapist"}))
    assert refused is None or refused.code == "identity-not-staff"


@settings(deadline=None)  # a busy machine is not a broken rule
@given(over=st.dictionaries(st.sampled_from(["born", "given", "acr"]), ANYTHING))
def test_no_refusal_repeats_what_was_told_of_the_person(over: dict[str, Any]) -> None:
    claims = person(born="1900-01-01") | over
    refused = outcome(lambda: person_of(claims, NAMES, today=TODAY, practice=False))
    assert refused is None or claims["code"] not in str(refused)


@pytest.mark.parametrize(
    ("told", "under"),
    [
        *[(value, True) for value in (True, 1, "1", "true", "yes", "kyllä", ["x"])],
        *[(value, False) for value in (False, 0, "0", "false", "False", "", None)],
    ],
)
def test_who_is_under_non_disclosure_the_named_claim_says(told: object, under: bool) -> None:
    """Rule 9. What nobody has agreed on in it protects; a provider that names no such claim says nothing."""
    names = PersonClaims("code", "family", "given", "born", "turvakielto")
    claims = person(turvakielto=told)
    assert person_of(claims, names, today=TODAY, practice=False).non_disclosure is under
    assert not person_of(claims, NAMES, today=TODAY, practice=False).non_disclosure

"""What another system is told when something is not as asked: one sentence per code, written for whoever reads it."""

from __future__ import annotations

import re

import pytest

from chassis.settings import ROOT
from services.portal.api import description
from services.portal.fhir.outcome import BLAMED
from services.portal.language import LANGUAGES, words
from services.portal.neighbours.routes import STATUS
from tests.services.portal.town import Town

TO_A_RESIDENT = re.compile(
    r"\b(?:sin[uä]\w*|asiasi|asut|\w+numerosi|\w+asemaasi|(?<!etu)sivu\w*|selai\w*|lomak\w*"
    r"|ditt? (?:ärende|kommun|egen|eget)|du|sidan?|webbläsar\w*|formulär\w*"
    r"|you|(?<!front )page|browser|your (?:matter|own|health)|form)\b",
    re.IGNORECASE,
)
OF_EVENTS = re.compile(r"tapahtum|händels|\bevent|\berrors\b", re.IGNORECASE)
CODE = re.compile(r"`([a-z]+(?:-[a-z]+)*)`")


def codes_of_fhir() -> set[str]:
    """Codes that docs/fhir.md lists."""
    table = (ROOT / "docs" / "fhir.md").read_text("utf-8").partition("## What is refused")[2]
    return {code for line in table.splitlines() if line.startswith("| `") for code in CODE.findall(line.split("|")[1])}


def codes_of_paths(*paths: str) -> set[str]:
    """Codes that the OpenAPI document names of some paths."""
    told = [description()["paths"][path]["post"]["responses"] for path in paths]
    listed = [CODE.findall(one["description"].partition("`errors`")[0]) for each in told for one in each.values()]
    return {code for codes in listed for code in codes} - {"instead", "successor", "question", "errors"}


NEUTRAL = codes_of_paths("/api/v1/assessments") | codes_of_fhir()
EVERY = sorted(NEUTRAL | codes_of_paths("/api/v1/events") | set(STATUS))


@pytest.mark.parametrize("code", EVERY)
def test_what_a_system_is_told_speaks_to_no_resident(code: str) -> None:
    for language in LANGUAGES:
        assert words(language).has(f"refusal.{code}")
        assert TO_A_RESIDENT.findall(words(language).refusal(code)) == []


@pytest.mark.parametrize("code", sorted(NEUTRAL))
def test_who_sends_a_result_or_a_resource_is_not_told_of_events(code: str) -> None:
    assert [OF_EVENTS.findall(words(language).refusal(code)) for language in LANGUAGES] == [[]] * len(LANGUAGES)


def test_every_code_whose_element_is_known_is_documented() -> None:
    assert {code for codes in BLAMED.values() for code in codes} - codes_of_fhir() == set()


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/fhir/r4/Patient", "/fhir/r4/ServiceRequest/no-id"])
def test_an_address_that_is_none_says_so_and_speaks_of_no_page(town: Town, path: str) -> None:
    answer = town.browser().get(path)
    assert answer.status_code == 404
    assert words(LANGUAGES[0]).refusal("not-found") in answer.text
    assert words(LANGUAGES[0])("error.not_found.text") not in answer.text

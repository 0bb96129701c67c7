"""Addresses of the FHIR door that are none, or take no such request."""

from __future__ import annotations

from uuid import uuid4

from tests.services.portal.test_fhir import REFERRALS, RESULTS, outcome
from tests.services.portal.town import Town


def test_an_address_that_is_not_there_is_told_in_fhir(town: Town) -> None:
    for path in ("/fhir/r4/Patient/1", f"{REFERRALS}/no-id", f"{RESULTS}/{uuid4()}"):
        assert outcome(town.browser().get(path)) == (404, "not-found")


def test_what_a_resource_does_not_take_is_not_supported(town: Town) -> None:
    """R4, OperationOutcome.issue.code."""
    answer = town.browser().get(RESULTS)
    assert outcome(answer) == (405, "not-found")
    assert answer.json()["issue"][0]["code"] == "not-supported"

"""Rule 36: every code of a required binding that can stand in what comes in is checked by a list of our own."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from services.portal.fhir.codes import NOT_TAKEN, REQUIRED

TAKEN = ("ServiceRequest", "QuestionnaireResponse", "Patient", "PractitionerRole")
ANOTHER_WAY = {("TimingRepeat", "when")}
"""The library gives no list for it; ours is that of R4's EventTiming."""
COMPARED = set(REQUIRED) - {("Quantity", "comparator")} - ANOTHER_WAY


def reached() -> dict[str, Any]:
    """Every type that can stand in what is taken, extensions and all."""
    found: dict[str, Any] = {}
    waiting = list(TAKEN)
    while waiting:
        name = waiting.pop()
        if name in found or name in NOT_TAKEN | {"Resource", "ResourceList"}:
            continue
        try:
            found[name] = get_fhir_model_class(name)
        except (LookupError, ValueError):
            continue
        for field in found[name].model_fields.values():
            waiting += re.findall(r"(\w+)Type\b", str(field.annotation))
    return found


def bound() -> dict[tuple[str, str], set[str]]:
    """What the library knows of closed lists, by type and element. It checks none of them."""
    return {
        (name, element): set(field.json_schema_extra["enum_values"])
        for name, cls in reached().items()
        for element, field in cls.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and "enum_values" in field.json_schema_extra
    }


def test_no_closed_list_is_forgotten() -> None:
    unchecked = {key for key in bound() if key not in REQUIRED and key[0].removesuffix("Sort") not in NOT_TAKEN}
    assert unchecked == set()


@pytest.mark.parametrize("key", sorted(COMPARED), ids=".".join)
def test_our_list_is_that_of_r4(key: tuple[str, str]) -> None:
    assert set(REQUIRED[key]) == bound()[key]


def test_the_library_is_not_imported_before_a_resource_comes() -> None:
    """It takes 17 MiB, which a portal without FHIR does without."""
    asked = "import sys, services.portal.app; print([each for each in sys.modules if each.split('.')[0] == 'fhir'])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"

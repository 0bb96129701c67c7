from __future__ import annotations

import pytest

from tests.services.intake.non_disclosure.steps import Protected
from tests.unit import Unit


@pytest.fixture
def people(intake: Unit) -> Protected:
    return Protected(intake)

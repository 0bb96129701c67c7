from __future__ import annotations

import pytest

from tests.services.intake.cases.steps import Cases
from tests.unit import Unit


@pytest.fixture
def cases(intake: Unit) -> Cases:
    return Cases(intake)

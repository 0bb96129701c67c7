from __future__ import annotations

import pytest

from tests.services.intake.due.steps import Due
from tests.unit import Unit


@pytest.fixture
def due(intake: Unit) -> Due:
    return Due(intake)

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import Profile
from contracts.areas import Areas, load_areas
from services.intake.app import build
from services.intake.settings import QUESTIONNAIRES
from services.intake.triage.questionnaire import Questionnaire, load_questionnaires
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings

VERSION = "2026-11-01"


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Unit]:
    unit = Unit(build(practice_settings(tmp_path)))
    yield unit
    unit.close()


@pytest.fixture
def real_intake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Unit]:
    """As in production: chats have hours, test persons are refused."""
    monkeypatch.setenv("INTAKE_VAULT_KEYS", f"k1:{b64encode(bytes(32)).decode()}")
    production = {
        "profile": Profile.PRODUCTION,
        "nats_url": "tls://bus.example",
        "nats_monitor_url": "https://bus.example",
        "public_url": "https://unit.example",
    }
    unit = Unit(build(practice_settings(tmp_path, **production)))
    yield unit
    unit.close()


@pytest.fixture(params=DATABASES)
def together(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Unit]]:
    """Two processes of intake over one database, with one clock. SQLite has one process: two threads of it."""
    over = {}
    if request.param == "postgresql":
        over["database_url"] = request.getfixturevalue("postgres").make(["intake"])
    service = build(practice_settings(tmp_path, **over))
    units = [Unit(service), Unit(service)]
    units[1].clock = units[0].clock
    yield units
    for unit in units:
        unit.close()


@pytest.fixture(scope="session")
def areas() -> Areas:
    return load_areas(Path("deploy/areas").resolve(), practice=False)


@pytest.fixture(scope="session")
def questionnaire() -> Questionnaire:
    found = load_questionnaires(QUESTIONNAIRES).version(VERSION)
    assert found
    return found

"""Practice starts with nothing said; production with nothing left out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chassis import Settings

PRODUCTION: dict[str, Any] = {
    "profile": "production",
    "nats_url": "tls://bus.example:4222",
    "nats_monitor_url": "https://bus.example:8222",
    "public_url": "https://fysio.example",
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DIGI_"):
            monkeypatch.delenv(name)


def test_practice_needs_nothing() -> None:
    assert Settings().practice
    assert Settings().always_open


def test_production_with_everything_it_needs_is_taken() -> None:
    settings = Settings(**PRODUCTION)
    assert not settings.practice
    assert not settings.always_open


@pytest.mark.parametrize("name", ["nats_url", "nats_monitor_url", "public_url"])
def test_production_names_what_is_missing(name: str) -> None:
    with pytest.raises(ValidationError, match=f"DIGI_{name.upper()}"):
        Settings(**PRODUCTION | {name: ""})


def test_production_refuses_an_address_without_encryption() -> None:
    with pytest.raises(ValidationError, match="https"):
        Settings(**PRODUCTION | {"public_url": "http://fysio.example"})


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(profile="staging")


def test_the_environment_is_read_by_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGI_PORT", "8123")
    monkeypatch.setenv("PORT", "9")
    assert Settings().base_url == "http://127.0.0.1:8123"


def test_every_service_has_a_database_of_its_own(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.database("chat") == f"sqlite:///{tmp_path}/chat.db"
    assert settings.database("chat") != settings.database("intake")


def test_settings_do_not_change_after_they_are_read() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize(
    ("name", "value"),
    [("log_level", "LOUD"), ("port", 99_999), ("embedded_nats_port", -1), ("database_url", "rubbish")],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings(**{name: value})

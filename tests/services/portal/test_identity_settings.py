"""Production starts only with a real provider; practice fills in its own."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from chassis import Profile, Settings
from services.portal.identity.keys import make_keys, read_keys
from services.portal.identity.settings import ResidentOidc, StaffOidc, configured
from services.portal.identity.wiring import install
from tests.services.portal.identity_world import World

REAL = {"issuer": "https://broker.example", "client_id": "unit", "key_file": Path("keys.jwks")}


def production() -> Settings:
    return Settings(
        profile=Profile.PRODUCTION,
        nats_url="tls://nats.example:4222",
        nats_monitor_url="https://nats.example:8222",
        public_url="https://digiterapia.example",
    )


def test_production_starts_with_a_real_provider() -> None:
    assert configured(ResidentOidc(**REAL), production(), "resident").issuer == "https://broker.example"


@pytest.mark.parametrize("kind", [ResidentOidc, StaffOidc])
@pytest.mark.parametrize(
    "over",
    [
        {"issuer": ""},
        {"client_id": ""},
        {"key_file": None},
        {"issuer": "http://broker.example"},
        {"issuer": "https://digiterapia.example/practice/idp"},
        {"issuer": "https://elsewhere.example/practice/idp"},
        {"issuer": "https://digiterapia.example"},
        {"token_endpoint": "http://broker.example/token"},
        {"acr_values": "http://ftn.ficora.fi/2017/loatest2"},
    ],
)
def test_production_refuses_to_start_without_a_real_provider(kind: Any, over: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"PORTAL_\w*OIDC_"):
        configured(kind(**REAL | over), production(), "resident")


@pytest.mark.parametrize("levels", ["", "urn:example:password", "http://eidas.europa.eu/LoA/low"])
def test_production_identifies_residents_strongly_or_not_at_all(levels: str) -> None:
    with pytest.raises(ValueError, match="ACR_VALUES"):
        configured(ResidentOidc(**REAL, acr_values=levels), production(), "resident")


def test_practice_needs_no_setting(tmp_path: Path) -> None:
    found = configured(ResidentOidc(), Settings(data_dir=tmp_path), "resident")
    assert (found.issuer, found.client_id) == ("http://127.0.0.1:8000/practice/idp", "digiterapia-resident")


def test_practice_may_use_a_brokers_test_service(tmp_path: Path) -> None:
    found = configured(ResidentOidc(issuer="https://test.broker.example"), Settings(data_dir=tmp_path), "resident")
    assert found.issuer == "https://test.broker.example"


def test_production_has_no_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_keys(tmp_path / "ours.jwks")
    for prefix in ("PORTAL_OIDC_", "PORTAL_STAFF_OIDC_"):
        for name, value in {**REAL, "key_file": tmp_path / "ours.jwks"}.items():
            monkeypatch.setenv(prefix + name.upper(), str(value))
    world = World(tmp_path / "data")
    app = FastAPI()
    install(app, replace(world.edge, settings=production()))
    world.unit.close()
    assert not [route for route in app.routes if isinstance(route, Mount)]


def test_production_without_settings_does_not_start(tmp_path: Path) -> None:
    world = World(tmp_path)
    edge = replace(world.edge, settings=production())
    world.unit.close()
    with pytest.raises(ValueError, match="PORTAL_OIDC_ISSUER"):
        install(FastAPI(), edge)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_OIDC_ISSUER", "https://broker.example")
    monkeypatch.setenv("PORTAL_STAFF_OIDC_ISSUER", "https://directory.example")
    assert (ResidentOidc().issuer, StaffOidc().issuer) == ("https://broker.example", "https://directory.example")


def test_keys_made_for_practice_are_their_users_alone(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys" / "ours.jwks")
    assert stat.S_IMODE((tmp_path / "keys" / "ours.jwks").stat().st_mode) == 0o600


def test_keys_are_made_once(tmp_path: Path) -> None:
    file = tmp_path / "ours.jwks"
    make_keys(file)
    first = read_keys(file, encrypted=True).signing.kid
    make_keys(file)
    assert read_keys(file, encrypted=True).signing.kid == first


@pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', "[]", '{"keys": [{"kty": "EC"}]}'])
def test_an_unreadable_key_file_is_named_at_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ours.jwks"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"ours\.jwks"):
        read_keys(file, encrypted=False)

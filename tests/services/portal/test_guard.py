"""What holds for every answer, whatever is asked."""

import asyncio
from typing import Any

import httpx
import pytest

from services.portal.guard import POLICY, policy
from services.portal.language import Language, words
from services.portal.pages.page import STATIC, asset
from tests.services.portal.town import HOME, Town

FI = words(Language.FI)
PATHS = ["/", "/fi", "/fi/nothing", "/fi/hatatilanne", "/fi/desk", "/api/v1/contacts", "/static/x/portal.css"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_guarded(town: Town, path: str) -> None:
    headers = town.resident.get(path).headers
    assert headers["content-security-policy"] == policy()
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_nothing_is_allowed_but_what_is_named() -> None:
    assert POLICY["default-src"] == POLICY["base-uri"] == POLICY["frame-ancestors"] == "'none'"
    assert not any("unsafe" in value or "*" in value or "data:" in value for value in POLICY.values())


def test_our_forms_carry_their_origin_and_no_other_site_learns_the_address(town: Town) -> None:
    """Under no-referrer a browser says `Origin: null` with our own forms (Fetch standard, section 3.2)."""
    assert town.resident.get("/fi").headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example"])
def test_another_host_is_not_ours(town: Town, host: str) -> None:
    assert town.resident.get("/fi", host=host).status_code == 421


@pytest.mark.parametrize("name", STATIC)
def test_a_static_file_is_kept_for_ever_under_the_address_of_its_content(town: Town, name: str) -> None:
    response = town.resident.get(asset(name))
    assert response.status_code == 200
    assert "immutable" in response.headers["cache-control"]


def test_a_static_file_of_another_version_is_not_there(town: Town) -> None:
    assert town.resident.get("/static/000000000000/portal.css").status_code == 404


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "page.py"])
def test_nothing_but_static_files_is_served(town: Town, name: str) -> None:
    assert town.resident.get(f"/static/{name}").status_code == 404


async def send(app: Any, chunks: int) -> httpx.Response:
    async def body() -> Any:
        for _ in range(chunks):
            yield b"a=" + b"x" * 16_382

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HOME) as client:
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": HOME}
        return await client.post("/api/v1/contacts", content=body(), headers=headers)


def test_a_body_of_unknown_length_is_cut_where_the_limit_is(town: Town) -> None:
    response = asyncio.run(send(town.app, 5))
    assert response.status_code == 413
    assert response.json()["code"] == "too-large"


def test_a_body_within_the_limit_is_read(town: Town) -> None:
    assert asyncio.run(send(town.app, 4)).status_code == 422


def test_a_page_that_never_was_says_so_in_its_language(town: Town) -> None:
    response = town.resident.get("/sv/ingenting")
    assert response.status_code == 404
    assert words(Language.SV)("error.not_found.title") in response.text


@pytest.mark.parametrize("path", ["/de", "/fi/asia/not-an-id", "/fi/asia/"])
def test_an_address_that_fits_nothing_is_not_found(town: Town, path: str) -> None:
    assert town.resident.get(path).status_code in (307, 404)


def test_an_unknown_act_is_not_found(town: Town) -> None:
    case = town.comes_in()
    town.resident.get(case)
    assert town.resident.post(f"{case}/anything").status_code == 404


def test_a_bug_is_a_guarded_page_that_says_sorry(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def bug(*_: Any, **__: Any) -> None:
        raise RuntimeError("Aino Malli, 040 123 4567")

    monkeypatch.setattr("services.portal.pages.front.questionnaire", bug)
    response = town.resident.get("/fi/turvallisuus?kunta=285&vaiva=knee")
    assert response.status_code == 503
    assert FI("error.unavailable.title") in response.text
    assert "Malli" not in response.text
    assert response.headers["content-security-policy"] == policy()


def test_a_service_that_is_away_is_told_as_such(town: Town) -> None:
    town.away.add("intake")
    assert town.resident.get("/fi/kysely?kunta=285&vaiva=knee").status_code == 503


@pytest.mark.parametrize("kind", ["style=", "<style", "onclick", "onload", "javascript:"])
def test_no_page_carries_inline_style_or_script(kind: str) -> None:
    """The policy would block it."""
    from services.portal.pages.page import FOLDER

    assert [file.name for file in (FOLDER / "templates").rglob("*.html") if kind in file.read_text("utf-8")] == []

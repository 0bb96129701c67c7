"""OAuth 2.0 client credentials: who gets a token, how long it opens, what ends it at once."""

from __future__ import annotations

import base64
from datetime import timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from chassis import neighbours
from chassis.seal import Sealer
from services.portal.neighbours.tokens import LIFE, PURPOSE, Tokens, digest_shown
from tests.services.portal.poster import NAME, Poster, contact
from tests.services.portal.town import HOME, Town


@pytest.fixture
def poster(town: Town) -> Poster:
    return Poster(town)


def opens(poster: Poster) -> bool:
    """Whether the neighbour's token opens the door."""
    return poster.post(contact()).status_code == 202


def test_a_secret_gives_a_token_of_some_minutes_that_nobody_keeps(poster: Poster) -> None:
    response = poster.asks()
    told = response.json()
    assert (response.status_code, told["token_type"], told["expires_in"]) == (200, "Bearer", 600)
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")


def test_a_token_opens_until_it_is_over(poster: Poster) -> None:
    assert opens(poster)
    poster.town.clock.advance(LIFE - timedelta(seconds=1))
    assert opens(poster)
    poster.town.clock.advance(timedelta(seconds=10))
    assert poster.post(contact()).json()["code"] == "token-not-valid"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "everything"}, "invalid_scope"),
    ],
)
def test_another_request_ends_in_the_error_of_the_standard(poster: Poster, form: dict[str, str], error: str) -> None:
    response = poster.asks(form=form)
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_a_body_that_is_no_form_is_an_invalid_request(poster: Poster) -> None:
    shown = (poster.name, poster.secret)
    response = poster.town.browser().send(
        "POST", "/api/v1/token", auth=shown, json={"grant_type": "client_credentials"}
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 43, "ä"])
def test_a_wrong_secret_gives_nothing_and_says_how_to_come(poster: Poster, secret: str) -> None:
    response = poster.asks(secret=secret)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("name", ["stranger", "../keys/portal", "", "navigator.toml.1", "NAVIGATOR", "n" * 9000])
def test_a_stranger_looks_like_a_wrong_secret(poster: Poster, name: str) -> None:
    wrong = poster.asks(secret="wrong").content
    poster.name = name
    assert poster.asks().content == wrong


@pytest.mark.parametrize("header", ["", "Basic", "Basic !", "Basic bm9uYW1l", "Bearer x", "Basic w6Q6w6Q="])
def test_without_basic_credentials_nothing_is_given(poster: Poster, header: str) -> None:
    data = {"grant_type": "client_credentials"}
    response = poster.town.browser().send("POST", "/api/v1/token", data=data, headers={"authorization": header})
    assert response.json()["error"] == "invalid_client"


def test_nobody_is_locked_out_by_wrong_secrets_somebody_shows_in_their_name(poster: Poster) -> None:
    """Whoever knows a name could else keep that neighbour out. A secret has 256 bits: nobody guesses one."""
    assert {poster.asks(secret="wrong").status_code for _ in range(30)} == {401}
    assert poster.asks().status_code == 200


def test_names_that_exist_and_names_that_do_not_look_alike_however_often_one_asks(poster: Poster) -> None:
    stranger = Poster(poster.town, "stranger")
    neighbours.remove(poster.town.edge.settings.neighbours_dir, "stranger")
    for _ in range(30):
        known, unknown = poster.asks(secret="wrong"), stranger.asks(secret="wrong")
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert _headers(known) == _headers(unknown)


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in ("date", "x-request-id")}


def test_a_strangers_secret_is_compared_like_a_neighbours(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def compare(one: str, other: str) -> bool:
        compared.append(len(one) + len(other))
        return one == other

    monkeypatch.setattr("chassis.neighbours.hmac.compare_digest", compare)
    assert [digest_shown(each, "wrong") for each in (poster.granted, None)] == [None, None]
    assert compared == [128, 128]


def test_a_neighbour_whose_file_makes_no_sense_looks_like_a_stranger(poster: Poster) -> None:
    """What it is granted nobody can tell; all others go on."""
    assert opens(poster)
    other, wrong = Poster(poster.town, "health-chat"), poster.asks(secret="wrong")
    (poster.town.edge.settings.neighbours_dir / f"{NAME}.toml").write_text("tells = 7")
    with capture_logs() as said:
        answer = poster.asks()
        assert (answer.status_code, answer.content) == (wrong.status_code, wrong.content)
        assert poster.post(contact()).json()["code"] == "token-not-valid"
        assert opens(other)
    bad = {(line["log_level"], line["neighbour"]) for line in said if line.get("code") == "bad-neighbour-file"}
    assert bad == {("error", NAME)}


def test_a_revoked_neighbour_is_out_at_once(poster: Poster) -> None:
    assert opens(poster)
    neighbours.remove(poster.town.edge.settings.neighbours_dir, NAME)
    response = poster.post(contact())
    assert (response.status_code, response.json()["code"]) == (401, "token-not-valid")
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_grant_taken_back_closes_at_once(poster: Poster) -> None:
    assert opens(poster)
    poster.save(tells=())
    assert poster.post(contact()).json()["code"] == "not-granted"


def test_secrets_change_without_a_gap(poster: Poster) -> None:
    """A second one beside the first; both open; the first retired, what came of it opens nothing any more."""
    secret, digest = neighbours.new_secret()
    assert opens(poster)
    poster.save(client_secrets=(*poster.granted.client_secrets, digest))
    assert opens(poster)
    assert poster.asks().status_code == poster.asks(secret=secret).status_code == 200
    poster.save(client_secrets=(digest,))
    assert not opens(poster)
    assert poster.asks().status_code == 401
    poster.token = poster.asks(secret=secret).json()["access_token"]
    assert opens(poster)


def keys(poster: Poster) -> list[bytes]:
    return Sealer(poster.town.edge.settings.keys_dir, "portal").derived(PURPOSE)


def test_a_token_for_something_else_opens_nothing(poster: Poster) -> None:
    elsewhere = Tokens(keys(poster), "https://elsewhere.example/api/v1", poster.town.clock)
    poster.token = elsewhere.issue(NAME, poster.granted.client_secrets[0])
    assert not opens(poster)


def test_a_token_of_another_key_opens_nothing(poster: Poster) -> None:
    stranger = Tokens([b"k" * 32], f"{HOME}/api/v1", poster.town.clock)
    poster.token = stranger.issue(NAME, poster.granted.client_secrets[0])
    assert not opens(poster)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "W1tb" * 9000, "ä.ö.å"])
def test_what_is_no_token_opens_nothing(poster: Poster, token: str) -> None:
    headers = {"authorization": f"Bearer {token}".encode()}
    response = poster.town.browser().send("POST", "/api/v1/events", content=b"{}", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "token-not-valid")


@pytest.mark.parametrize("signature", ["", "c2lnbmVk"])
def test_an_unsigned_copy_of_a_token_opens_nothing(poster: Poster, signature: str) -> None:
    _, claims, _ = poster.asks().json()["access_token"].split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    poster.token = f"{head}.{claims}.{signature}"
    assert not opens(poster)


def test_the_tokens_of_every_process_open_with_every_process(poster: Poster) -> None:
    """The signing key follows from the portal's own: nothing to hand around, nothing kept in memory."""
    again = Tokens(keys(poster), f"{HOME}/api/v1", poster.town.clock)
    poster.token = again.issue(NAME, poster.granted.client_secrets[0])
    assert opens(poster)
    assert keys(poster) == keys(poster)
    assert keys(poster) != Sealer(poster.town.edge.settings.keys_dir, "portal").derived("something else")


def test_a_session_secret_of_a_resident_posts_no_events(poster: Poster) -> None:
    poster.token = "x" * 43
    assert not opens(poster)

"""OAuth 2.0 client credentials: who gets a token, how long it opens, what ends it at once."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from chassis import neighbours
from chassis.seal import Sealer
from services.portal.neighbours.tokens import GUESSES, GUESSING, LIFE, PURPOSE, Tokens
from tests.services.portal.system import NAME, System, contact
from tests.services.portal.town import HOME, Town


@pytest.fixture
def system(town: Town) -> System:
    return System(town)


def opens(system: System) -> bool:
    """Whether the system's token opens the door."""
    return system.post(contact()).status_code == 202


def counted(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, labels) or 0.0


def test_a_secret_gives_a_token_of_some_minutes_that_nobody_keeps(system: System) -> None:
    response = system.asks()
    told = response.json()
    assert (response.status_code, told["token_type"], told["expires_in"]) == (200, "Bearer", 600)
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")


def test_a_token_opens_until_it_is_over(system: System) -> None:
    assert opens(system)
    system.town.clock.advance(LIFE - timedelta(seconds=1))
    assert opens(system)
    system.town.clock.advance(timedelta(seconds=10))
    assert system.post(contact()).json()["code"] == "token-not-valid"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "everything"}, "invalid_scope"),
    ],
)
def test_another_request_ends_in_the_error_of_the_standard(system: System, form: dict[str, str], error: str) -> None:
    response = system.asks(form=form)
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_a_body_that_is_no_form_is_an_invalid_request(system: System) -> None:
    shown = (system.name, system.secret)
    response = system.town.browser().send(
        "POST", "/api/v1/token", auth=shown, json={"grant_type": "client_credentials"}
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 43, "ä"])
def test_a_wrong_secret_gives_nothing_and_says_how_to_come(system: System, secret: str) -> None:
    response = system.asks(secret=secret)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("name", ["stranger", "../keys/portal", "", "navigator.toml.1", "NAVIGATOR", "n" * 9000])
def test_a_stranger_looks_like_a_wrong_secret(system: System, name: str) -> None:
    wrong = system.asks(secret="wrong").content
    system.name = name
    assert system.asks().content == wrong


@pytest.mark.parametrize("header", ["", "Basic", "Basic !", "Basic bm9uYW1l", "Bearer x", "Basic w6Q6w6Q="])
def test_without_basic_credentials_nothing_is_given(system: System, header: str) -> None:
    data = {"grant_type": "client_credentials"}
    response = system.town.browser().send("POST", "/api/v1/token", data=data, headers={"authorization": header})
    assert response.json()["error"] == "invalid_client"


def test_who_guesses_is_not_listened_to_for_a_while(system: System) -> None:
    before = counted("digi_portal_tokens_asked_total", neighbour=NAME, outcome="too_many_guesses")
    answers = [system.asks(secret="wrong").status_code for _ in range(GUESSES + 1)]
    assert answers == [401] * GUESSES + [429]
    right = system.asks()
    assert (right.status_code, right.headers["retry-after"]) == (429, "60")
    assert counted("digi_portal_tokens_asked_total", neighbour=NAME, outcome="too_many_guesses") == before + 2
    system.town.clock.advance(GUESSING)
    assert system.asks().status_code == 200


def test_guesses_at_one_system_are_in_nobody_elses_way(system: System) -> None:
    other = System(system.town, "health-chat")
    for _ in range(GUESSES + 1):
        other.asks(secret="wrong")
    assert system.asks().status_code == 200


def test_a_revoked_system_is_out_at_once(system: System) -> None:
    assert opens(system)
    neighbours.remove(system.town.edge.settings.neighbours_dir, NAME)
    response = system.post(contact())
    assert (response.status_code, response.json()["code"]) == (401, "token-not-valid")
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_a_grant_taken_back_closes_at_once(system: System) -> None:
    assert opens(system)
    system.save(tells=())
    assert system.post(contact()).json()["code"] == "not-granted"


def test_secrets_change_without_a_gap(system: System) -> None:
    """A second one beside the first; both open; the first retired, what came of it opens nothing any more."""
    secret, digest = neighbours.new_secret()
    assert opens(system)
    system.save(client_secrets=(*system.granted.client_secrets, digest))
    assert opens(system)
    assert system.asks().status_code == system.asks(secret=secret).status_code == 200
    system.save(client_secrets=(digest,))
    assert not opens(system)
    assert system.asks().status_code == 401
    system.token = system.asks(secret=secret).json()["access_token"]
    assert opens(system)


def keys(system: System) -> list[bytes]:
    return Sealer(system.town.edge.settings.keys_dir, "portal").derived(PURPOSE)


def test_a_token_for_something_else_opens_nothing(system: System) -> None:
    elsewhere = Tokens(keys(system), "https://elsewhere.example/api/v1", system.town.clock)
    system.token = elsewhere.issue(NAME, system.granted.client_secrets[0])
    assert not opens(system)


def test_a_token_of_another_key_opens_nothing(system: System) -> None:
    stranger = Tokens([b"k" * 32], f"{HOME}/api/v1", system.town.clock)
    system.token = stranger.issue(NAME, system.granted.client_secrets[0])
    assert not opens(system)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "W1tb" * 9000, "ä.ö.å"])
def test_what_is_no_token_opens_nothing(system: System, token: str) -> None:
    headers = {"authorization": f"Bearer {token}".encode()}
    response = system.town.browser().send("POST", "/api/v1/events", content=b"{}", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "token-not-valid")


@pytest.mark.parametrize("signature", ["", "c2lnbmVk"])
def test_an_unsigned_copy_of_a_token_opens_nothing(system: System, signature: str) -> None:
    _, claims, _ = system.asks().json()["access_token"].split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    system.token = f"{head}.{claims}.{signature}"
    assert not opens(system)


def test_the_tokens_of_every_process_open_with_every_process(system: System) -> None:
    """The signing key follows from the portal's own: nothing to hand around, nothing kept in memory."""
    again = Tokens(keys(system), f"{HOME}/api/v1", system.town.clock)
    system.token = again.issue(NAME, system.granted.client_secrets[0])
    assert opens(system)
    assert keys(system) == keys(system)
    assert keys(system) != Sealer(system.town.edge.settings.keys_dir, "portal").derived("something else")


def test_a_session_secret_of_a_resident_posts_no_events(system: System) -> None:
    system.token = "x" * 43
    assert not opens(system)

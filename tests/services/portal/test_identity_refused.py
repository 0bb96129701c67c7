"""Each answer is tampered with in one way, and identifies nobody. Source: rules 5 and 6."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from services.portal.practice.idp import Asked, Registration, StandIn
from tests.services.portal.identity_world import IDP, Browser, World, code_of, query, saying

LOA = "http://ftn.ficora.fi/2017/"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.unit.close()


def ago(by: timedelta) -> Callable[[datetime], int]:
    return lambda now: int((now - by).timestamp())


def base64url(data: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


class Unsigned(StandIn):
    def signed(self, claims: Mapping[str, Any]) -> str:
        return f"{base64url({'alg': 'none'})}.{base64url(claims)}."


class SignedByAnother(StandIn):
    def signed(self, claims: Mapping[str, Any]) -> str:
        header = {"alg": "ES256", "kid": self.key.kid}
        return jwt.encode(header, dict(claims), ECKey.generate_key("P-256"))


class SignedWithThePublicKeyAsSecret(StandIn):
    def signed(self, claims: Mapping[str, Any]) -> str:
        secret = OctKey.import_key(json.dumps(self.key.as_dict(private=False)))
        return jwt.encode({"alg": "HS256", "kid": self.key.kid}, dict(claims), secret)


class ChangedAfterSigning(StandIn):
    def signed(self, claims: Mapping[str, Any]) -> str:
        header, _, signature = super().signed(claims).split(".")
        return f"{header}.{base64url({**claims, 'urn:oid:1.2.246.21': '010106A900L'})}.{signature}"


class NotEncrypted(StandIn):
    def id_token(self, granted: Asked) -> str:
        return self.signed(self.claims(granted))


class EncryptedToAnother(StandIn):
    def __init__(self, issuer: str, clients: list[Registration], clock: Callable[[], datetime]) -> None:
        super().__init__(issuer, clients, clock)
        for key in clients[0].keys:
            if key.get("use") == "enc":
                clients[0].keys.keys.remove(key)
        clients[0].keys.keys.append(ECKey.generate_key("P-256", {"use": "enc"}, auto_kid=True))


TAMPERED: dict[str, tuple[type[StandIn], str]] = {
    "wrong nonce": (saying(nonce="another"), "identity-refused"),
    "no nonce": (saying(nonce=None), "identity-refused"),
    "another client's audience": (saying(aud="somebody-else"), "identity-refused"),
    "no audience": (saying(aud=None), "identity-refused"),
    "two audiences and another party": (
        saying(aud=["digiterapia-resident", "another"], azp="another"),
        "identity-refused",
    ),
    "two audiences and no party": (saying(aud=["digiterapia-resident", "another"]), "identity-refused"),
    "wrong issuer": (saying(iss="https://idp.example"), "identity-refused"),
    "expired": (saying(exp=ago(timedelta(minutes=3))), "identity-refused"),
    "no expiry": (saying(exp=None), "identity-refused"),
    "an expiry that is no number": (saying(exp=float("nan")), "identity-refused"),
    "issued long ago": (saying(iat=ago(timedelta(minutes=30))), "identity-refused"),
    "issued in the future": (saying(iat=ago(timedelta(minutes=-30))), "identity-refused"),
    "not valid yet": (saying(nbf=ago(timedelta(minutes=-30))), "identity-refused"),
    "a level below": (saying(acr="http://eidas.europa.eu/LoA/low"), "identity-level-too-low"),
    "no level": (saying(acr=None), "identity-level-too-low"),
    "a list of levels": (saying(acr=[LOA + "loa2"]), "identity-level-too-low"),
    "no code": (saying(**{"urn:oid:1.2.246.21": None}), "identity-no-code"),
    "a code with a wrong check character": (saying(**{"urn:oid:1.2.246.21": "010192-934B"}), "identity-refused"),
    "a code of another birth date": (saying(**{"urn:oid:1.3.6.1.5.5.7.9.1": "1980-01-01"}), "identity-refused"),
    "no name": (saying(**{"urn:oid:2.5.4.4": None}), "identity-refused"),
    "unsigned (alg none)": (Unsigned, "identity-refused"),
    "signed by another key": (SignedByAnother, "identity-refused"),
    "signed with the public key as a secret": (SignedWithThePublicKeyAsSecret, "identity-refused"),
    "changed after signing": (ChangedAfterSigning, "identity-refused"),
    "not encrypted although agreed": (NotEncrypted, "identity-refused"),
    "encrypted to another key": (EncryptedToAnother, "identity-refused"),
}


@pytest.mark.parametrize("tampered", TAMPERED)
def test_a_tampered_answer_identifies_nobody(tmp_path: Path, tampered: str) -> None:
    stand_in, code = TAMPERED[tampered]
    world = World(tmp_path, stand_in)
    back = world.identifies(world.has_a_contact(), world.resident(34))
    assert (code_of(back), world.told) == (code, [])
    world.unit.close()


@pytest.mark.parametrize(
    "tampered", ["wrong nonce", "wrong issuer", "expired", "unsigned (alg none)", "signed by another key"]
)
def test_a_tampered_answer_lets_nobody_to_the_desk(tmp_path: Path, tampered: str) -> None:
    world = World(tmp_path, TAMPERED[tampered][0])
    back = world.logs_in()
    assert (code_of(back), "digi-staff" in world.browser.cookies) == ("identity-refused", False)
    world.unit.close()


@pytest.mark.parametrize("level", ["loa2", "loatest2"])
def test_two_minutes_of_clock_difference_are_no_tampering(tmp_path: Path, level: str) -> None:
    world = World(tmp_path, saying(iat=ago(timedelta(seconds=-90)), acr=LOA + level))
    assert world.identifies(world.has_a_contact()).status_code == 303
    world.unit.close()


# The way back


def test_a_callback_with_another_state_is_refused(world: World) -> None:
    code = query(world.way_back(world.has_a_contact()))["code"]
    assert code_of(world.browser.get(f"/identity/callback?code={code}&state=another")) == "identity-expired"


def test_a_callback_without_a_state_is_refused(world: World) -> None:
    world.way_back(world.has_a_contact())
    assert code_of(world.browser.get("/identity/callback?code=anything")) == "identity-expired"


def test_a_replayed_callback_is_refused(world: World) -> None:
    back = world.way_back(world.has_a_contact())
    world.browser.get(back)
    assert (code_of(world.browser.get(back)), len(world.told)) == ("identity-expired", 1)


def test_a_state_is_spent_even_when_its_answer_is_refused(tmp_path: Path) -> None:
    world = World(tmp_path, saying(nonce="another"))
    back = world.way_back(world.has_a_contact())
    world.browser.get(back)
    assert code_of(world.browser.get(back)) == "identity-expired"
    world.unit.close()


def test_a_callback_in_another_browser_is_refused(world: World) -> None:
    back = world.way_back(world.has_a_contact())
    other = Browser(world)
    world.has_a_contact(other)
    assert (code_of(other.get(back)), world.told) == ("identity-expired", [])


def test_another_browsers_try_does_not_spend_the_login(world: World) -> None:
    back = world.way_back(world.has_a_contact())
    other = Browser(world)
    world.has_a_contact(other)
    other.get(back)
    assert world.browser.get(back).status_code == 303


def test_a_callback_at_the_desk_in_another_browser_is_refused(world: World) -> None:
    back = world.chooses(world.browser.get("/desk/login"), world.therapist("Aino"))
    assert code_of(Browser(world).get(back)) == "identity-expired"


def test_a_residents_answer_does_not_open_the_desk(world: World) -> None:
    world.browser.get("/desk/login")
    back = world.way_back(world.has_a_contact())
    assert code_of(world.browser.get(back.replace("/identity/callback", "/desk/callback"))) == "identity-expired"


def test_whoever_comes_back_after_ten_minutes_is_refused(world: World) -> None:
    back = world.way_back(world.has_a_contact())
    world.later(timedelta(minutes=10))
    assert code_of(world.browser.get(back)) == "identity-expired"


def test_an_answer_that_names_another_issuer_is_refused(world: World) -> None:
    """Source: RFC 9207 (mix-up)."""
    back = world.way_back(world.has_a_contact()).replace("iss=http", "iss=https")
    assert (code_of(world.browser.get(back)), world.told) == ("identity-refused", [])


def test_an_error_of_the_provider_is_refused(world: World) -> None:
    back = query(world.way_back(world.has_a_contact()))
    answer = f"/identity/callback?error=server_error&state={back['state']}"
    assert code_of(world.browser.get(answer)) == "identity-refused"


def test_a_made_up_code_is_refused(world: World) -> None:
    back = query(world.way_back(world.has_a_contact()))
    assert code_of(world.browser.get(f"/identity/callback?code=made-up&state={back['state']}")) == "identity-refused"


def test_a_session_that_lost_the_contact_meanwhile_is_refused(world: World) -> None:
    contact = world.has_a_contact()
    back = world.way_back(contact)
    world.contacts.clear()
    assert (code_of(world.browser.get(back)), world.told) == ("unknown-contact", [])


def test_a_provider_that_is_away_is_said_to_be_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_OIDC_ISSUER", "http://127.0.0.1:9/nobody")
    world = World(tmp_path)
    assert code_of(world.departs(world.has_a_contact())) == "identity-unavailable"
    world.unit.close()


# What the provider holds its clients to


def authorize(world: World, **over: str) -> Any:
    request = {
        "client_id": "digiterapia-staff",
        "redirect_uri": "http://127.0.0.1:8000/desk/callback",
        "response_type": "code",
        "scope": "openid",
        "state": "state",
        "nonce": "nonce",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    } | over
    wanted = {name: value for name, value in request.items() if value}
    return world.browser.get(f"{IDP}/authorize?" + "&".join(f"{name}={value}" for name, value in wanted.items()))


@pytest.mark.parametrize(
    "over",
    [
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"nonce": ""},
        {"scope": "profile"},
    ],
    ids=["PKCE missing", "PKCE plain", "implicit flow", "nonce missing", "no OpenID scope"],
)
def test_the_provider_refuses_a_request_that_leaves_something_out(world: World, over: dict[str, str]) -> None:
    assert query(authorize(world, **over).headers["location"])["error"] == "invalid_request"


def test_the_provider_refuses_an_unsigned_request_of_a_client_that_signs(world: World) -> None:
    """Source: rule 6."""
    over = {"client_id": "digiterapia-resident", "redirect_uri": "http://127.0.0.1:8000/identity/callback"}
    assert query(authorize(world, **over).headers["location"])["error"] == "invalid_request"


@pytest.mark.parametrize("over", [{"redirect_uri": "http://127.0.0.1:8000/elsewhere"}, {"client_id": "nobody"}])
def test_the_provider_sends_nobody_to_an_unregistered_place(world: World, over: dict[str, str]) -> None:
    assert authorize(world, **over).status_code == 400


def test_the_provider_gives_no_token_without_the_code_verifier(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """PKCE: whoever caught the code but not the verifier gets nothing."""
    back = world.way_back(world.has_a_contact())
    world.do(lambda tx: tx.session.connection().exec_driver_sql("UPDATE pending_login SET verifier = 'another'"))
    assert (code_of(world.browser.get(back)), world.told) == ("identity-refused", [])


def test_the_provider_takes_a_code_once(world: World) -> None:
    """The code of one login, brought with the state of another."""
    contact = world.has_a_contact()
    used, fresh = world.way_back(contact), query(world.way_back(contact))
    world.browser.get(used)
    answer = f"/identity/callback?code={query(used)['code']}&state={fresh['state']}"
    assert (code_of(world.browser.get(answer)), len(world.told)) == ("identity-refused", 1)


def test_the_provider_takes_no_client_at_its_word(world: World) -> None:
    """private_key_jwt: an assertion signed by another key is refused."""
    claims = {"iss": "digiterapia-staff", "sub": "digiterapia-staff", "aud": f"{IDP}/token", "exp": 2**31, "jti": "1"}
    form = {
        "grant_type": "authorization_code",
        "client_id": "digiterapia-staff",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256", "kid": str(uuid4())}, claims, ECKey.generate_key("P-256")),
        "code": "any",
    }
    answer = world.browser.post(f"{IDP}/token", form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")

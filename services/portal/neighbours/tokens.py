"""OAuth 2.0 for neighbours: a client secret gives a bearer token of some minutes (RFC 6749 section 4.4, RFC 9068).

A token is looked up again at every use: revoke the neighbour or retire its secret, and the token opens nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from chassis import Refused, neighbours, telemetry
from chassis.neighbours import Neighbour

LIFE = timedelta(minutes=10)
ALGORITHM = "HS256"
"""We alone check what we alone issue."""
KIND = "at+jwt"
SKEW_SECONDS = 5
"""Between the clocks of two processes of ours."""
PURPOSE = "tokens of neighbours"
SHOWN = 16
"""So much of a secret's digest stands in a token: enough to know whether that secret is still one."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Whose token it is, and which of its secrets it came from."""

    neighbour: str
    secret: str


class Tokens:
    """Issues and checks tokens.

    Args:
        keys: secrets they are signed with, newest first.
        address: the API: who issues them, and what alone they are for.
        clock: tells the time.
    """

    def __init__(self, keys: Sequence[bytes], address: str, clock: Callable[[], datetime]) -> None:
        self._keys = KeySet([OctKey.import_key(key) for key in keys])
        self._address = address
        self._clock = clock

    def issue(self, name: str, digest: str) -> str:
        """A token for a neighbour that has shown a secret with this digest."""
        now = int(self._clock().timestamp())
        key = self._keys.keys[0]
        claims = {"iss": self._address, "aud": self._address, "sub": name, "client_id": name, "secret": digest[:SHOWN]}
        times = {"iat": now, "exp": now + int(LIFE.total_seconds())}
        header = {"alg": ALGORITHM, "typ": KIND, "kid": key.kid}
        return jwt.encode(header, claims | times, key, algorithms=[ALGORITHM])

    def claimed(self, token: str) -> Claimed | None:
        """Whose token it is; None when it is none of ours, for something else, or over."""
        now = int(self._clock().timestamp())
        ours = jwt.ClaimsOption(essential=True, value=self._address)
        try:
            found = jwt.decode(token, self._keys, algorithms=[ALGORITHM])
            registry = jwt.JWTClaimsRegistry(
                now=now, leeway=SKEW_SECONDS, iss=ours, aud=ours, exp=jwt.ClaimsOption(essential=True)
            )
            registry.validate(found.claims)
        except (JoseError, ValueError, TypeError, RecursionError):
            return None
        if found.header.get("typ") != KIND:
            return None
        return Claimed(str(found.claims["sub"]), str(found.claims["secret"]))


def bearer(tokens: Tokens, folder: Path, header: str) -> Neighbour:
    """The neighbour a request comes from, as it is granted now.

    Raises:
        Refused: `token-not-valid`.
    """
    scheme, _, token = header.partition(" ")
    claimed = tokens.claimed(token.strip()) if scheme.lower() == "bearer" else None
    if claimed is not None:
        found = named(folder, claimed.neighbour)
        if found and any(each.startswith(claimed.secret) for each in found.client_secrets):
            return found
    raise Refused("token-not-valid", "expected a bearer token of /api/v1/token that is not over")


def named(folder: Path, name: str) -> Neighbour | None:
    """The neighbour of that name; None also while its file makes no sense: nobody can tell what it is granted."""
    try:
        return neighbours.one(folder, name)
    except Refused:
        return None
    except ValueError:
        telemetry.log("portal").error("no access: the file makes no sense", neighbour=name, code="bad-neighbour-file")
        return None


def digest_shown(neighbour: Neighbour | None, secret: str) -> str | None:
    """The digest of the client secret that was shown, if it is this neighbour's; None takes as long for a stranger's.

    A secret has 256 bits: nobody comes by one by guessing, so nobody is locked out for a wrong one.
    """
    return (neighbour or _STRANGER).opened_by(secret)


_STRANGER = Neighbour(name="stranger", since=datetime(2026, 1, 1, tzinfo=UTC), client_secrets=("0" * 64,))
"""Stands for whoever nobody knows. No secret that anybody could find has this digest."""


def credentials(header: str) -> tuple[str, str]:
    """Client id and secret of HTTP Basic, form-encoded as RFC 6749 section 2.3.1 has it; empty when there are none."""
    scheme, _, packed = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, colon, secret = base64.b64decode(packed.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (unquote_plus(name), unquote_plus(secret)) if colon else ("", "")

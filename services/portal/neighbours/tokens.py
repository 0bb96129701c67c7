"""OAuth 2.0 for systems: a client secret gives a bearer token of some minutes (RFC 6749 section 4.4, RFC 9068).

A token is looked up again at every use: revoke the system or retire its secret, and the token opens nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from chassis import Refused, neighbours
from chassis.neighbours import Neighbour

LIFE = timedelta(minutes=10)
ALGORITHM = "HS256"
"""We alone check what we alone issue."""
KIND = "at+jwt"
SKEW_SECONDS = 5
"""Between the clocks of two processes of ours."""
PURPOSE = "tokens of other systems"
GUESSES = 10
GUESSING = timedelta(minutes=1)
"""So many wrong secrets of one client within this time; then none of its secrets is looked at until it is over."""
SHOWN = 16
"""So much of a secret's digest stands in a token: enough to know whether that secret is still one."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token it is, and which of its secrets it came from."""

    name: str
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
        """A token for a system that has shown a secret with this digest."""
        now = int(self._clock().timestamp())
        key = self._keys.keys[0]
        claims = {"iss": self._address, "aud": self._address, "sub": name, "client_id": name, "secret": digest[:SHOWN]}
        times = {"iat": now, "exp": now + int(LIFE.total_seconds())}
        header = {"alg": ALGORITHM, "typ": KIND, "kid": key.kid}
        return jwt.encode(header, claims | times, key, algorithms=[ALGORITHM])

    def holder(self, token: str) -> Holder | None:
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
        return Holder(str(found.claims["sub"]), str(found.claims["secret"]))


def bearer(tokens: Tokens, folder: Path, header: str) -> Neighbour:
    """The system a request comes from, as it is granted now.

    Raises:
        Refused: `token-not-valid`.
    """
    scheme, _, token = header.partition(" ")
    holder = tokens.holder(token.strip()) if scheme.lower() == "bearer" else None
    if holder is not None:
        found = _known(folder, holder.name)
        if found and any(each.startswith(holder.secret) for each in found.client_secrets):
            return found
    raise Refused("token-not-valid", "expected a bearer token of /api/v1/token that is not over")


def _known(folder: Path, name: str) -> Neighbour | None:
    try:
        return neighbours.one(folder, name)
    except Refused:
        return None


class Guesses:
    """Counts wrong secrets, per client; all clients that nobody knows are one."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._wrong: dict[str, deque[datetime]] = {}

    def too_many(self, client: str) -> bool:
        """Whether no secret of this client is to be looked at now."""
        wrong = self._wrong.get(client, deque())
        while wrong and wrong[0] <= self._clock() - GUESSING:
            wrong.popleft()
        return len(wrong) >= GUESSES

    def note(self, client: str) -> None:
        """One more wrong secret."""
        self._wrong.setdefault(client, deque(maxlen=GUESSES)).append(self._clock())


def credentials(header: str) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic, form-encoded as RFC 6749 section 2.3.1 has it; None when there are none."""
    scheme, _, packed = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(packed.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None

"""Our own keys towards an identity provider: one that signs, one that opens what is encrypted to us."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from chassis.seal import write_private


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """Private keys of one client."""

    keys: KeySet

    @property
    def signing(self) -> Key:
        """The key that signs request objects and client assertions."""
        return self._for("sig")

    @property
    def opening(self) -> Key:
        """The key ID tokens are encrypted to."""
        return self._for("enc")

    @property
    def algorithm(self) -> str:
        """How the signing key signs: its own `alg`, else RS256 for RSA and ES256 for P-256."""
        return self.signing.alg or ("RS256" if isinstance(self.signing, RSAKey) else "ES256")

    @property
    def public(self) -> dict[str, Any]:
        """The JWK set to register with the provider."""
        return dict(self.keys.as_dict(private=False))

    def _for(self, use: Literal["sig", "enc"]) -> Key:
        for key in self.keys:
            if key.get("use") == use:
                return key
        raise ValueError(f'no key has "use": "{use}"')


def read_keys(file: Path, *, encrypted: bool) -> ClientKeys:
    """Read the keys of a client.

    Raises:
        ValueError: a key is missing, is not private, or is unreadable.
    """
    try:
        keys = ClientKeys(KeySet.import_key_set(json.loads(file.read_text())))
        needed = [keys.signing, keys.opening] if encrypted else [keys.signing]
    except (JoseError, OSError, TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{file} is not a JWK set with our keys: {error}") from error
    if not all(key.is_private for key in needed):
        raise ValueError(f"{file} holds public keys only; ours must be private")
    return keys


def make_keys(file: Path) -> None:
    """Give a practice client keys of its own. Safe to repeat: existing keys are never touched."""
    if file.exists():
        return
    keys = KeySet([ECKey.generate_key("P-256", {"use": use}, auto_kid=True) for use in ("sig", "enc")])
    write_private(file, json.dumps(keys.as_dict(private=True)))

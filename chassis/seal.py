"""Sealed fields: one field of an event that only the owning service can open (JWE, ECDH-ES and AES-256-GCM).

A service's private keys stand in `<keys_dir>/<service>.jwks` (mode 0600, newest first, so that keys rotate); its public
key in `<keys_dir>/public/<service>.jwk`, which every publisher may read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from chassis.errors import Unprocessable

ALGORITHMS = ["ECDH-ES", "A256GCM"]


def write_private(file: Path, text: str) -> None:
    """Write a new file that this user alone can read, in a folder that this user alone can open.

    Raises:
        FileExistsError: it is there already: a key is never overwritten.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


def replace_private(file: Path, text: str) -> None:
    """Write a file that this user alone can read in place of the one there may be. Safe to repeat.

    Whoever reads meanwhile sees the old one or the new one.
    """
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    write_private(fresh, text)
    fresh.replace(file)


def make_keys(keys_dir: Path, services: list[str]) -> None:
    """Give every service that has none a key pair. Safe to repeat: an existing key is never touched."""
    public = keys_dir / "public"
    public.mkdir(parents=True, exist_ok=True, mode=0o700)
    for service in services:
        private_file, public_file = keys_dir / f"{service}.jwks", public / f"{service}.jwk"
        if not private_file.exists():
            key = ECKey.generate_key("P-256", auto_kid=True)
            write_private(private_file, json.dumps(KeySet([key]).as_dict(private=True)))
        if not public_file.exists():
            newest = _private_keys(private_file).keys[0]
            public_file.write_text(json.dumps(newest.as_dict(private=False)))


def _private_keys(file: Path) -> KeySet:
    return KeySet.import_key_set(json.loads(file.read_text()))


def _derived(private: str, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(private.encode())


def public_keys(keys_dir: Path) -> dict[str, dict[str, Any]]:
    """The public key (JWK) of every service that has one here, by service: whoever has it can seal for that service."""
    found = {}
    for file in sorted((keys_dir / "public").glob("*.jwk")):
        key = ECKey.import_key(json.loads(file.read_text()))
        found[file.stem] = {**key.as_dict(private=False), "use": "enc", "alg": ALGORITHMS[0]}
    return found


class Sealer:
    """Seals for others, opens what was sealed for `service`."""

    def __init__(self, keys_dir: Path, service: str) -> None:
        self._keys_dir = keys_dir
        self._service = service
        self._private_file = keys_dir / f"{service}.jwks"
        self._public: dict[str, ECKey] = {}
        self._own: KeySet | None = None

    def must_have_keys(self) -> None:
        """Check that this service can open what is sealed for it.

        Raises:
            FileNotFoundError: it has no keys: `digi keys` makes them.
        """
        if not self._private_file.exists():
            raise FileNotFoundError(f"{self._service} has no keys in {self._keys_dir}: `digi keys` makes them")

    def seal(self, owner: str, data: dict[str, Any]) -> str:
        """Seal a JSON object for `owner`.

        Raises:
            FileNotFoundError: the owner's public key is not installed here.
        """
        if owner not in self._public:
            text = (self._keys_dir / "public" / f"{owner}.jwk").read_text()
            self._public[owner] = ECKey.import_key(json.loads(text))
        key = self._public[owner]
        header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key.kid}
        return jwe.encrypt_compact(header, json.dumps(data).encode(), key, algorithms=ALGORITHMS)

    def derived(self, purpose: str) -> list[bytes]:
        """Secrets of 256 bits for another purpose than sealing, one per private key, newest first (HKDF, RFC 5869).

        Every process of the service has the same ones, and they change with its keys.
        """
        own = _private_keys(self._private_file).keys
        return [_derived(str(key.as_dict(private=True)["d"]), purpose) for key in own]

    def unseal(self, token: str) -> dict[str, Any]:
        """Open what was sealed for this service.

        Raises:
            Unprocessable: `cannot-unseal`: sealed for somebody else, or damaged.
        """
        if self._own is None:
            self._own = _private_keys(self._private_file)
        try:
            opened = json.loads(jwe.decrypt_compact(token, self._own, algorithms=ALGORITHMS).plaintext or b"")
        except (JoseError, ValueError) as error:
            raise Unprocessable(
                "cannot-unseal", f"a sealed field does not open with the keys of {self._service}"
            ) from error
        if not isinstance(opened, dict):
            raise Unprocessable("cannot-unseal", "a sealed field holds something else than an object")
        return opened

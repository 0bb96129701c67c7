"""The locks of the identity vault: column encryption and blind lookup under keys that rotate.

To rotate: add the new key last and restart every process; then move it first and restart again. From then on what is
written is under it, and the old key only opens. `digi vault rotate` brings what is left under it too; the old key can
go when that says 0 left.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chassis.seal import write_private
from services.intake.settings import IntakeSettings

KEY_BYTES = 32
NONCE_BYTES = 12
"""96 bits, random: NIST SP 800-38D section 8.2.2."""

_ENTRY = re.compile(r"([a-z0-9][a-z0-9_-]{0,31}):([A-Za-z0-9+/_=-]+)")
"""`<id>:<base64>`; the id holds no dot, which parts a locked value."""


class VaultError(ValueError):
    """Keys that do not make sense, or a value they do not open. Never quotes either."""


class _Key:
    """One key of the ring: from it one key that locks, and another that recognises."""

    def __init__(self, key_id: str, secret: bytes) -> None:
        self.id = key_id
        self.cipher = AESGCM(_derive(secret, b"digiterapia intake vault column"))
        self.lookup = _derive(secret, b"digiterapia intake vault lookup")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(secret)


class Vault:
    """Locks and opens column values; recognises a personal identity code without opening anything.

    Args:
        keys: id and secret of each key, the one that locks first.

    Raises:
        VaultError: no key, an id twice, or a secret of another length than 32 bytes.
    """

    def __init__(self, keys: list[tuple[str, bytes]]) -> None:
        if not keys or len({key_id for key_id, _ in keys}) < len(keys):
            raise VaultError("the vault needs at least one key, each id once")
        if any(len(secret) != KEY_BYTES for _, secret in keys):
            raise VaultError(f"a key of the vault is {KEY_BYTES} bytes")
        self._keys = {key_id: _Key(key_id, secret) for key_id, secret in keys}
        self._current = self._keys[keys[0][0]]
        self.current = self._current.id
        """Id of the key that locks."""
        self.key_ids = tuple(self._keys)

    @classmethod
    def of(cls, text: str) -> Vault:
        """A vault of keys as they stand in a setting or file.

        Raises:
            VaultError: as the class; or an entry that is not `<id>:<base64>`.
        """
        return cls([_entry(entry) for entry in text.split()])

    def lock(self, value: str, *, place: str) -> str:
        """Encrypt a value for one place (row and column); it opens in no other."""
        nonce = os.urandom(NONCE_BYTES)
        locked = self._current.cipher.encrypt(nonce, value.encode(), place.encode())
        return f"{self._current.id}.{urlsafe_b64encode(nonce + locked).decode()}"

    def open(self, locked: str, *, place: str) -> str:
        """Decrypt what was locked for a place.

        Raises:
            VaultError: the key is gone, or the value was altered or moved.
        """
        key_id, _, body = locked.partition(".")
        if key_id not in self._keys:
            raise VaultError("a value is under a key the vault does not have")
        try:
            raw = urlsafe_b64decode(body)
            return self._keys[key_id].cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, NotBase64):
            raise VaultError("a value was altered or belongs to another place") from None

    def opens(self, locked: str) -> bool:
        """Whether the vault has the key of a locked value."""
        return locked.partition(".")[0] in self._keys

    def lookups(self, code: str) -> list[str]:
        """What a personal identity code is recognised by, under every key, the present one first."""
        keys = self._keys.values()  # in the order given
        return [f"{key.id}.{hmac.new(key.lookup, code.encode(), sha256).hexdigest()}" for key in keys]


def _entry(entry: str) -> tuple[str, bytes]:
    shape = _ENTRY.fullmatch(entry)
    if shape is None:
        raise VaultError("a key of the vault is written <id>:<base64>")
    try:
        return shape[1], urlsafe_b64decode(shape[2].replace("+", "-").replace("/", "_"))
    except NotBase64:
        raise VaultError(f"the key {shape[1]} is not base64") from None


def open_vault(settings: IntakeSettings, *, practice_file: Path | None) -> Vault:
    """The vault of this installation.

    Args:
        settings: where its keys are.
        practice_file: made with a new key when the settings name none; None in production.

    Raises:
        VaultError: production names no keys, or they do not make sense.
    """
    if settings.vault_keys is not None:
        return Vault.of(settings.vault_keys.get_secret_value())
    file = settings.vault_keys_file or practice_file
    if file is None:
        raise VaultError("production needs INTAKE_VAULT_KEYS or INTAKE_VAULT_KEYS_FILE")
    if settings.vault_keys_file is None and not file.exists():
        write_private(file, f"practice:{urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n")
    return Vault.of(file.read_text(encoding="ascii"))

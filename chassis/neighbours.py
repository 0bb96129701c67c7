"""Other systems of the county: what each may read, and what it may tell. One file each, written by `digi bus grant`.

A neighbour reads through a durable of its own in each stream, so an outage of its own loses it nothing; it publishes
nothing on the bus. What it may tell comes in over HTTP, where who is asking about whom can be checked (docs/adr/0010).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import nkeys  # type: ignore[import-untyped]  # it says nothing of its types
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from chassis.errors import Refused
from chassis.seal import replace_private
from chassis.service import FRONT_ENDS
from contracts.base import EVENTS, NEIGHBOUR_DURABLE, AreaCode, EventType, Instant

SECRETS = 2
"""Most secrets of one kind that a neighbour has: one, and for a while the one that takes over from it."""
NAME = r"[a-z][a-z0-9-]{1,30}"
Name = Annotated[str, StringConstraints(pattern=f"^{NAME}$")]


def _a_users(key: str) -> str:
    """Refuse what a server would not start with."""
    raw = base64.b32decode(key)
    if raw[0] != nkeys.PREFIX_BYTE_USER or int.from_bytes(raw[-2:], "little") != binascii.crc_hqx(raw[:-2], 0):
        raise ValueError("no public NKEY of a user: it does not check")
    return key


Nkey = Annotated[str, StringConstraints(pattern=r"^U[A-Z2-7]{55}$"), AfterValidator(_a_users)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,500}$")]
EventKey = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z0-9_]+\.v[0-9]+$")]
Act = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,30}$")]
"""What it may send beside facts; the words are those of the front end that takes it."""


class Neighbour(BaseModel):
    """One neighbour and its grants. Nothing is granted by default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    since: Instant
    """It reads what was told from this moment on."""
    nkey: Nkey | None = None
    """Public key with which it comes to the bus; None: it does not."""
    reads: tuple[EventKey, ...] = ()
    """Keys of the events it may read: `scheduling.visit_completed.v1`."""
    tells: tuple[EventKey, ...] = ()
    """Keys of the events it may post."""
    sends: tuple[Act, ...] = ()
    """What else it may send: `assessments`, `referrals`."""
    areas: tuple[AreaCode, ...] = ()
    """Counties whose facts it may read or tell, and whose people it may send; empty: every one."""
    webhook: WebAddress | None = None
    """Where what it reads is posted, for a neighbour without NATS."""
    client_secrets: tuple[Sha256, ...] = ()
    """Digests of the secrets with which it posts and sends; two while one takes over from the other."""

    @field_validator("reads", "tells")
    @classmethod
    def _are_for_others(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if kind_of(key).within:
                raise ValueError(f"{key} stays within the unit: no other system reads or tells it")
        return tuple(sorted(set(keys)))

    @field_validator("webhook")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        parts = urlsplit(address or "https://none")
        if not parts.hostname or parts.username is not None or parts.fragment or not _is_port(parts.netloc):
            raise ValueError("a webhook is an address without a login: https://receiver.example/events")
        return address

    @model_validator(mode="after")
    def _has_one_reader(self) -> Self:
        if self.nkey and self.webhook:
            raise ValueError("it reads with a key of its own or is posted to, not both: two readers share what waits")
        return self

    @property
    def comes_to_us(self) -> bool:
        """Whether it has something to say to us, and so a client secret."""
        return bool(self.tells or self.sends)

    @property
    def posted(self) -> bool:
        """Whether what it reads is posted to it."""
        return bool(self.webhook and self.reads)

    @field_validator("tells")
    @classmethod
    def _are_a_front_ends(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if not may_be_posted(kind_of(key)):
                allowed = ", ".join(kind.key for kind in EVENTS.values() if may_be_posted(kind))
                raise ValueError(f"{key} is for its owner alone to tell; a neighbour may be granted {allowed}")
        return keys

    def opened_by(self, secret: str) -> str | None:
        """The digest of a client secret that is this neighbour's; None when it is not. Takes as long for any secret."""
        digest = hashlib.sha256(secret.encode()).hexdigest()
        found = [hmac.compare_digest(digest, own) for own in self.client_secrets]
        return digest if any(found) else None

    @property
    def durable(self) -> str:
        """Its consumer in each stream."""
        return NEIGHBOUR_DURABLE.format(name=self.name)

    def may_read(self, key: str, area: str) -> bool:
        """Whether a fact is among its grants."""
        return key in self.reads and (not self.areas or area in self.areas)

    def filters(self) -> dict[str, list[str]]:
        """Subjects it may read, by stream."""
        found: dict[str, list[str]] = {}
        for kind in map(kind_of, self.reads):
            found.setdefault(kind.stream, []).extend(kind.subject(area, "*") for area in self.areas or ("*",))
        return found


def _is_port(netloc: str) -> bool:
    try:
        return urlsplit(f"//{netloc}").port != 0
    except ValueError:
        return False


def may_be_posted(kind: EventType) -> bool:
    """Whether a neighbour may tell it: a fact that only a front end knows. A count is its owner's."""
    return kind.owner in FRONT_ENDS and not kind.public


def new_secret() -> tuple[str, str]:
    """A client secret of 256 random bits, to be shown once, and its digest, to be kept."""
    secret = secrets.token_urlsafe(32)
    return secret, hashlib.sha256(secret.encode()).hexdigest()


def kind_of(key: str) -> EventType:
    """The event of a key.

    Raises:
        ValueError: no event is declared under it.
    """
    found = next((kind for kind in EVENTS.values() if kind.key == key), None)
    if found is None:
        raise _no_event(key)
    return found


def _no_event(word: str) -> ValueError:
    return ValueError(f"{word} is no event: docs/events.md lists them")


def keys_of(words: Iterable[str]) -> list[str]:
    """Event keys for what an operator typed: `pub` is every public event, `visit_completed` the newest of that name.

    Raises:
        ValueError: no event is called so.
    """
    return [key for word in words for key in _keys(word)]


def _keys(word: str) -> list[str]:
    if "," in word:
        return keys_of(word.split(","))
    if word == "pub":
        return [kind.key for kind in EVENTS.values() if kind.public]
    named = [kind for kind in EVENTS.values() if word in (kind.key, kind.name, kind.ce_type, kind.cls.__name__)]
    if not named:
        raise _no_event(word)
    return [max(named, key=lambda kind: kind.version).key]


def load(folder: Path) -> dict[str, Neighbour]:
    """Every neighbour, by name, for an operator: who is told of a file that does not make sense. No folder: none.

    Raises:
        ValueError: a file does not make sense; says which.
    """
    return {file.stem: _read(file) for file in sorted(folder.glob("*.toml"))}


def readable(folder: Path) -> tuple[dict[str, Neighbour], frozenset[str]]:
    """Every neighbour whose file makes sense, by name, and the names of those whose file does not.

    For whoever is at work: one bad file is in nobody else's way.

    Raises:
        OSError: the folder is not there, or cannot be listed; that is not the same as no neighbours.
    """
    found, bad = {}, set()
    for file in sorted(each for each in folder.iterdir() if each.suffix == ".toml"):
        try:
            found[file.stem] = _read(file)
        except FileNotFoundError:  # taken away since
            continue
        except ValueError:
            bad.add(file.stem)
    return found, frozenset(bad)


def _read(file: Path) -> Neighbour:
    try:
        return Neighbour.model_validate({"name": file.stem, **tomllib.loads(file.read_text(encoding="utf-8"))})
    except FileNotFoundError:
        raise
    except ValidationError as error:  # its own text would quote what stands there
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        said = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong)
        raise ValueError(f"{file}: {said}") from None
    except (ValueError, OSError) as error:
        raise ValueError(f"{file}: {error}") from error


def one(folder: Path, name: str) -> Neighbour:
    """A neighbour, of its own file alone: another's that does not make sense is not in its way.

    Raises:
        Refused: `no-such-neighbour`.
        ValueError: its file does not make sense.
    """
    if not re.fullmatch(NAME, name):  # a name comes from outside: it must lead to no other folder
        raise _no_such()
    try:
        return _read(folder / f"{name}.toml")
    except FileNotFoundError:
        raise _no_such() from None


def _no_such() -> Refused:
    return Refused("no-such-neighbour", "there is no neighbour of that name; `digi bus accounts` lists them")


def save(folder: Path, neighbour: Neighbour) -> None:
    """Write its file, for this user alone; whoever reads meanwhile sees the old one or the new one. Safe to repeat."""
    told = neighbour.model_dump(mode="json", exclude={"name", "since"}, exclude_defaults=True)
    since = f"since = {neighbour.since.isoformat()}"
    lines = [since, *(f"{name} = {json.dumps(value)}" for name, value in told.items()), ""]
    replace_private(folder / f"{neighbour.name}.toml", "\n".join(lines))


def remove(folder: Path, name: str) -> None:
    """Forget a neighbour and everything granted to it. Safe to repeat."""
    (folder / f"{name}.toml").unlink(missing_ok=True)

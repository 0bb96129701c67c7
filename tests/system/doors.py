"""Another system of the county at the unit's doors: what it may tell, and words wherever none belong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from chassis import clock
from chassis.seal import Sealer
from contracts.base import Event
from contracts.portal import CallbackRequested, ContactOpened, IdentityVerified
from tests.factories import safe_answers
from tests.stack import eventually
from tests.system.canaries import CODES, ODD, PHONES, SAID
from tests.system.sending import Sends
from tests.whole import WholeUnit

TOLD, FORM = ("contact_opened", "identity_verified", "callback_requested"), {"grant_type": "client_credentials"}
ACCEPTED, UNAUTHORIZED = 202, 401
STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"
UNREAD = ("source", "piilo")
"""Attributes whose words nobody looks at or passes on: an event with odd ones is as good as any."""
READ = ("specversion", "id", "type", "subject", "time", "area", "municipality")


@dataclass(frozen=True, slots=True)
class Post:
    """One request to `/api/v1/events`."""

    body: bytes
    headers: dict[str, str]

    @classmethod
    def binary(cls, event: dict[str, Any]) -> Post:
        attributes = {f"ce-{name}": quote(value) for name, value in event.items() if name != "data"}
        return cls(_json(event["data"]), {"content-type": "application/json"} | attributes)

    @classmethod
    def structured(cls, event: dict[str, Any]) -> Post:
        return cls(_json(event), {"content-type": STRUCTURED})

    @classmethod
    def batched(cls, event: dict[str, Any]) -> Post:
        return cls(_json([event]), {"content-type": BATCHED})


MODES = (Post.binary, Post.structured, Post.batched)


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()


def cloud_event(event: Event, **said: Any) -> dict[str, Any]:
    """In structured mode, under a new id; attributes, or `data`, may be said otherwise."""
    attributes = {
        "specversion": "1.0", "id": str(uuid4()), "source": "https://navigator.example",
        "type": event.declared.ce_type, "subject": str(event.about), "time": clock.now().isoformat(),
    }  # fmt: skip
    return attributes | {"data": event.model_dump(mode="json")} | said


def opened(**said: Any) -> ContactOpened:
    fresh = {"contact_id": uuid4(), "opened_at": clock.now(), "answers": safe_answers()}
    return ContactOpened.example.model_copy(update=fresh | said)


class System:
    """A system that was granted to tell what front ends know."""

    def __init__(self, unit: WholeUnit, name: str, secret: str) -> None:
        self._seals = Sealer(unit.settings.keys_dir, "portal")
        self._name, self._secret = name, secret
        self._client = httpx.AsyncClient(base_url=unit.address, timeout=20, trust_env=False)
        self._token = ""

    async def come(self) -> None:
        answer = await self._client.post("/api/v1/token", data=FORM, auth=(self._name, self._secret))
        assert answer.status_code == httpx.codes.OK
        self._token = answer.json()["access_token"]

    async def go(self) -> None:
        await self._client.aclose()

    @property
    def sends(self) -> Sends:
        return Sends(self._client, self._token)

    async def post(self, post: Post) -> int:
        headers = {"authorization": f"Bearer {self._token}"} | post.headers
        return (await self._client.post("/api/v1/events", content=post.body, headers=headers)).status_code

    def requested(self, contact: ContactOpened, message: dict[str, Any], owner: str = "chat") -> CallbackRequested:
        said = {"contact_id": contact.contact_id, "callback_id": uuid4(), "requested_at": clock.now()}
        return CallbackRequested.example.model_copy(update=said | {"message": self._seals.seal(owner, message)})

    def verified(self, contact: ContactOpened, person: dict[str, Any]) -> IdentityVerified:
        said = {"contact_id": contact.contact_id, "verified_at": clock.now()}
        return IdentityVerified.example.model_copy(update=said | {"person": self._seals.seal("intake", person)})

    async def tell_what_is_right(self) -> int:
        """In each language and mode a resident who wants to be called and is known by name; returns how many."""
        for said, phone, code, mode in zip(SAID.values(), PHONES, CODES, MODES, strict=True):
            contact = opened()
            assert await self.post(mode(cloud_event(contact))) == ACCEPTED
            requested = mode(cloud_event(self.requested(contact, {"phone": phone, "words": said.resident})))
            await self._accepted_once_decided(requested)
            person = {
                "personal_identity_code": code, "family_name": said.resident.split(":")[0],
                "given_names": said.therapist, "birth_date": "1990-01-01",
            }  # fmt: skip
            assert await self.post(mode(cloud_event(self.verified(contact, person)))) == ACCEPTED
        return len(MODES)

    async def tell_what_its_owner_cannot_read(self) -> int:
        """Sealed as it should be, and wrong inside: that only the owner finds out; returns how many."""
        contact, (code, *_) = opened(), CODES
        assert await self.post(Post.structured(cloud_event(contact))) == ACCEPTED
        words = SAID["fi"].resident
        wrong = (
            self.requested(contact, {"phone": PHONES[0], "words": words}, owner="intake"),
            self.requested(contact, {"phone": {ODD: words}, ODD: words}),
            self.requested(contact, {"phone": PHONES[0] * 9, "words": words}),
            self.verified(contact, {"personal_identity_code": code, "family_name": [words], ODD: words}),
            self.verified(contact, {"personal_identity_code": words, "birth_date": code, "family_name": words}),
        )
        for event in wrong:
            await self._accepted_once_decided(Post.structured(cloud_event(event)))
        return len(wrong)

    async def _accepted_once_decided(self, post: Post) -> None:
        async def accepted() -> bool:
            return await self.post(post) == ACCEPTED

        await eventually(accepted, "intake has decided on a call, and it is taken")

    async def go_astray(self, wrong: str) -> None:
        """One word or number wherever none belongs; refused, unless nobody looks there or passes it on."""
        for post in refused(wrong):
            status = await self.post(post)
            assert httpx.codes.BAD_REQUEST <= status < httpx.codes.INTERNAL_SERVER_ERROR, (status, post)
        for post in unread(wrong):
            assert await self.post(post) == ACCEPTED, post
        await self._ask_astray(wrong)

    async def _ask_astray(self, wrong: str) -> None:
        """For a token: as a stranger, and oddly."""
        own, as_a_word = (self._name, self._secret), quote(wrong)
        odd = {"user-agent": ODD, "x-forwarded-for": ODD, "cookie": f"{ODD}={as_a_word}"}
        asked: tuple[dict[str, Any], ...] = (
            {"data": FORM, "auth": (as_a_word, as_a_word)},
            {"data": FORM, "headers": {"authorization": f"Basic {as_a_word}"}},
            {"data": FORM, "headers": {"authorization": as_a_word}},
            {"data": FORM | {"scope": wrong}, "auth": own},
            {"data": {"grant_type": wrong}, "auth": own},
            {"content": wrong.encode(), "headers": {"content-type": as_a_word}, "auth": own},
            {"json": {wrong: wrong}, "auth": own},
        )
        for each in asked:
            answer = await self._client.post("/api/v1/token", **each | {"headers": odd | each.get("headers", {})})
            assert answer.is_client_error, each
        guess = await self._client.post("/api/v1/token", data=FORM, auth=(self._name, as_a_word), headers=odd)
        assert guess.is_client_error


def taken_for_another(name: str, wrong: str) -> bool:
    """A word may be a code: which are, only intake knows. Digits are taken for a moment, in seconds since 1970."""
    return (wrong == ODD and name in ("trouble", "answers")) or (wrong.strip("+").isdigit() and name == "opened_at")


def refused(wrong: str) -> Iterator[Post]:
    """What the door does not take."""
    for name in READ:
        yield Post.binary(cloud_event(opened(), **{name: wrong}))
        yield Post.structured(cloud_event(opened(), **{name: wrong}))
    yield Post.structured(cloud_event(opened(), datacontenttype=wrong))
    contact = opened()
    data = contact.model_dump(mode="json")
    for name in data:
        if not taken_for_another(name, wrong):
            odd = [{"question": wrong, "answer": wrong}] if name == "answers" else wrong
            for mode in MODES:
                yield mode(cloud_event(contact, data=data | {name: odd}))
    for told in (IdentityVerified.example, CallbackRequested.example):
        for name in told.declared.sealed:
            yield Post.structured(cloud_event(told, data=told.model_dump(mode="json") | {name: wrong}))
    yield from (Post.structured(cloud_event(contact, data=each)) for each in (wrong, [wrong], {wrong: wrong}))
    good = Post.structured(cloud_event(contact))
    yield from (replace(good, body=each) for each in (wrong.encode(), f'{{"{wrong}'.encode(), good.body[:-1], b"\xff"))
    yield Post(_json([cloud_event(contact), wrong]), {"content-type": BATCHED})
    for name in ("content-type", "content-encoding", "authorization"):
        value = f"Bearer {quote(wrong)}" if name == "authorization" else quote(wrong)
        yield replace(good, headers=good.headers | {name: value})


def unread(wrong: str) -> Iterator[Post]:
    """What it takes, and drops what is odd in it."""
    for name in UNREAD:
        yield Post.binary(cloud_event(opened(), **{name: wrong}))
        yield Post.structured(cloud_event(opened(), **{name: wrong}))
    contact = opened()
    yield Post.structured(cloud_event(contact, data=contact.model_dump(mode="json") | {wrong: wrong}))
    around = {name: quote(wrong) for name in ("user-agent", "referer", "x-request-id", "tracestate", "baggage")}
    good = Post.binary(cloud_event(opened()))
    yield replace(good, headers=good.headers | around | {"traceparent": quote(wrong)})

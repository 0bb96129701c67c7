"""A neighbour that posts, as it comes to our door: a client secret, a token, CloudEvents in every mode."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx

from chassis import neighbours
from chassis.neighbours import Neighbour
from contracts.base import Event, Language
from contracts.intake import GetQuestionnaire
from contracts.portal import Answer, CallbackRequested, ContactOpened, IdentityVerified
from services.portal.edge import PASSER_BY
from tests.services.portal.town import Town

NAME = "navigator"
TELLS = ("portal.callback_requested.v1", "portal.contact_opened.v1", "portal.identity_verified.v1")
FORM = {"grant_type": "client_credentials"}
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
MODES = ("binary", "structured", "batched")


class Poster:
    """A neighbour of a town."""

    def __init__(self, town: Town, name: str = NAME, *, areas: tuple[str, ...] = ("10",)) -> None:
        self.town = town
        self.name = name
        self.secret, digest = neighbours.new_secret()
        self.granted = Neighbour(name=name, since=town.clock(), tells=TELLS, areas=areas, client_secrets=(digest,))
        self.save()
        self.token = ""

    def save(self, **over: Any) -> None:
        """Let the county have granted something else."""
        self.granted = self.granted.model_copy(update=over)
        neighbours.save(self.town.edge.settings.neighbours_dir, self.granted)

    def asks(self, *, secret: str | None = None, form: dict[str, str] | None = None) -> httpx.Response:
        """Ask for a token."""
        shown = (self.name, self.secret if secret is None else secret)
        return self.town.browser().send("POST", "/api/v1/token", auth=shown, data=FORM if form is None else form)

    def post(self, event: Event, mode: str = "binary", **over: Any) -> httpx.Response:
        """Post an event; `over` says attributes and data (`data__field`) otherwise, None leaves one out."""
        attributes, data = self.written(event, **over)
        if mode == "binary":
            headers = {f"ce-{name}": value for name, value in attributes.items()}
            return self.send(json.dumps(data), **headers | {"content-type": "application/json"})
        whole = attributes | {"data": data}
        if mode == "structured":
            return self.send(json.dumps(whole), **{"content-type": STRUCTURED})
        return self.send(json.dumps([whole]), **{"content-type": BATCHED})

    def written(self, event: Event, **over: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """Attributes and data of an event."""
        data = event.model_dump(mode="json")
        attributes = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "source": "https://navigator.example",
            "type": event.declared.ce_type,
            "subject": str(event.about),
            "time": self.town.clock().isoformat(),
        }
        for name, value in over.items():
            place, key = (data, name.removeprefix("data__")) if name.startswith("data__") else (attributes, name)
            if value is None:
                place.pop(key)
            else:
                place[key] = value
        return attributes, data

    def send(self, body: str | bytes, **headers: str) -> httpx.Response:
        """Send a body as it is, with the token."""
        if not self.token:
            self.token = self.asks().json()["access_token"]
        headers = {"authorization": f"Bearer {self.token}"} | headers
        return self.town.browser().send("POST", "/api/v1/events", content=body, headers=headers)

    def opens(self, **said: Any) -> ContactOpened:
        """A contact that has come in by this poster, intake's decision made."""
        opened = contact(**said)
        response = self.post(opened)
        assert response.status_code == 202, response.text
        return opened

    def sealed(self, service: str, data: dict[str, Any]) -> str:
        return self.town.units["portal"].sealer.seal(service, data)

    def identified(self, opened: ContactOpened, **said: Any) -> IdentityVerified:
        person = {
            "personal_identity_code": None,
            "family_name": "Näyte",
            "given_names": "Noora",
            "birth_date": "1992-01-01",
        }
        shown = IdentityVerified.example.model_copy(
            update=whose(opened) | {"person": self.sealed("intake", person), "verified_at": self.town.clock()} | said
        )
        return IdentityVerified.model_validate(shown.model_dump())

    def wants_a_call(self, opened: ContactOpened, **said: Any) -> CallbackRequested:
        left = self.sealed("chat", {"phone": "+358401234567", "words": "Polvi"})
        update = whose(opened) | {"callback_id": uuid4(), "message": left, "requested_at": self.town.clock()} | said
        return CallbackRequested.example.model_copy(update=update)


def no_red_flag(town: Town) -> tuple[Answer, ...]:
    """Every question about a knee answered, none with a red flag."""
    asked = town.units["intake"].asks(GetQuestionnaire(language=Language.FI, trouble="knee"), viewer=PASSER_BY)
    return tuple(
        Answer(question=one.code, answer="no" if one.red_flag else one.options[0].code) for one in asked.questions
    )


def contact(**said: Any) -> ContactOpened:
    """A contact nobody has heard of, as the contract's example says otherwise."""
    return ContactOpened.example.model_copy(update={"contact_id": uuid4()} | said)


def whose(opened: ContactOpened) -> dict[str, Any]:
    return opened.model_dump(include={"contact_id", "area", "municipality"})


def code(response: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer; no code when it is no refusal."""
    assert response.status_code == 202 or response.headers["content-type"] == "application/problem+json"
    return (response.status_code, response.json()["code"]) if response.content else (response.status_code, "")


def told(poster: Poster) -> int:
    """How much has been told of what a front end knows."""
    return sum(len(poster.town.told(kind)) for kind in (ContactOpened, IdentityVerified, CallbackRequested))

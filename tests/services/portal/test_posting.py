"""Neighbours post CloudEvents: told once, under their id; every refusal with a code of its own and nothing told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from joserfc import jwe
from joserfc.jwk import KeySet
from prometheus_client import REGISTRY
from sqlalchemy import select

from chassis.tables import outbox
from contracts.base import EVENTS, Language
from contracts.chat import ConversationEnded
from contracts.check import check
from contracts.intake import ContactRouted, TriageCompleted
from contracts.portal import CallbackRequested, ContactOpened, IdentityVerified
from services.portal.language import words
from services.portal.neighbours.store import forget_posted
from tests.services.portal.poster import BATCHED, MODES, NAME, STRUCTURED, Poster, code, contact, no_red_flag, told
from tests.services.portal.town import Town


@pytest.fixture
def poster(town: Town) -> Poster:
    return Poster(town)


def fields(response: Any) -> list[str]:
    return [each["field"] for each in response.json()["errors"]]


def headers(poster: Poster) -> list[dict[str, str]]:
    """The envelopes the portal has told, in order."""
    rows = poster.town.units["portal"].database.read(
        lambda session: session.connection().execute(select(outbox.c.headers).order_by(outbox.c.id)).all()
    )
    return [json.loads(row.headers) for row in rows]


# What is as asked


@pytest.mark.parametrize("mode", MODES)
def test_a_posted_contact_is_told_under_its_id_and_routed(poster: Poster, mode: str) -> None:
    opened, event_id = contact(), str(uuid4())
    assert code(poster.post(opened, mode, id=event_id)) == (202, "")
    assert poster.town.told(ContactOpened) == [opened]
    assert [each.contact_id for each in poster.town.told(ContactRouted)] == [opened.contact_id]
    (envelope,) = headers(poster)
    assert (envelope["ce-id"], envelope["Nats-Msg-Id"]) == (event_id, event_id)
    assert (envelope["ce-source"], envelope["ce-subject"]) == ("/fi.digiterapia/portal", str(opened.contact_id))


def test_the_same_event_in_every_mode_is_one_event(poster: Poster) -> None:
    opened, event_id = contact(), str(uuid4())
    assert [poster.post(opened, mode, id=event_id).status_code for mode in MODES] == [202] * 3
    assert (told(poster), len(poster.town.told(TriageCompleted))) == (1, 1)


def test_an_event_made_by_the_cloudevents_sdk_is_taken(poster: Poster) -> None:
    """Code that shares nothing with ours writes both modes."""
    opened = contact()
    attributes, data = poster.written(opened)
    made = CloudEvent({**attributes, "time": poster.town.clock(), "datacontenttype": "application/json"}, data)
    for message in (to_binary_event(made), to_structured_event(made)):
        assert code(poster.send(message.body, **message.headers)) == (202, "")
    assert poster.town.told(ContactOpened) == [opened]


def test_a_batch_is_told_in_its_order_or_not_at_all(poster: Poster) -> None:
    opened, other = contact(), contact()
    pair = [poster.written(each) for each in (opened, poster.identified(opened), other)]
    whole = [attributes | {"data": data} for attributes, data in pair]
    whole[2]["subject"] = str(uuid4())
    sent = {"content-type": BATCHED}
    refused = poster.send(json.dumps(whole), **sent)
    assert code(refused) == (422, "wrong-aggregate")
    assert {error["field"].split(".")[0] for error in refused.json()["errors"]} == {"2"}  # which one is to blame
    assert told(poster) == 0
    assert code(poster.send(json.dumps(whole[:2]), **sent)) == (202, "")
    assert [type(each) for each in poster.town.units["portal"].told] == [ContactOpened, IdentityVerified]


def test_an_empty_batch_is_nothing(poster: Poster) -> None:
    assert code(poster.send("[]", **{"content-type": BATCHED})) == (202, "")


def test_a_field_nobody_knows_is_left_behind(poster: Poster) -> None:
    """A later version of theirs may say more; what no contract knows does not go on the bus."""
    poster.post(contact(), data__nickname="Noora")
    (row,) = poster.town.units["portal"].database.read(lambda s: s.connection().execute(select(outbox.c.payload)).all())
    assert b"Noora" not in row.payload


def test_what_was_sealed_to_a_published_key_its_owner_opens(poster: Poster) -> None:
    """A maker needs nothing but /api/v1/keys to seal."""
    found = poster.town.browser().get("/api/v1/keys").json()["keys"]
    assert not any("d" in key for key in found)
    (key,) = [each for each in found if each["x-sealed-for"] == "intake"]
    public = KeySet.import_key_set({"keys": [key]}).keys[0]
    token = jwe.encrypt_compact(
        {"alg": "ECDH-ES", "enc": "A256GCM", "kid": public.kid}, b'{"a": 1}', public, algorithms=["ECDH-ES", "A256GCM"]
    )
    assert poster.town.units["intake"].sealer.unseal(token) == {"a": 1}


def test_a_person_identified_by_a_neighbour_is_identified(poster: Poster) -> None:
    opened = poster.opens()
    verified = poster.identified(opened)
    assert code(poster.post(verified)) == (202, "")
    assert poster.town.units["intake"].outcome == "done"
    assert poster.town.told(IdentityVerified) == [verified]


def test_a_call_is_promised_where_intake_has_decided_on_one(closed_town: Town) -> None:
    closed_town.clock.set(closed_town.clock().replace(hour=18))
    poster = Poster(closed_town)
    asked = poster.wants_a_call(poster.opens(answers=no_red_flag(closed_town)))
    event_id = str(uuid4())
    assert [code(poster.post(asked, id=event_id)) for _ in range(2)] == [(202, "")] * 2
    assert closed_town.told(CallbackRequested) == [asked]


def test_accepted_and_refused_are_counted_by_code(poster: Poster) -> None:
    def counted(outcome: str) -> float:
        labels = {"neighbour": NAME, "outcome": outcome}
        return REGISTRY.get_sample_value("digi_portal_events_posted_total", labels) or 0.0

    outcomes = ("accepted", "repeated", "unknown-type")
    before = [counted(each) for each in outcomes]
    event_id, opened = str(uuid4()), contact()
    for _ in range(3):
        poster.post(opened, id=event_id)
    poster.post(contact(), type="fi.digiterapia.portal.never_heard_of.v1")
    assert [counted(each) - was for each, was in zip(outcomes, before, strict=True)] == [1, 2, 1]


# What is not

REFUSED: dict[str, tuple[dict[str, Any], int, str, list[str]]] = {
    "no event of that type": (
        {"type": "fi.digiterapia.portal.never_heard_of.v1"}, 422, "unknown-type", []
    ),
    "a type that is only a version": ({"type": ".v1"}, 422, "unknown-type", []),
    "another version": ({"type": "fi.digiterapia.portal.contact_opened.v2"}, 422, "unknown-type", []),
    "another's event": ({"type": ConversationEnded.declared.ce_type}, 403, "not-granted", []),
    "another county": (
        {"data__area": "18", "data__municipality": "272"}, 403, "not-granted", []
    ),
    "CloudEvents 0.3": ({"specversion": "0.3"}, 422, "bad-envelope", ["specversion"]),
    "no id": ({"id": None}, 422, "bad-envelope", ["id"]),
    "an id that is no UUID": ({"id": "A234-1234-1234"}, 422, "bad-envelope", ["id"]),
    "an id in braces": ({"id": "{6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11}"}, 422, "bad-envelope", ["id"]),
    "no type": ({"type": None}, 422, "bad-envelope", ["type"]),
    "no source": ({"source": None}, 422, "bad-envelope", ["source"]),
    "no subject": ({"subject": None}, 422, "bad-envelope", ["subject"]),
    "no time": ({"time": None}, 422, "bad-envelope", ["time"]),
    "a day for a time": ({"time": "2026-11-24"}, 422, "bad-envelope", ["time"]),
    "words for a time": ({"time": "now"}, 422, "bad-envelope", ["time"]),
    "a clock 6 minutes ahead": ({"time": "2026-11-24T08:06:00Z"}, 422, "clock-ahead", ["time"]),
    "what was opened in 6 minutes": (
        {"data__opened_at": "2026-11-24T08:06:00Z"}, 422, "clock-ahead", ["data.opened_at"]
    ),
    "a year ago": ({"time": "2025-11-24T08:00:00Z"}, 422, "too-old", []),
    "another subject": (
        {"subject": "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e12"}, 422, "wrong-aggregate", ["subject"]
    ),
    "a municipality of another county": (
        {"data__municipality": "272"}, 422, "wrong-place", ["data.municipality"]
    ),
    "a county nobody serves": ({"data__area": "99"}, 422, "wrong-place", ["data.municipality"]),
    "another area around it": ({"area": "18"}, 422, "wrong-place", ["area"]),
    "another municipality around it": ({"municipality": "286"}, 422, "wrong-place", ["municipality"]),
    "a wildcard for a municipality": ({"data__municipality": "*"}, 422, "schema", ["data.municipality"]),
    "a subject for an area": ({"data__area": "10.>"}, 422, "schema", ["data.area"]),
    "a field missing": ({"data__trouble": None}, 422, "schema", ["data.trouble"]),
    "digits for a moment": ({"data__opened_at": "0407654321"}, 422, "schema", ["data.opened_at"]),
    "a number for a moment": ({"data__opened_at": 407654321}, 422, "schema", ["data.opened_at"]),
    "words for a code": ({"data__trouble": "My knee hurts"}, 422, "schema", ["data.trouble"]),
    "a local time": (
        {"data__opened_at": "2026-11-24T10:00:00+02:00"}, 422, "schema", ["data.opened_at"]
    ),
    "an answer out of bounds": (
        {"data__answers": [{"question": "a", "answer": "B!"}]}, 422, "schema", ["data.answers.0.answer"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_event_has_a_code_names_the_field_and_is_not_told(poster: Poster, what: str, mode: str) -> None:
    over, status, wanted, where = REFUSED[what]
    response = poster.post(contact(), mode, **over)
    assert code(response) == (status, wanted)
    assert [each["field"] for each in response.json().get("errors", [])] == where
    assert told(poster) == 0


ONLY_HERE = {
    "another's event",
    "another county",
    "an id that is no UUID",
    "an id in braces",
    "a clock 6 minutes ahead",
    "what was opened in 6 minutes",
    "a year ago",
    "a municipality of another county",
    "a county nobody serves",
}
"""The checker knows no grants, counties or clocks, and the bus takes more ids."""


@pytest.mark.parametrize("what", sorted(REFUSED.keys() - ONLY_HERE))
def test_the_checker_of_the_kit_refuses_it_under_the_same_code(poster: Poster, what: str) -> None:
    """One cause, one code."""
    over, _, wanted, where = REFUSED[what]
    attributes, data = poster.written(contact(), **over)
    found = [each.code for each in check([json.dumps(attributes | {"data": data})]).findings if each.bad]
    fields = [each.replace("data.", f"{wanted}:", 1) for each in where]
    assert found == (fields if wanted == "schema" else [wanted])


def test_five_minutes_of_another_clock_are_let_be(poster: Poster) -> None:
    assert code(poster.post(contact(), time="2026-11-24T08:05:00Z")) == (202, "")


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_is_said_in_the_language_asked_for(poster: Poster, what: str, language: Language) -> None:
    over, _, wanted, _ = REFUSED[what]
    attributes, data = poster.written(contact(), **over)
    response = poster.send(
        json.dumps(attributes | {"data": data}), **{"content-type": STRUCTURED, "accept-language": language}
    )
    assert response.json()["detail"] == words(language).refusal(wanted) != words(language)("refusal.other")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/cloudevents+avro",
        "application/json; charset=latin-1",
        "application/json, text/plain",
    ],
)
def test_another_content_type_is_refused(poster: Poster, content_type: str) -> None:
    attributes, data = poster.written(contact())
    sent = {f"ce-{name}": value for name, value in attributes.items()} | {"content-type": content_type}
    assert code(poster.send(json.dumps(data), **sent)) == (415, "content-type")


def test_data_of_another_type_inside_is_refused(poster: Poster) -> None:
    assert code(poster.post(contact(), "structured", datacontenttype="text/xml")) == (415, "content-type")


def test_a_packed_body_is_refused(poster: Poster) -> None:
    sent = {"content-type": STRUCTURED, "content-encoding": "gzip"}
    assert code(poster.send("{}", **sent)) == (415, "content-type")


@pytest.mark.parametrize("content_type", ["application/json;charset=utf-8", 'Application/JSON ; Charset="UTF-8"'])
def test_a_content_type_may_say_that_it_is_utf_8(poster: Poster, content_type: str) -> None:
    attributes, data = poster.written(contact())
    sent = {f"ce-{name}": value for name, value in attributes.items()} | {"content-type": content_type}
    assert code(poster.send(json.dumps(data), **sent)) == (202, "")


@pytest.mark.parametrize("body", ["", "{", "[" * 60_000, b"\xff", '{"a": NaN}', '{"id": "\\ud800"}'])
@pytest.mark.parametrize("content_type", [STRUCTURED, BATCHED, "application/json"])
def test_a_body_that_is_no_json_is_refused(poster: Poster, body: str | bytes, content_type: str) -> None:
    attributes, _ = poster.written(contact())
    sent = {f"ce-{name}": value for name, value in attributes.items()} | {"content-type": content_type}
    assert code(poster.send(body, **sent)) == (422, "bad-json")


@pytest.mark.parametrize("body", ["1", "null", '"x"'])
@pytest.mark.parametrize(
    ("content_type", "wanted"), [(STRUCTURED, "bad-json"), (BATCHED, "bad-json"), ("application/json", "schema")]
)
def test_a_body_that_is_no_event_is_refused(poster: Poster, body: str, content_type: str, wanted: str) -> None:
    attributes, _ = poster.written(contact())
    sent = {f"ce-{name}": value for name, value in attributes.items()} | {"content-type": content_type}
    assert code(poster.send(body, **sent)) == (422, wanted)


@pytest.mark.parametrize("name", ["id", "type", "subject", "time"])
def test_an_attribute_that_is_no_string_is_refused(poster: Poster, name: str) -> None:
    response = poster.post(contact(), "structured", **{name: 17})
    assert (code(response), fields(response)) == ((422, "bad-envelope"), [name])


def test_an_attribute_that_comes_twice_is_refused(poster: Poster) -> None:
    attributes, data = poster.written(contact())
    pairs = [(f"ce-{name}", value) for name, value in attributes.items()] + [("ce-id", str(uuid4()))]
    poster.post(contact())
    sent = [("authorization", f"Bearer {poster.token}"), ("content-type", "application/json"), *pairs]
    response = poster.town.browser().send("POST", "/api/v1/events", content=json.dumps(data), headers=sent)
    assert (code(response), fields(response)) == ((422, "bad-envelope"), ["id"])


@pytest.mark.parametrize("size", [65_537, 1_048_576])
def test_a_body_over_the_limit_is_refused(poster: Poster, size: int) -> None:
    assert code(poster.send(b" " * size, **{"content-type": STRUCTURED})) == (413, "too-big")


def test_the_same_id_with_another_content_is_refused(poster: Poster) -> None:
    event_id = str(uuid4())
    poster.post(contact(), id=event_id)
    assert code(poster.post(contact(), id=event_id)) == (409, "event-id-reused")
    assert told(poster) == 1


def test_another_neighbours_event_id_is_refused(poster: Poster) -> None:
    other, event_id, opened = Poster(poster.town, "health-chat"), str(uuid4()), contact()
    poster.post(opened, id=event_id)
    assert code(other.post(opened, id=event_id)) == (409, "event-id-reused")


def test_an_event_id_of_our_own_is_refused(poster: Poster) -> None:
    """Read on the bus and posted again it would be taken for the first one there, and be lost."""
    poster.town.comes_in()
    (ours,) = headers(poster)
    assert code(poster.post(contact(), id=ours["ce-id"])) == (409, "event-id-reused")


def test_an_id_in_capitals_is_the_same_id(poster: Poster) -> None:
    event_id, opened = str(uuid4()), contact()
    assert [poster.post(opened, id=each).status_code for each in (event_id, event_id.upper())] == [202, 202]
    assert told(poster) == 1


@pytest.mark.parametrize(
    ("token", "wanted"),
    [
        ("Noora Näyte", "schema"),
        (17, "schema"),
        ("a.b.c.d.e", "cannot-unseal"),
        ("e30.a.b.c.d", "cannot-unseal"),
        ("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", "cannot-unseal"),
    ],
)
def test_a_sealed_field_that_is_no_jwe_of_ours_is_refused(poster: Poster, token: Any, wanted: str) -> None:
    response = poster.post(poster.identified(poster.opens()), data__person=token)
    assert (code(response), fields(response)) == ((422, wanted), ["data.person"])
    assert "Noora" not in response.text


def test_a_head_of_a_jwe_that_never_ends_is_refused(poster: Poster) -> None:
    deep = "W1tb" * 4_000 + ".a.b.c.d"
    assert code(poster.post(poster.identified(poster.opens()), data__person=deep)) == (422, "cannot-unseal")


def test_what_was_sealed_for_somebody_else_its_owner_finds_out(poster: Poster) -> None:
    opened = poster.opens()
    wrong = poster.sealed("chat", {"phone": "+358401234567", "words": "Polvi"})
    assert code(poster.post(poster.identified(opened, person=wrong))) == (202, "")
    verdict = poster.town.units["intake"].verdict
    assert verdict is not None
    assert (poster.town.units["intake"].outcome, verdict.code) == ("unprocessable", "cannot-unseal")


def test_a_refused_event_may_be_mended_and_posted_under_the_same_id(poster: Poster) -> None:
    event_id, opened = str(uuid4()), contact()
    assert poster.post(opened, id=event_id, data__trouble="My knee").status_code == 422
    assert poster.post(opened, id=event_id).status_code == 202


def test_ids_are_known_as_long_as_an_event_may_be_posted(poster: Poster) -> None:
    opened, event_id = contact(), str(uuid4())
    posted = poster.town.clock().isoformat()
    assert poster.post(opened, id=event_id).status_code == 202
    poster.town.clock.advance(timedelta(days=99, hours=23))
    poster.town.units["portal"].transact(forget_posted)
    poster.token = ""
    assert poster.post(opened, id=event_id, time=posted).status_code == 202
    assert told(poster) == 1
    poster.town.clock.advance(timedelta(days=1))
    poster.town.units["portal"].transact(forget_posted)
    poster.token = ""
    assert code(poster.post(opened, id=event_id, time=posted)) == (422, "too-old")


@pytest.mark.parametrize(
    "kind", [each for each in EVENTS.values() if each.owner != "portal"], ids=lambda kind: kind.key
)
def test_no_event_of_another_service_is_taken(poster: Poster, kind: Any) -> None:
    response = poster.post(kind.cls.example, subject=str(uuid4()))
    assert code(response) == (403, "not-granted")


def test_the_description_says_how_to_post(poster: Poster) -> None:
    document = poster.town.browser().get("/api/v1/openapi.json").json()
    posting = document["paths"]["/api/v1/events"]["post"]
    assert set(posting["requestBody"]["content"]) == {STRUCTURED, BATCHED, "application/json"}
    assert posting["security"] == [{"neighbour": []}]
    assert {"/api/v1/token", "/api/v1/keys"} <= document["paths"].keys()
    schemas = document["components"]["schemas"]
    wanted = set(json.dumps(document).split('"#/components/schemas/')[1:])
    assert {each.partition('"')[0] for each in wanted} <= schemas.keys()
    assert schemas["ContactOpened"]["properties"]["trouble"]["description"]

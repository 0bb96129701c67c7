"""Other systems post CloudEvents: told once, under their id; every refusal with a code of its own and nothing told."""

from __future__ import annotations

import json
from collections.abc import Callable
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
from contracts.intake import ContactRouted, TriageCompleted
from contracts.portal import CallbackRequested, ContactOpened, IdentityVerified
from services.portal.language import words
from services.portal.neighbours.store import forget_posted
from tests.services.portal.system import BATCHED, MODES, NAME, STRUCTURED, System, contact, no_red_flag
from tests.services.portal.town import Town

SOITE = {"area": "18", "municipality": "272"}


@pytest.fixture
def system(town: Town) -> System:
    return System(town)


def code(response: Any) -> tuple[int, str]:
    assert response.status_code == 202 or response.headers["content-type"] == "application/problem+json"
    return (response.status_code, response.json()["code"]) if response.content else (response.status_code, "")


def fields(response: Any) -> list[str]:
    return [each["field"] for each in response.json()["errors"]]


def told(system: System) -> int:
    return sum(len(system.town.told(kind)) for kind in (ContactOpened, IdentityVerified, CallbackRequested))


def headers(system: System) -> list[dict[str, str]]:
    """The envelopes the portal has told, in order."""
    rows = system.town.units["portal"].database.read(
        lambda session: session.connection().execute(select(outbox.c.headers).order_by(outbox.c.id)).all()
    )
    return [json.loads(row.headers) for row in rows]


# What is as asked


@pytest.mark.parametrize("mode", MODES)
def test_a_posted_contact_is_told_under_its_id_and_routed(system: System, mode: str) -> None:
    opened, event_id = contact(), str(uuid4())
    assert code(system.post(opened, mode, id=event_id)) == (202, "")
    assert system.town.told(ContactOpened) == [opened]
    assert [each.contact_id for each in system.town.told(ContactRouted)] == [opened.contact_id]
    (envelope,) = headers(system)
    assert (envelope["ce-id"], envelope["Nats-Msg-Id"]) == (event_id, event_id)
    assert (envelope["ce-source"], envelope["ce-subject"]) == ("/fi.digiterapia/portal", str(opened.contact_id))


def test_the_same_event_in_every_mode_is_one_event(system: System) -> None:
    opened, event_id = contact(), str(uuid4())
    assert [system.post(opened, mode, id=event_id).status_code for mode in MODES] == [202] * 3
    assert (told(system), len(system.town.told(TriageCompleted))) == (1, 1)


def test_an_event_made_by_the_cloudevents_sdk_is_taken(system: System) -> None:
    """Code that shares nothing with ours writes both modes."""
    opened = contact()
    attributes, data = system.written(opened)
    made = CloudEvent({**attributes, "time": system.town.clock(), "datacontenttype": "application/json"}, data)
    for message in (to_binary_event(made), to_structured_event(made)):
        assert code(system.send(message.body, **message.headers)) == (202, "")
    assert system.town.told(ContactOpened) == [opened]


def test_a_batch_is_told_in_its_order_or_not_at_all(system: System) -> None:
    opened, other = contact(), contact()
    pair = [system.written(each) for each in (opened, system.identified(opened), other)]
    whole = [attributes | {"data": data} for attributes, data in pair]
    whole[2]["subject"] = str(uuid4())
    sent = {"content-type": BATCHED}
    assert code(system.send(json.dumps(whole), **sent)) == (422, "subject-mismatch")
    assert told(system) == 0
    assert code(system.send(json.dumps(whole[:2]), **sent)) == (202, "")
    assert [type(each) for each in system.town.units["portal"].told] == [ContactOpened, IdentityVerified]


def test_an_empty_batch_is_nothing(system: System) -> None:
    assert code(system.send("[]", **{"content-type": BATCHED})) == (202, "")


def test_a_field_nobody_knows_is_left_behind(system: System) -> None:
    """A later version of theirs may say more; what no contract knows does not go on the bus."""
    system.post(contact(), data__nickname="Noora")
    (row,) = system.town.units["portal"].database.read(lambda s: s.connection().execute(select(outbox.c.payload)).all())
    assert b"Noora" not in row.payload


def test_what_was_sealed_to_a_published_key_its_owner_opens(system: System) -> None:
    """A maker needs nothing but /api/v1/keys to seal."""
    found = system.town.browser().get("/api/v1/keys").json()["keys"]
    assert not any("d" in key for key in found)
    (key,) = [each for each in found if each["x-sealed-for"] == "intake"]
    public = KeySet.import_key_set({"keys": [key]}).keys[0]
    token = jwe.encrypt_compact(
        {"alg": "ECDH-ES", "enc": "A256GCM", "kid": public.kid}, b'{"a": 1}', public, algorithms=["ECDH-ES", "A256GCM"]
    )
    assert system.town.units["intake"].sealer.unseal(token) == {"a": 1}


def test_a_person_identified_by_another_system_is_identified(system: System) -> None:
    opened = system.opens()
    verified = system.identified(opened)
    assert code(system.post(verified)) == (202, "")
    assert system.town.units["intake"].outcome == "done"
    assert system.town.told(IdentityVerified) == [verified]


def test_a_call_is_promised_where_intake_has_decided_on_one(closed_town: Town) -> None:
    closed_town.clock.set(closed_town.clock().replace(hour=18))
    system = System(closed_town)
    asked = system.wants_a_call(system.opens(answers=no_red_flag(closed_town)))
    event_id = str(uuid4())
    assert [code(system.post(asked, id=event_id)) for _ in range(2)] == [(202, "")] * 2
    assert closed_town.told(CallbackRequested) == [asked]


def test_accepted_and_refused_are_counted_by_code(system: System) -> None:
    def counted(outcome: str) -> float:
        labels = {"neighbour": NAME, "outcome": outcome}
        return REGISTRY.get_sample_value("digi_portal_events_posted_total", labels) or 0.0

    outcomes = ("accepted", "repeated", "unknown-event")
    before = [counted(each) for each in outcomes]
    event_id, opened = str(uuid4()), contact()
    for _ in range(3):
        system.post(opened, id=event_id)
    system.post(contact(), type="fi.digiterapia.portal.never_heard_of.v1")
    assert [counted(each) - was for each, was in zip(outcomes, before, strict=True)] == [1, 2, 1]


# What is not

REFUSED: dict[str, tuple[dict[str, Any], int, str, list[str]]] = {
    "no event of that type": (
        {"type": "fi.digiterapia.portal.never_heard_of.v1"}, 422, "unknown-event", []
    ),
    "a type that is only a version": ({"type": ".v1"}, 422, "unknown-event", []),
    "another version": ({"type": "fi.digiterapia.portal.contact_opened.v2"}, 422, "unknown-version", []),
    "another's event": ({"type": ConversationEnded.declared.ce_type}, 403, "not-granted", []),
    "another county": (
        {"data__area": "18", "data__municipality": "272"}, 403, "not-granted", []
    ),
    "CloudEvents 0.3": ({"specversion": "0.3"}, 422, "event-not-valid", ["specversion"]),
    "no id": ({"id": None}, 422, "event-not-valid", ["id"]),
    "an id that is no UUID": ({"id": "A234-1234-1234"}, 422, "event-not-valid", ["id"]),
    "an id in braces": ({"id": "{6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11}"}, 422, "event-not-valid", ["id"]),
    "no type": ({"type": None}, 422, "event-not-valid", ["type"]),
    "no source": ({"source": None}, 422, "event-not-valid", ["source"]),
    "no subject": ({"subject": None}, 422, "event-not-valid", ["subject"]),
    "no time": ({"time": None}, 422, "event-not-valid", ["time"]),
    "a day for a time": ({"time": "2026-11-24"}, 422, "event-not-valid", ["time"]),
    "words for a time": ({"time": "now"}, 422, "event-not-valid", ["time"]),
    "a clock 11 minutes ahead": ({"time": "2026-11-24T08:11:00Z"}, 422, "clock-off", ["time"]),
    "what was opened in 11 minutes": (
        {"data__opened_at": "2026-11-24T08:11:00Z"}, 422, "clock-off", ["data.opened_at"]
    ),
    "a year ago": ({"time": "2025-11-24T08:00:00Z"}, 422, "too-old", []),
    "another subject": (
        {"subject": "6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e12"}, 422, "subject-mismatch", ["subject"]
    ),
    "a municipality of another county": (
        {"data__municipality": "272"}, 422, "area-mismatch", ["data.municipality"]
    ),
    "a county nobody serves": ({"data__area": "99"}, 422, "area-mismatch", ["data.municipality"]),
    "another area around it": ({"area": "18"}, 422, "area-mismatch", ["area"]),
    "another municipality around it": ({"municipality": "286"}, 422, "area-mismatch", ["municipality"]),
    "a wildcard for a municipality": ({"data__municipality": "*"}, 422, "event-not-valid", ["data.municipality"]),
    "a subject for an area": ({"data__area": "10.>"}, 422, "event-not-valid", ["data.area"]),
    "a field missing": ({"data__trouble": None}, 422, "event-not-valid", ["data.trouble"]),
    "words for a code": ({"data__trouble": "My knee hurts"}, 422, "event-not-valid", ["data.trouble"]),
    "a local time": (
        {"data__opened_at": "2026-11-24T10:00:00+02:00"}, 422, "event-not-valid", ["data.opened_at"]
    ),
    "an answer out of bounds": (
        {"data__answers": [{"question": "a", "answer": "B!"}]}, 422, "event-not-valid", ["data.answers.0.answer"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_event_has_a_code_names_the_field_and_is_not_told(system: System, what: str, mode: str) -> None:
    over, status, wanted, where = REFUSED[what]
    response = system.post(contact(), mode, **over)
    assert code(response) == (status, wanted)
    assert [each["field"] for each in response.json().get("errors", [])] == where
    assert told(system) == 0


def test_ten_minutes_of_another_clock_are_let_be(system: System) -> None:
    assert code(system.post(contact(), time="2026-11-24T08:10:00Z")) == (202, "")


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_is_said_in_the_language_asked_for(system: System, what: str, language: Language) -> None:
    over, _, wanted, _ = REFUSED[what]
    attributes, data = system.written(contact(), **over)
    response = system.send(
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
def test_another_content_type_is_refused(system: System, content_type: str) -> None:
    attributes, data = system.written(contact())
    sent = {f"ce-{name}": value for name, value in attributes.items()} | {"content-type": content_type}
    assert code(system.send(json.dumps(data), **sent)) == (415, "wrong-content-type")


def test_data_of_another_type_inside_is_refused(system: System) -> None:
    assert code(system.post(contact(), "structured", datacontenttype="text/xml")) == (415, "wrong-content-type")


def test_a_packed_body_is_refused(system: System) -> None:
    sent = {"content-type": STRUCTURED, "content-encoding": "gzip"}
    assert code(system.send("{}", **sent)) == (415, "wrong-content-type")


@pytest.mark.parametrize("content_type", ["application/json;charset=utf-8", 'Application/JSON ; Charset="UTF-8"'])
def test_a_content_type_may_say_that_it_is_utf_8(system: System, content_type: str) -> None:
    attributes, data = system.written(contact())
    sent = {f"ce-{name}": value for name, value in attributes.items()} | {"content-type": content_type}
    assert code(system.send(json.dumps(data), **sent)) == (202, "")


@pytest.mark.parametrize(
    "body", ["", "{", "[" * 60_000, "1", "null", '"x"', b"\xff", '{"a": NaN}', '{"id": "\\ud800"}']
)
@pytest.mark.parametrize("content_type", [STRUCTURED, BATCHED, "application/json"])
def test_a_body_that_is_no_event_is_refused(system: System, body: str | bytes, content_type: str) -> None:
    attributes, _ = system.written(contact())
    sent = {f"ce-{name}": value for name, value in attributes.items()} | {"content-type": content_type}
    assert code(system.send(body, **sent)) == (422, "event-not-valid")


@pytest.mark.parametrize("name", ["id", "type", "subject", "time"])
def test_an_attribute_that_is_no_string_is_refused(system: System, name: str) -> None:
    response = system.post(contact(), "structured", **{name: 17})
    assert (code(response), fields(response)) == ((422, "event-not-valid"), [name])


def test_an_attribute_that_comes_twice_is_refused(system: System) -> None:
    attributes, data = system.written(contact())
    pairs = [(f"ce-{name}", value) for name, value in attributes.items()] + [("ce-id", str(uuid4()))]
    system.post(contact())
    sent = [("authorization", f"Bearer {system.token}"), ("content-type", "application/json"), *pairs]
    response = system.town.browser().send("POST", "/api/v1/events", content=json.dumps(data), headers=sent)
    assert (code(response), fields(response)) == ((422, "event-not-valid"), ["id"])


@pytest.mark.parametrize("size", [65_537, 1_048_576])
def test_a_body_over_the_limit_is_refused(system: System, size: int) -> None:
    assert code(system.send(b" " * size, **{"content-type": STRUCTURED})) == (413, "too-large")


def test_the_same_id_with_another_content_is_refused(system: System) -> None:
    event_id = str(uuid4())
    system.post(contact(), id=event_id)
    assert code(system.post(contact(), id=event_id)) == (409, "event-id-reused")
    assert told(system) == 1


def test_another_systems_event_id_is_refused(system: System) -> None:
    other, event_id, opened = System(system.town, "health-chat"), str(uuid4()), contact()
    system.post(opened, id=event_id)
    assert code(other.post(opened, id=event_id)) == (409, "event-id-reused")


def test_an_event_id_of_our_own_is_refused(system: System) -> None:
    """Read on the bus and posted again it would be taken for the first one there, and be lost."""
    system.town.comes_in()
    (ours,) = headers(system)
    assert code(system.post(contact(), id=ours["ce-id"])) == (409, "event-id-reused")


def test_an_id_in_capitals_is_the_same_id(system: System) -> None:
    event_id, opened = str(uuid4()), contact()
    assert [system.post(opened, id=each).status_code for each in (event_id, event_id.upper())] == [202, 202]
    assert told(system) == 1


@pytest.mark.parametrize("name", [NAME, "health-chat"])
def test_a_contact_is_opened_once(system: System, name: str) -> None:
    opened = system.opens()
    assert code(System(system.town, name).post(opened)) == (409, "already-opened")


def test_a_residents_own_contact_is_not_opened_again(system: System) -> None:
    system.town.comes_in()
    (opened,) = system.town.told(ContactOpened)
    assert code(system.post(opened)) == (409, "already-opened")


Follows = Callable[[System, ContactOpened], Any]
FOLLOWING: list[Follows] = [System.identified, System.wants_a_call]


@pytest.mark.parametrize("follows", FOLLOWING)
def test_nothing_is_told_about_another_systems_contact(system: System, follows: Follows) -> None:
    opened = System(system.town, "health-chat").opens()
    assert code(system.post(follows(system, opened))) == (403, "not-yours")


@pytest.mark.parametrize("follows", FOLLOWING)
def test_another_systems_contact_looks_like_one_that_never_was(system: System, follows: Follows) -> None:
    never, others = contact(), System(system.town, "health-chat").opens()
    answers = [system.post(follows(system, each)).content for each in (never, others)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("follows", FOLLOWING)
def test_nothing_is_told_about_a_contact_of_our_own_pages(system: System, follows: Follows) -> None:
    system.town.comes_in()
    (opened,) = system.town.told(ContactOpened)
    assert code(system.post(follows(system, opened))) == (403, "not-yours")


def test_what_follows_is_told_in_the_county_the_contact_was_opened_in(town: Town) -> None:
    system = System(town, areas=())
    verified = system.identified(system.opens(), **SOITE)
    assert code(system.post(verified)) == (422, "area-mismatch")


def test_no_call_is_promised_where_intake_has_decided_on_something_else(system: System) -> None:
    """Whoever was told to ring 112 must not be told that somebody will call."""
    asked = system.wants_a_call(system.opens())
    assert code(system.post(asked)) == (409, "not-by-message")
    assert system.town.told(CallbackRequested) == []


def test_while_intake_is_away_a_call_is_asked_for_again_later(system: System) -> None:
    asked = system.wants_a_call(system.opens())
    system.town.away.add("intake")
    assert code(system.post(asked)) == (503, "service-unavailable")


@pytest.mark.parametrize("token", ["Noora Näyte", "a.b.c.d.e", "e30.a.b.c.d", "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", 17])
def test_a_sealed_field_that_is_no_jwe_of_ours_is_refused(system: System, token: Any) -> None:
    response = system.post(system.identified(system.opens()), data__person=token)
    assert (code(response), fields(response)) == ((422, "not-sealed"), ["data.person"])
    assert "Noora" not in response.text


def test_a_head_of_a_jwe_that_never_ends_is_refused(system: System) -> None:
    deep = "W1tb" * 4_000 + ".a.b.c.d"
    assert code(system.post(system.identified(system.opens()), data__person=deep)) == (422, "not-sealed")


def test_what_was_sealed_for_somebody_else_its_owner_finds_out(system: System) -> None:
    opened = system.opens()
    wrong = system.sealed("chat", {"phone": "+358401234567", "words": "Polvi"})
    assert code(system.post(system.identified(opened, person=wrong))) == (202, "")
    verdict = system.town.units["intake"].verdict
    assert verdict is not None
    assert (system.town.units["intake"].outcome, verdict.code) == ("unprocessable", "cannot-unseal")


def test_a_refused_event_may_be_mended_and_posted_under_the_same_id(system: System) -> None:
    event_id, opened = str(uuid4()), contact()
    assert system.post(opened, id=event_id, data__trouble="My knee").status_code == 422
    assert system.post(opened, id=event_id).status_code == 202


def test_ids_are_known_as_long_as_an_event_may_be_posted(system: System) -> None:
    opened, event_id = contact(), str(uuid4())
    posted = system.town.clock().isoformat()
    assert system.post(opened, id=event_id).status_code == 202
    system.town.clock.advance(timedelta(days=99, hours=23))
    system.town.units["portal"].transact(forget_posted)
    system.token = ""
    assert system.post(opened, id=event_id, time=posted).status_code == 202
    assert told(system) == 1
    system.town.clock.advance(timedelta(days=1))
    system.town.units["portal"].transact(forget_posted)
    system.token = ""
    assert code(system.post(opened, id=event_id, time=posted)) == (422, "too-old")


@pytest.mark.parametrize(
    "kind", [each for each in EVENTS.values() if each.owner != "portal"], ids=lambda kind: kind.key
)
def test_no_event_of_another_service_is_taken(system: System, kind: Any) -> None:
    response = system.post(kind.cls.example, subject=str(uuid4()))
    assert code(response) == (403, "not-granted")


def test_the_description_says_how_to_post(system: System) -> None:
    document = system.town.browser().get("/api/v1/openapi.json").json()
    posting = document["paths"]["/api/v1/events"]["post"]
    assert set(posting["requestBody"]["content"]) == {STRUCTURED, BATCHED, "application/json"}
    assert posting["security"] == [{"system": []}]
    assert {"/api/v1/token", "/api/v1/keys"} <= document["paths"].keys()
    schemas = document["components"]["schemas"]
    wanted = set(json.dumps(document).split('"#/components/schemas/')[1:])
    assert {each.partition('"')[0] for each in wanted} <= schemas.keys()
    assert schemas["ContactOpened"]["properties"]["trouble"]["description"]

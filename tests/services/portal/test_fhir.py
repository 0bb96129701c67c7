"""FHIR R4 at the edge: the same fact and command as the neutral form; refusals are OperationOutcomes with codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import fhirkit
import httpx
import pytest

from contracts.closings import Door
from contracts.intake import ContactRouted, GetPerson, Route
from contracts.portal import ContactOpened, Origin
from contracts.referrals import GetReferrals, ReferralReceived, ReferralStatusChanged, ReturnReason, ReturnReferral
from tests.factories import staff
from tests.services.portal.fhir_bodies import (
    CODE,
    HETU,
    OURS,
    TEXT,
    extensions,
    item,
    municipality,
    patient,
    response,
    service_request,
)
from tests.services.portal.sender import Sender, result
from tests.services.portal.test_assessments import opens, with_merged
from tests.services.portal.test_doors import closes
from tests.services.portal.town import Town

RESULTS, REFERRALS = "/fhir/r4/QuestionnaireResponse", "/fhir/r4/ServiceRequest"
FHIR = {"content-type": "application/fhir+json"}


@pytest.fixture
def sender(town: Town) -> Sender:
    return Sender(town, "records")


def told(answer: httpx.Response) -> dict[str, Any]:
    """A resource of ours; whatever it is, an R4 validator that shares no code with us has nothing to say of it."""
    assert answer.headers["content-type"] == "application/fhir+json", answer.text
    resource: dict[str, Any] = answer.json()
    assert [str(issue) for issue in fhirkit.validate(resource)] == []
    return resource


def outcome(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    resource = told(answer)
    assert resource["resourceType"] == "OperationOutcome"
    return answer.status_code, resource["issue"][0]["details"]["coding"][0]["code"]


def elements(answer: httpx.Response) -> list[str]:
    return answer.json()["issue"][0].get("expression", [])  # type: ignore[no-any-return]


STEP = re.compile(r"\.([a-z]\w*)(?:\[(\d+)\])?")
"""Of the simple subset of FHIRPath that R4 lets stand in `expression`: names of elements and which one of a list."""


def leads_into(body: dict[str, Any], expression: str) -> bool:
    """Whether an expression is of that subset, and all of it but the last step is there."""
    kind = body["resourceType"]
    steps = STEP.findall(expression.removeprefix(kind))
    if expression != kind + "".join(f".{name}[{at}]" if at else f".{name}" for name, at in steps):
        return False
    there: list[Any] = [body]
    for name, at in steps[:-1]:
        found = [each[name] for each in there if isinstance(each, dict) and name in each]
        there = [one for each in found for one in (each if isinstance(each, list) else [each])]
        there = there[int(at) : int(at) + 1] if at else there
    return bool(there)


def value(resource: dict[str, Any], name: str) -> Any:
    (found,) = [one for one in resource["extension"] if one["url"] == f"{OURS}{name}"]
    return next(each for key, each in found.items() if key != "url")


@pytest.mark.parametrize("body", [response(), service_request()], ids=["result", "referral"])
def test_what_the_tests_send_is_true_r4(body: dict[str, Any]) -> None:
    """Rule 36: judged by code that is not ours."""
    assert fhirkit.FHIR_VERSION.startswith("4.0.1")
    assert [str(issue) for issue in fhirkit.validate(body)] == []


def test_the_door_says_what_it_can_do_and_claims_no_guide(town: Town) -> None:
    """Rule 36: every interaction it names is there, and no conformance to FI Scheduling is claimed."""
    statement = told(town.browser().get("/fhir/r4/metadata"))
    assert statement["fhirVersion"] == "4.0.1"
    assert not {"instantiates", "implementationGuide", "imports"} & statement.keys()
    assert "profile" not in str(statement)
    (rest,) = statement["rest"]
    named = {(one["type"], each["code"]) for one in rest["resource"] for each in one["interaction"]}
    method = {"post": "create", "get": "read"}
    there = {
        (path.split("/")[3], method[verb])
        for path, verbs in town.browser().get("/api/v1/openapi.json").json()["paths"].items()
        for verb in verbs
        if path.startswith("/fhir/r4/") and "metadata" not in path
    }
    assert named == there


# Results


def test_a_response_says_what_the_neutral_payload_says(sender: Sender) -> None:
    """Rule 36: one inner form."""
    assert sender.sends(RESULTS, response(), **FHIR).status_code == 201
    assert sender.assessed().status_code == 201
    opened = sender.town.told(ContactOpened)
    unseals = sender.town.units["intake"].sealer.unseal
    assert [unseals(one.summary) for one in opened] == [{"summary": "https://maker.example/summaries/1"}] * 2
    by_fhir, neutral = (one.model_dump(exclude={"contact_id", "summary"}) for one in opened)
    assert by_fhir == neutral


def test_one_result_in_both_forms_is_one_contact(sender: Sender) -> None:
    body = response()
    ids = {sender.sends(RESULTS, body, **FHIR).json()["id"] for _ in range(2)}
    ids.add(sender.assessed(result_id=body["identifier"]["value"]).json()["contact_id"])
    assert len(ids) == len(sender.town.told(ContactOpened)) == 1


def test_the_answer_brings_the_link_of_the_person_and_none_of_their_answers(sender: Sender) -> None:
    answer = sender.sends(RESULTS, response(), **FHIR)
    resource = told(answer)
    assert answer.headers["location"].endswith(f"{RESULTS}/{resource['id']}")
    assert "item" not in resource
    assert opens(sender.town, value(resource, "link")) == f"/fi/asia/{resource['id']}"


def test_a_red_flag_in_a_response_acts_at_once(sender: Sender) -> None:
    """Rule 10."""
    sender.sends(RESULTS, response(item=[item("knee_hot", "yes")]), **FHIR)
    (routed,) = sender.town.told(ContactRouted)
    assert (routed.route, routed.origin) == (Route.ELSEWHERE, Origin.OMAOLO)


def test_another_content_under_a_known_identifier_is_refused(sender: Sender) -> None:
    body = response()
    sender.sends(RESULTS, body, **FHIR)
    answer = sender.sends(RESULTS, body | {"item": []}, **FHIR)
    assert outcome(answer) == (409, "result-changed")
    assert elements(answer) == ["QuestionnaireResponse.identifier"]


WRONG_RESULTS: list[tuple[dict[str, Any], str]] = [
    ({"status": "bogus"}, "unknown-code"),
    ({"status": "amended"}, "not-completed"),
    ({"status": None}, "schema"),
    ({"authored": "2026-11-24T09:58:00"}, "no-zone"),
    ({"authored": "2026-11-24"}, "schema"),
    ({"authored": 1764000000}, "schema"),
    ({"authored": None}, "schema"),
    ({"questionnaire": "https://maker.example/Questionnaire/ankle|1"}, "unknown-assessment"),
    ({"questionnaire": "https://maker.example/Questionnaire/knee_symptom|2"}, "unknown-assessment-version"),
    ({"questionnaire": "https://maker.example/Questionnaire/knee_symptom"}, "schema"),
    ({"identifier": None}, "schema"),
    ({"identifier": {"use": "bogus", "value": "1"}}, "unknown-code"),
    ({"extension": extensions(consent=None)}, "consent-missing"),
    ({"extension": extensions(consent={"valueBoolean": False})}, "consent-missing"),
    ({"extension": extensions(urgency={"valueCode": "bogus"})}, "schema"),
    ({"extension": extensions(municipality="091")}, "unknown-municipality"),
    ({"extension": extensions(municipality="272")}, "other-municipality"),
    ({"extension": extensions(municipality=None)}, "schema"),
    ({"item": [item("toes", "yes")]}, "unknown-question"),
    ({"item": [item("since", "ages")]}, "unknown-answer"),
    ({"item": [{"linkId": "since", "answer": [{"valueString": "Kun kaaduin"}]}]}, "schema"),
    ({"language": "se"}, "schema"),
    ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, "schema"),
    ({"implicitRules": "urn:x"}, "schema"),
    ({"extension": [{"url": "urn:x", "valueExpression": {"language": "bogus", "expression": "1"}}]}, "unknown-code"),
    ({"colour": "red"}, "schema"),
    ({"resourceType": "Patient"}, "schema"),
]


@pytest.mark.parametrize(("over", "code"), WRONG_RESULTS, ids=[f"{c}-{n}" for n, (_, c) in enumerate(WRONG_RESULTS)])
def test_each_wrong_response_has_its_code(sender: Sender, over: dict[str, Any], code: str) -> None:
    """Rule 36."""
    areas = {"areas": ("10",)}
    sender.save(**areas)
    answer = sender.sends(RESULTS, response(**over), **FHIR)
    assert outcome(answer) == (422, code)
    assert elements(answer)
    assert [one for one in elements(answer) if not leads_into(response(), one)] == []
    assert sender.town.told(ContactOpened) == []


# Referrals


def test_a_service_request_is_a_referral(sender: Sender) -> None:
    answer = sender.sends(REFERRALS, service_request(), **FHIR)
    assert answer.status_code == 201, answer.text
    resource = told(answer)
    (received,) = sender.town.told(ReferralReceived)
    assert (str(received.referral_id), received.code, received.kind) == (resource["id"], "L03", "referral")
    (row,) = sender.town.units["intake"].asks(GetReferrals(), viewer=staff()).referrals
    assert (row.unit, row.role, row.phone, row.text) == ("Kotkan terveysasema", "lääkäri", "+358401234567", TEXT)
    person = sender.town.units["intake"].asks(GetPerson(contact_id=received.contact_id), viewer=staff())
    assert (person.personal_identity_code, person.display_name) == (CODE, "Testi Maria Esimerkki-Virtanen")


@pytest.mark.parametrize("system", ["urn:some.code.system", None])
def test_a_request_labelled_turvakielto_is_of_somebody_under_non_disclosure(sender: Sender, system: str | None) -> None:
    """Rule 9. Source: FI Base Profiles, security label TURVAKIELTO; its code system is taken as it comes."""
    label = {"code": "TURVAKIELTO"} | ({"system": system} if system else {})
    answer = sender.sends(REFERRALS, service_request(meta={"security": [label]}), **FHIR)
    assert answer.status_code == 201, answer.text
    (row,) = sender.town.units["intake"].asks(GetReferrals(), viewer=staff()).referrals
    assert (row.non_disclosure, row.municipality, row.phone, row.unit) == (True, "000", "", "")
    assert "TURVAKIELTO" not in answer.text


def test_nothing_of_the_person_is_in_facts_or_in_the_answer(sender: Sender) -> None:
    """Rule 4."""
    answer = sender.sends(REFERRALS, service_request(), **FHIR).text
    facts = [one.model_dump_json() for unit in sender.town.units.values() for one in unit.told]
    for personal in (CODE, "Virtanen", "Maria", "401234567", "marraskuussa", "Kotkan"):
        assert not any(personal in text for text in (answer, *facts)), personal


def test_control_characters_are_left_behind(sender: Sender) -> None:
    """PostgreSQL keeps no NUL, and nobody should read a bell."""
    person = patient(name=[{"family": "Esi\x00merkki", "given": ["Tes\x07ti"]}])
    body = service_request(person, note=[{"text": "Kipu\x00 alkoi\x07."}])
    assert sender.sends(REFERRALS, body, **FHIR).status_code == 201
    (row,) = sender.town.units["intake"].asks(GetReferrals(), viewer=staff()).referrals
    assert (row.display_name, row.text) == ("Testi Esimerkki", "Kipu alkoi.")


@pytest.mark.parametrize(
    ("intent", "priority", "kind", "route"),
    [
        ("order", "routine", "referral", Route.BOOKING),
        ("original-order", None, "referral", Route.BOOKING),
        ("proposal", "routine", "recommendation", Route.BOOKING),
        ("plan", "urgent", "recommendation", Route.CALLBACK),
        ("order", "asap", "referral", Route.CALLBACK),
        ("order", "stat", "referral", Route.CALLBACK),
    ],
)
def test_intent_and_priority_are_kind_and_urgency(
    sender: Sender, intent: str, priority: str | None, kind: str, route: Route
) -> None:
    sender.sends(REFERRALS, service_request(intent=intent, priority=priority), **FHIR)
    (received,) = sender.town.told(ReferralReceived)
    (routed,) = sender.town.told(ContactRouted)
    assert (received.kind, routed.route) == (kind, route)


def test_the_same_request_again_is_the_same_referral(sender: Sender) -> None:
    body = service_request()
    ids = {sender.sends(REFERRALS, body, **FHIR).json()["id"] for _ in range(3)}
    assert len(ids) == len(sender.town.told(ReferralReceived)) == 1


def test_its_sender_alone_reads_what_has_become_of_it(sender: Sender) -> None:
    body = service_request()
    at = f"{REFERRALS}/{sender.sends(REFERRALS, body, **FHIR).json()['id']}"
    resource = told(reads(sender, at))
    assert (resource["status"], value(resource, "referral-status")) == ("active", "received")
    assert resource["identifier"] == [{"value": body["identifier"][0]["value"]}]
    assert outcome(reads(Sender(sender.town, "other"), at)) == (404, "unknown-referral")
    assert outcome(reads(sender, f"{REFERRALS}/{uuid4()}")) == (404, "unknown-referral")


def test_a_request_that_was_given_back_is_revoked_and_says_why(sender: Sender) -> None:
    sent = sender.sends(REFERRALS, service_request(), **FHIR).json()["id"]
    ask = ReturnReferral(referral_id=UUID(sent), reason=ReturnReason.NOT_REACHED)
    sender.town.units["intake"].asks(ask, viewer=staff())
    resource = told(reads(sender, f"{REFERRALS}/{sent}"))
    assert resource["status"] == "revoked"
    assert (value(resource, "referral-status"), value(resource, "returned")) == ("declined", "not_reached")


def reads(sender: Sender, at: str) -> httpx.Response:
    token = sender.asks().json()["access_token"]
    return sender.town.browser().get(at, authorization=f"Bearer {token}")


def test_a_reader_needs_a_token_and_the_grant(sender: Sender) -> None:
    at = f"{REFERRALS}/{uuid4()}"
    assert outcome(sender.town.browser().get(at)) == (401, "token-not-valid")
    sender.save(sends=("assessments",))
    assert outcome(reads(sender, at)) == (403, "not-granted")


def test_the_sender_is_told_of_it_as_an_event(sender: Sender) -> None:
    sent = sender.sends(REFERRALS, service_request(), **FHIR).json()["id"]
    (changed,) = sender.town.told(ReferralStatusChanged)
    assert (str(changed.referral_id), changed.status) == (sent, "received")


def hetu(code: str) -> dict[str, Any]:
    return {"person": patient(identifier=[{"system": HETU, "value": code}])}


FULL_WIDTH = "".join(chr(ord(each) + 0xFEE0) if each.isdigit() else each for each in CODE)
CHECKED = {"url": f"{OURS}red-flags-checked", "valueBoolean": True}
WRONG_REFERRALS: list[tuple[dict[str, Any], str]] = [
    ({"status": "bogus"}, "unknown-code"),
    ({"intent": "bogus"}, "unknown-code"),
    ({"priority": "bogus"}, "unknown-code"),
    ({"status": "draft"}, "not-active"),
    ({"intent": None}, "schema"),
    ({"person": patient(gender="bogus")}, "unknown-code"),
    ({"person": patient(telecom=[{"system": "bogus", "value": "1"}])}, "unknown-code"),
    ({"person": patient(name=[{"use": "bogus", "family": "A"}])}, "unknown-code"),
    ({"authoredOn": "2026-11-24T09:55:00"}, "no-zone"),
    ({"authoredOn": 1764000000}, "schema"),
    ({"occurrencePeriod": {"start": "2026-11-24T09:55:00+02:00"}}, "half-period"),
    ({"occurrencePeriod": {"end": "2026-11-24T09:55:00+02:00"}}, "half-period"),
    ({"occurrencePeriod": {"start": "2026-11-24T09:55:00", "end": "2026-11-24T10:55:00+02:00"}}, "no-zone"),
    ({"occurrenceTiming": {"repeat": {"periodUnit": "bogus", "period": 1}}}, "unknown-code"),
    (hetu(FULL_WIDTH), "bad-personal-identity-code"),
    (hetu("210281-9987"), "bad-personal-identity-code"),
    ({"person": patient(identifier=[{"system": "urn:other", "value": CODE}])}, "schema"),
    ({"person": patient(name=None)}, "schema"),
    ({"person": patient(telecom=[{"system": "phone", "value": "112"}])}, "phone-short"),
    ({"person": patient(telecom=None), "priority": "urgent"}, "phone-needed"),
    ({"extension": [CHECKED, municipality("091")]}, "unknown-municipality"),
    ({"extension": [CHECKED, municipality("272")]}, "other-municipality"),
    ({"extension": [CHECKED]}, "schema"),
    ({"extension": [municipality()]}, "schema"),
    ({"reasonCode": [{"coding": [{"code": "J45"}]}]}, "bad-reason-code"),
    ({"locationCode": [{"coding": [{"code": "moon"}]}]}, "unknown-site"),
    ({"subject": {"reference": "Patient/1"}}, "schema"),
    ({"requester": None}, "schema"),
    ({"code": None}, "schema"),
    ({"identifier": None}, "schema"),
    ({"note": [{"text": "x" * 2001}]}, "schema"),
    ({"person": patient(contained=[patient()])}, "schema"),
    ({"contained": [{"resourceType": "Observation", "id": "patient", "status": "bogus", "code": {}}]}, "schema"),
    ({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, "schema"),
]


@pytest.mark.parametrize(
    ("over", "code"), WRONG_REFERRALS, ids=[f"{c}-{n}" for n, (_, c) in enumerate(WRONG_REFERRALS)]
)
def test_each_wrong_request_has_its_code(sender: Sender, over: dict[str, Any], code: str) -> None:
    """Rules 3 and 36."""
    answer = sender.sends(REFERRALS, service_request(**over), **FHIR)
    assert outcome(answer) == (422, code)
    assert elements(answer)
    sent = service_request() | over | {"resourceType": "ServiceRequest"}
    assert [one for one in elements(answer) if not leads_into(sent, one)] == []
    assert sender.town.told(ReferralReceived) == []


def test_an_outcome_says_which_element_is_to_blame_and_nothing_of_what_stood_there(sender: Sender) -> None:
    """Rule 4."""
    answer = sender.sends(REFERRALS, service_request(person=patient(gender="Virtanen")), **FHIR)
    assert elements(answer) == ["ServiceRequest.contained[0].gender"]
    assert "Virtanen" not in answer.text


def test_a_child_of_15_is_refused_with_the_place_that_helps(sender: Sender) -> None:
    """Rule 2."""
    answer = sender.sends(REFERRALS, service_request(**hetu("010611A999J")), **FHIR, **{"accept-language": "fi"})
    assert outcome(answer)[1] == "too-young"
    place = sender.town.edge.areas["10"].elsewhere["too_young"].fi
    assert answer.json()["issue"][0]["details"]["text"] == place


def test_a_merged_municipality_is_refused(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    with_merged(sender.town, monkeypatch)
    body = service_request(extension=[CHECKED, municipality("999")])
    assert outcome(sender.sends(REFERRALS, body, **FHIR)) == (422, "merged-municipality")


def test_a_closed_door_takes_no_referral_and_says_where_else(sender: Sender) -> None:
    closes(sender.town, Door.REFERRAL)
    answer = sender.sends(REFERRALS, service_request(), **FHIR)
    assert outcome(answer) == (409, "door-closed")
    assert "chat" in answer.json()["issue"][0]["details"]["text"]


def test_another_content_under_a_known_number_is_refused(sender: Sender) -> None:
    body = service_request()
    sender.sends(REFERRALS, body, **FHIR)
    answer = sender.sends(REFERRALS, body | {"priority": "urgent"}, **FHIR)
    assert outcome(answer) == (409, "referral-changed")
    assert elements(answer) == ["ServiceRequest.identifier"]


@pytest.mark.parametrize("path", [RESULTS, REFERRALS])
@pytest.mark.parametrize(
    ("body", "headers", "refused"),
    [
        ("{", {}, (422, "bad-json")),
        ("[]", {}, (422, "schema")),
        ('{"resourceType": null}', {}, (422, "schema")),
        ("{}", {"content-type": "application/fhir+xml"}, (415, "content-type")),
        (b" " * 65_537, {}, (413, "too-big")),
        ("{}", {"authorization": "Bearer nothing"}, (401, "token-not-valid")),
    ],
)
def test_what_is_no_resource_at_all_has_its_code(
    sender: Sender, path: str, body: str, headers: dict[str, str], refused: tuple[int, str]
) -> None:
    assert outcome(sender.sends(path, body, **FHIR | headers)) == refused


@pytest.mark.parametrize(("path", "granted"), [(RESULTS, "referrals"), (REFERRALS, "assessments")])
def test_who_was_not_granted_it_sends_nothing(town: Town, path: str, granted: str) -> None:
    assert outcome(Sender(town, sends=(granted,)).sends(path, "{}", **FHIR)) == (403, "not-granted")


@pytest.mark.parametrize(("path", "make"), [(RESULTS, response), (REFERRALS, service_request)])
def test_an_odd_value_anywhere_is_refused_or_taken_and_breaks_nothing(
    sender: Sender, path: str, make: Callable[..., dict[str, Any]]
) -> None:
    """Every element in turn is a number, a list, an object, nothing or words."""
    for name in make():
        for odd in (7, [], {}, "Noora", [None], [{"a": 1}], True):
            answer = sender.sends(path, make() | {name: odd}, **FHIR)
            assert answer.status_code in (201, 422), (name, odd, answer.text)
            assert "Noora" not in answer.text


def test_an_answer_deep_inside_others_breaks_nothing(sender: Sender) -> None:
    deep: dict[str, Any] = item("since", "weeks")
    for _ in range(300):
        deep = {"linkId": "group", "item": [deep]}
    assert sender.sends(RESULTS, json.dumps(response(item=[deep])), **FHIR).status_code in (201, 422)


def test_a_resource_of_another_kind_is_to_blame_whole(sender: Sender) -> None:
    """`resourceType` is no element of R4."""
    assert elements(sender.sends(REFERRALS, {"resourceType": "Patient"}, **FHIR)) == ["ServiceRequest"]


def test_a_result_of_the_neutral_form_is_not_read_as_fhir(sender: Sender) -> None:
    assert outcome(sender.sends(RESULTS, result(), **FHIR)) == (422, "schema")

"""Resources of FHIR R4 as another system writes them. Nobody is real: individual numbers 900-999 are no person's."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

OURS = "urn:fi.digiterapia:fhir:"
HETU = "urn:oid:1.2.246.21"
CODE = "210281-9988"
TEXT = "Kipu alkoi marraskuussa; hoidetaan omassa yksikössä lääkkein."


def municipality(code: str = "285") -> dict[str, Any]:
    return {"url": f"{OURS}municipality", "valueCoding": {"system": "urn:oid:1.2.246.537.6.21", "code": code}}


def changed(told: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """The same with elements said otherwise; None leaves one out."""
    return {name: value for name, value in (told | over).items() if value is not None}


def patient(**over: Any) -> dict[str, Any]:
    told = {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [{"use": "official", "system": HETU, "value": CODE}],
        "name": [{"use": "official", "family": "Esimerkki-Virtanen", "given": ["Testi", "Maria"]}],
        "telecom": [{"system": "phone", "use": "mobile", "value": "+358 40 1234567"}],
        "gender": "female",
    }
    return changed(told, over)


def service_request(person: dict[str, Any] | None = None, **over: Any) -> dict[str, Any]:
    """A referral to Kymenlaakso that nothing speaks against."""
    told = {
        "resourceType": "ServiceRequest",
        "language": "fi",
        "contained": [
            person or patient(),
            {
                "resourceType": "PractitionerRole",
                "id": "sender",
                "code": [{"text": "lääkäri"}],
                "organization": {"display": "Kotkan terveysasema"},
            },
        ],
        "extension": [municipality(), {"url": f"{OURS}red-flags-checked", "valueBoolean": True}],
        "identifier": [{"system": "urn:records.example:referral", "value": str(uuid4())}],
        "status": "active",
        "intent": "order",
        "priority": "routine",
        "code": {"coding": [{"system": f"{OURS}trouble-group", "code": "back"}]},
        "subject": {"reference": "#patient"},
        "requester": {"reference": "#sender"},
        "authoredOn": "2026-11-24T09:55:00+02:00",
        "reasonCode": [{"coding": [{"code": "L03"}]}],
        "note": [{"text": TEXT}],
    }
    return changed(told, over)


def item(link_id: str, code: str) -> dict[str, Any]:
    return {"linkId": link_id, "answer": [{"valueCoding": {"code": code}}]}


def response(**over: Any) -> dict[str, Any]:
    """The result of a knee assessment without a red flag, three of our questions answered."""
    told = {
        "resourceType": "QuestionnaireResponse",
        "language": "fi",
        "extension": extensions(),
        "identifier": {"system": "urn:maker.example:result", "value": str(uuid4())},
        "questionnaire": "https://maker.example/Questionnaire/knee_symptom|1",
        "status": "completed",
        "authored": "2026-11-24T09:58:00+02:00",
        "item": [
            {"linkId": "signs", "item": [item("knee_deformed", "no"), {"linkId": "knee_hot", "answer": [NO]}]},
            item("since", "weeks"),
            item("change", "same"),
            {"linkId": "height", "answer": [{"valueInteger": 170}]},
        ],
    }
    return changed(told, over)


NO = {"valueBoolean": False}


def extensions(**over: Any) -> list[dict[str, Any]]:
    """What a result tells beside what R4 has elements for; None leaves one out."""
    told = {
        "urgency": {"valueCode": "routine"},
        "consent": {"valueBoolean": True},
        "age-band": {"valueCode": "23_74"},
        "summary": {"valueUri": "https://maker.example/summaries/1"},
    }
    place = over.pop("municipality", "285")
    values = changed(told, {name.replace("_", "-"): value for name, value in over.items()})
    own = [{"url": f"{OURS}{name}", **value} for name, value in values.items()]
    return [*own, municipality(place)] if place else own

"""Another system of the county that sends people: referrals and results of assessments, and words where none belong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from chassis import clock
from tests.services.portal.fhir_bodies import HETU, OURS, extensions, item, municipality, patient, response
from tests.services.portal.fhir_bodies import service_request as request
from tests.services.portal.sender import result
from tests.system.canaries import CODES, ODD, PHONES, SAID

RESULTS, FHIR_RESULTS = "/api/v1/assessments", "/fhir/r4/QuestionnaireResponse"
REFERRALS = "/fhir/r4/ServiceRequest"
CHECKED = {"url": f"{OURS}red-flags-checked", "valueBoolean": True}
Post = tuple[str, dict[str, Any] | bytes, dict[str, str]]


class Sends:
    """Sends as a system that has a token."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    async def _send(self, path: str, body: dict[str, Any] | bytes, headers: dict[str, str]) -> int:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return (await self._client.post(path, content=content, headers=self._headers | headers)).status_code

    async def what_is_right(self) -> int:
        """In each language a person, with words, by a referral; one is to be called. How many referrals."""
        for (language, said), phone, code in zip(SAID.items(), PHONES, CODES, strict=True):
            person = patient(
                identifier=[{"system": HETU, "value": code}],
                name=[{"family": said.resident.split(":")[0], "given": [said.therapist]}],
                telecom=[{"system": "phone", "value": phone}],
            )
            urgent = "urgent" if language == "sv" else "routine"
            told = request(person, language=language, priority=urgent, note=[{"text": f"{said.resident} {code}"}])
            told["contained"][1] |= {"code": [{"text": said.therapist}], "organization": {"display": said.feedback}}
            assert await self._send(REFERRALS, told, {}) == httpx.codes.CREATED
        return len(SAID)

    async def results(self) -> None:
        """A result in both forms; where the summary is, only a therapist may read."""
        now, summary = clock.now().isoformat(), f"https://maker.example/{ODD}"
        told = response(authored=now, extension=extensions(summary={"valueUri": summary}))
        assert await self._send(RESULTS, result(assessed_at=now, summary=summary), {}) == httpx.codes.CREATED
        assert await self._send(FHIR_RESULTS, told, {}) == httpx.codes.CREATED

    async def go_astray(self, wrong: str) -> None:
        """One word or number wherever none belongs; refused, and never a fault of ours."""
        for path, body, headers in astray(wrong):
            status = await self._send(path, body, headers)
            assert httpx.codes.BAD_REQUEST <= status < httpx.codes.INTERNAL_SERVER_ERROR, (status, path, body)


def astray(wrong: str) -> Iterator[Post]:
    now = {"assessed_at": clock.now().isoformat()}
    for name in result():
        if not (name in ("result_id", "summary") and wrong.isascii() and " " not in wrong):  # a maker's own reference
            yield RESULTS, result(**now | {name: wrong}), {}
    yield RESULTS, result(**now, answers=[{"question": wrong, "answer": "yes"}]), {}
    yield RESULTS, result(**now, answers=[{"question": "since", "answer": wrong}]), {}
    yield RESULTS, result(**now) | {wrong: wrong}, {}
    for name in ("status", "authored", "questionnaire", "language", "resourceType", "item", wrong):
        yield FHIR_RESULTS, response() | {name: wrong}, {}
    yield FHIR_RESULTS, response(item=[item(wrong, wrong)]), {}
    yield FHIR_RESULTS, response(item=[{"linkId": "since", "answer": [{"valueString": wrong}]}]), {}
    for name in ("urgency", "age_band"):
        yield FHIR_RESULTS, response(extension=extensions(**{name: {"valueCode": wrong}})), {}
    for name in ("status", "intent", "priority", "language", "subject", "requester", "code", "authoredOn", wrong):
        yield REFERRALS, request() | {name: wrong}, {}
    yield REFERRALS, request(extension=[CHECKED, municipality(wrong)]), {}
    yield REFERRALS, request(patient(gender=wrong)), {}
    yield REFERRALS, request(patient(telecom=[{"system": wrong, "value": "040"}])), {}
    yield REFERRALS, request(patient(identifier=[{"system": HETU, "value": f"{wrong}0"}])), {}
    yield REFERRALS, request(reasonCode=[{"coding": [{"code": wrong}]}]), {}
    for path in (RESULTS, FHIR_RESULTS, REFERRALS):
        yield path, wrong.encode(), {}
        yield path, f'{{"{wrong}'.encode(), {}
        yield path, b"{}", {"content-type": "text/plain", "x-request-id": ODD}
        yield path, b"{}", {"authorization": f"Bearer {ODD}"}

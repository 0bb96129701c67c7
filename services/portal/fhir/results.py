"""A QuestionnaireResponse is the result of a symptom assessment: the same as the neutral payload says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from chassis import Refused
from services.portal.assessments.domain import Result
from services.portal.assessments.routes import not_as_declared
from services.portal.fhir import elements
from services.portal.fhir.codes import ResponseStatus
from services.portal.fhir.reading import Resource, not_read, read
from services.portal.neighbours.domain import NotAsDeclared

KIND = "QuestionnaireResponse"
_CANONICAL = re.compile(r"(?:.*[/:])?([^/:|]+)\|([^|]+)")
"""`<anything>/<assessment>|<version>`."""
ELEMENT = {
    "result_id": "identifier.value",
    "assessment": "questionnaire",
    "version": "questionnaire",
    "urgency": "extension",
    "summary": "extension",
    "consent": "extension",
    "municipality": "extension",
    "language": "language",
    "age_band": "extension",
    "answers": "item",
    "assessed_at": "authored",
}
"""Where each field of the neutral payload stands."""


def result_of(resource: Any) -> Result:
    """The result that a resource tells.

    Raises:
        Refused: `not-completed`.
        NotAsDeclared: as `reading.read`; `schema`.
    """
    found = read(resource, KIND)
    if found.status != ResponseStatus.COMPLETED:
        raise Refused("not-completed", "expected a response that is completed")
    if found.authored is not None and "T" not in str(resource["authored"]):
        raise not_read(f"{KIND}.authored", rule="datetime_parsing")
    try:
        return Result.model_validate(_neutral(found))
    except ValidationError as error:
        wrong = not_as_declared(error)
        fields = [(f"{KIND}.{ELEMENT[field.split('.')[0]]}", rule) for field, rule in wrong.fields]
        raise NotAsDeclared(wrong.code, wrong.text, fields) from None


def _neutral(found: Resource) -> Mapping[str, Any]:
    canonical = _CANONICAL.fullmatch(found.questionnaire or "")
    said = {
        "result_id": found.identifier.value if found.identifier else None,
        "assessment": canonical[1] if canonical else None,
        "version": canonical[2] if canonical else None,
        "urgency": elements.extension(found, "urgency"),
        "summary": elements.extension(found, "summary"),
        "consent": elements.extension(found, "consent"),
        "municipality": elements.coded(found, "municipality", elements.MUNICIPALITY),
        "language": found.language,
        "age_band": elements.extension(found, "age-band"),
        "assessed_at": found.authored,
    }
    return {name: value for name, value in said.items() if value is not None} | {"answers": [*_answers(found.item)]}


def _answers(items: Any) -> Iterator[Mapping[str, Any]]:
    """Every answer by the link id of its item, groups and what hangs on an answer included."""
    for item in items or ():
        for answer in item.answer or ():
            yield {"question": item.linkId, "answer": _code(answer)}
            yield from _answers(answer.item)
        yield from _answers(item.item)


def _code(answer: Resource) -> Any:
    """An answer as a code: yes and no for a boolean. Words of anybody are none and are refused."""
    if answer.valueCoding is not None:
        return answer.valueCoding.code
    if answer.valueBoolean is not None:
        return "yes" if answer.valueBoolean else "no"
    number = answer.valueInteger if answer.valueInteger is not None else answer.valueDecimal
    return None if number is None else str(number)

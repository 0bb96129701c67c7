"""A rule table is data with a schema: what a file may hold, and that no text of it is missing in any language."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from contracts.base import Language
from services.intake.settings import QUESTIONNAIRES
from services.intake.triage.questionnaire import Questionnaire
from services.unit import schemas

VERSIONS = sorted(QUESTIONNAIRES.glob("*.toml"))
SCHEMA = json.loads((QUESTIONNAIRES / "schema.json").read_text(encoding="utf-8"))
FILE = tomllib.loads(VERSIONS[-1].read_text(encoding="utf-8"))
Place = tuple[str | int, ...]


def test_the_committed_schema_is_what_the_classes_say() -> None:
    for path, text in schemas().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make contracts`"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_every_rule_table_fits_the_schema(file: Any) -> None:
    assert file.read_text(encoding="utf-8").startswith("#:schema ./schema.json\n")
    Draft202012Validator(SCHEMA).validate(tomllib.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("part", ["signs", "combinations", "rules"])
@pytest.mark.parametrize("lost", ["source", "outcome", "code"])
def test_a_row_without_its_source_outcome_or_code_does_not_fit(part: str, lost: str) -> None:
    wrong = copy.deepcopy(FILE)
    del wrong[part][0][lost]
    assert not Draft202012Validator(SCHEMA).is_valid(wrong)


def test_a_misspelt_key_does_not_fit() -> None:
    assert not Draft202012Validator(SCHEMA).is_valid(FILE | {"trouble": []})


# no text is missing


def texts(part: Any, at: Place = ()) -> Iterator[Place]:
    """Where in a file every text stands."""
    if isinstance(part, dict) and set(part) == set(Language):
        yield at
    elif isinstance(part, dict | list):
        for step, below in part.items() if isinstance(part, dict) else enumerate(part):
            yield from texts(below, (*at, step))


def kind(place: Place) -> str:
    return ".".join(step for step in place if isinstance(step, str))


ONE_OF_EACH_KIND = {kind(place): place for place in texts(FILE)}


def test_these_are_the_kinds_of_text_there_are() -> None:
    assert set(ONE_OF_EACH_KIND) == {
        "lead.one",
        "lead.many",
        "flag_options.text",
        "ordinary",
        "negations",
        "crisis",
        "signs.text",
        "signs.words",
        "questions.text",
        "questions.options.text",
        "troubles.text",
        "troubles.words",
    }


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("what", sorted(ONE_OF_EACH_KIND))
def test_a_file_that_lacks_one_text_in_one_language_is_refused(what: str, language: Language) -> None:
    """Rule 35."""
    wrong = copy.deepcopy(FILE)
    text = wrong
    for step in ONE_OF_EACH_KIND[what]:
        text = text[step]
    del text[language]
    assert not Draft202012Validator(SCHEMA).is_valid(wrong)
    with pytest.raises(ValidationError, match="Field required") as refused:
        Questionnaire.model_validate(wrong | {"version": "2026-11-01"})
    assert [error["loc"][-1] for error in refused.value.errors()] == [language]

"""Questionnaires and the rules that weigh them: `questionnaires/<version>.toml`, read and checked.

A version is one file: troubles, red flags, questions, rules and every text in fi, sv and en. `schema.json` beside the
files says what one holds, for an editor or another program; it is made from the classes here. Nothing here decides;
domain.py does.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from contracts.areas import Texts
from contracts.base import Code, Language, Version
from contracts.intake import TriageOutcome
from contracts.public import TroubleGroup
from contracts.schema import Schema, of_model

MOST_QUESTIONS = 7
"""A questionnaire is short: people fill it in pain and on a phone."""

YES, NO, DONT_KNOW = "yes", "no", "dont_know"
"""What a red-flag question can be answered with."""

SEVERITY = tuple(TriageOutcome)
"""Outcome classes, most severe first."""


def most_severe(outcomes: Iterable[TriageOutcome]) -> TriageOutcome:
    """The most severe of some outcomes, at least one."""
    return min(outcomes, key=SEVERITY.index)


class QuestionnaireError(ValueError):
    """A questionnaire file does not make sense."""


class _Part(BaseModel):
    """Frozen, and closed: a misspelt key in a file is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Phrase = Annotated[str, StringConstraints(pattern=r"^\w+\*?( \w+\*?)*$", max_length=60)]
"""A word as people write it, or several that must all be there; `*` at a word's end stands for any ending."""


class Words(_Part):
    """What people write when they mean something, in every language of service."""

    fi: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    sv: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    en: Annotated[tuple[Phrase, ...], Field(min_length=1)]

    def of(self, language: Language) -> tuple[str, ...]:
        """Those of one language."""
        return {Language.FI: self.fi, Language.SV: self.sv, Language.EN: self.en}[language]


class _Row(_Part):
    """Something that asks for an outcome, and where that comes from."""

    code: Code
    outcome: TriageOutcome
    source: Annotated[str, StringConstraints(pattern=r"^[^,\s][^,]*(,[^,]+)*$")]
    """Letters of the list at the head of the file, or words; several with commas."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it comes from, one by one."""
        return tuple(one.strip() for one in self.source.split(","))


class Sign(_Row):
    """A row of the red-flag table."""

    text: Texts
    words: Words | None = None
    """What people write who have it: of every sign that cannot wait, of some that can wait until later in the day."""


class Flag(_Part):
    """A red-flag question: signs of one class, asked together."""

    code: Code
    signs: Annotated[tuple[Code, ...], Field(min_length=1)]


class Combination(_Row):
    """Flags that are worse together than each alone."""

    flags: Annotated[tuple[Code, ...], Field(min_length=2)]


class Choice(_Part):
    """One answer a question offers."""

    code: Code
    text: Texts
    not_ours: bool = False
    """Who picks this has come for something that physiotherapy does not do."""


class Asked(_Part):
    """A question that is no red flag."""

    code: Code
    text: Texts
    options: Annotated[tuple[Choice, ...], Field(min_length=2)]


class Rule(_Row):
    """An outcome for certain answers to all of some questions."""

    when: Annotated[dict[Code, tuple[Code, ...]], Field(min_length=1)]


class Otherwise(_Row):
    """The outcome when no red flag and no rule applies."""


class Subject(_Part):
    """A trouble in plain words, and what is asked about it: red flags first."""

    code: Code
    group: TroubleGroup = TroubleGroup.OTHER
    """What it is counted under in public statistics."""
    text: Texts
    words: Words
    """What people write who mean it."""
    flags: Annotated[tuple[Code, ...], Field(min_length=1)]
    questions: tuple[Code, ...]


class Lead(_Part):
    """How a red-flag question begins."""

    one: Texts
    many: Texts


class Questionnaire(_Part):
    """One version: everything that is asked, and what follows from the answers."""

    version: Version
    otherwise: Otherwise
    ordinary: Words
    """Everyday words that only look like one of a trouble or sign."""
    negations: Words
    """Straight before a word of a sign: that it is not there."""
    crisis: Words
    """What people write who wish to die: nobody is asked about it, and whoever writes it is led to help at once."""
    lead: Lead
    flag_options: tuple[Choice, ...]
    signs: tuple[Sign, ...]
    flags: tuple[Flag, ...]
    combinations: tuple[Combination, ...] = ()
    questions: tuple[Asked, ...]
    rules: tuple[Rule, ...] = ()
    troubles: Annotated[tuple[Subject, ...], Field(min_length=1)]

    def trouble(self, code: str) -> Subject | None:
        """The trouble of a code; None when this version has none such."""
        return next((one for one in self.troubles if one.code == code), None)

    def flag(self, code: str) -> Flag:
        """The red-flag question of a code."""
        return next(one for one in self.flags if one.code == code)

    def question(self, code: str) -> Asked:
        """The other question of a code."""
        return next(one for one in self.questions if one.code == code)

    def signs_of(self, flag: Flag) -> list[Sign]:
        """What a red-flag question asks about, in its order."""
        return [self._sign_by_code[code] for code in flag.signs]

    @cached_property
    def _sign_by_code(self) -> Mapping[str, Sign]:
        return {sign.code: sign for sign in self.signs}

    def outcome_of(self, flag: Flag) -> TriageOutcome:
        """What "yes" to a red-flag question means: the class of its most severe sign."""
        return most_severe(sign.outcome for sign in self.signs_of(flag))

    def flag_text(self, flag: Flag, language: Language) -> str:
        """A red-flag question in full, its signs as short sentences."""
        lead = self.lead.one if len(flag.signs) == 1 else self.lead.many
        return " ".join([lead.of(language), *(f"{sign.text.of(language)}." for sign in self.signs_of(flag))])

    def emergency_signs(self) -> list[Sign]:
        """What means the emergency number at once: the safety page, before any question."""
        return [sign for sign in self.signs if sign.outcome is TriageOutcome.EMERGENCY_112]

    @model_validator(mode="after")
    def _codes_are_unique(self) -> Self:
        for name in ("flag_options", "signs", "flags", "combinations", "questions", "rules", "troubles"):
            _unique(name, [part.code for part in getattr(self, name)])
        _unique("flags and questions", [one.code for one in self.flags] + [one.code for one in self.questions])
        for question in self.questions:
            _unique(f"options of {question.code}", [choice.code for choice in question.options])
        if [choice.code for choice in self.flag_options] != [YES, NO, DONT_KNOW]:
            raise ValueError(f"flag_options are {YES}, {NO}, {DONT_KNOW}, in this order")
        return self

    @model_validator(mode="after")
    def _codes_are_known(self) -> Self:
        flags, questions = {one.code for one in self.flags}, {one.code for one in self.questions}
        _known("signs of flags", (code for one in self.flags for code in one.signs), {one.code for one in self.signs})
        _known("flags of combinations", (code for one in self.combinations for code in one.flags), flags)
        _known("flags of troubles", (code for one in self.troubles for code in one.flags), flags)
        _known("questions of troubles", (code for one in self.troubles for code in one.questions), questions)
        _known("questions of rules", (code for one in self.rules for code in one.when), questions)
        for rule in self.rules:
            for code, answers in rule.when.items():
                _known(f"answers of {rule.code}", answers, {choice.code for choice in self.question(code).options})
        return self

    @model_validator(mode="after")
    def _every_red_flag_is_asked_or_shown(self) -> Self:
        asked = {sign for trouble in self.troubles for flag in trouble.flags for sign in self.flag(flag).signs}
        shown = {sign.code for sign in self.emergency_signs()}
        if forgotten := {sign.code for sign in self.signs} - asked - shown:
            raise ValueError(f"red flags nobody is asked about: {', '.join(sorted(forgotten))}")
        return self

    @model_validator(mode="after")
    def _what_cannot_wait_can_be_written(self) -> Self:
        for sign in self.signs:
            severity = SEVERITY.index(sign.outcome)
            if sign.words is None and severity <= SEVERITY.index(TriageOutcome.URGENT_NOW):
                raise ValueError(f"{sign.code}: signs of class emergency_112 and urgent_now have words")
            if sign.words and severity > SEVERITY.index(TriageOutcome.URGENT_SAME_DAY):
                raise ValueError(f"{sign.code}: signs milder than urgent_same_day have no words")
        return self

    @model_validator(mode="after")
    def _a_red_flag_is_never_milder_than_a_physician(self) -> Self:
        least = SEVERITY.index(TriageOutcome.PHYSICIAN)
        flagged = [one.outcome for one in self.signs] + [one.outcome for one in self.combinations]
        if any(SEVERITY.index(one) > least for one in flagged):
            raise ValueError("a red flag or a combination of them is at least of class physician")
        if any(SEVERITY.index(one.outcome) <= least for one in (self.otherwise, *self.rules)):
            raise ValueError("without a red flag the outcome is milder than physician")
        return self

    @model_validator(mode="after")
    def _is_short(self) -> Self:
        for trouble in self.troubles:
            if (count := len(trouble.flags) + len(trouble.questions)) > MOST_QUESTIONS:
                raise ValueError(f"{trouble.code} asks {count} questions, at most {MOST_QUESTIONS}")
        return self


def _unique(what: str, codes: list[str]) -> None:
    if twice := [code for code, count in Counter(codes).items() if count > 1]:
        raise ValueError(f"{what}: twice {', '.join(twice)}")


def _known(what: str, codes: Iterable[str], known: set[str]) -> None:
    if unknown := sorted(set(codes) - known):
        raise ValueError(f"{what}: unknown {', '.join(unknown)}")


class Questionnaires:
    """Every version there is; an old one still weighs the answers that were given to it."""

    def __init__(self, versions: Iterable[Questionnaire]) -> None:
        self._by_version: Mapping[str, Questionnaire] = {one.version: one for one in versions}

    def version(self, version: str) -> Questionnaire | None:
        """The questionnaire of a version; None when there is none such."""
        return self._by_version.get(version)

    def current(self, on: date) -> Questionnaire:
        """The newest version in effect on a day; before the first one takes effect, the first."""
        in_effect = [version for version in self._by_version if version[:10] <= on.isoformat()]
        return self._by_version[max(in_effect, key=_age, default=min(self._by_version, key=_age))]

    def in_force(self, version: str, days: Iterable[date]) -> bool:
        """Whether a version was in force on one of some days.

        One that was mended on the day it took effect counts as in force beside its mended self.
        """
        return _age(version)[0] in {_age(self.current(day).version)[0] for day in days}


def schema() -> Schema:
    """JSON Schema of a file. Its version is no part of it: the file is named after that."""
    made = of_model(Questionnaire, "schema.json")
    del made["properties"]["version"]
    made["required"].remove("version")
    return made


def _age(version: str) -> tuple[str, int]:
    day, _, revision = version.partition(".")
    return day, int(revision or 0)


def load_questionnaires(folder: Path) -> Questionnaires:
    """Read every `<version>.toml` of a folder.

    Raises:
        QuestionnaireError: no file, or one with an unknown outcome or code, a code twice, a missing translation.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise QuestionnaireError(f"no questionnaire in {folder}")
    return Questionnaires([read_questionnaire(file.stem, file.read_text(encoding="utf-8")) for file in files])


@lru_cache(maxsize=64)
def read_questionnaire(version: str, text: str) -> Questionnaire:
    """Read one version from the text of its file.

    Raises:
        QuestionnaireError: it does not make sense; says where.
    """
    try:
        parsed = tomllib.loads(text)
        return Questionnaire.model_validate({**parsed, "version": TypeAdapter(Version).validate_python(version)})
    except tomllib.TOMLDecodeError as wrong:
        raise QuestionnaireError(f"{version}: {wrong}") from wrong
    except ValidationError as wrong:
        places = "; ".join(f"{_place(parsed, one['loc'])}: {one['msg']}" for one in wrong.errors(include_url=False))
        raise QuestionnaireError(f"{version}: {places}") from wrong


def _place(parsed: Any, loc: tuple[int | str, ...]) -> str:
    """Where in a file: `signs.g_fever.text.sv` says more than `signs.16.text.sv`."""
    names = []
    for step in loc:
        try:
            parsed = parsed[step]
        except (KeyError, IndexError, TypeError):
            parsed = None
        code = parsed.get("code") if isinstance(step, int) and isinstance(parsed, dict) else None
        names.append(str(code or step))
    return ".".join(names) or "the file"

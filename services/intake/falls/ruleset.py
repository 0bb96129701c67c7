"""The fall-risk forms and the rules that weigh them: `rules/<version>.toml`, read and checked.

Nothing here decides; domain.py does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from contracts.areas import Areas, Texts
from contracts.base import Code, Version
from contracts.falls import BergBand, FallCondition, FallForm, FallOutcome

MOST_POINTS = 9
"""Of the short screen: three items of 0-3. Source: FROP-Com Screen."""


class FallRulesError(ValueError):
    """A file of fall rules does not make sense."""


class _Part(BaseModel):
    """Frozen, and closed: a misspelt key in a file is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Part):
    """One answer a question offers."""

    code: Code
    text: Texts
    points: Annotated[int, Field(ge=0, le=3)] | None = None


class Asked(_Part):
    """A question."""

    code: Code
    text: Texts
    options: Annotated[tuple[Choice, ...], Field(min_length=2)]

    @property
    def points(self) -> dict[str, int]:
        """Points by answer, of those that have any."""
        return {one.code: one.points for one in self.options if one.points is not None}


class Form(_Part):
    """A form, and who is asked to fill it in."""

    code: FallForm
    age_years: Annotated[int, Field(ge=0, le=120)]
    questions: Annotated[tuple[Code, ...], Field(min_length=1)]


class Condition(_Part):
    """Which answers of a form show a condition."""

    code: FallCondition
    form: FallForm
    question: Code
    answers: Annotated[tuple[Code, ...], Field(min_length=1)]


class Rule(_Part):
    """A named rule: an outcome when all of some conditions hold, or any of them."""

    code: Code
    text: Texts
    form: FallForm
    all_of: tuple[FallCondition, ...] = ()
    any_of: tuple[FallCondition, ...] = ()
    outcome: FallOutcome

    @model_validator(mode="after")
    def _says_all_or_any(self) -> Self:
        if bool(self.all_of) == bool(self.any_of):
            raise ValueError("a rule has all_of or any_of")
        return self


class Source(_Part):
    """What may lead to a form, from a day and to a day."""

    code: Code
    text: Texts
    first_day: date = date.min
    last_day: date = date.max

    def is_in_effect(self, on: date) -> bool:
        """Whether it may be named on a day."""
        return self.first_day <= on <= self.last_day


class Tug(_Part):
    """Timed Up and Go."""

    most_seconds: Annotated[Decimal, Field(gt=0)]
    sign_from_seconds: Annotated[Decimal, Field(gt=0)]


class Band(_Part):
    """Points up to a limit, the limit included."""

    code: BergBand
    most_points: int


class Berg(_Part):
    """Berg balance scale."""

    most_points: int
    sign_below_points: int
    bands: tuple[Band, ...]

    def band(self, points: int) -> BergBand:
        """The band some points are in."""
        return next(one.code for one in self.bands if points <= one.most_points)

    @model_validator(mode="after")
    def _bands_reach_the_top(self) -> Self:
        limits = [one.most_points for one in self.bands]
        if limits != sorted(set(limits)) or limits[-1:] != [self.most_points]:
            raise ValueError("bands rise to most_points")
        return self


class Sppb(_Part):
    """Short Physical Performance Battery."""

    most_points: int


class Item(_Part):
    """An item of the FSQfin, or a scale's name."""

    code: Code
    text: Texts


class Scale(Item):
    """Items of the FSQfin that have a score together."""

    items: Annotated[tuple[Item, ...], Field(min_length=1)]


class FsqAnswer(Item):
    """What an item can be answered with."""

    value: Annotated[int, Field(ge=0, le=4)]


class Fsq(_Part):
    """FSQfin."""

    scales: tuple[Scale, ...]
    answers: tuple[FsqAnswer, ...]

    @model_validator(mode="after")
    def _items_and_answers_are_there_once(self) -> Self:
        items = [item.code for scale in self.scales for item in scale.items]
        if len(set(items)) < len(items) or [one.value for one in self.answers] != [4, 3, 2, 1, 0]:
            raise ValueError("an item stands once, answers are 4, 3, 2, 1, 0")
        return self


class Measures(_Part):
    """What may be measured at a visit."""

    tug: Tug
    berg: Berg
    sppb: Sppb
    fsq: Fsq


class FallRules(_Part):
    """One version: everything that is asked, and what follows from the answers."""

    version: Version
    review_after_months: Annotated[int, Field(ge=1, le=24)]
    physiotherapist_from: Annotated[int, Field(ge=0, le=MOST_POINTS)]
    assessment_from: Annotated[int, Field(ge=0, le=MOST_POINTS)]
    default_rule: Code
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    conditions: tuple[Condition, ...]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    forms: Annotated[tuple[Form, ...], Field(min_length=1)]
    questions: tuple[Asked, ...]
    measures: Measures

    def form(self, code: FallForm) -> Form:
        """The form of a code."""
        return next(one for one in self.forms if one.code is code)

    def form_of_age(self, age_years: int) -> Form | None:
        """The form that people of an age are asked to fill in; None for every other age."""
        return next((one for one in self.forms if one.age_years == age_years), None)

    def asked(self, form: Form) -> list[Asked]:
        """The questions of a form, in its order."""
        by_code = {one.code: one for one in self.questions}
        return [by_code[code] for code in form.questions]

    def is_scored(self, form: Form) -> bool:
        """Whether the answers of a form have points."""
        return all(question.points for question in self.asked(form))

    def shown_by(self, form: FallForm) -> list[Condition]:
        """What the answers of a form can show."""
        return [one for one in self.conditions if one.form is form]

    def rule(self, form: FallForm, named: str | None) -> Rule:
        """The rule that weighs a form: the one a county names, else the default, else the form's only one."""
        of_form = {one.code: one for one in self.rules if one.form is form}
        return of_form.get(named or "") or of_form.get(self.default_rule) or next(iter(of_form.values()))

    def sources_on(self, on: date) -> list[Source]:
        """What may be named on a day."""
        return [one for one in self.sources if one.is_in_effect(on)]

    @model_validator(mode="after")
    def _codes_fit_together(self) -> Self:
        for name in ("rules", "sources", "forms", "questions"):
            codes = [one.code for one in getattr(self, name)]
            if len(set(codes)) < len(codes):
                raise ValueError(f"{name}: a code twice")
        if {one.code for one in self.forms} != set(FallForm):
            raise ValueError(f"forms are {', '.join(FallForm)}")
        _known("questions of forms", (code for one in self.forms for code in one.questions), self.questions)
        _known("default_rule", [self.default_rule], self.rules)
        for condition in self.conditions:
            _known("questions of conditions", [condition.question], self.asked(self.form(condition.form)))
            question = next(one for one in self.questions if one.code == condition.question)
            _known(f"answers of {condition.code}", condition.answers, question.options)
        return self

    @model_validator(mode="after")
    def _a_form_shows_what_its_rules_ask(self) -> Self:
        for form in self.forms:
            of_form = [one for one in self.rules if one.form is form.code]
            shown = {one.code for one in self.shown_by(form.code)}
            shown |= {FallCondition.SCORE} if self.is_scored(form) else set()
            if not of_form or {code for one in of_form for code in (*one.all_of, *one.any_of)} - shown:
                raise ValueError(f"{form.code}: a rule, and only about what the form shows")
        return self

    @model_validator(mode="after")
    def _the_short_screen_has_nine_points(self) -> Self:
        asked = self.asked(self.form(FallForm.SHORT_SCREEN))
        if sum(max(question.points.values(), default=0) for question in asked) != MOST_POINTS:
            raise ValueError(f"the short screen has 0-{MOST_POINTS} points")
        if self.assessment_from > self.physiotherapist_from:
            raise ValueError("assessment_from comes before physiotherapist_from")
        return self


def _known(what: str, codes: Iterable[str], among: Iterable[Asked | Rule | Choice]) -> None:
    if unknown := sorted(set(codes) - {one.code for one in among}):
        raise ValueError(f"{what}: unknown {', '.join(unknown)}")


class AllFallRules:
    """Every version there is."""

    def __init__(self, versions: Iterable[FallRules]) -> None:
        self._by_version: Mapping[str, FallRules] = {one.version: one for one in versions}

    def current(self, on: date) -> FallRules:
        """The newest version in effect on a day; before the first one takes effect, the first."""
        in_order = sorted(self._by_version, key=_age)
        in_effect = [version for version in in_order if version[:10] <= on.isoformat()]
        return self._by_version[in_effect[-1] if in_effect else in_order[0]]


def _age(version: str) -> tuple[str, int]:
    day, _, revision = version.partition(".")
    return day, int(revision or 0)


def load_fall_rules(folder: Path, areas: Areas) -> AllFallRules:
    """Read every `<version>.toml` of a folder.

    Raises:
        FallRulesError: no file, or one that does not make sense; a county's file names a rule that one does not have.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise FallRulesError(f"no fall rules in {folder}")
    versions = [read_fall_rules(file.stem, file.read_text(encoding="utf-8")) for file in files]
    for rules in versions:
        _must_have_what_is_named(rules, areas)
    return AllFallRules(versions)


def _must_have_what_is_named(rules: FallRules, areas: Areas) -> None:
    named = {one.code for one in rules.rules if one.form is FallForm.SHORT_SCREEN}
    for area in areas.values():
        if area.falls.rule and area.falls.rule not in named:
            raise FallRulesError(f"{rules.version}: area {area.code} asks for [falls] rule {area.falls.rule}")


@lru_cache(maxsize=64)
def read_fall_rules(version: str, text: str) -> FallRules:
    """Read one version from the text of its file.

    Raises:
        FallRulesError: it does not make sense.
    """
    try:
        parsed = tomllib.loads(text, parse_float=Decimal)
        return FallRules.model_validate({**parsed, "version": TypeAdapter(Version).validate_python(version)})
    except (tomllib.TOMLDecodeError, ValidationError) as wrong:
        raise FallRulesError(f"{version}: {wrong}") from wrong

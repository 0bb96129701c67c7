"""What a county has decided about its unit: `deploy/areas/<code>.toml`, read and checked.

Every service reads the same files, so that an opening hour or an age limit stands in one place. Adding a county is
adding a file; no code tests for a county.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.base import AreaCode, Code, Language, MunicipalityCode
from contracts.closings import Cap, Door
from contracts.intake import TriageMode
from contracts.portal import InterpreterLanguage, OnBehalf

PhoneDigits = Annotated[str, StringConstraints(pattern=r"^[0-9]{3,12}$")]
"""A public service number as dialled: digits only."""

PlainText = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
"""Text shown to a person."""


class AreaError(ValueError):
    """A file of an area, or the files together, do not make sense."""


class UnknownArea(KeyError):
    """No file for this area code."""


class _Setting(BaseModel):
    """Frozen, and closed: a misspelt key in a file is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Texts(_Setting):
    """One text in every language of service."""

    fi: PlainText
    sv: PlainText
    en: PlainText

    def of(self, language: Language) -> str:
        """The text in one language."""
        return {Language.FI: self.fi, Language.SV: self.sv, Language.EN: self.en}[language]


class County(_Setting):
    """One that organises health care in Finland."""

    code: AreaCode
    names: Texts
    served: bool = True
    """Whether a unit can be set up there."""


class Period(_Setting):
    """A weekly opening period in local time; `opens` is open, `closes` is closed."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    """ISO weekday, 1 = Monday."""
    opens: time
    closes: time

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError(f"a period opens before it closes, got {self.opens}-{self.closes}")
        return self


class Municipality(_Setting):
    """A municipality of the county."""

    code: MunicipalityCode
    names: Texts
    counted: bool = False
    """Large enough to be named in public statistics: one of ten thousand inhabitants or more."""


class Merged(_Setting):
    """A municipality that is no more: part of another one of the county since a day."""

    code: MunicipalityCode
    names: Texts
    into: MunicipalityCode
    merged_on: date


class Site(_Setting):
    """A place of care and the municipalities whose people belong to it: what demand is counted by."""

    code: Code
    names: Texts
    municipalities: Annotated[tuple[MunicipalityCode, ...], Field(min_length=1)]


class Channel(_Setting):
    """A chat channel and its opening hours."""

    code: Code = "physiotherapy"
    periods: tuple[Period, ...]
    closed_on: tuple[date, ...] = ()
    """Days this channel is closed beside public holidays and the county's closing days."""
    practice: bool = False
    """Always open: the practice profile. Set by the loader, whatever the file says."""


class Team(_Setting):
    """Who holds the visits for the risk of falling in some municipalities."""

    names: Texts
    municipalities: Annotated[tuple[MunicipalityCode, ...], Field(min_length=1)]


class Falls(_Setting):
    """Fall prevention: what a county sets otherwise than the rules of the day (services/intake/falls/rules)."""

    rule: Code | None = None
    """The named rule that sends to a physiotherapist."""
    physiotherapist_from: Annotated[int, Field(ge=0, le=9)] | None = None
    """Points of the short screen."""
    assessment_from: Annotated[int, Field(ge=0, le=9)] | None = None
    """Points of the short screen from which an extensive assessment is advised."""
    teams: tuple[Team, ...] = ()

    def team_of(self, municipality: str) -> Team | None:
        """Who holds the visits of a municipality; None when the county says nothing."""
        return next((one for one in self.teams if municipality in one.municipalities), None)


class Limits(_Setting):
    """Whom one line of service is for, where a county says less than for its whole unit.

    Who is outside is not turned away: they go by the next way that is open, and a message is always taken.
    """

    minimum_age: Annotated[int, Field(ge=0, le=120)] | None = None
    """Years one must have turned, where that is more than the county's."""
    municipalities: tuple[MunicipalityCode, ...] = ()
    """Only people of these, as while a line is tried out; none: of every one."""
    languages: tuple[Language, ...] = ()
    """Only in these; none: in every one."""
    acting_for: bool = True
    """Also for whoever acts for a client."""
    interpreter: bool = True
    """Also for whoever needs an interpreter."""
    non_disclosure: bool = True
    """Also for whoever is under non-disclosure for personal safety (rule 9). A limit of booking alone."""


LIMITED = (Door.CHAT, Door.BOOKING)
"""Lines of service that may have limits: a message is taken of everybody the unit takes."""


class BasisKind(StrEnum):
    """By what right software may inform a decision about somebody's care. Source: MDR (EU) 2017/745."""

    CE_MARKING = "ce_marking"
    """A CE-marked device of its class (MDR Art. 20)."""
    IN_HOUSE = "in_house"
    """Made and used within the health institution (MDR Art. 5(5), Act 719/2021 section 35)."""


class RegulatoryBasis(_Setting):
    """What an operator has recorded before the rules may do more than route."""

    kind: BasisKind
    reference: PlainText
    """Certificate or declaration: where it can be looked up."""
    recorded_on: date
    recorded_by: PlainText
    """Who answers for it."""


class DirectAccess(_Setting):
    """Direct access to a physiotherapist (suoravastaanotto): whom a county takes, and for how long at a time.

    That the trouble is newer than three months and has no red flag the rule table decides (outcome `direct_access_pt`).
    Source: Varsinais-Suomi 2024 (domain.md section 3), rule 22.
    """

    youngest: Annotated[int, Field(ge=0, le=120)] = 16
    """Years one must have turned."""
    oldest: Annotated[int, Field(ge=0, le=120)] = 75
    """Years of the last birthday on which one is still taken: until the day before the next."""
    minutes: Annotated[int, Field(ge=10, le=120)] = 60
    """Length of a time."""

    @model_validator(mode="after")
    def _takes_somebody(self) -> Self:
        if self.youngest > self.oldest:
            raise ValueError("youngest is not above oldest")
        return self


class Area(_Setting):
    """One county's unit."""

    code: AreaCode
    names: Texts
    """Of the county."""
    municipalities: Annotated[tuple[Municipality, ...], Field(min_length=1)]
    sites: tuple[Site, ...] = ()
    """Places of care; a municipality that belongs to none of them is one by itself."""
    merged: tuple[Merged, ...] = ()
    """Municipalities of old that people still name."""
    minimum_age: Annotated[int, Field(ge=0, le=120)]
    """Years one must have turned (domain.md section 11)."""
    emergency_number: PhoneDigits = "112"
    helpline: PhoneDigits
    """Medical helpline outside office hours."""
    chat: Channel
    office_hours: Annotated[tuple[Period, ...], Field(min_length=1)]
    """When an assessment is due the same day (rules 14 and 15)."""
    closing_days: tuple[date, ...] = ()
    """Days the whole county is closed beside public holidays; no business days."""
    promise_business_days: Annotated[int, Field(ge=1, le=30)] = 5
    """A left message is answered by the end of this business day (rule 16)."""
    promise_warn_day: Annotated[int, Field(ge=1, le=30)] = 3
    """Staff are warned after this business day (rule 16)."""
    acting_for: tuple[OnBehalf, ...] = ()
    """For whom somebody else may come in."""
    interpreters: tuple[InterpreterLanguage, ...] = ()
    """Languages the page offers an interpreter for; none: it does not ask.

    Who asks for another one by another front end is taken all the same: staff see what is needed and arrange it.
    """
    hold_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    """How long a picked time is kept for one person."""
    triage_mode: TriageMode = TriageMode.ROUTING_ONLY
    triage_basis: RegulatoryBasis | None = None
    """Without one the rules only route (rule 12)."""
    falls: Falls = Falls()
    direct_access: DirectAccess | None = None
    """None: the county has none."""
    closing_most_days: Annotated[int, Field(ge=1, le=31)] = 4
    """How far ahead staff may close a door. Source: features.md section 2 (UK triage: at most 4 days)."""
    limits: dict[Door, Limits] = {}
    """Of the chat and of booking by the page; without them a line is for everybody the unit takes."""
    caps: dict[Door, Cap] = {}
    """Daily caps while staff have set no other; without one a door is never full."""
    elsewhere: dict[Code, Texts]
    """Where to go instead, by reason of declining or outcome of triage."""

    @property
    def chat_closed_on(self) -> tuple[date, ...]:
        """Every day the chat is closed beside public holidays."""
        return (*self.closing_days, *self.chat.closed_on)

    def site_of(self, municipality: str) -> Code:
        """The site that people of a municipality belong to: one of `sites`, or the municipality itself."""
        return next((one.code for one in self.sites if municipality in one.municipalities), municipality)

    @property
    def every_site(self) -> dict[Code, Texts]:
        """Every site by code, its name with it, in the order of the file."""
        own = {one.code: one.names for one in self.sites}
        return own | {one.code: one.names for one in self.municipalities if self.site_of(one.code) == one.code}

    def limits_of(self, door: Door) -> Limits:
        """Whom a line of service is for."""
        return self.limits.get(door, Limits())

    @model_validator(mode="after")
    def _limits_fit_the_county(self) -> Self:
        if not set(self.limits) <= set(LIMITED):
            raise ValueError(f"limits are those of {' and '.join(LIMITED)}: a message is taken of everybody")
        if not self.limits_of(Door.CHAT).non_disclosure:
            raise ValueError("non_disclosure is a limit of booking alone: in the chat nobody is known yet")
        named = {code for limits in self.limits.values() for code in limits.municipalities}
        if named - {one.code for one in self.municipalities}:
            raise ValueError("limits name municipalities of the county")
        return self

    @model_validator(mode="after")
    def _a_municipality_has_one_site_at_most(self) -> Self:
        placed = [code for site in self.sites for code in site.municipalities]
        if len(set(placed)) < len(placed) or not set(placed) <= {one.code for one in self.municipalities}:
            raise ValueError("sites are made of municipalities of the county, each in one site at most")
        return self

    @model_validator(mode="after")
    def _assists_only_on_a_recorded_basis(self) -> Self:
        if self.triage_mode is TriageMode.ASSISTIVE and self.triage_basis is None:
            raise ValueError(
                "triage_mode is assistive without triage_basis: record the CE marking or the in-house basis of MDR "
                "Art. 5(5) with kind, reference, recorded_on and recorded_by, or leave it at routing_only"
            )
        return self

    @model_validator(mode="after")
    def _merged_into_one_that_is(self) -> Self:
        there = {one.code for one in self.municipalities}
        if any(one.into not in there or one.code in there for one in self.merged):
            raise ValueError("a merged municipality is none of the county any more, the one it became part of is")
        return self

    @model_validator(mode="after")
    def _warns_before_the_promise_is_due(self) -> Self:
        if self.promise_warn_day >= self.promise_business_days:
            raise ValueError("promise_warn_day comes before promise_business_days")
        return self

    @model_validator(mode="after")
    def _teams_serve_its_municipalities(self) -> Self:
        if {code for team in self.falls.teams for code in team.municipalities} - {
            one.code for one in self.municipalities
        }:
            raise ValueError("a team of fall prevention serves municipalities of its county")
        return self


class Areas(Mapping[str, Area]):
    """The counties served, by code."""

    def __init__(self, areas: tuple[Area, ...]) -> None:
        self._by_code = {area.code: area for area in areas}
        self._by_municipality = {one.code: area for area in areas for one in area.municipalities}
        if len(self._by_code) < len(areas):
            raise AreaError("an area is described twice")
        if len(self._by_municipality) < sum(len(area.municipalities) for area in areas):
            raise AreaError("a municipality belongs to one area only")

    def __getitem__(self, code: str) -> Area:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def area(self, code: str) -> Area:
        """The area of a code.

        Raises:
            UnknownArea: no file describes it.
        """
        try:
            return self._by_code[code]
        except KeyError:
            raise UnknownArea(code) from None

    def counted(self, area: str, municipality: str) -> MunicipalityCode:
        """The municipality that public statistics name: itself, or "000" where a person would stand out."""
        here = self._by_code[area].municipalities if area in self._by_code else ()
        return municipality if any(one.counted and one.code == municipality for one in here) else "000"

    def of_municipality(self, code: str) -> Area | None:
        """The area a municipality belongs to; None when it belongs to none of ours."""
        return self._by_municipality.get(code)

    def merged(self, code: str) -> Merged | None:
        """What became of a municipality that is no more; None when it was none of ours."""
        return next((one for area in self._by_code.values() for one in area.merged if one.code == code), None)


def load_areas(folder: Path, *, practice: bool) -> Areas:
    """Read every `<code>.toml` of a folder.

    Args:
        folder: where the files are.
        practice: every chat channel is always open.

    Raises:
        AreaError: no file, a file that does not fit, or files that contradict each other.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise AreaError(f"no area file in {folder}")
    return Areas(tuple(_read(file, practice=practice) for file in files))


def _read(file: Path, *, practice: bool) -> Area:
    try:
        area = _parsed(file.read_text(encoding="utf-8"))
    except ValueError as wrong:  # pydantic's and tomllib's errors are both ValueErrors
        raise AreaError(f"{file.name}: {wrong}") from wrong
    if not any(one.code == area.code and one.served for one in counties()):
        raise AreaError(f"{file.name}: {area.code} is no county that is served: contracts/counties.toml lists them")
    if area.code != file.stem:
        raise AreaError(f"{file.name}: named after its area code, says {area.code}")
    return area.model_copy(update={"chat": area.chat.model_copy(update={"practice": practice})})


@cache
def counties() -> tuple[County, ...]:
    """Every county of Finland by the codes of Statistics Finland, Helsinki and Åland too (rule 1)."""
    listed = tomllib.loads(Path(__file__).with_name("counties.toml").read_text(encoding="utf-8"))["counties"]
    return tuple(County.model_validate(one) for one in listed)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Area:
    """What a file says; every service of a process reads the same ones."""
    return Area.model_validate(tomllib.loads(text))

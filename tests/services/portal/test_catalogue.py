"""Every word in three languages."""

import ast
import re
from collections import Counter
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

import pytest

import contracts
from contracts.base import ASKS, Language
from contracts.callbacks import CallOutcome
from contracts.cases import Ending, JoinGround, PartReason
from contracts.closings import ClosingReason
from contracts.due import CorrectionReason, DueKind
from contracts.falls import (
    BergBand,
    FallCondition,
    FallForm,
    FallOutcome,
    FallRoute,
    FallRouteReason,
    FallSign,
    FilledBy,
)
from contracts.feedback import About
from contracts.intake import DeclineReason, Route, TriageMode, TriageOutcome
from contracts.matching import MatchOutcome, MatchReason
from contracts.overview import DueState
from contracts.overview import Step as HistoryStep
from contracts.portal import AgeBand, EarlierText, InterpreterLanguage, OnBehalf, Origin, PromiseKind, WarningShown
from contracts.public import TroubleGroup
from contracts.referrals import ReferralKind, ReferralStatus, ReturnReason, Urgency
from contracts.scheduling import Modality
from services.portal.case import Stage, Step
from services.portal.doors import FOR_RESIDENTS, WAYS
from services.portal.language import LANGUAGES, preferred, read_texts, words
from services.portal.pages.desk_demand import PERIODS
from services.portal.pages.errors import kind_of

PORTAL = Path(contracts.__file__).parents[1] / "services" / "portal"
TEMPLATES = sorted((PORTAL / "templates").rglob("*.html"))
CODE = [file for file in sorted(PORTAL.rglob("*.py")) if "migrations" not in file.parts]
STATIC_KEY = re.compile(r"""(?:\b(?:self|t)\(\s*|_format\(\w+, )["']([a-z0-9_.-]+)["']\s*[,)]""")
MOVING_KEY = re.compile(r"""\bt\(\s*["']([a-z0-9_.]+\.)["']\s*~""")
MOVING: dict[str, type[StrEnum] | set[str]] = {
    "matching.outcome.": {str(one) for one in MatchOutcome if one is not MatchOutcome.REOPENED},
    "matching.reason.": MatchReason,
    "language.": Language,
    "spoken.": Language,
    "age.": AgeBand,
    "case.title.": Stage,
    "case.text.": {str(stage) for stage in set(Stage) - {Stage.DECLINED, Stage.ELSEWHERE, Stage.QUEUED}},
    "case.promised.": PromiseKind,
    "elsewhere.": {"now", "today", "later"},
    "words.alert.": {TriageOutcome.URGENT_NOW, TriageOutcome.URGENT_SAME_DAY},
    "words.if_so.": {TriageOutcome.URGENT_NOW, TriageOutcome.URGENT_SAME_DAY},
    "step.": Step,
    "record.": {EarlierText.KEPT, EarlierText.LEFT_OUT},
    "desk.earlier.": set(EarlierText) - {EarlierText.NONE},
    "modality.": Modality,
    "modality.short.": Modality,
    "times.booked.": Modality,
    "feedback.title.": About,
    "about.": About,
    "outcome.": TriageOutcome,
    "alert.": WarningShown,
    "calls.kind.": PromiseKind,
    "calls.outcome.": CallOutcome,
    "desk.tab.": {"desk", "callbacks", "cases", "calendar", "feedback", "demand", "doors"},
    "demand.last_weeks.": {str(weeks) for weeks in PERIODS},
    "origin.": Origin,
    "reason.": set(TroubleGroup) | {"title", "told", "change", "group", "code", "code_hint", "save"},
    "error.": {f"{kind_of(status)}.{part}" for status in (401, 404, 413, 422, 403, 503) for part in ("title", "text")}
    | {"not_found.desk"},
    "closed.door.": set(FOR_RESIDENTS),
    "closed.reason.": ClosingReason,
    "closed.instead.": set(WAYS),
    "front.now.": {"open", "closed"},
    "referral.kind.": ReferralKind,
    "referral.urgency.": Urgency,
    "referral.status.": ReferralStatus,
    "referral.returned.": ReturnReason,
    "referral.route.": {"booking", "callback"},
    "route.": Route,
    "due.": set(DueKind) | {f"state.{one}" for one in DueState},
    "due.state.": DueState,
    "correction.": CorrectionReason,
    "joined.ground.": JoinGround,
    "parted.reason.": PartReason,
    "declined.": DeclineReason,
    "ending.": Ending,
    "history.": HistoryStep,
    "front.way.": {"chat", "booking"},
    "desk.mode.": TriageMode,
    "questions.note.": {"kept", "gone"},
    "falls.result.": FallOutcome,
    "falls.result_text.": FallOutcome,
    "falls.outcome.": FallOutcome,
    "falls.form.": FallForm,
    "falls.condition.": FallCondition,
    "falls.filled_by.": FilledBy,
    "falls.sign.": FallSign,
    "falls.band.": BergBand,
    "falls.route.": FallRoute,
    "falls.reason.": FallRouteReason,
    "acting_for.": OnBehalf,
    "interpreter.": InterpreterLanguage,
    "needs.desk.": OnBehalf,
    "contact.number.": {"left", "own", "referral"},
}
"""Keys whose end is a value: every value it can have."""


def used_keys() -> set[str]:
    texts = [file.read_text("utf-8") for file in (*TEMPLATES, *CODE)]
    return {key for text in texts for key in STATIC_KEY.findall(text)}


def refusal_codes() -> set[str]:
    """Codes the contracts promise, and codes the portal raises itself."""
    said = [re.split(r"Refused:|only:", one.cls.__doc__ or "")[1:] for one in ASKS.values()]
    promised = {code for parts in said for part in parts for code in re.findall(r"`([a-z-]+)`", part)}
    raised = set()
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) in ("Refused", "WrongAnswer")
                and isinstance(node.args[0], ast.Constant)
            ):
                raised.add(node.args[0].value)
    return promised | raised


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys(language: Language) -> None:
    assert read_texts(language).keys() == read_texts(Language.FI).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_there_twice(language: Language) -> None:
    """Of two, the one that is read last would be shown, and the other looked at."""
    file = PORTAL / "locales" / language / "LC_MESSAGES" / "messages.po"
    keys = re.findall(r'^msgid "(.+)"$', file.read_text("utf-8"), re.MULTILINE)
    assert [key for key, count in Counter(keys).items() if count > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_has_two_texts(language: Language) -> None:
    """The second one is read by nobody."""
    file = PORTAL / "locales" / language / "LC_MESSAGES" / "messages.po"
    assert re.findall(r'^(?:msgstr|") ?".*\n(msgstr ".*)$', file.read_text("utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language: Language) -> None:
    assert [key for key, forms in read_texts(language).items() if not all(form.strip() for form in forms)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_has_the_same_holes_in_every_language(language: Language) -> None:
    def holes(forms: tuple[str, ...]) -> set[str]:
        return {hole for form in forms for hole in re.findall(r"{(\w+)}", form)}

    finnish = read_texts(Language.FI)
    differing = [key for key, forms in read_texts(language).items() if holes(forms) != holes(finnish[key])]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_plural_in_every_language_or_in_none(language: Language) -> None:
    finnish = read_texts(Language.FI)
    assert [key for key, forms in read_texts(language).items() if len(forms) != len(finnish[key])] == []


@pytest.mark.parametrize("language", [Language.SV, Language.EN])
def test_nothing_is_left_in_finnish(language: Language) -> None:
    finnish, same = (
        read_texts(Language.FI),
        {"language.", "format.", "nps.name", "modality.short.", "calls.outcome_of", "origin.chat"},
    )
    left = {key for key, forms in read_texts(language).items() if forms == finnish[key] and len(forms[0]) > 3}
    assert {key for key in left if not key.startswith(tuple(same))} == {"desk.queue"} & left


def test_every_key_a_page_uses_exists() -> None:
    assert used_keys() - read_texts(Language.FI).keys() == set()


@pytest.mark.parametrize("prefix", sorted(MOVING))
def test_a_key_that_ends_in_a_value_exists_for_every_value(prefix: str) -> None:
    wanted = {f"{prefix}{value}" for value in MOVING[prefix]}
    assert wanted - read_texts(Language.FI).keys() == set()


def test_the_values_of_every_moving_key_are_known() -> None:
    moving = {prefix for file in TEMPLATES for prefix in MOVING_KEY.findall(file.read_text("utf-8"))}
    assert moving - MOVING.keys() == set()


def test_no_text_is_left_that_no_page_uses() -> None:
    moving = {f"{prefix}{value}" for prefix, values in MOVING.items() for value in values}
    unused = read_texts(Language.FI).keys() - used_keys() - moving
    assert {key for key in unused if not key.startswith("refusal.")} == set()


@pytest.mark.parametrize("code", sorted(refusal_codes()))
def test_every_refusal_has_a_sentence(code: str) -> None:
    assert all(words(language).has(f"refusal.{code}") for language in LANGUAGES)


def test_an_unknown_refusal_still_gets_a_sentence() -> None:
    assert words(Language.FI).refusal("never-heard-of") == words(Language.FI)("refusal.other")


THURSDAY = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        (Language.FI, "torstai 26.11. klo 10.00"),
        (Language.SV, "torsdag 26.11 kl. 10.00"),
        (Language.EN, "Thursday 26 November at 10:00"),
    ],
)
def test_an_instant_is_written_in_finnish_time_as_the_language_writes_it(language: Language, written: str) -> None:
    assert words(language).day_time(THURSDAY) == written


def test_the_day_of_a_promise_is_inflected() -> None:
    assert words(Language.FI).on_day(date(2026, 12, 1)) == "tiistaina 1.12.2026"


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "3.30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "3.30"),
        (datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "4.30"),
    ],
)
def test_a_time_of_day_follows_summer_time(instant: datetime, written: str) -> None:
    """Nights of change: 25.10.2026 and 28.3.2027 (domain.md section 5)."""
    assert words(Language.FI).clock(instant) == written


def test_days_with_equal_hours_stand_together() -> None:
    soite = [(2, "09:00", "11:00"), (4, "09:00", "11:00")]
    assert words(Language.FI).hours(soite) == [("tiistai ja torstai", "9.00–11.00")]


def test_a_run_of_days_is_written_as_one() -> None:
    assert words(Language.FI).hours([(day, "09:00", "14:00") for day in range(1, 6)]) == [
        ("maanantai–perjantai", "9.00–14.00")
    ]


@pytest.mark.parametrize(("n", "text"), [(1, "Ennen sinua on 1 ihminen."), (3, "Ennen sinua on 3 ihmistä.")])
def test_a_number_picks_the_plural_form(n: int, text: str) -> None:
    assert words(Language.FI)("queue.ahead", n=n) == text


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("", Language.FI),
        ("sv-FI,sv;q=0.9,fi;q=0.8", Language.SV),
        ("de,en;q=0.5,fi;q=0.4", Language.EN),
        ("fi;q=0,sv;q=0.1", Language.SV),
        ("de-DE", Language.FI),
        ("en;q=x", Language.FI),
        ("," * 9000, Language.FI),
    ],
)
def test_the_first_language_the_browser_asks_for_is_served(asked: str, language: Language) -> None:
    assert preferred(asked) == language

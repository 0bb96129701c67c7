"""From people's own words to a trouble: which one they may mean, and whether they name something that cannot wait.

The words stand in the rule table (`words` of a trouble, of a sign; `crisis`), in three languages at once: nobody is
asked which one they write. Accents may be missing, and a long word may be misspelt a little.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from contracts.base import Language
from contracts.intake import TriageOutcome
from services.intake.triage.questionnaire import (
    Questionnaire,
    Questionnaires,
    Sign,
    Subject,
    Words,
    most_severe,
)

NEAR_ENOUGH: Final = 80.0
"""Of a hundred. Below it nothing is offered: in five letters one may be wrong, in ten two."""
NEAR_ENOUGH_IN_DANGER: Final = 87.5
"""One in eight: nobody who swims ("simma") is to be told that they faint ("svimma")."""
LEAST_LETTERS: Final = 5
"""A shorter word counts only as it is written: with one letter changed it would be another one ("höft", "haft")."""
LEAST_LETTERS_OF_A_BEGINNING: Final = 7
MOST_WRONG: Final = 3
"""Letters: more are a word one no longer reads, however long."""
MOST_WORDS: Final = 40
"""Of what somebody writes. The rest is not read."""
MOST_OFFERED: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody's words may mean."""

    alert: TriageOutcome | None
    """The class of the most severe sign they name; of a crisis, the emergency number."""
    signs: tuple[Sign, ...]
    """The signs of that class they name, in the table's order."""
    troubles: tuple[Subject, ...]
    """The best match first; none when nothing is near enough."""


def plain(text: str) -> list[str]:
    """Words as they are compared: small letters without accents, apostrophes gone."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter) and letter not in "'’´`")
    return re.findall(r"[^\W_]+", bare)


@dataclass(frozen=True, slots=True)
class _Phrase:
    parts: tuple[str, ...]
    """Plain words; one that ends with * stands for everything that begins so."""
    trouble: str = ""
    """The code of the trouble it leads to, or"""
    sign: Sign | None = None
    """the sign it names; with neither, a crisis."""
    denials: frozenset[str] = frozenset()
    """Words that say, straight before one of its own, that this is not there."""


class Finder:
    """Finds what a questionnaire is about in people's words. Made once per questionnaire: it is asked often."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._troubles = {trouble.code: trouble for trouble in questionnaire.troubles}
        self._phrases = [
            _Phrase(parts, trouble=trouble.code)
            for trouble in questionnaire.troubles
            for language in Language
            for parts in _phrases(trouble.words, language)
        ]
        self._of_troubles = {part for phrase in self._phrases for part in phrase.parts}
        self._dangers = [one for language in Language for one in _dangers(questionnaire, language)]
        self._ordinary = {word for language in Language for word in _plain(questionnaire.ordinary, language)}

    def find(self, written: str) -> Found:
        """What somebody's words may mean. They are kept nowhere."""
        said = _said(written)
        tokens = [token for token in said if token not in self._ordinary][:MOST_WORDS]
        near = {token: self._near(token) for token in tokens}
        named = [danger for danger in self._dangers if _names(danger, near, said)]
        classes = [danger.sign.outcome if danger.sign else TriageOutcome.EMERGENCY_112 for danger in named]
        alert = most_severe(classes) if classes else None
        signs = dict.fromkeys(danger.sign for danger in named if danger.sign and danger.sign.outcome is alert)
        ranked = self._ranked({token: _best(parts, self._of_troubles) for token, parts in near.items()})
        return Found(alert, tuple(signs), tuple(self._troubles[code] for code in ranked))

    def _ranked(self, near: Mapping[str, Mapping[str, float]]) -> list[str]:
        """Troubles by how well their best phrase fits, then by how many words speak for them."""
        found: dict[str, tuple[float, set[str]]] = {}
        for phrase in self._phrases:
            scores = [max((parts.get(part, 0.0) for parts in near.values()), default=0.0) for part in phrase.parts]
            if min(scores) >= NEAR_ENOUGH:
                best, tokens = found.get(phrase.trouble, (0.0, set()))
                speaking = {token for token, parts in near.items() if parts.keys() & set(phrase.parts)}
                found[phrase.trouble] = (max(best, min(scores)), tokens | speaking)
        in_order = [code for code in self._troubles if code in found]
        return sorted(in_order, key=lambda code: (-found[code][0], -len(found[code][1])))[:MOST_OFFERED]

    @cached_property
    def _vocabulary(self) -> tuple[list[str], dict[int, list[str]]]:
        """Whole words, and beginnings by their length."""
        parts = self._of_troubles.union(*(danger.parts for danger in self._dangers))
        begins: dict[int, list[str]] = {}
        for part in sorted(parts):
            if part.endswith("*"):
                begins.setdefault(len(part) - 1, []).append(part[:-1])
        return sorted(part for part in parts if not part.endswith("*")), begins

    def _near(self, token: str) -> dict[str, float]:
        """Every word and beginning a written word may stand for, with how near it is."""
        whole, begins = self._vocabulary
        near = dict(_scores(token, whole, least=LEAST_LETTERS))
        for length, beginnings in begins.items():
            for cut in {token[:length], token[: length - 1], token[: length + 1]}:
                for part, score in _scores(cut, beginnings, least=LEAST_LETTERS_OF_A_BEGINNING):
                    near[f"{part}*"] = max(score, near.get(f"{part}*", 0.0))
        return near


class Finders:
    """A finder per version, made when it is first needed."""

    def __init__(self, questionnaires: Questionnaires) -> None:
        self._questionnaires = questionnaires
        self._made: dict[str, Finder] = {}

    def current(self, on: date) -> Finder:
        """That of the version in force on a day."""
        asked = self._questionnaires.current(on)
        if asked.version not in self._made:
            self._made[asked.version] = Finder(asked)
        return self._made[asked.version]


def _scores(token: str, words: list[str], *, least: int) -> Iterator[tuple[str, float]]:
    """How near a written word is to each of some: the part of the letters that is right. The first one must be."""
    from rapidfuzz import process  # here, because it takes a tenth of a start and only who writes needs it
    from rapidfuzz.distance import OSA

    for word, wrong, _ in process.extract_iter(token, words, scorer=OSA.distance, score_cutoff=MOST_WRONG):
        score = 100 * (1 - wrong / len(word))
        if not wrong or (score >= NEAR_ENOUGH and len(word) >= least and word[0] == token[0]):
            yield word, score


def _best(parts: Mapping[str, float], of_troubles: Set[str]) -> dict[str, float]:
    """What a written word most likely stands for: the nearest, and of these the longest ("kyynärsauva", no elbow)."""
    near = {part: score for part, score in parts.items() if part in of_troubles}
    longest = max(((score, len(part.rstrip("*"))) for part, score in near.items()), default=None)
    return {part: score for part, score in near.items() if (score, len(part.rstrip("*"))) == longest}


def _said(written: str) -> dict[str, set[str]]:
    """Every word, with those that stand straight before it in a sentence; "" where it begins one."""
    said: dict[str, set[str]] = {}
    for clause in re.split(r"[.,;:!?()\n]+", written):
        words = plain(clause)
        for before, word in zip(["", *words], words, strict=False):
            said.setdefault(word, set()).add(before)
    return said


def _names(danger: _Phrase, near: Mapping[str, Mapping[str, float]], said: Mapping[str, set[str]]) -> bool:
    """Whether every part of a phrase is surely there, and not only to be denied ("ei rintakipua")."""
    denials = danger.denials.difference(danger.parts)
    told = [parts for token, parts in near.items() if not said[token] <= denials]
    return all(any(parts.get(part, 0.0) >= NEAR_ENOUGH_IN_DANGER for parts in told) for part in danger.parts)


def _dangers(questionnaire: Questionnaire, language: Language) -> Iterator[_Phrase]:
    denials = frozenset(_plain(questionnaire.negations, language))
    for sign in questionnaire.signs:
        if sign.words:
            yield from (_Phrase(parts, sign=sign, denials=denials) for parts in _phrases(sign.words, language))
    yield from (_Phrase(parts, denials=denials) for parts in _phrases(questionnaire.crisis, language))


def _phrases(words: Words, language: Language) -> Iterator[tuple[str, ...]]:
    for written in words.of(language):
        starred = [word.endswith("*") for word in written.split()]
        parts = [plain(word) for word in written.split()]
        yield tuple("".join(part) + ("*" if star else "") for part, star in zip(parts, starred, strict=True))


def _plain(words: Words, language: Language) -> Iterable[str]:
    return (word for written in words.of(language) for word in plain(written))

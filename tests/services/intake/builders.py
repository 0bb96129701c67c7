"""Answers and persons that intake's tests speak of. Nobody is real: individual numbers 900-999 are no person's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.portal import Answer
from services.intake.settings import QUESTIONNAIRES
from services.intake.triage.questionnaire import NO, Questionnaire, load_questionnaires

CODE = "210281-9988"
"""A test person's code. Source: domain.md section 2."""


def the_questionnaire() -> Questionnaire:
    found = load_questionnaires(QUESTIONNAIRES).version("2026-11-01")
    assert found
    return found


def write_two_versions(folder: Path) -> None:
    """Put the rule table in force in a folder, and one of 25.11.2026 that asks about a knee one question less."""
    folder.mkdir(exist_ok=True)
    file = (QUESTIONNAIRES / "2026-11-01.toml").read_text(encoding="utf-8")
    (folder / "2026-11-01.toml").write_text(file, encoding="utf-8")
    renewed = file.replace('"duration", "course", "limits", "wish"', '"duration", "limits", "wish"', 1)
    (folder / "2026-11-25.toml").write_text(renewed, encoding="utf-8")


def answers(trouble: str = "knee", **over: str) -> list[Answer]:
    """A complete set: no red flag, the first option of everything else, unless told otherwise."""
    questionnaire = the_questionnaire()
    subject = questionnaire.trouble(trouble)
    assert subject
    complete = dict.fromkeys(subject.flags, NO)
    complete |= {code: questionnaire.question(code).options[0].code for code in subject.questions}
    return [Answer(question=code, answer=answer) for code, answer in (complete | over).items()]


def check_character(code: str) -> str:
    """The character that fits the first ten of a personal identity code (rule 3, computed here on its own)."""
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(code[:6] + code[7:10]) % 31]


def code(first_ten: str) -> str:
    """A personal identity code with its right check character."""
    return first_ten + check_character(first_ten)


def sealed_person(**over: Any) -> dict[str, Any]:
    return {
        "personal_identity_code": CODE,
        "family_name": "Esimerkki-Virtanen",
        "given_names": "Testi Maria",
        "birth_date": "1981-02-21",
    } | over


def stored_bytes(folder: Path) -> bytes:
    """Everything the database keeps on disk, its write-ahead log included."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("intake.db*")))

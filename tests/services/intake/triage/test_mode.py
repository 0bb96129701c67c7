"""What the rules may decide is kept and told with every run. Rule 12."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.settings import ROOT
from contracts.intake import GetContact, TriageCompleted, TriageMode
from services.intake.app import build
from tests.factories import contact_opened, staff
from tests.services.intake.builders import answers
from tests.unit import Unit, practice_settings

BASIS = """triage_mode = "assistive"
[triage_basis]
kind = "ce_marking"
reference = "certificate of an invented body"
recorded_on = 2026-11-01
recorded_by = "somebody invented"
"""


@pytest.mark.parametrize("mode", list(TriageMode))
def test_the_mode_that_decided_is_kept_and_told_with_the_run(tmp_path: Path, mode: TriageMode) -> None:
    areas = tmp_path / "areas"
    areas.mkdir()
    text = (ROOT / "deploy" / "areas" / "10.toml").read_text(encoding="utf-8")
    if mode is TriageMode.ASSISTIVE:
        text = re.sub(r"^triage_mode.*$", "", text, flags=re.MULTILINE).replace("[chat]", f"{BASIS}\n[chat]", 1)
    (areas / "10.toml").write_text(text, encoding="utf-8")
    intake = Unit(build(practice_settings(tmp_path, areas_dir=areas)))
    contact_id = uuid4()
    intake.hears(contact_opened(contact_id=contact_id, answers=answers()))
    (told,) = intake.told_of(TriageCompleted)
    trace = intake.asks(GetContact(contact_id=contact_id), viewer=staff()).trace
    intake.close()
    assert (told.mode, told.rules) == (trace.mode, trace.rules) == (mode, "2026-11-01")


@pytest.mark.parametrize("file", ["README.md", "SECURITY.md"])
def test_the_repository_says_that_it_is_no_medical_device(file: str) -> None:
    """domain.md section 3, (5)."""
    assert "CE-marked medical device" in (ROOT / file).read_text(encoding="utf-8")

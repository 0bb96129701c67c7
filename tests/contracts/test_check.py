"""The checker that a neighbour runs offline, and the golden files it is tried on."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat

from chassis.envelope import headers_for, read_envelope
from chassis.settings import ROOT
from contracts import EVENTS, EventType, check
from contracts.asyncapi import example_headers
from contracts.base import MAX_BYTES
from contracts.golden import structured
from contracts.portal import ContactOpened

KIT = ROOT / "contracts" / "kit"
GOLDEN = (KIT / "events.jsonl").read_text(encoding="utf-8").splitlines()
WRONG = [json.loads(line) for line in (KIT / "wrong.jsonl").read_text(encoding="utf-8").splitlines()]
GOOD = structured(ContactOpened.declared)

each_event = pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.key)


def codes(*events: Any) -> list[str]:
    """Codes of what is found in these events."""
    lines = [each if isinstance(each, str | bytes) else json.dumps(each) for each in events]
    return [finding.code for finding in check.check(lines).findings]


def with_data(**data: Any) -> dict[str, Any]:
    return GOOD | {"data": GOOD["data"] | data}


def test_the_golden_file_has_every_event_once_and_all_are_good() -> None:
    report = check.check(GOLDEN)
    assert [json.loads(line)["type"] for line in GOLDEN] == sorted(EVENTS)
    assert list(report.lines()) == [f"events: {len(EVENTS)}, bad: 0"]


def test_golden_events_are_cloudevents_to_the_sdk_too() -> None:
    for line in GOLDEN:
        read = JSONFormat().read(None, line)
        assert read.get_type() in EVENTS
        assert read.get_data() == json.loads(line)["data"]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong["code"])
def test_a_wrong_golden_event_is_refused_with_its_code(wrong: dict[str, Any]) -> None:
    event = wrong["event"]
    report = check.check([event if isinstance(event, str) else json.dumps(event)])
    assert [finding.code for finding in report.findings] == [wrong["code"]]
    assert report.bad == 1


def test_the_wrong_golden_events_show_every_code_that_one_event_alone_can_have() -> None:
    shown = {re.sub(r":.*", "", wrong["code"]) for wrong in WRONG}
    every = {re.sub(r":.*", "", code) for code in check.CODES}
    assert every - shown == {"event-id-reused", "too-big", "no-upcast"}  # two events, 64 KiB, and a second version


@each_event
def test_an_event_as_the_bus_has_it_is_good_with_its_body_as_an_object_or_a_text(kind: EventType) -> None:
    body = kind.cls.example.model_dump(mode="json")
    headers = example_headers(kind)
    as_object = {"subject": kind.cls.example.subject, "headers": headers, "body": body}
    assert codes(as_object, {"headers": headers, "body": json.dumps(body)}) == []


def test_the_same_event_again_is_good_and_another_under_its_id_is_not() -> None:
    assert codes(GOOD, GOOD) == []
    assert codes(GOOD, with_data(trouble="back")) == ["event-id-reused"]
    assert codes(GOOD, with_data(trouble="back") | {"source": "/another"}) == []  # an id is one within its source


def test_an_event_larger_than_the_bus_takes_is_refused() -> None:
    assert codes(with_data(added_later="x" * MAX_BYTES)) == ["too-big"]


def test_a_field_nobody_declares_is_noted_and_no_reason_to_refuse() -> None:
    report = check.check([json.dumps(with_data(added_later="Maija"))])
    assert [finding.code for finding in report.findings] == ["unknown-field"]
    assert report.bad == 0


def test_an_attribute_of_ours_may_be_missing_and_a_number_may_be_one() -> None:
    posted = {name: value for name, value in GOOD.items() if name not in ("area", "municipality", "aggregateversion")}
    assert codes(posted, GOOD | {"id": "another", "aggregateversion": 3}) == []


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("[]", "bad-json"),
        ("[" * 5_000, "bad-json"),
        (b"\xff\xfe\xff", "bad-json"),
        (json.dumps(GOOD).replace('"knee"', "NaN"), "bad-json"),
        ({}, "bad-envelope"),
        ({"headers": {}, "body": {}}, "bad-envelope"),
        ({"headers": example_headers(ContactOpened.declared), "body": "{"}, "bad-json"),
        (GOOD | {"id": "a b"}, "bad-envelope"),
        (GOOD | {"subject": "Maija"}, "bad-envelope"),
        (GOOD | {"time": 1764000000}, "bad-envelope"),
        (GOOD | {"datacontenttype": "application/xml"}, "content-type"),
        (GOOD | {"type": "fi.digiterapia.portal.contact_opened"}, "unknown-type"),
        (GOOD | {"type": "fi.digiterapia.portal.contact_opened.v9"}, "unknown-type"),
        (GOOD | {"data": None}, "schema:data"),
        (with_data(area=10), "schema:area"),
        (with_data(opened_at="2026-11-24T10:01:00+02:00"), "schema:opened_at"),
        (with_data(answers=[{"question": "duration", "answer": "Polvi on kipeä"}]), "schema:answers.0.answer"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_with_a_code(event: Any, code: str) -> None:
    assert codes(event) == [code]


def test_no_line_of_the_checker_quotes_what_stood_in_the_file() -> None:
    word = "Meikalainen"
    wrong = [with_data(**{name: word}) for name in GOOD["data"]]
    wrong += [GOOD | {name: f"{word} {word}"} for name in GOOD if name != "data"]
    wrong += [with_data() | {"id": word, "subject": word}, with_data(**{word: word}), GOOD | {word: word}, word]
    said = "\n".join(check.check(json.dumps(each) for each in wrong).lines())
    assert said.count("\n") > len(GOOD)
    assert word not in said


def test_a_line_names_its_number_and_code_and_empty_lines_count_as_lines() -> None:
    lines = list(check.check(["", json.dumps(with_data(origin="taxi"))]).lines())
    assert lines == [
        "line 2: schema:origin: portal.contact_opened.v1: Input should be 'chat', 'booking', 'omaolo' or 'referral'",
        "events: 1, bad: 1",
    ]


@each_event
def test_what_the_checker_wants_of_an_envelope_our_own_services_send(kind: EventType) -> None:
    at = read_envelope(example_headers(kind)).time
    sent = headers_for(kind.cls.example, event_id="1", at=at, version=1, cause=None, traceparent=None)
    assert codes({"headers": sent, "body": kind.cls.example.model_dump(mode="json")}) == []


def run(*words: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=50, check=False)


@pytest.mark.system
def test_a_neighbour_takes_the_folder_as_it_is_and_runs_the_checker_there(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "mine.jsonl").write_text(f"{GOLDEN[0]}\n{json.dumps(WRONG[-1]['event'])}\n", encoding="utf-8")
    good = run("contracts.check", "contracts/kit/events.jsonl", cwd=tmp_path)
    assert (good.returncode, good.stdout) == (0, f"events: {len(EVENTS)}, bad: 0\n")
    bad = run("contracts.check", "mine.jsonl", cwd=tmp_path)
    assert bad.returncode == 1
    assert bad.stdout.startswith(f"line 2: {WRONG[-1]['code']}: ")


@pytest.mark.system
def test_digi_contracts_check_is_the_same_and_without_a_file_still_looks_for_drift() -> None:
    checked = run("services", "contracts", "check", KIT / "events.jsonl")
    assert (checked.returncode, checked.stdout) == (0, f"events: {len(EVENTS)}, bad: 0\n")
    drift = run("services", "contracts", "check")
    assert drift.returncode == 0
    assert "are as the classes say" in drift.stdout


@pytest.mark.system
def test_a_release_is_refused_by_the_command_where_it_has_been_made() -> None:
    refused = run("services", "contracts", "release", "0.1.0")
    assert refused.returncode == 2
    assert refused.stderr.startswith("digi: 0.1.0 has been released")


@pytest.mark.system
def test_a_file_that_is_not_there_is_said_in_a_sentence() -> None:
    missing = run("services", "contracts", "check", "nowhere.jsonl")
    assert missing.returncode == 2
    assert missing.stderr.startswith("digi: ")

"""The commands of operators: each says to a person what it is for, and speaks to programs too."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

import pytest

from services import operating, operating_triage, operating_vault
from services.saying import Said, command, day, said


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for each in action.choices.values():
            yield from leaves(each)


def commands() -> list[argparse.ArgumentParser]:
    bus = argparse.ArgumentParser(prog="digi bus")
    operating.add(bus)
    triage = argparse.ArgumentParser(prog="digi triage")
    operating_triage.add(triage)
    vault = argparse.ArgumentParser(prog="digi vault")
    operating_vault.add(vault)
    return [*leaves(bus), *leaves(triage), *leaves(vault)]


def test_every_command_of_the_issue_is_there() -> None:
    names = {each.prog.removeprefix("digi bus ").split()[0] for each in commands()}
    assert {"provision", "verify", "accounts", "grant", "revoke", "dlq", "replay", "reconcile", "webhook"} <= names


@pytest.mark.parametrize("parser", commands(), ids=lambda parser: parser.prog)
def test_a_command_says_what_it_is_for_and_speaks_json(parser: argparse.ArgumentParser) -> None:
    assert parser.description
    assert parser.description.endswith(".")
    options = {option for action in parser._actions for option in action.option_strings}
    assert "--json" in options
    assert all(action.help for action in parser._actions if action.option_strings)


def test_what_a_command_says_is_for_a_person_or_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    command(parser.add_subparsers(), "count", lambda _: Said("three äs", {"ä": 3}, code=1), help="count")
    assert said(parser.parse_args(["count"])) == 1
    assert capsys.readouterr().out == "three äs\n"
    assert said(parser.parse_args(["count", "--json"])) == 1
    assert json.loads(capsys.readouterr().out) == {"ä": 3}


def test_a_day_begins_at_midnight_in_finland() -> None:
    assert day("2026-11-19").isoformat() == "2026-11-18T22:00:00+00:00"
    with pytest.raises(argparse.ArgumentTypeError, match="is no day"):
        day("yesterday")

"""An operator's day with other systems, by the commands as they are typed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis import neighbours
from tests import child
from tests.county import County, county
from tests.stack import PATIENCE_SECONDS

pytestmark = [pytest.mark.live, pytest.mark.system]
Digi = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def around(tmp_path: Path) -> Iterator[County]:
    with county(tmp_path) as made:
        yield made


@pytest.fixture
def digi(around: County) -> Digi:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIGI_")}
    told = kept | {"DIGI_DATA_DIR": str(around.settings.data_dir), "DIGI_NATS_URL": around.url}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return child.digi("bus", *words, environment=told, seconds=PATIENCE_SECONDS)

    return run


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stdout
    assert done.stderr.startswith("digi: ")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_what_is_granted_is_listed_added_to_and_taken_back(around: County, digi: Digi) -> None:
    made = as_json(digi("grant", "lake", "--reads", "pub", "--areas", "10", "--json"))
    key = Path(made["key_file"])
    assert key.stat().st_mode & 0o777 == 0o600
    added = as_json(digi("grant", "lake", "--reads", "visit_completed", "--areas", "18", "--json"))
    assert added["areas"] == ["10", "18"]
    assert "scheduling.visit_completed.v1" in added["reads"]
    (listed,) = [each for each in as_json(digi("accounts", "--json")) if each["what"] == "neighbour"]
    assert (listed["name"], listed["waiting"], len(listed["reads"])) == ("lake", 0, 6)
    left = as_json(digi("revoke", "lake", "visit_completed", "--json"))
    assert (len(left["reads"]), key.exists()) == (5, True)
    gone = digi("revoke", "lake")
    assert "lake reads nothing" in gone.stdout
    assert (key.exists(), neighbours.load(around.settings.neighbours_dir)) == (False, {})


def test_whom_a_system_may_send_is_granted_like_anything_else(around: County, digi: Digi) -> None:
    made = as_json(digi("grant", "omaolo", "--sends", "assessments", "--areas", "10", "--json"))
    assert (made["sends"], "client_secret" in made, "key_file" in made) == (["assessments"], True, False)
    added = as_json(digi("grant", "omaolo", "--sends", "referrals", "--json"))
    assert (added["sends"], "client_secret" in added) == (["assessments", "referrals"], False)
    (listed,) = [each for each in as_json(digi("accounts", "--json")) if each["what"] == "neighbour"]
    assert listed["sends"] == ["assessments", "referrals"]
    assert "sends assessments, sends referrals" in digi("accounts").stdout
    left = as_json(digi("revoke", "omaolo", "assessments", "--json"))
    assert left["sends"] == ["referrals"]
    assert "was not granted assessments" in refused(digi("revoke", "omaolo", "assessments"))
    digi("revoke", "omaolo")
    assert neighbours.load(around.settings.neighbours_dir) == {}
    assert digi("grant", "omaolo", "--sends", "everybody").returncode == 2


def test_a_revoked_key_opens_nothing_when_the_name_is_granted_anew(around: County, digi: Digi) -> None:
    first = Path(as_json(digi("grant", "lake", "--reads", "pub", "--json"))["key_file"]).read_text()
    digi("revoke", "lake")
    second = Path(as_json(digi("grant", "lake", "--reads", "pub", "--json"))["key_file"]).read_text()
    assert first != second


def test_what_makes_no_sense_is_said_in_a_line(around: County, digi: Digi) -> None:
    key = "UAUH5PO2JTK5XIQTJFPHZXSMAILG7O37GFRMYC3N5XLLIIZ4RGSTXGGB"
    assert digi("grant", "lake", "--reads", "pub", "--nkey", key).returncode == 0
    assert "is no event" in refused(digi("grant", "lake", "--reads", "vist_completed"))
    assert "somebody else has this key" in refused(digi("grant", "other", "--reads", "pub", "--nkey", key))
    assert "does not check" in refused(digi("grant", "other", "--reads", "pub", "--nkey", key[:-1] + "A"))
    assert "has every county already" in refused(digi("grant", "lake", "--areas", "10"))
    assert "what may other do" in refused(digi("grant", "other"))
    assert "was not granted visit_completed" in refused(digi("revoke", "lake", "visit_completed"))
    assert "no-such-neighbour" in refused(digi("revoke", "nobody"))
    assert "a name has" in refused(digi("grant", "Not A Name", "--reads", "pub"))
    assert "is a name of ours" in refused(digi("grant", "deployer", "--reads", "pub"))
    assert "is a name of ours" in refused(digi("grant", "include", "--reads", "pub"))
    assert "no file describes county 99" in refused(digi("grant", "other", "--reads", "pub", "--areas", "99"))
    assert "two-digit code" in refused(digi("grant", "other", "--reads", "pub", "--areas", "Kotka"))
    assert "still to come" in digi("grant", "other", "--reads", "pub", "--since", "2999-01-01").stderr
    assert "no-such-letter" in refused(digi("dlq", "show", "7"))


def test_an_identity_that_may_not_is_told_so_and_not_that_nobody_answers(around: County, digi: Digi) -> None:
    seeds = around.settings.seeds_dir
    (seeds / "deployer.seed").write_bytes((seeds / "chat.seed").read_bytes())
    assert "not-permitted" in refused(digi("dlq", "list"))

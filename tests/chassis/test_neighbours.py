"""What another system is granted, as its file says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chassis import clock, neighbours
from chassis.errors import Refused
from chassis.neighbours import Neighbour
from contracts import EVENTS

TELLABLE = {
    "portal.callback_requested.v1",
    "portal.contact_opened.v1",
    "portal.contact_point_given.v1",
    "portal.earlier_text_decided.v1",
    "portal.identity_verified.v1",
    "portal.questions_answered.v1",
    "portal.warning_passed.v1",
}


def neighbour(name: str = "navigator", **said: object) -> Neighbour:
    return Neighbour.model_validate({"name": name, "since": clock.now(), **said})


@pytest.mark.parametrize("key", sorted(kind.key for kind in EVENTS.values()))
def test_only_what_a_front_end_knows_may_be_told_by_another_system(key: str) -> None:
    if key in TELLABLE:
        assert neighbour(tells=(key,)).tells == (key,)
        return
    with pytest.raises(ValueError, match=r"for its owner alone to tell|stays within the unit"):
        neighbour(tells=(key,))


def test_what_stays_within_the_unit_no_other_system_reads() -> None:
    """Rule 9: that somebody is under non-disclosure is told to nobody outside."""
    within = [kind.key for kind in EVENTS.values() if kind.within]
    assert within == ["intake.non_disclosure_changed.v1"]
    with pytest.raises(ValueError, match="stays within the unit"):
        neighbour(reads=within)


@pytest.mark.parametrize(
    "key",
    [
        "UAUH5PO2JTK5XIQTJFPHZXSMAILG7O37GFRMYC3N5XLLIIZ4RGSTXGGA",  # one letter off
        "AAUH5PO2JTK5XIQTJFPHZXSMAILG7O37GFRMYC3N5XLLIIZ4RGSTXGGB",  # an account's
        "U" + "A" * 55,
        "U",
    ],
)
def test_a_key_that_no_server_would_take_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="nkey"):
        Neighbour(name="lake", since=clock.now(), nkey=key)
    good = "UAUH5PO2JTK5XIQTJFPHZXSMAILG7O37GFRMYC3N5XLLIIZ4RGSTXGGB"
    assert Neighbour(name="lake", since=clock.now(), nkey=good).nkey == good


def test_a_secret_opens_and_its_digest_does_not() -> None:
    secret, digest = neighbours.new_secret()
    found = neighbour(client_secrets=(neighbours.new_secret()[1], digest))
    assert found.opened_by(secret) == digest
    assert found.opened_by(digest) is None
    assert found.opened_by("") is None


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    saved = neighbour(tells=tuple(TELLABLE), areas=("10",), client_secrets=(neighbours.new_secret()[1],))
    neighbours.save(tmp_path, saved)
    assert neighbours.one(tmp_path, "navigator") == saved


def test_a_file_that_makes_no_sense_is_in_nobody_elses_way(tmp_path: Path) -> None:
    neighbours.save(tmp_path, neighbour(tells=tuple(TELLABLE)))
    (tmp_path / "other.toml").write_text("tells = 7")
    assert neighbours.one(tmp_path, "navigator").name == "navigator"


def bad_toml(file: Path) -> None:
    file.write_text("tells = ")


def bad_words(file: Path) -> None:
    file.write_text("tells = 7")


def bad_bytes(file: Path) -> None:
    file.write_bytes(b"\xff")


def no_file(file: Path) -> None:
    file.mkdir()


BAD = (bad_toml, bad_words, bad_bytes, no_file)


@pytest.mark.parametrize("spoil", BAD)
def test_who_is_at_work_reads_all_but_the_bad_file_and_learns_whose_it_is(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    neighbours.save(tmp_path, neighbour())
    spoil(tmp_path / "other.toml")
    known, bad = neighbours.readable(tmp_path)
    assert (list(known), bad) == (["navigator"], {"other"})


@pytest.mark.parametrize("spoil", BAD)
def test_an_operator_is_told_which_file_is_bad(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    neighbours.save(tmp_path, neighbour())
    spoil(tmp_path / "other.toml")
    with pytest.raises(ValueError, match=r"other\.toml"):
        neighbours.load(tmp_path)


def test_what_an_operator_is_told_of_a_bad_file_is_one_line_that_quotes_nothing(tmp_path: Path) -> None:
    neighbours.save(tmp_path, neighbour())
    with (tmp_path / "navigator.toml").open("a") as file:
        file.write('client_secrets = ["hunter2"]\n')
    with pytest.raises(ValueError, match=r"navigator\.toml: client_secrets\.0: String should match") as told:
        neighbours.load(tmp_path)
    assert "\n" not in str(told.value)
    assert "hunter2" not in str(told.value)


def test_a_folder_that_is_not_there_is_not_the_same_as_no_neighbours(tmp_path: Path) -> None:
    assert neighbours.readable(tmp_path) == ({}, frozenset())
    with pytest.raises(FileNotFoundError):
        neighbours.readable(tmp_path / "away")


@pytest.mark.parametrize("name", ["other", "../there/navigator", "", ".", "navigator/../navigator", "navi\x00gator"])
def test_a_name_leads_to_no_other_folder(tmp_path: Path, name: str) -> None:
    neighbours.save(tmp_path / "there", neighbour())
    neighbours.save(tmp_path / "here", neighbour())
    with pytest.raises(Refused, match="no-such-neighbour"):
        neighbours.one(tmp_path / "here", name)

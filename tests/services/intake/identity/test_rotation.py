"""Keys of the identity vault rotate while people go on coming in, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from contracts.intake import GetPerson
from contracts.referrals import GetReferral
from services import cli
from services.intake import rotation
from services.intake.app import build
from services.intake.identity import domain, store
from services.intake.identity.models import Person, PersonLookup
from services.intake.identity.vault import Vault, VaultError
from tests.factories import staff
from tests.services.intake.builders import CODE, code, sealed_person
from tests.services.intake.identity.test_vault import NEW, OLD, entry, identified, person_of
from tests.services.intake.referrals.sending import TEXT, neighbour, send
from tests.stack import DATABASES, PATIENCE_SECONDS
from tests.unit import Unit, practice_settings

BEFORE, ADDED, BOTH, AFTER = (OLD,), (OLD, NEW), (NEW, OLD), (NEW,)
Started = Callable[..., Unit]


@pytest.fixture(params=DATABASES)
def start(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """Start a process of intake with these keys, over the one database."""
    over = {}
    if request.param == "postgresql":
        over["database_url"] = request.getfixturevalue("postgres").make(["intake"])
        monkeypatch.setenv("DIGI_DATABASE_URL", over["database_url"])
    monkeypatch.setenv("DIGI_DATA_DIR", str(tmp_path))
    started: list[Unit] = []

    def process(keys: tuple[tuple[str, bytes], ...]) -> Unit:
        monkeypatch.setenv("INTAKE_VAULT_KEYS", " ".join(entry(*key) for key in keys))
        started.append(Unit(build(practice_settings(tmp_path, **over))))
        return started[-1]

    yield process
    for unit in started:
        unit.close()


def rotate(unit: Unit, keys: tuple[tuple[str, bytes], ...] = BOTH) -> rotation.Rotated:
    return rotation.rotate(unit.database.write, Vault(list(keys)))


def locked_under(unit: Unit) -> set[str]:
    """Ids of the keys that anything in the vault is under, hashes apart."""
    found: set[str] = set()
    for model in store.locked_tables():
        for row in unit.database.read(lambda session, model=model: list(session.exec(select(model)))):
            found |= {value.partition(".")[0] for name in model.LOCKED if (value := getattr(row, name)) is not None}
    return found


def lookups(unit: Unit) -> list[tuple[str, UUID]]:
    statement = select(PersonLookup).order_by(col(PersonLookup.lookup))
    rows = unit.database.read(lambda session: list(session.exec(statement)))
    return [(row.lookup.partition(".")[0], row.person_id) for row in rows]


def persons(unit: Unit) -> int:
    return len(unit.database.read(lambda session: list(session.exec(select(Person)))))


def name_of(unit: Unit, contact_id: UUID) -> str:
    return str(unit.asks(GetPerson(contact_id=contact_id), viewer=staff()).display_name)


def test_everything_comes_under_the_new_key_and_opens_without_the_old_one(start: Started) -> None:
    before = start(BEFORE)
    contact_id, abroad = identified(before), identified(before, personal_identity_code=None, family_name="Muualta")
    sent = send(before, neighbour(), number="R-1", personal_identity_code=code("210281-997"))
    done = rotate(start(BOTH))
    assert done.relocked == done.relocked | {"person": 3, "referral": 1}
    assert sum(done.left.values()) == 0
    after = start(AFTER)
    assert locked_under(after) == {"new"}
    assert [name_of(after, each) for each in (contact_id, abroad)] == [
        "Testi Maria Esimerkki-Virtanen",
        "Testi Maria Muualta",
    ]
    assert after.asks(GetReferral(referral_id=sent.referral_id), viewer=staff()).text == TEXT


def test_a_person_is_recognised_with_either_key_while_both_are_given_and_after_the_old_one_has_gone(
    start: Started,
) -> None:
    first = identified(start(BEFORE))
    rotate(start(BOTH))
    owner = person_of(start(BEFORE), first)
    for keys in (BEFORE, ADDED, BOTH, AFTER):
        unit = start(keys)
        assert person_of(unit, identified(unit)) == owner
    assert persons(unit) == 1


def test_what_persons_were_recognised_by_goes_with_the_key_and_not_before(start: Started) -> None:
    unit = start(BEFORE)
    owner = person_of(unit, identified(unit))
    assert rotate(unit).forgotten == 0
    assert lookups(unit) == [("new", owner), ("old", owner)]
    assert rotate(unit, AFTER).forgotten == 1
    assert lookups(unit) == [("new", owner)]


SIDE_BY_SIDE = [(ADDED, BEFORE), (BEFORE, ADDED), (ADDED, BOTH), (BOTH, ADDED), (BOTH, AFTER), (AFTER, BOTH)]
"""Processes that run beside each other in the steps of a rotation: who comes second, and who is quicker."""


@pytest.mark.parametrize("which", range(len(SIDE_BY_SIDE)))
def test_processes_given_other_keys_keep_one_row_for_a_person_who_comes_to_both_at_once(
    start: Started, which: int
) -> None:
    units, vaults = [start(BOTH), start(BOTH)], [Vault(list(keys)) for keys in SIDE_BY_SIDE[which]]

    def kept_by(turn: int) -> UUID:
        who, now = domain.identity(sealed_person(), today=date(2026, 11, 24), test_codes=True), units[turn].clock()
        return units[turn].database.write(lambda session: store.remember(session, vaults[turn], who, now=now))

    quicker: list[UUID] = []
    if units[0].database.sqlite:
        quicker.append(kept_by(1))  # one writer: the other waits, and finds the person
    else:

        @event.listens_for(units[0].database.engine, "before_cursor_execute")
        def be_quicker(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement.startswith("INSERT INTO person_lookup") and not quicker:
                quicker.append(kept_by(1))

    assert [kept_by(0)] == quicker
    assert persons(units[0]) == 1
    assert {person_id for _, person_id in lookups(units[0])} == set(quicker)


def test_a_referral_sent_again_is_the_same_one_after_the_key_has_gone(start: Started) -> None:
    first = send(start(BEFORE), neighbour(), number="R-1")
    rotate(start(BOTH))
    again = send(start(AFTER), neighbour(), number="R-1")
    assert (again.repeated, again.referral_id) == (True, first.referral_id)


def test_rotating_again_finds_nothing_to_do(start: Started) -> None:
    unit = start(BEFORE)
    identified(unit)
    rotate(unit)
    assert set(rotate(unit).relocked.values()) == {0}


class Killed(BaseException):
    """As by the machine, in the middle of a transaction."""


def test_killed_midway_it_goes_on_where_it_was(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = start(BEFORE)
    contacts = [identified(unit, personal_identity_code=code(f"210281-90{n}"), family_name=f"N{n}") for n in range(7)]
    monkeypatch.setattr(rotation, "BATCH", 2)
    real, seen = store.relock, []

    def dies(row: Any, vault: Vault) -> None:
        seen.append(row)
        if len(seen) == 4:
            raise Killed
        real(row, vault)

    with monkeypatch.context() as patch:
        patch.setattr(store, "relock", dies)
        with pytest.raises(Killed):
            rotate(unit)
    assert locked_under(unit) == {"old", "new"}  # the batch it died in is as it was
    assert [name_of(start(BOTH), each) for each in contacts] == [f"Testi Maria N{n}" for n in range(7)]
    assert rotate(unit).relocked["person"] == 5
    assert locked_under(unit) == {"new"}
    assert [name_of(start(AFTER), each) for each in contacts] == [f"Testi Maria N{n}" for n in range(7)]


def test_who_identifies_meanwhile_under_the_old_key_is_said_to_be_left(start: Started) -> None:
    """A process that was not started again still locks with the old key: nothing is lost, and it is told."""
    unit, late = start(BOTH), start(ADDED)
    contact_id = identified(unit)
    rotated = rotation.rotate(_between(unit, late), Vault(list(BOTH)))
    assert rotated.left["person"] == 1
    assert rotate(unit).left["person"] == 0
    assert name_of(start(AFTER), contact_id) == "Testi Maria Uusinimi"


def _between(unit: Unit, late: Unit) -> Callable[[Any], Any]:
    """The transactions of a unit, and somebody who comes to the other after the first that found nothing."""
    came: list[UUID] = []

    def write(work: Any) -> Any:
        result = unit.database.write(work)
        if not result and not came and persons(unit):
            came.append(identified(late, family_name="Uusinimi"))
        return result

    return write


def test_a_writer_beside_it_waits_and_wins(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who identifies anew while their row is being brought under the new key is not overwritten by what was there."""
    unit, other = start(BEFORE), start(BOTH)
    contact_id = identified(unit)
    real, beside = store.relock, Thread(target=identified, args=(other,), kwargs={"family_name": "Uusinimi"})

    def with_somebody_beside(row: Any, vault: Vault) -> None:
        if not beside.ident:
            beside.start()
            # Longer than PostgreSQL lets two wait for each other (deadlock_timeout, 1 s): the rotation would be ended.
            beside.join(1.5)
            assert beside.is_alive()
        real(row, vault)

    monkeypatch.setattr(store, "relock", with_somebody_beside)
    rotate(unit)
    beside.join(PATIENCE_SECONDS)
    rotate(unit)
    assert name_of(start(AFTER), contact_id) == "Testi Maria Uusinimi"


def test_a_row_whose_key_is_missing_is_left_as_it_is_and_said(start: Started) -> None:
    unit = start(BEFORE)
    contact_id = identified(unit)
    done = rotate(unit, AFTER)
    assert (done.relocked["person"], done.left["person"]) == (0, 1)
    assert name_of(unit, contact_id) == "Testi Maria Esimerkki-Virtanen"
    with pytest.raises(VaultError):
        Vault(list(AFTER)).open(row_of(unit).family_name, place="person")


def row_of(unit: Unit) -> Person:
    return unit.database.read(lambda session: session.exec(select(Person)).one())


def test_a_column_that_no_model_declares_cannot_be_locked() -> None:
    with pytest.raises(ValueError, match="not in LOCKED"):
        store.place(Person, uuid4(), "seen_at")


# The command


@pytest.fixture
def digi(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["vault", "rotate", *words])
        said = capsys.readouterr()
        return int(str(ended.value.code)), said.out + said.err

    return run


def test_the_command_says_what_it_did_and_which_key_can_go(
    start: Started, digi: Callable[..., tuple[int, str]]
) -> None:
    identified(start(BEFORE))
    start(BOTH)
    code, said = digi()
    assert code == 0
    assert "person: 1 brought under new, 0 left" in said
    assert "0 left: everything is under new; can be removed: old" in said
    assert CODE not in said
    code, said = digi("--json")
    told = json.loads(said)
    assert (code, told["relocked"]["person"], told["removable"]) == (0, 0, ["old"])


def test_the_command_ends_with_1_while_something_is_left(start: Started, digi: Callable[..., tuple[int, str]]) -> None:
    identified(start(BEFORE))
    start(AFTER)
    assert digi()[0] == 1


def test_without_a_database_there_is_nothing_to_rotate_and_no_key_is_made(
    digi: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGI_DATA_DIR", str(tmp_path / "empty"))
    code, said = digi()
    assert code == 2
    assert "no database yet" in said
    assert not (tmp_path / "empty").exists()

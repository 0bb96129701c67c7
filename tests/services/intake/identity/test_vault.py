from __future__ import annotations

import stat
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from chassis import Hint
from contracts.intake import GetContact, GetPerson
from services.intake.app import build
from services.intake.identity.models import Person, PersonLookup
from services.intake.identity.vault import Vault, VaultError, open_vault
from services.intake.models import Contact
from services.intake.settings import IntakeSettings
from tests.factories import contact_opened, identity_verified, staff
from tests.services.intake.builders import CODE, answers, code, sealed_person, stored_bytes
from tests.unit import Unit, practice_settings

OLD, NEW = ("old", b"o" * 32), ("new", b"n" * 32)
PLACE = "person/1/family_name"


def identified(unit: Unit, contact_id: UUID | None = None, **over: Any) -> UUID:
    """A contact that has come in and identified."""
    known = contact_id or uuid4()
    if contact_id is None:
        unit.hears(contact_opened(contact_id=known, answers=answers()))
    unit.hears(identity_verified(contact_id=known, person=unit.seal(sealed_person(**over))))
    return known


def persons(unit: Unit) -> list[Person]:
    return unit.database.read(lambda session: list(session.exec(select(Person).order_by(col(Person.first_seen_at)))))


def person_of(unit: Unit, contact_id: UUID) -> UUID | None:
    found = unit.database.read(lambda session: session.get(Contact, contact_id))
    assert found
    return found.person_id


def entry(key_id: str = "k1", secret: bytes = b"s" * 32) -> str:
    return f"{key_id}:{b64encode(secret).decode()}"


# who is kept


def test_an_identified_contact_says_so(intake: Unit) -> None:
    contact_id = identified(intake)
    assert intake.outcome == "done"
    assert intake.asks(GetContact(contact_id=contact_id), viewer=staff()).identified


def test_the_vault_never_stores_plain_text(intake: Unit, tmp_path: Path) -> None:
    identified(intake)
    intake.close()
    kept = stored_bytes(tmp_path)
    assert b"person" in kept
    for secret in (CODE, "210281", "Esimerkki", "Virtanen", "Testi", "Maria", "1981-02-21"):
        assert secret.encode() not in kept
        assert secret.encode("utf-16-le") not in kept


def test_nothing_is_told_about_a_person(intake: Unit) -> None:
    contact_id = uuid4()
    intake.hears(contact_opened(contact_id=contact_id, answers=answers()))
    before = intake.told
    identified(intake, contact_id)
    assert intake.told == before


def test_the_same_person_twice_is_one_row(intake: Unit) -> None:
    first, second = identified(intake), identified(intake)
    assert len(persons(intake)) == 1
    assert person_of(intake, first) == person_of(intake, second) is not None


def test_a_new_name_of_a_known_person_takes_the_place_of_the_old(intake: Unit) -> None:
    first = identified(intake)
    identified(intake, family_name="Uusinimi")
    assert intake.asks(GetPerson(contact_id=first), viewer=staff()).display_name == "Testi Maria Uusinimi"


def test_two_persons_of_one_name_are_two_rows(intake: Unit) -> None:
    identified(intake)
    identified(intake, personal_identity_code=code("210281-997"))
    assert len(persons(intake)) == 2


def test_persons_without_a_code_are_never_merged_however_alike(intake: Unit) -> None:
    """Rule 7."""
    for _ in range(2):
        identified(intake, personal_identity_code=None)
    assert len(persons(intake)) == 2
    assert intake.database.read(lambda session: list(session.exec(select(PersonLookup)))) == []


def test_a_person_without_a_code_is_not_merged_with_one_who_has_it(intake: Unit) -> None:
    """Rule 7."""
    first, second = identified(intake), identified(intake, personal_identity_code=None)
    assert person_of(intake, first) != person_of(intake, second)


def test_a_contact_never_becomes_another_persons(intake: Unit) -> None:
    contact_id = identified(intake)
    identified(intake, contact_id, personal_identity_code=code("210281-997"), family_name="Toinen")
    assert (intake.outcome, intake.verdict.code if intake.verdict else "") == ("refused", "already-identified")
    assert len(persons(intake)) == 1
    assert intake.asks(GetPerson(contact_id=contact_id), viewer=staff()).personal_identity_code == CODE


def test_identifying_again_as_the_same_person_changes_nothing(intake: Unit) -> None:
    contact_id = identified(intake)
    identified(intake, contact_id)
    assert intake.outcome == "done"
    assert len(persons(intake)) == 1


def test_somebody_identified_before_the_contact_is_known_comes_again_later(intake: Unit) -> None:
    contact_id = uuid4()
    verified = identity_verified(contact_id=contact_id, person=intake.seal(sealed_person()))
    intake.hears(verified, event_id="same")
    assert intake.outcome == "later"
    intake.hears(contact_opened(contact_id=contact_id, answers=answers()))
    intake.hears(verified, event_id="same", deliveries=2)
    assert intake.outcome == "done"


def test_the_person_of_a_declined_contact_is_not_kept(intake: Unit) -> None:
    contact_id = uuid4()
    intake.hears(contact_opened(contact_id=contact_id, municipality="091"))
    identified(intake, contact_id)
    assert (intake.outcome, persons(intake)) == ("refused", [])


def test_a_field_sealed_for_somebody_else_cannot_be_processed(intake: Unit) -> None:
    contact_id = uuid4()
    intake.hears(contact_opened(contact_id=contact_id, answers=answers()))
    sealed = intake.sealer.seal("chat", sealed_person())
    intake.hears(identity_verified(contact_id=contact_id, person=sealed))
    assert (intake.outcome, persons(intake)) == ("unprocessable", [])


@pytest.mark.parametrize(
    "wrong",
    [{"personal_identity_code": "010199A123Y"}, {"personal_identity_code": CODE[:-1] + "0"}, {"family_name": ""}],
    ids=["future", "check character", "no name"],
)
def test_a_person_that_cannot_be_is_not_kept(intake: Unit, wrong: dict[str, Any]) -> None:
    identified(intake, **wrong)
    assert (intake.outcome, persons(intake)) == ("unprocessable", [])


def test_a_test_person_is_refused_outside_practice(real_intake: Unit) -> None:
    """Rule 3."""
    identified(real_intake)
    assert (real_intake.outcome, persons(real_intake)) == ("unprocessable", [])


def test_a_kept_identity_is_on_record_as_a_change(intake: Unit) -> None:
    contact_id = identified(intake)
    assert [(one.action, one.whom, one.what) for one in intake.audited] == [("change", contact_id, "identity")]


def test_open_pages_of_an_identified_contact_are_told_to_read_again(intake: Unit) -> None:
    contact_id = identified(intake)
    assert intake.hinted[-1] == Hint(contact=contact_id)


# locks


def test_what_was_locked_opens_in_its_place() -> None:
    vault = Vault([NEW])
    assert vault.open(vault.lock("Åström", place=PLACE), place=PLACE) == "Åström"


def test_the_same_value_locked_twice_looks_different() -> None:
    vault = Vault([NEW])
    assert vault.lock("Aho", place=PLACE) != vault.lock("Aho", place=PLACE)


@pytest.mark.parametrize("place", ["person/2/family_name", "person/1/given_names"])
def test_a_value_moved_to_another_row_or_column_does_not_open(place: str) -> None:
    vault = Vault([NEW])
    with pytest.raises(VaultError, match="another place"):
        vault.open(vault.lock("Aho", place=PLACE), place=place)


@pytest.mark.parametrize("at", [4, 24, -4])
def test_an_altered_value_does_not_open(at: int) -> None:
    vault = Vault([NEW])
    locked = list(vault.lock("Aho", place=PLACE))
    locked[at] = "A" if locked[at] != "A" else "B"
    with pytest.raises(VaultError, match="altered"):
        vault.open("".join(locked), place=PLACE)


def test_a_rotated_key_still_opens_and_the_new_one_locks() -> None:
    before = Vault([OLD]).lock("Aho", place=PLACE)
    rotated = Vault([NEW, OLD])
    assert rotated.open(before, place=PLACE) == "Aho"
    assert rotated.lock("Aho", place=PLACE).startswith("new.")


def test_without_its_key_a_value_does_not_open() -> None:
    before = Vault([OLD]).lock("Aho", place=PLACE)
    with pytest.raises(VaultError, match="key the vault does not have"):
        Vault([NEW]).open(before, place=PLACE)


def test_a_lookup_needs_the_key() -> None:
    assert Vault([OLD]).lookups(CODE) != Vault([("old", b"x" * 32)]).lookups(CODE)


def test_a_person_is_recognised_after_the_key_was_rotated_and_comes_under_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = entry("old", OLD[1]), entry("new", NEW[1])
    for keys in (old, f"{new} {old}"):
        monkeypatch.setenv("INTAKE_VAULT_KEYS", keys)
        restarted = Unit(build(practice_settings(tmp_path)))
        identified(restarted)
        [kept] = persons(restarted)
        restarted.close()
    locked = (kept.personal_identity_code, kept.family_name, kept.given_names, kept.birth_date)
    assert {str(value).partition(".")[0] for value in locked} == {"new"}


# where keys come from


def test_practice_makes_a_key_that_only_its_user_reads(intake: Unit) -> None:
    file = intake.service.settings.keys_dir / "intake-vault.keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_practice_key_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "intake-vault.keys"
    first = open_vault(IntakeSettings(), practice_file=file)
    assert open_vault(IntakeSettings(), practice_file=file).lookups(CODE) == first.lookups(CODE)


def test_production_without_keys_does_not_start() -> None:
    with pytest.raises(VaultError, match="INTAKE_VAULT_KEYS"):
        open_vault(IntakeSettings(), practice_file=None)


def test_keys_are_read_from_a_secret_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{entry('k2')}\n{entry('k1', b'1' * 32)}\n")
    vault = open_vault(IntakeSettings(vault_keys_file=file), practice_file=None)
    assert [one.partition(".")[0] for one in vault.lookups(CODE)] == ["k2", "k1"]


def test_a_named_secret_file_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_vault(IntakeSettings(vault_keys_file=tmp_path / "absent"), practice_file=tmp_path / "practice")


def test_url_safe_and_plain_base64_are_the_same_key() -> None:
    secret = bytes(range(224, 256))
    plain, url_safe = entry("k1", secret), f"k1:{urlsafe_b64encode(secret).decode()}"
    assert plain != url_safe
    assert Vault.of(plain).lookups(CODE) == Vault.of(url_safe).lookups(CODE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "at least one key"),
        (f"{entry()} {entry()}", "each id once"),
        (entry(secret=b"short"), "32 bytes"),
        ("k1", "<id>:<base64>"),
        ("k.1:AAAA", "<id>:<base64>"),
        ("k1:AAAAA", "not base64"),
    ],
)
def test_keys_that_make_no_sense_are_refused_without_being_quoted(text: str, told: str) -> None:
    with pytest.raises(VaultError, match=told):
        open_vault(IntakeSettings(vault_keys=SecretStr(text)), practice_file=None)

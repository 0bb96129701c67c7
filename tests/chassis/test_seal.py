"""Sealed fields: one owner opens them, nobody else."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, KeySet

from chassis import Unprocessable
from chassis.seal import ALGORITHMS, Sealer, make_keys, replace_private

WORDS = {"phone": "+358 40 000 0000", "words": "the left knee"}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    make_keys(tmp_path, ["portal", "chat", "intake"])
    return tmp_path


def test_what_the_portal_seals_for_chat_only_chat_opens(keys: Path) -> None:
    sealed = Sealer(keys, "portal").seal("chat", WORDS)
    assert Sealer(keys, "chat").unseal(sealed) == WORDS
    for other in ("intake", "portal"):
        with pytest.raises(Unprocessable, match="cannot-unseal"):
            Sealer(keys, other).unseal(sealed)


def test_a_private_file_is_replaced_whole_and_stays_private(tmp_path: Path) -> None:
    file = tmp_path / "own" / "a.secret"
    for words in ("old", "new"):
        replace_private(file, words)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o600)
    assert list(file.parent.iterdir()) == [file]


def test_a_sealed_field_shows_nothing_of_what_is_in_it(keys: Path) -> None:
    assert "knee" not in Sealer(keys, "portal").seal("chat", WORDS)


@pytest.mark.parametrize("token", ["", "x", "a.b.c.d.e", "eyJhbGciOiJub25lIn0....", "é" * 5])
def test_what_was_never_sealed_cannot_be_opened(keys: Path, token: str) -> None:
    with pytest.raises(Unprocessable, match="cannot-unseal"):
        Sealer(keys, "chat").unseal(token)


@pytest.mark.parametrize("part", [1, 2, 3, 4])
def test_one_changed_character_makes_it_unreadable(keys: Path, part: int) -> None:
    parts = Sealer(keys, "portal").seal("chat", WORDS).split(".")
    parts[part] = ("B" if parts[part][:1] == "A" else "A") + parts[part][1:]
    with pytest.raises(Unprocessable, match="cannot-unseal"):
        Sealer(keys, "chat").unseal(".".join(parts))


def test_a_sealed_list_is_not_what_was_agreed(keys: Path) -> None:
    key = ECKey.import_key(json.loads((keys / "public" / "chat.jwk").read_text()))
    sealed = jwe.encrypt_compact(
        {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key.kid}, b"[1]", key, algorithms=ALGORITHMS
    )
    with pytest.raises(Unprocessable, match="cannot-unseal"):
        Sealer(keys, "chat").unseal(sealed)


def test_a_refused_opening_does_not_repeat_what_was_sealed(keys: Path) -> None:
    with pytest.raises(Unprocessable) as refused:
        Sealer(keys, "intake").unseal(Sealer(keys, "portal").seal("chat", WORDS))
    assert "knee" not in str(refused.value)


def test_making_keys_again_keeps_those_that_are_there(keys: Path) -> None:
    before = (keys / "chat.jwks").read_text()
    make_keys(keys, ["chat", "feedback"])
    assert (keys / "chat.jwks").read_text() == before


def test_private_keys_are_readable_by_their_user_alone(keys: Path) -> None:
    assert stat.S_IMODE((keys / "chat.jwks").stat().st_mode) == 0o600


def test_after_a_key_is_renewed_the_old_seals_still_open(keys: Path) -> None:
    old = Sealer(keys, "portal").seal("chat", WORDS)
    own = KeySet.import_key_set(json.loads((keys / "chat.jwks").read_text()))
    new = ECKey.generate_key("P-256", auto_kid=True)
    (keys / "chat.jwks").write_text(json.dumps(KeySet([new, *own.keys]).as_dict(private=True)))
    (keys / "public" / "chat.jwk").write_text(json.dumps(new.as_dict(private=False)))
    assert Sealer(keys, "chat").unseal(old) == WORDS
    assert Sealer(keys, "chat").unseal(Sealer(keys, "portal").seal("chat", WORDS)) == WORDS


def test_sealing_for_an_owner_whose_key_is_not_here_says_so(keys: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Sealer(keys, "portal").seal("feedback", WORDS)

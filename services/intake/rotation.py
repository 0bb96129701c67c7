"""Keys of the identity vault rotate: what is under another key comes under the present one, a batch at a time.

Safe to repeat, to stop and to kill at any moment: a row is under one key or the other. Work goes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from sqlmodel import Session

from services.intake.identity import store
from services.intake.identity.models import Person
from services.intake.identity.vault import Vault
from services.intake.models import IntakeTable
from services.intake.referrals.models import Referral
from services.intake.referrals.store import rehash

BATCH = 100
"""Rows of one transaction: whoever else writes waits for milliseconds."""


class Write(Protocol):
    """Run `work` in one transaction of intake; give back what it returns."""

    def __call__(self, work: Callable[[Session], Any]) -> Any:
        """Run it."""
        ...


@dataclass(slots=True)
class Rotated:
    """What was done, by table, and what there is still to do."""

    relocked: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    """Rows that are not under the present key: written meanwhile by a process that is given another one first, or under
    a key that is not given at all."""
    forgotten: int = 0
    """Lookups under keys that are given no more."""


def rotate(write: Write, vault: Vault) -> Rotated:
    """Bring everything under the present key."""
    done = Rotated()
    for model in store.locked_tables():
        name = str(model.__tablename__)
        done.relocked[name] = 0
        while moved := write(partial(_batch, model=model, vault=vault)):
            done.relocked[name] += moved
        done.left[name] = write(partial(store.left, model=model, vault=vault))
    done.forgotten = write(lambda session: store.forget_lookups(session, vault))
    return done


def _batch(session: Session, model: type[IntakeTable], vault: Vault) -> int:
    rows = store.under_other_keys(session, model, vault, BATCH)
    for row in rows:
        store.relock(row, vault)
        if isinstance(row, Person):
            store.recognise_anew(session, vault, row)
        elif isinstance(row, Referral):
            rehash(row, vault)
    session.flush()
    return len(rows)

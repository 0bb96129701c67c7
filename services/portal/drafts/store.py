"""Unfinished questionnaires in the database, each of one session, municipality and trouble."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import JSON, ColumnElement, delete
from sqlmodel import Field, col, select

from chassis import Transaction
from chassis.db import UtcInstant, upsert
from services.portal.models import PortalTable

KEPT: Final = timedelta(hours=24)
"""After this what was answered is gone. Source: mission, "a questionnaire abandoned halfway"."""


class Draft(PortalTable, table=True):
    """What has been answered of a questionnaire. Nothing of it leaves the portal before it is complete."""

    __tablename__ = "draft"

    session_id: UUID = Field(primary_key=True, foreign_key="visitor_session.session_id", ondelete="CASCADE")
    municipality: str = Field(primary_key=True, max_length=3)
    trouble: str = Field(primary_key=True, max_length=64)
    draft_id: UUID = Field(unique=True)
    answers: dict[str, str] = Field(sa_type=JSON)
    """Fields of the form by name, each with the code that was picked."""
    kept_at: datetime = Field(sa_type=UtcInstant, index=True)


def keep(tx: Transaction, session_id: UUID, municipality: str, trouble: str, answers: Mapping[str, str]) -> UUID:
    """Keep what has been answered so far, from now on; what was kept before is replaced. Gives back the draft's id."""
    row = {"answers": dict(answers), "kept_at": tx.now}
    insert = upsert(tx.session, Draft).values(
        session_id=session_id, municipality=municipality, trouble=trouble, draft_id=uuid4(), **row
    )
    key = ["session_id", "municipality", "trouble"]
    kept = insert.on_conflict_do_update(index_elements=key, set_=row).returning(col(Draft.draft_id))
    draft_id: UUID = tx.session.connection().execute(kept).scalar_one()
    return draft_id


def find(tx: Transaction, session_id: UUID, municipality: str, trouble: str) -> Mapping[str, str]:
    """What a session has answered so far; nothing once its day is over, whether it has been deleted yet or not."""
    mine = (*_of(session_id, municipality, trouble), col(Draft.kept_at) > tx.now - KEPT)
    return tx.session.exec(select(Draft.answers).where(*mine)).first() or {}


def is_there(tx: Transaction, told: str) -> bool:
    """Whether the draft that a browser tells of is still kept."""
    try:
        kept = (Draft.draft_id == UUID(told), col(Draft.kept_at) > tx.now - KEPT)
    except ValueError:
        return False
    return tx.session.exec(select(Draft.draft_id).where(*kept)).first() is not None


def forget(tx: Transaction, session_id: UUID, municipality: str, trouble: str) -> None:
    """Delete a draft that has become a contact. Safe to repeat."""
    tx.session.connection().execute(delete(Draft).where(*_of(session_id, municipality, trouble)))


def forget_old(tx: Transaction) -> None:
    """Delete what was left unfinished for a day. Safe to repeat."""
    tx.session.connection().execute(delete(Draft).where(col(Draft.kept_at) <= tx.now - KEPT))


def _of(session_id: UUID, municipality: str, trouble: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Draft.session_id) == session_id,
        col(Draft.municipality) == municipality,
        col(Draft.trouble) == trouble,
    )

"""Every statement of the scheduling service.

Who changes whether a slot is free first holds rows, always in this order: the contact's, then the slots' by id. So two
transactions never wait for each other in a ring, and every decision is made on rows that stand still until the commit.
SQLite has one writer at a time and needs none of it; there the locking clauses say nothing. The keys and unique indexes
of models.py hold even where this order is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, case, delete, exists, func, update
from sqlmodel import col, select

from chassis import Transaction
from chassis.db import prepared, upsert
from contracts.base import Language
from contracts.intake import ContactRouted
from contracts.non_disclosure import CONCEALED
from contracts.scheduling import HoldView, Modality, SlotView, VisitState, VisitView
from services.scheduling.domain import LEAD, REMOTE, Time
from services.scheduling.models import Contact, Declined, DirectAccess, Hold, Slot, Therapist, Visit

MOST_READ = 500
"""Bound on every list read: a year of one therapist's visits, a month of an area's free times."""

KEPT_IN_SIGHT = timedelta(days=30)
"""How long a completed visit stays in the therapist's list."""


def remember_route(tx: Transaction, fact: ContactRouted, version: int) -> None:
    """Store where a contact goes; a decision older than the stored one changes nothing."""
    tx.write(
        _ROUTE,
        contact_id=fact.contact_id,
        area=fact.area,
        municipality=fact.municipality,
        origin=fact.origin.value,
        route=fact.route.value,
        on_behalf=fact.on_behalf and fact.on_behalf.value,
        routed_version=version,
    )


_OF_ROUTE = ("area", "origin", "route", "on_behalf", "routed_version")
_ROUTE = prepared(
    Contact,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["contact_id"],
        set_={
            **{name: insert.excluded[name] for name in _OF_ROUTE},
            "municipality": case((col(Contact.non_disclosure), CONCEALED), else_=insert.excluded.municipality),
        },
        where=col(Contact.routed_version) < insert.excluded.routed_version,
    ),
)


def remember_identity(tx: Transaction, contact_id: UUID, at: datetime) -> bool:
    """Store that a contact is identified, since the first time; False when the contact is not known.

    Who acts for a client is not the client: of such a contact nobody is identified.
    """
    known_since = func.coalesce(col(Contact.identified_at), at)
    statement = (
        update(Contact)
        .where(col(Contact.contact_id) == contact_id)
        .values(identified_at=case((col(Contact.on_behalf).is_(None), known_since)))
        .returning(col(Contact.contact_id))
    )
    return tx.session.connection().execute(statement).first() is not None


def remember_non_disclosure(tx: Transaction, contact_id: UUID, *, in_force: bool, version: int) -> bool | None:
    """Store whether a contact's person is under non-disclosure, where they live being forgotten with it.

    An older word changes nothing. Gives back whether they are by all that is known; None when the contact is not.
    """
    newer = col(Contact.non_disclosure_version) < version
    values: dict[str, Any] = {
        "non_disclosure": case((newer, in_force), else_=col(Contact.non_disclosure)),
        "non_disclosure_version": case((newer, version), else_=col(Contact.non_disclosure_version)),
    }
    if in_force:
        values["municipality"] = CONCEALED
    statement = update(Contact).where(col(Contact.contact_id) == contact_id).values(values)
    return tx.session.connection().execute(statement.returning(col(Contact.non_disclosure))).scalar()


def remember_declined(tx: Transaction, contact_id: UUID, at: datetime) -> None:
    """Store that a contact is not one of the unit's. Safe to repeat."""
    statement = upsert(tx.session, Declined).values(contact_id=contact_id, declined_at=at)
    tx.session.connection().execute(statement.on_conflict_do_nothing())


def take_offer_back(tx: Transaction, contact_id: UUID) -> None:
    """Let a contact pick none of the times on offer, nor keep the one it holds."""
    mine = update(Contact).where(col(Contact.contact_id) == contact_id)
    tx.session.connection().execute(mine.values(offered_modality=None, offered_by=None))
    tx.session.connection().execute(delete(Hold).where(col(Hold.contact_id) == contact_id))


def remember_direct_access(tx: Transaction, contact_id: UUID, at: datetime) -> None:
    """Store that a contact may have a time of direct access. Safe to repeat."""
    statement = upsert(tx.session, DirectAccess).values(contact_id=contact_id, granted_at=at)
    tx.session.connection().execute(statement.on_conflict_do_nothing())


def may_directly(tx: Transaction, contact_id: UUID) -> bool:
    """Whether a contact may have a time of direct access."""
    return tx.session.get(DirectAccess, contact_id) is not None


def is_declined(tx: Transaction, contact_id: UUID) -> bool:
    """Whether the unit does not take the contact. Asked while its row is held, so nothing changes behind it."""
    return tx.session.get(Declined, contact_id) is not None


def contact(tx: Transaction, contact_id: UUID, *, lock: bool = False) -> Contact | None:
    """A contact the viewer may see; not theirs = not there."""
    found = tx.session.get(Contact, contact_id, with_for_update=True if lock else None)
    return found if found and tx.viewer.may_see(found.contact_id, found.area) else None


def lock_calendar(tx: Transaction, name: str) -> None:
    """Hold the viewer's own calendar until the commit, and keep the name they are called by.

    The statement writes the therapist's row whether or not it was there, so a second publishing of the same therapist
    waits here on PostgreSQL and then sees what the first one added; on SQLite it has waited at its BEGIN IMMEDIATE.
    """
    statement = upsert(tx.session, Therapist).values(therapist_id=tx.viewer.id, name=name)
    tx.session.connection().execute(
        statement.on_conflict_do_update(index_elements=["therapist_id"], set_={"name": name})
    )


def times_between(tx: Transaction, first: datetime, last: datetime) -> list[Time]:
    """The viewer's own published times that touch a span."""
    own = select(Slot).where(Slot.therapist_id == tx.viewer.id, Slot.ends_at > first, Slot.starts_at < last)
    return [
        Time(slot.area, Modality(slot.modality), slot.starts_at, slot.ends_at, slot.direct_access)
        for slot in tx.session.exec(own)
    ]


def add_times(tx: Transaction, times: Iterable[Time]) -> None:
    """Add free times to the viewer's own calendar."""
    tx.session.add_all(
        Slot(
            slot_id=uuid4(),
            therapist_id=tx.viewer.id,
            area=time.area,
            modality=time.modality.value,
            direct_access=time.direct_access,
            starts_at=time.starts_at,
            ends_at=time.ends_at,
            published_at=tx.now,
        )
        for time in times
    )
    tx.session.flush()


def own_times(tx: Transaction) -> tuple[SlotView, ...]:
    """The viewer's own published times that are ahead and not booked."""
    ahead = (Slot.therapist_id == tx.viewer.id, Slot.starts_at > tx.now, ~_has_visit())
    return _slots(tx, ahead)


def free_times(tx: Transaction, area: str, *, direct_access: bool = False) -> tuple[SlotView, ...]:
    """Remote times of an area, or those of direct access, that nobody holds or has booked, from `LEAD` ahead on."""
    held = exists().where(col(Hold.slot_id) == col(Slot.slot_id), col(Hold.expires_at) > tx.now)
    kind = [col(Slot.direct_access).is_(direct_access)]
    if not direct_access:
        kind.append(col(Slot.modality).in_([one.value for one in REMOTE]))
    return _slots(tx, (Slot.area == area, *kind, Slot.starts_at >= tx.now + LEAD, ~_has_visit(), ~held))


def slots_held(tx: Transaction, slot_id: UUID, contact_id: UUID) -> Slot | None:
    """Hold the row of a slot, and of the one the contact keeps already; the contact's row must be held.

    Returns:
        The slot asked for, None when there is none.
    """
    earlier = select(Hold.slot_id).where(Hold.contact_id == contact_id)
    both = select(Slot).where((col(Slot.slot_id) == slot_id) | col(Slot.slot_id).in_(earlier))
    rows = tx.session.exec(both.order_by(col(Slot.slot_id)).with_for_update()).all()
    return next((slot for slot in rows if slot.slot_id == slot_id), None)


def take_hold(tx: Transaction, slot_id: UUID, contact_id: UUID, expires_at: datetime) -> bool:
    """Keep a slot for a contact instead of whatever it kept before; False when somebody else has it.

    One conditional statement: the hold goes in where there is none, or where the one there has expired.
    """
    tx.session.connection().execute(delete(Hold).where(col(Hold.contact_id) == contact_id))
    statement = upsert(tx.session, Hold).values(
        slot_id=slot_id, hold_id=uuid4(), contact_id=contact_id, expires_at=expires_at
    )
    fresh = {name: statement.excluded[name] for name in ("hold_id", "contact_id", "expires_at")}
    taken = statement.on_conflict_do_update(
        index_elements=["slot_id"], set_=fresh, where=col(Hold.expires_at) <= tx.now
    ).returning(col(Hold.slot_id))
    got = tx.session.connection().execute(taken).first() is not None
    return got and not tx.session.exec(select(Visit.visit_id).where(Visit.slot_id == slot_id, _active())).first()


def hold(tx: Transaction, contact_id: UUID) -> HoldView | None:
    """What a contact holds now."""
    row = tx.session.exec(
        select(Hold, Slot, Therapist)
        .join(Slot, col(Slot.slot_id) == col(Hold.slot_id))
        .join(Therapist, col(Therapist.therapist_id) == col(Slot.therapist_id))
        .where(Hold.contact_id == contact_id, Hold.expires_at > tx.now)
    ).first()
    if row is None:
        return None
    kept, slot, therapist = row
    return HoldView(hold_id=kept.hold_id, slot=_slot_view(slot, therapist), expires_at=kept.expires_at)


def use_hold(tx: Transaction, hold_id: UUID, contact_id: UUID) -> Slot | None:
    """Take a contact's hold away to book its slot, whose row is then held; None when the hold has expired."""
    mine = (col(Hold.hold_id) == hold_id, col(Hold.contact_id) == contact_id, col(Hold.expires_at) > tx.now)
    kept = select(Slot).where(col(Slot.slot_id).in_(select(Hold.slot_id).where(*mine))).with_for_update()
    slot = tx.session.exec(kept).first()
    used = tx.session.connection().execute(delete(Hold).where(*mine).returning(col(Hold.slot_id))).first()
    return slot if used else None


def drop_expired_holds(tx: Transaction) -> Sequence[UUID]:
    """Let expired holds go; returns whose they were. Skips a hold that somebody is deciding about right now."""
    expired = select(Hold.slot_id).where(Hold.expires_at <= tx.now).with_for_update(skip_locked=True)
    gone = delete(Hold).where(col(Hold.slot_id).in_(expired)).returning(col(Hold.contact_id))
    return tx.session.connection().execute(gone).scalars().all()


def add_visit(tx: Transaction, slot_id: UUID, contact_id: UUID, language: Language) -> VisitView | None:
    """Book a slot for a contact; None when a unique index says that one of them is booked already."""
    row = {
        "visit_id": uuid4(),
        "slot_id": slot_id,
        "contact_id": contact_id,
        "language": language.value,
        "state": VisitState.BOOKED.value,
        "booked_at": tx.now,
    }
    statement = upsert(tx.session, Visit).values(row).on_conflict_do_nothing().returning(col(Visit.visit_id))
    booked = tx.session.connection().execute(statement).scalar()
    return visit(tx, booked) if booked else None


def is_booked(tx: Transaction, contact_id: UUID) -> bool:
    """Whether a contact has a visit ahead."""
    booked = select(Visit.visit_id).where(Visit.contact_id == contact_id, Visit.state == VisitState.BOOKED.value)
    return tx.session.exec(booked).first() is not None


def has_met(tx: Transaction, contact_id: UUID) -> bool:
    """Whether a visit of a contact has taken place."""
    met = select(Visit.visit_id).where(Visit.contact_id == contact_id, Visit.state == VisitState.COMPLETED.value)
    return tx.session.exec(met).first() is not None


def complete_visit(tx: Transaction, visit_id: UUID) -> Visit | None:
    """Mark a booked visit as completed; None when it is not booked any more."""
    statement = (
        update(Visit)
        .where(col(Visit.visit_id) == visit_id, col(Visit.state) == VisitState.BOOKED.value)
        .values(state=VisitState.COMPLETED.value, completed_at=tx.now)
        .returning(Visit)
    )
    return tx.session.exec(statement).scalars().first()


def visit(tx: Transaction, visit_id: UUID) -> VisitView | None:
    """One visit the viewer may see; not theirs = not there."""
    found = next(iter(_visits(tx, (Visit.visit_id == visit_id,))), None)
    return found if found and tx.viewer.may_see(found.contact_id, found.area) else None


def latest_visit(tx: Transaction, contact_id: UUID) -> VisitView | None:
    """The visit a contact booked last."""
    last = select(func.max(Visit.booked_at)).where(Visit.contact_id == contact_id).scalar_subquery()
    return next(iter(_visits(tx, (Visit.contact_id == contact_id, Visit.booked_at == last))), None)


def own_visits(tx: Transaction) -> tuple[VisitView, ...]:
    """The viewer's own visits: the booked ones, then those completed lately; earliest first."""
    in_sight = (col(Visit.state) == VisitState.BOOKED.value) | (col(Visit.completed_at) > tx.now - KEPT_IN_SIGHT)
    return _visits(tx, (Slot.therapist_id == tx.viewer.id, in_sight))


def _active() -> ColumnElement[bool]:
    return col(Visit.state).in_([VisitState.BOOKED.value, VisitState.COMPLETED.value])


def _has_visit() -> ColumnElement[bool]:
    return exists().where(col(Visit.slot_id) == col(Slot.slot_id), _active())


def _slots(tx: Transaction, which: Sequence[ColumnElement[bool] | bool]) -> tuple[SlotView, ...]:
    found = (
        select(Slot, Therapist)
        .join(Therapist, col(Therapist.therapist_id) == col(Slot.therapist_id))
        .where(*which)
        .order_by(col(Slot.starts_at), col(Slot.slot_id))
        .limit(MOST_READ)
    )
    return tuple(_slot_view(slot, therapist) for slot, therapist in tx.session.exec(found))


def _visits(tx: Transaction, which: Sequence[ColumnElement[bool] | bool]) -> tuple[VisitView, ...]:
    found = (
        select(Visit, Slot, Therapist)
        .join(Slot, col(Slot.slot_id) == col(Visit.slot_id))
        .join(Therapist, col(Therapist.therapist_id) == col(Slot.therapist_id))
        .where(*which)
        .order_by(col(Visit.state) != VisitState.BOOKED.value, col(Slot.starts_at))
        .limit(MOST_READ)
    )
    return tuple(
        VisitView(**visit.model_dump() | slot.model_dump(), therapist_name=therapist.name)
        for visit, slot, therapist in tx.session.exec(found)
    )


def _slot_view(slot: Slot, therapist: Therapist) -> SlotView:
    return SlotView(**slot.model_dump(), therapist_name=therapist.name)

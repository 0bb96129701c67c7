"""Every statement on the identity vault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, false, func, insert, inspect, not_, or_, update
from sqlmodel import Session, col, select

from chassis import Viewer
from chassis.db import upsert
from chassis.phones import phone
from contracts.portal import IdentityVerified
from services.intake.identity.domain import Identity, Points
from services.intake.identity.models import Person, PersonLookup
from services.intake.identity.vault import Vault
from services.intake.models import Contact, IntakeTable
from services.intake.store import contact


def remember(session: Session, vault: Vault, who: Identity, *, now: datetime) -> UUID:
    """Keep a person, or renew the one already known by this code under the present key. Returns the person's id.

    Somebody without a code is never recognised: a new person each time, for a human to match (rule 7).
    """
    lookups = vault.lookups(who.personal_identity_code) if who.personal_identity_code else []
    known = _recognised(session, lookups)
    if known is None:
        fresh = uuid4()
        values = {"person_id": fresh, "first_seen_at": now, **_locked(vault, who, fresh, now)}
        session.connection().execute(insert(Person), values)
        known = _known_as(session, fresh, lookups)
        if known == fresh:
            return fresh
        _forget(session, fresh)  # another process was quicker
    # The row before its lookups, as a rotation of keys does: whoever held them the other way round would wait for ever.
    renewed = update(Person).where(col(Person.person_id) == known).values(_locked(vault, who, known, now))
    session.connection().execute(renewed)
    _known_as(session, known, lookups)
    return known


def _known_as(session: Session, person_id: UUID, lookups: list[str]) -> UUID:
    """Recognise a person by these from now on; who already is by any of them, when another process was quicker."""
    if not lookups:
        return person_id
    rows = [{"lookup": one, "person_id": person_id} for one in sorted(lookups)]  # in one order: two never deadlock
    session.connection().execute(upsert(session, PersonLookup).on_conflict_do_nothing(), rows)
    known = session.exec(select(PersonLookup.person_id).where(col(PersonLookup.lookup).in_(lookups))).all()
    return next((one for one in known if one != person_id), person_id)


def _forget(session: Session, person_id: UUID) -> None:
    session.connection().execute(delete(PersonLookup).where(col(PersonLookup.person_id) == person_id))
    session.connection().execute(delete(Person).where(col(Person.person_id) == person_id))


def recognised(session: Session, vault: Vault, code: str) -> UUID | None:
    """The person known by a personal identity code; None when nobody is."""
    return _recognised(session, vault.lookups(code))


def identify(session: Session, person_id: UUID, fact: IdentityVerified) -> bool:
    """Bind a contact to its person; the first moment of identification stays. False when it is another person's."""
    bound_to = col(Contact.person_id)
    statement = (
        update(Contact)
        .where(col(Contact.contact_id) == fact.contact_id, bound_to.is_(None) | (bound_to == person_id))
        .values(
            person_id=person_id,
            assurance=fact.assurance.value,
            identified_at=func.coalesce(col(Contact.identified_at), fact.verified_at),
        )
        .returning(col(Contact.contact_id))
    )
    return session.connection().execute(statement).first() is not None


def person(session: Session, vault: Vault, contact_id: UUID, viewer: Viewer) -> Identity | None:
    """Who a contact was identified as; None when nobody, or when it is not the viewer's."""
    found = contact(session, contact_id, viewer)
    return opened(vault, row(session, found.person_id)) if found and found.person_id else None


def row(session: Session, person_id: UUID) -> Person:
    """A person as kept."""
    return session.get_one(Person, person_id)


def opened(vault: Vault, kept: Person) -> Identity:
    """Who a person is, in clear. Whoever shows it puts that on record."""

    def clear(column: str, value: str) -> str:
        return vault.open(value, place=place(Person, kept.person_id, column))

    code = kept.personal_identity_code
    return Identity(
        personal_identity_code=clear("personal_identity_code", code) if code else None,
        family_name=clear("family_name", kept.family_name),
        given_names=clear("given_names", kept.given_names),
        birth_date=date.fromisoformat(clear("birth_date", kept.birth_date)),
    )


def reach(session: Session, vault: Vault, person_id: UUID, kind: str, value: str, *, given_at: datetime) -> bool:
    """Keep a person's phone number or e-mail address; False when a later one is known."""
    known_at: Any = col(getattr(Person, f"{kind}_given_at"))
    locked = vault.lock(value, place=place(Person, person_id, kind))
    statement = (
        update(Person)
        .where(col(Person.person_id) == person_id, known_at.is_(None) | (known_at < given_at))
        .values({kind: locked, f"{kind}_given_at": given_at})
        .returning(col(Person.person_id))
    )
    return session.connection().execute(statement).first() is not None


def points(session: Session, vault: Vault, contact_id: UUID, viewer: Viewer) -> Points:
    """Phone number and e-mail address of the person behind a contact."""
    found = contact(session, contact_id, viewer)
    kept = row(session, found.person_id) if found and found.person_id else None
    if kept is None:
        return Points()
    told = {kind: getattr(kept, kind) for kind in ("phone", "email")}
    clear = {kind: vault.open(one, place=place(Person, kept.person_id, kind)) for kind, one in told.items() if one}
    number = clear.get("phone", "")
    return Points(number, bool(number) and phone(number).takes_sms, clear.get("email", ""))


def birth_date(session: Session, vault: Vault, contact_id: UUID, viewer: Viewer) -> date | None:
    """When the person behind a contact was born, and nothing else of them; None as in `person`."""
    found = contact(session, contact_id, viewer)
    if found is None or found.person_id is None:
        return None
    kept = row(session, found.person_id)
    return date.fromisoformat(vault.open(kept.birth_date, place=place(Person, kept.person_id, "birth_date")))


def _recognised(session: Session, lookups: list[str]) -> UUID | None:
    known = select(PersonLookup.person_id).where(col(PersonLookup.lookup).in_(lookups))
    return session.exec(known).first() if lookups else None


def _locked(vault: Vault, who: Identity, person_id: UUID, now: datetime) -> dict[str, Any]:
    def lock(column: str, value: str) -> str:
        return vault.lock(value, place=place(Person, person_id, column))

    code = who.personal_identity_code
    return {
        "personal_identity_code": lock("personal_identity_code", code) if code else None,
        "family_name": lock("family_name", who.family_name),
        "given_names": lock("given_names", who.given_names),
        "birth_date": lock("birth_date", who.birth_date.isoformat()),
        "seen_at": now,
    }


# Rotation: every table whose model says what is LOCKED in it


def place(model: type[IntakeTable], row_id: UUID, column: str) -> str:
    """What a locked value is bound to: nowhere else it opens.

    Raises:
        ValueError: the model does not say that the column is locked, so rotation would pass it by.
    """
    if column not in model.LOCKED:
        raise ValueError(f"{model.__tablename__}.{column} is not in LOCKED of its model")
    return f"{model.__tablename__}/{row_id}/{column}"


def locked_tables() -> list[type[IntakeTable]]:
    """Every table that holds locked values."""
    return sorted((one for one in IntakeTable.__subclasses__() if one.LOCKED), key=lambda one: str(one.__tablename__))


def under_other_keys(session: Session, model: type[IntakeTable], vault: Vault, most: int) -> Sequence[Any]:
    """Rows with a value under a key that the vault has and that is not its present one; nobody else writes them."""
    known = or_(*(_under(model, key_id) for key_id in vault.key_ids if key_id != vault.current), false())
    statement = select(model).where(known).order_by(_key(model)).limit(most)
    return session.exec(statement.with_for_update(), execution_options={"populate_existing": True}).all()


def relock(row: IntakeTable, vault: Vault) -> None:
    """Bring the values of a row under the present key."""
    for column in row.LOCKED:
        value = getattr(row, column)
        if value is not None:
            where = place(type(row), getattr(row, _key(type(row)).name), column)
            setattr(row, column, vault.lock(vault.open(value, place=where), place=where))


def recognise_anew(session: Session, vault: Vault, row: Person) -> None:
    """Recognise a person under every key that is given."""
    if row.personal_identity_code:
        where = place(Person, row.person_id, "personal_identity_code")
        _known_as(session, row.person_id, vault.lookups(vault.open(row.personal_identity_code, place=where)))


def left(session: Session, model: type[IntakeTable], vault: Vault) -> int:
    """How many rows hold a value that is not under the present key, whether the vault opens it or not."""
    columns = (col(getattr(model, name)) for name in model.LOCKED)
    other = or_(
        *(and_(one.is_not(None), not_(one.startswith(f"{vault.current}.", autoescape=True))) for one in columns)
    )
    return session.exec(select(func.count()).select_from(model).where(other)).one()


def forget_lookups(session: Session, vault: Vault) -> int:
    """Let go of what persons were recognised by under keys that are given no more; how many."""
    given = (col(PersonLookup.lookup).startswith(f"{key_id}.", autoescape=True) for key_id in vault.key_ids)
    return session.connection().execute(delete(PersonLookup).where(not_(or_(*given)))).rowcount


def _under(model: type[IntakeTable], key_id: str) -> ColumnElement[bool]:
    return or_(*(col(getattr(model, name)).startswith(f"{key_id}.", autoescape=True) for name in model.LOCKED))


def _key(model: type[IntakeTable]) -> Any:
    return inspect(model).primary_key[0]

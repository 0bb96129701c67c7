"""Sessions in the database: who holds a secret, which contacts it opens, when it ends."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import LargeBinary, String, delete, update
from sqlmodel import Field, Session, col, select

from chassis import Refused, Role, Transaction, Viewer
from chassis.db import UtcInstant, upsert
from services.portal.models import PortalTable

SECRET_BYTES = 32
VISITOR_IDLE = timedelta(hours=24)
"""A visitor's session ends this long after it was last used."""
VISITOR_REFRESH = timedelta(minutes=15)
"""How often use is written down: not at every reading of a page."""
STAFF_LIFE = timedelta(hours=9)
"""A working day and its break; a member of staff then logs in anew."""


class VisitorSession(PortalTable, table=True):
    """A resident's browser. It says nothing about the resident."""

    __tablename__ = "visitor_session"

    session_id: UUID = Field(primary_key=True)
    secret_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When a secret of it first opened something; None while nobody has shown that it arrived."""
    who_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Keyed hash of who has identified in it, by its secret: it knows the person again and tells nobody who that is."""
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)


class VisitorContact(PortalTable, table=True):
    """A contact belongs to the one session that opened it."""

    __tablename__ = "visitor_contact"

    contact_id: UUID = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="visitor_session.session_id", ondelete="CASCADE", index=True)
    identified_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When somebody first identified for it; it is that person's from then on."""
    sent: bool = False
    """A professional has sent the person: who identifies as them finds it."""


class StaffSession(PortalTable, table=True):
    """A member of staff at the desk, as their identity provider described them."""

    __tablename__ = "staff_session"

    session_id: UUID = Field(primary_key=True)
    secret_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    therapist_id: UUID
    name: str = Field(sa_type=String)
    areas: str = Field(sa_type=String)
    """Two-digit codes, sorted, separated by spaces."""
    licensed: bool = False
    expires_at: datetime = Field(sa_type=UtcInstant, index=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a session that is open gives: its secret, and the token every form of it carries."""

    session_id: UUID
    secret: str = field(repr=False)
    by_cookie: bool = True
    """False when the secret came as a bearer token, which no foreign page can make a browser send."""

    @property
    def csrf(self) -> str:
        """The token a form posts back. A page of another origin cannot know it."""
        return hmac.new(self.secret.encode(), b"csrf", hashlib.sha256).hexdigest()

    def must_be_meant(self, token: str) -> None:
        """Let a change pass only when it comes from a page of ours, or from a bearer of the secret.

        Raises:
            Refused: `form-expired`: the token is missing or of another session.
        """
        if self.by_cookie and not hmac.compare_digest(self.csrf.encode(), token.encode()):
            raise Refused("form-expired", "the form's token is not of this session; load the page again")


@dataclass(frozen=True, slots=True)
class Visitor(Opened):
    """A resident's session and the contacts it owns."""

    contacts: frozenset[UUID] = frozenset()

    def viewer(self, contact_id: UUID) -> Viewer:
        """The viewer of one's own contact.

        Raises:
            Refused: `unknown-contact`: another's contact looks like one that never was.
        """
        if contact_id not in self.contacts:
            raise Refused("unknown-contact", "no such contact in this session")
        return Viewer(role=Role.CLIENT, id=contact_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff(Opened):
    """A member of staff's session."""

    viewer: Viewer


def open_visitor(tx: Transaction) -> Visitor:
    """Begin a resident's session."""
    opened = Visitor(uuid4(), _new_secret())
    row = VisitorSession(
        session_id=opened.session_id, secret_hash=_hash(opened.secret), expires_at=tx.now + VISITOR_IDLE
    )
    tx.session.add(row)
    tx.session.flush()
    return opened


def find_visitor(tx: Transaction, secret: str) -> Visitor | None:
    """The resident's session a secret opens, or None; being used keeps it alive."""
    alive = (VisitorSession.secret_hash == _hash(secret), col(VisitorSession.expires_at) > tx.now)
    row = tx.session.exec(select(VisitorSession).where(*alive)).first()
    if row is None:
        return None
    if row.expires_at < tx.now + VISITOR_IDLE - VISITOR_REFRESH:
        row.expires_at = tx.now + VISITOR_IDLE
    row.used_at = row.used_at or tx.now
    return Visitor(row.session_id, secret, contacts=_contacts(tx.session, row.session_id))


def identify(tx: Transaction, visitor: Visitor, contact_id: UUID, who: str) -> Visitor:
    """Bind a session to the person who has just identified in it for one of its contacts, under another secret.

    What somebody else had identified in it before is out of reach from then on: the session of that person ends, and a
    new one has this contact alone. The computer may be a library's, or a family's.

    Args:
        tx: of the portal.
        visitor: as the request showed it.
        contact_id: one of the session's.
        who: what tells this person from others, as the provider gave it; not kept.

    Raises:
        Refused: `identified-as-another`: the contact is another person's.
        Refused: `session-expired`: another login of the same session was quicker.
    """
    row = tx.session.get(VisitorSession, visitor.session_id, with_for_update=True)
    contact = tx.session.get(VisitorContact, contact_id)
    if row is None or contact is None or row.secret_hash != _hash(visitor.secret):
        raise Refused("session-expired", "the session has gone on under another secret; load the page again")
    if row.who_hash is None or hmac.compare_digest(row.who_hash, _who(visitor.secret, who)):
        renewed = rotate(tx, visitor)
    else:
        renewed = _parted(tx, row, contact)
    contact.identified_at = contact.identified_at or tx.now
    mine = col(VisitorSession.session_id) == renewed.session_id
    tx.session.connection().execute(update(VisitorSession).where(mine).values(who_hash=_who(renewed.secret, who)))
    return renewed


def _parted(tx: Transaction, former: VisitorSession, contact: VisitorContact) -> Visitor:
    """Take a contact into a session of its own; the former one ends with all that was in it."""
    if contact.identified_at is not None:
        raise Refused("identified-as-another", "somebody else has identified for this contact")
    fresh = open_visitor(tx)
    contact.session_id = fresh.session_id
    tx.session.flush()
    tx.session.connection().execute(delete(VisitorSession).where(col(VisitorSession.session_id) == former.session_id))
    return Visitor(fresh.session_id, fresh.secret, contacts=frozenset({contact.contact_id}))


def rotate(tx: Transaction, visitor: Visitor) -> Visitor:
    """Give the session another secret: what was known before a login opens nothing after it."""
    renewed = Visitor(visitor.session_id, _new_secret(), contacts=visitor.contacts)
    values = {"secret_hash": _hash(renewed.secret), "expires_at": tx.now + VISITOR_IDLE}
    mine = col(VisitorSession.session_id) == visitor.session_id
    tx.session.connection().execute(update(VisitorSession).where(mine).values(values))
    return renewed


def renew(tx: Transaction, contact_id: UUID) -> Visitor:
    """Give who opened a contact another secret, because the first one never arrived.

    Raises:
        Refused: `session-expired`: nobody owns the contact any more.
        Refused: `idempotency-key-reused`: the first secret has arrived, so somebody else may be asking.
    """
    mine = select(VisitorSession).join(VisitorContact).where(VisitorContact.contact_id == contact_id)
    row = tx.session.exec(mine).first()
    if row is None:
        raise Refused("session-expired", "the contact's session has ended; take a new key to begin anew")
    if row.used_at is not None:
        raise Refused("idempotency-key-reused", "the contact's secret is in use; take a new key to open another")
    held = Visitor(row.session_id, "", by_cookie=False, contacts=_contacts(tx.session, row.session_id))
    return rotate(tx, held)


def own(tx: Transaction, visitor: Visitor, contact_id: UUID) -> Visitor:
    """Make a new contact the session's. Safe to repeat.

    Raises:
        Refused: `unknown-contact`: it is another session's already.
    """
    row = {"contact_id": contact_id, "session_id": visitor.session_id}
    tx.session.connection().execute(upsert(tx.session, VisitorContact).values(row).on_conflict_do_nothing())
    contacts = _contacts(tx.session, visitor.session_id)
    if contact_id not in contacts:
        raise Refused("unknown-contact", "no such contact in this session")
    return Visitor(visitor.session_id, visitor.secret, visitor.by_cookie, contacts)


def take(tx: Transaction, visitor: Visitor, contact_id: UUID) -> Visitor:
    """Make the contact of a referral the session's, whoever had it before: its person has identified in this one."""
    row = {"contact_id": contact_id, "session_id": visitor.session_id, "identified_at": None, "sent": True}
    taken = upsert(tx.session, VisitorContact).values(row)
    theirs = {name: row[name] for name in ("session_id", "identified_at", "sent")}
    tx.session.connection().execute(taken.on_conflict_do_update(index_elements=["contact_id"], set_=theirs))
    tx.session.expire_all()
    contacts = _contacts(tx.session, visitor.session_id)
    return Visitor(visitor.session_id, visitor.secret, visitor.by_cookie, contacts)


def sent(tx: Transaction, contacts: Iterable[UUID]) -> Sequence[UUID]:
    """Of some contacts those that came by a referral."""
    theirs = (col(VisitorContact.contact_id).in_(list(contacts)), col(VisitorContact.sent))
    return tx.session.exec(select(VisitorContact.contact_id).where(*theirs)).all()


def open_staff(tx: Transaction, *, therapist_id: UUID, name: str, areas: Iterable[str], licensed: bool) -> Staff:
    """Begin a session of a member of staff who has just logged in: always a new one."""
    viewer = Viewer(role=Role.STAFF, id=therapist_id, areas=frozenset(areas), name=name, licensed=licensed)
    opened = Staff(uuid4(), _new_secret(), viewer=viewer)
    row = StaffSession(
        session_id=opened.session_id,
        secret_hash=_hash(opened.secret),
        therapist_id=therapist_id,
        name=name,
        areas=" ".join(sorted(viewer.areas)),
        licensed=licensed,
        expires_at=tx.now + STAFF_LIFE,
    )
    tx.session.add(row)
    tx.session.flush()
    return opened


def find_staff(tx: Transaction, secret: str) -> Staff | None:
    """The session of staff a secret opens, or None."""
    alive = (StaffSession.secret_hash == _hash(secret), col(StaffSession.expires_at) > tx.now)
    row = tx.session.exec(select(StaffSession).where(*alive)).first()
    if row is None:
        return None
    areas = frozenset(row.areas.split())
    viewer = Viewer(role=Role.STAFF, id=row.therapist_id, areas=areas, name=row.name, licensed=row.licensed)
    return Staff(row.session_id, secret, viewer=viewer)


def close_staff(tx: Transaction, staff: Staff) -> None:
    """Log a member of staff out."""
    mine = col(StaffSession.session_id) == staff.session_id
    tx.session.connection().execute(delete(StaffSession).where(mine))


def forget_expired(tx: Transaction) -> None:
    """Delete the sessions nobody can open any more. Safe to repeat."""
    for table in (VisitorSession, StaffSession):
        tx.session.connection().execute(delete(table).where(col(table.expires_at) <= tx.now))


def _contacts(session: Session, session_id: UUID) -> frozenset[UUID]:
    return frozenset(session.exec(select(VisitorContact.contact_id).where(VisitorContact.session_id == session_id)))


def _new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _who(secret: str, who: str) -> bytes:
    return hmac.digest(secret.encode(), who.encode(), "sha256")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()

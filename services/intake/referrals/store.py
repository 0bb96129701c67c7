"""Every statement on referrals. What was written in one is locked like the identity vault."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlmodel import Session, col, select

from chassis import Role, Viewer
from contracts.intake import ContactState, DeclineReason, Route
from contracts.portal import Origin
from contracts.referrals import ReferralStatus, ReturnReason, SendReferral
from services.intake.identity.store import place, recognised, remember
from services.intake.identity.vault import Vault
from services.intake.models import Contact
from services.intake.referrals.domain import Taken
from services.intake.referrals.models import Referral
from services.intake.store import declined

MOST_LISTED = 100
MOST_WAITING = 10
WAIT = (ReferralStatus.RECEIVED, ReferralStatus.CONTACTED, ReferralStatus.BOOKED)
"""Statuses in which a time is still to be chosen, or ahead."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a professional wrote."""

    unit: str
    role: str
    phone: str
    text: str
    number: str = ""
    """Of whom, and what they call it."""
    digest: str = ""
    """Of everything that was sent."""


def sent_before(session: Session, vault: Vault, ask: SendReferral, viewer: Viewer) -> Referral | None:
    """The referral that this sender has sent under this number."""
    if ask.number is None:
        return None
    numbers = vault.lookups(_number(ask, viewer))
    return session.exec(select(Referral).where(col(Referral.number).in_(numbers))).first()


def says_the_same(sent: Referral, vault: Vault, ask: SendReferral) -> bool:
    """Whether a referral was sent with this content."""
    return sent.content in vault.lookups(_digest(ask))


def add(session: Session, vault: Vault, ask: SendReferral, taken: Taken, viewer: Viewer, now: datetime) -> Referral:
    """Keep a referral, its contact, and its person where nobody has kept them yet."""
    contact = Contact(
        contact_id=uuid4(),
        area=taken.area.code,
        municipality=ask.municipality,
        origin=Origin.REFERRAL,
        language=ask.language,
        trouble=ask.reason,
        age_band=taken.age_band,
        state=ContactState.ROUTED,
        route=taken.route,
        reasons=list(taken.reasons),
        declined=None,
        opened_at=now,
        decided_at=now,
        person_id=_person(session, vault, taken, now),
    )
    session.add(contact)
    session.flush()
    referral_id = uuid4()
    written = Written(ask.unit, ask.role, ask.phone or "", ask.text, _number(ask, viewer), _digest(ask))
    referral = Referral(
        referral_id=referral_id,
        contact_id=contact.contact_id,
        area=contact.area,
        sender_role=viewer.role,
        sender_id=viewer.id,
        **_hashed(vault, written),
        words=vault.lock(json.dumps(asdict(written)), place=place(Referral, referral_id, "words")),
        site=taken.site,
        route=taken.route,
        status=ReferralStatus.RECEIVED,
        sent_at=now,
        changed_at=now,
        **ask.model_dump(include={"municipality", "kind", "urgency", "reason", "code", "red_flags_checked"}),
    )
    session.add(referral)
    session.flush()
    return referral


def _person(session: Session, vault: Vault, taken: Taken, now: datetime) -> UUID:
    """The person's row. A name that somebody typed never takes the place of one that the person showed."""
    code = taken.person.personal_identity_code
    known = recognised(session, vault, code) if code else None
    return known or remember(session, vault, taken.person, now=now)


def own(session: Session, referral_id: UUID, viewer: Viewer) -> Referral | None:
    """A referral, for who has sent it."""
    found = session.get(Referral, referral_id)
    return found if found and (found.sender_role, found.sender_id) == (viewer.role, viewer.id) else None


def referral(session: Session, referral_id: UUID, viewer: Viewer) -> Referral | None:
    """A referral, for therapists of its area."""
    found = session.get(Referral, referral_id)
    return found if found and viewer.role is Role.STAFF and found.area in viewer.areas else None


def newest(session: Session, viewer: Viewer) -> Sequence[Referral]:
    """The newest referrals of the viewer's areas."""
    mine = select(Referral).where(col(Referral.area).in_(viewer.areas)).order_by(col(Referral.sent_at).desc())
    return session.exec(mine.limit(MOST_LISTED)).all()


def waiting(session: Session, vault: Vault, code: str) -> Sequence[Referral]:
    """Referrals whose person, known by a personal identity code, chooses a time or has one ahead; newest first."""
    person_id = recognised(session, vault, code)
    if person_id is None:
        return ()
    mine = (Contact.person_id == person_id, Contact.state == ContactState.ROUTED)
    theirs = (Referral.route == Route.BOOKING, col(Referral.status).in_(WAIT))
    found = select(Referral).join(Contact).where(*mine, *theirs)
    return session.exec(found.order_by(col(Referral.sent_at).desc()).limit(MOST_WAITING)).all()


def of_contact(session: Session, contact_id: UUID) -> Referral | None:
    """The referral that opened a contact; None when it came by another door."""
    return session.exec(select(Referral).where(Referral.contact_id == contact_id)).first()


def change(session: Session, decided_on: Referral, status: ReferralStatus, *, now: datetime) -> bool:
    """Give a referral another status; False when somebody else has done so meanwhile."""
    statement = (
        update(Referral)
        .where(col(Referral.referral_id) == decided_on.referral_id, col(Referral.status) == decided_on.status)
        .values(status=status.value, changed_at=now)
        .returning(col(Referral.referral_id))
    )
    return session.connection().execute(statement).first() is not None


def give_back(session: Session, decided_on: Referral, reason: ReturnReason, *, now: datetime) -> bool:
    """Give a referral back, and decline its contact; False when something else has become of it meanwhile."""
    if not change(session, decided_on, ReferralStatus.DECLINED, now=now):
        return False
    theirs = col(Referral.referral_id) == decided_on.referral_id
    session.connection().execute(update(Referral).where(theirs).values(returned=reason.value))
    contact = col(Contact.contact_id) == decided_on.contact_id
    session.connection().execute(update(Contact).where(contact).values(declined(DeclineReason.RETURNED)))
    session.expire_all()
    return True


def written(referral: Referral, vault: Vault) -> Written:
    """What the professional wrote, opened."""
    return Written(**json.loads(vault.open(referral.words, place=place(Referral, referral.referral_id, "words"))))


def number_of(referral: Referral, vault: Vault) -> str | None:
    """What the sender calls it; None where it has no name of theirs."""
    return written(referral, vault).number.partition("/")[2].partition("/")[2] or None


def rehash(referral: Referral, vault: Vault) -> None:
    """Bring what a referral is known again by under the present key. One that does not hold it is known no more."""
    for column, value in _hashed(vault, written(referral, vault)).items():
        setattr(referral, column, value)


def _hashed(vault: Vault, written: Written) -> dict[str, Any]:
    number = vault.lookups(written.number)[0] if written.number else None
    return {"number": number, "content": vault.lookups(written.digest)[0]}


def _number(ask: SendReferral, viewer: Viewer) -> str:
    return f"referral/{viewer.id}/{ask.number}" if ask.number else ""


def _digest(ask: SendReferral) -> str:
    return sha256(ask.model_dump_json(exclude_defaults=True).encode()).hexdigest()

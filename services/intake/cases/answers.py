"""What intake answers about cases: going on with one, joining and parting."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from chassis import Answers, Role, Transaction
from contracts.areas import Areas
from contracts.cases import (
    CaseInBrief,
    ContactJoined,
    ContinueCase,
    GetOffer,
    JoinContact,
    JoinedBy,
    JoinGround,
    KeepNewCase,
    MembershipView,
    OfferView,
    PartContact,
    PartReason,
    SessionContacts,
)
from services.intake.cases import domain, store
from services.intake.cases.handlers import parted
from services.intake.cases.models import Case
from services.intake.cases.store import Place
from services.intake.domain import unknown_contact
from services.intake.non_disclosure import handlers as concealing
from services.intake.settings import IntakeSettings

answers = Answers()


@answers(GetOffer)
def offer(ask: GetOffer, tx: Transaction, own: IntakeSettings) -> OfferView:
    return _view(tx, _place(tx, ask.contact_id), ask.session, own)


@answers(ContinueCase)
def continue_case(ask: ContinueCase, tx: Transaction, own: IntakeSettings, areas: Areas) -> OfferView:
    """The person's own act. Pressing twice, or in two windows, joins once."""
    found = _own_place(tx, ask.contact_id)
    if found.case.case_id != ask.case_id:
        offered = _offered(tx, found, ask.session, own)
        case = next((case for case, _ in offered if case.case_id == ask.case_id), None)
        if case is None:
            raise domain.case_not_offered()
        known = found.contact.person_id is not None and found.contact.person_id == case.person_id
        ground = JoinGround.SAME_PERSON if known else JoinGround.SAME_SESSION
        _join(tx, found, case.case_id, JoinedBy.CLIENT, ground, areas)
    return _view(tx, _place(tx, ask.contact_id), ask.session, own)


@answers(KeepNewCase)
def keep_new_case(ask: KeepNewCase, tx: Transaction, own: IntakeSettings) -> OfferView:
    """The person's own act; takes back what they had chosen, and nothing that a professional has joined."""
    found = _own_place(tx, ask.contact_id)
    joining = store.last_joining(tx.session, ask.contact_id)
    if joining and joining.by == JoinedBy.CLIENT:
        _part(tx, found, PartReason.CLIENT_WISH)
    store.settle(tx.session, ask.contact_id)
    tx.hint(contact=ask.contact_id)
    return _view(tx, _place(tx, ask.contact_id), (), own)


@answers(JoinContact)
def join_contact(ask: JoinContact, tx: Transaction, areas: Areas) -> MembershipView:
    found = _for_staff(tx, ask.contact_id)
    case = store.case(tx.session, ask.case_id, tx.viewer)
    if case is None or case.area != found.contact.area:
        raise domain.unknown_case()
    if found.case.case_id != case.case_id:
        person, of_person = found.contact.person_id, case.person_id
        ground = domain.ground_of_joining(ask.ground, person=person, of_person=of_person)
        _join(tx, found, case.case_id, JoinedBy.STAFF, ground, areas)
    return MembershipView(contact_id=ask.contact_id, case_id=case.case_id)


@answers(PartContact)
def part_contact(ask: PartContact, tx: Transaction) -> MembershipView:
    found = _for_staff(tx, ask.contact_id)
    return MembershipView(contact_id=ask.contact_id, case_id=_part(tx, found, ask.reason))


def _place(tx: Transaction, contact_id: UUID, *, lock: bool = False) -> Place:
    found = (store.held if lock else store.place)(tx.session, contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    return found


def _own_place(tx: Transaction, contact_id: UUID) -> Place:
    if tx.viewer.role is not Role.CLIENT:
        raise unknown_contact()
    return _place(tx, contact_id, lock=True)


def _for_staff(tx: Transaction, contact_id: UUID) -> Place:
    tx.viewer.must_be_staff()
    return _place(tx, contact_id, lock=True)


def _join(tx: Transaction, found: Place, case_id: UUID, by: JoinedBy, ground: JoinGround, areas: Areas) -> None:
    contact = found.contact
    store.lock_cases(tx.session, found.case.case_id, case_id)
    if not store.claim(tx.session, case_id, contact.person_id):
        raise domain.different_persons()  # another process was quicker
    store.join(tx.session, found, case_id, by=by, by_id=tx.viewer.id, ground=ground, at=tx.now)
    marked = concealing.learnt(tx, contact.contact_id)
    tx.publish(
        ContactJoined(
            area=contact.area,
            municipality=contact.municipality,
            contact_id=contact.contact_id,
            case_id=case_id,
            by=by,
            ground=ground,
            joined_at=tx.now,
        )
    )
    concealing.tell(tx, marked, areas)
    tx.audit("change", whom=contact.contact_id, what="case joined", ground=ground.value)
    tx.hint(contact=contact.contact_id, area=contact.area)


def _part(tx: Transaction, found: Place, reason: PartReason) -> UUID:
    joining = store.last_joining(tx.session, found.contact.contact_id)
    if joining is None:
        raise domain.not_joined()
    store.lock_cases(tx.session, found.case.case_id, joining.from_case_id)
    back = store.part(tx.session, found, joining, reason, at=tx.now)
    tx.publish(parted(found, back, reason, tx))
    tx.audit("change", whom=found.contact.contact_id, what="case parted", ground=reason.value)
    tx.hint(contact=found.contact.contact_id, area=found.contact.area)
    return back


def _offered(tx: Transaction, found: Place, session: SessionContacts, own: IntakeSettings) -> list[tuple[Case, bool]]:
    since = tx.now - timedelta(days=own.reopen_days)
    if found.member.closed is not None or found.contact.on_behalf is not None:
        return []  # whoever acts for another has matters of their own in the same browser
    earlier = store.earlier(tx.session, found, in_session=session, since=since)
    return domain.about_one_trouble(found.case, earlier)


def _view(tx: Transaction, found: Place, session: SessionContacts, own: IntakeSettings) -> OfferView:
    joining = store.last_joining(tx.session, found.contact.contact_id)
    continued = joining is not None and joining.by == JoinedBy.CLIENT
    offered = [] if found.member.settled else _offered(tx, found, session, own)
    return OfferView(
        offered=_brief(*offered[0]) if offered else None,
        continued=_brief(found.case, still_open=True) if continued else None,
    )


def _brief(case: Case, still_open: bool) -> CaseInBrief:
    return CaseInBrief(case_id=case.case_id, trouble=case.trouble, begun_at=case.begun_at, open=still_open)

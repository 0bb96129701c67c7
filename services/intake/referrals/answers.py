"""What intake answers about referrals."""

from __future__ import annotations

from dataclasses import asdict

from chassis import Answers, Refused, Role, Settings, Transaction
from chassis.calendar import local_date
from contracts.areas import Areas
from contracts.callbacks import LeftMessage
from contracts.cases import Ending
from contracts.closings import Door
from contracts.demand import ReasonRecorded
from contracts.intake import ContactDeclined, ContactRouted, DeclineReason, Route
from contracts.portal import Origin
from contracts.public import ContactCounted
from contracts.referrals import (
    GetReferral,
    GetReferrals,
    GetReferralStatus,
    GetWaitingReferrals,
    ReferralReceived,
    ReferralStatus,
    ReferralStatusChanged,
    ReferralStatusView,
    ReferralsView,
    ReferralView,
    ReturnReferral,
    SendReferral,
    WaitingReferral,
    WaitingReferralsView,
)
from services.intake.cases import handlers as cases
from services.intake.cases.store import begin as begin_case
from services.intake.closings import handlers as closings
from services.intake.closings.domain import must_take, shut
from services.intake.demand.domain import iso_week
from services.intake.demand.store import count, say_why
from services.intake.identity.store import person, recognised
from services.intake.identity.vault import Vault
from services.intake.models import Contact
from services.intake.non_disclosure import handlers as non_disclosure
from services.intake.non_disclosure.store import is_under
from services.intake.referrals import domain, store
from services.intake.referrals.models import Referral

answers = Answers()
SENDERS = (Role.STAFF, Role.NEIGHBOUR)


@answers(SendReferral)
def send(ask: SendReferral, tx: Transaction, areas: Areas, vault: Vault, settings: Settings) -> ReferralStatusView:
    """Take a referral, or refuse it; the same one again is the same one."""
    if tx.viewer.role not in SENDERS:
        raise Refused("not-yours", "referrals come from professionals and from systems of the county")
    if sent := store.sent_before(tx.session, vault, ask, tx.viewer):
        if not store.says_the_same(sent, vault, ask):
            raise Refused("referral-changed", "the number came before with another content; take a new number")
        return _status(sent).model_copy(update={"repeated": True})
    area = domain.area_of(ask, areas, tx.viewer.areas)
    doors = closings.doors_for_a_contact(tx, area)
    must_take(doors, Door.REFERRAL, tx.now)
    known = recognised(tx.session, vault, ask.personal_identity_code)
    under = ask.non_disclosure or (known is not None and is_under(tx.session, known))
    day, closed = local_date(tx.now), shut(doors, tx.now)
    taken = domain.take(ask, area, today=day, test_codes=settings.practice, under=under, shut=closed)
    referral = store.add(tx.session, vault, ask, taken, tx.viewer, tx.now)
    marked = non_disclosure.learnt(tx, referral.contact_id, told=ask.non_disclosure)
    tx.audit("change", whom=referral.contact_id, what="referral")
    _tell(tx, ask, referral, taken, areas)
    non_disclosure.tell(tx, marked, areas)
    closings.count(tx, taken.area, doors, route=taken.route, origin=Origin.REFERRAL)
    if why := closed.get(Door.BOOKING):  # who was to pick a time has no number to be called at
        closings.by_message(tx, tx.session.get_one(Contact, referral.contact_id), area, why)
    return _status(referral)


def _tell(tx: Transaction, ask: SendReferral, referral: Referral, taken: domain.Taken, areas: Areas) -> None:
    told = referral.model_dump() | {"origin": Origin.REFERRAL, "language": ask.language, "trouble": ask.reason}
    call = _call(tx, ask) if taken.route is Route.CALLBACK else None
    tx.publish(ReferralReceived.model_validate(told | {"call": call, "received_at": tx.now}))
    tx.publish(ReferralStatusChanged.model_validate(told))
    tx.publish(ContactRouted.model_validate(told | {"reasons": taken.reasons, "decided_at": tx.now}))
    tx.publish(ReasonRecorded.model_validate(told | {"recorded_at": tx.now}))
    _count(tx, referral, areas)
    tx.hint(area=referral.area)


def _count(tx: Transaction, referral: Referral, areas: Areas) -> None:
    day = local_date(tx.now)
    counted = ContactCounted(
        area=referral.area,
        municipality=areas.counted(referral.area, referral.municipality),
        day=day,
        origin=Origin.REFERRAL,
        trouble=referral.reason,
        destination=referral.route,
    )
    tx.publish(counted)
    count(tx.session, referral.contact_id, counted, site=referral.site, week=iso_week(day))
    begin_case(tx.session, referral.contact_id, group=counted.trouble, over=None)
    say_why(tx.session, referral.contact_id, code=referral.code, now=tx.now)


def _call(tx: Transaction, ask: SendReferral) -> str:
    return tx.sealer.seal("chat", LeftMessage(phone=ask.phone or "", words=ask.text).model_dump())


@answers(ReturnReferral)
def give_back(ask: ReturnReferral, tx: Transaction) -> ReferralStatusView:
    """The unit does not take the person after all; who sent them hears why, and the person where to turn."""
    found = store.referral(tx.session, ask.referral_id, tx.viewer)
    if found is None:
        raise domain.unknown_referral()
    tx.viewer.must_be_licensed()  # nobody has assessed the person, and now nobody will (rule 13)
    domain.must_go_on(ReferralStatus(found.status))
    if not store.give_back(tx.session, found, ask.reason, now=tx.now):
        raise Refused("referral-over", "something else has become of it at the same moment")
    tx.audit("change", whom=found.contact_id, what="referral")
    cases.over(tx, found.contact_id, Ending.DECLINED)
    told = found.model_dump() | {"changed_at": tx.now}
    tx.publish(ReferralStatusChanged.model_validate(told))
    why = {"reason": DeclineReason.RETURNED, "declined_at": tx.now}
    tx.publish(ContactDeclined.model_validate({**told, **why}))
    tx.hint(contact=found.contact_id, area=found.area)
    return _status(found)


@answers(GetReferralStatus)
def status(ask: GetReferralStatus, tx: Transaction, vault: Vault) -> ReferralStatusView:
    found = store.own(tx.session, ask.referral_id, tx.viewer)
    if found is None:
        raise domain.unknown_referral()
    return _status(found).model_copy(update={"number": store.number_of(found, vault)})


@answers(GetReferral)
def referral(ask: GetReferral, tx: Transaction, vault: Vault) -> ReferralView:
    """For therapists of the area alone: to everybody else there is no such referral."""
    found = store.referral(tx.session, ask.referral_id, tx.viewer)
    if found is None:
        raise domain.unknown_referral()
    tx.audit("read", whom=found.contact_id, what="referral")
    return _whole(tx, found, vault)


@answers(GetWaitingReferrals)
def waiting(ask: GetWaitingReferrals, tx: Transaction, vault: Vault) -> WaitingReferralsView:
    """For the person themselves, whom the front end has just identified."""
    if tx.viewer.role is not Role.CLIENT:
        raise Refused("not-yours", "a person asks for their own referrals alone")
    found = store.waiting(tx.session, vault, ask.personal_identity_code)
    for one in found:
        tx.audit("read", whom=one.contact_id, what="referral", ground="the person's own")
    mine = (one.model_dump(include={"contact_id", "area", "municipality"}) for one in found)
    return WaitingReferralsView(referrals=tuple(WaitingReferral.model_validate(each) for each in mine))


@answers(GetReferrals)
def referrals(_ask: GetReferrals, tx: Transaction, vault: Vault) -> ReferralsView:
    tx.viewer.must_be_staff()
    found = store.newest(tx.session, tx.viewer)
    for one in found:
        tx.audit("read", whom=one.contact_id, what="referral list")
    return ReferralsView(referrals=tuple(_whole(tx, one, vault) for one in found))


def _status(referral: Referral) -> ReferralStatusView:
    return ReferralStatusView.model_validate(referral.model_dump())


def _whole(tx: Transaction, referral: Referral, vault: Vault) -> ReferralView:
    who, written = person(tx.session, vault, referral.contact_id, tx.viewer), store.written(referral, vault)
    names = {"display_name": who.display_name if who else "", "birth_year": who.birth_date.year if who else 0}
    under = tx.session.get_one(Contact, referral.contact_id).non_disclosure
    concealed = {"phone": "", "unit": ""} if under else {}
    told = asdict(written) | concealed | {"non_disclosure": under}
    return ReferralView.model_validate(referral.model_dump() | names | told)

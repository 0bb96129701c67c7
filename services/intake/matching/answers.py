"""What intake answers about persons without a personal identity code: the worklist, and what is decided about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis import Answers, Refused, Settings, Transaction, Unprocessable
from chassis.calendar import local_date
from contracts.areas import Areas
from contracts.matching import (
    KEEPING_APART,
    LINKING,
    TAKING_BACK,
    CandidateView,
    FindCandidate,
    FoundView,
    GetMatching,
    KeepApart,
    LinkPerson,
    MatchedView,
    MatchingView,
    MatchOutcome,
    MatchReason,
    PersonMatchDecided,
    ReopenMatch,
    UnmatchedView,
)
from services.intake.cases import handlers as cases
from services.intake.cases.store import Place, held
from services.intake.domain import unknown_contact
from services.intake.identity import store as vaulted
from services.intake.identity.domain import Identity, born
from services.intake.identity.vault import Vault
from services.intake.matching import domain, store
from services.intake.matching.models import PersonMatch
from services.intake.matching.store import Listed

answers = Answers()


@answers(GetMatching)
def matching(ask: GetMatching, tx: Transaction, vault: Vault) -> MatchingView:
    tx.viewer.must_be_staff()
    waiting = store.waiting(tx.session, tx.viewer, ask.contact_id)
    decided = store.decided(tx.session, tx.viewer, ask.contact_id)
    for one in (*waiting, *decided):
        tx.audit("read", whom=one.contact.contact_id, what="matching list")
    return MatchingView(
        waiting=tuple(_listed(vault, one) for one in waiting), decided=tuple(_listed(vault, one) for one in decided)
    )


@answers(FindCandidate)
def candidate(ask: FindCandidate, tx: Transaction, vault: Vault, settings: Settings) -> FoundView:
    """Looking is on record, for whom and at whom, also when nobody is found."""
    found, told = _to_match(tx, ask.contact_id, vault)
    tx.audit("read", whom=ask.contact_id, what="person looked for", ground="matching")
    person_id = _candidate(tx, found, ask.personal_identity_code, vault, settings)
    if person_id is None:
        return FoundView(candidate=None)
    tx.audit("read", whom=person_id, what="identity", ground="matching")
    who = vaulted.opened(vault, vaulted.row(tx.session, person_id))
    same = who.birth_date == told.birth_date
    view = CandidateView(display_name=who.display_name, birth_date=who.birth_date, same_birth_date=same)
    return FoundView(candidate=view)


@answers(LinkPerson)
def link(ask: LinkPerson, tx: Transaction, vault: Vault, settings: Settings, areas: Areas) -> MatchedView:
    """The contact, and the case it is alone in, are the other person's from now on."""
    domain.must_fit(ask.reason, LINKING)
    found, told = _to_match(tx, ask.contact_id, vault)
    person_id = _candidate(tx, found, ask.personal_identity_code, vault, settings)
    if person_id is None:
        raise Refused("candidate-not-found", "nobody has been a client of this county under this code")
    domain.must_be_born_alike(told, vaulted.opened(vault, vaulted.row(tx.session, person_id)))
    _decide(tx, found, ask.reason, person_id)
    store.belongs_to(tx.session, ask.contact_id, person_id)
    cases.became(tx, ask.contact_id, person_id, areas)
    return _tell(tx, found, MatchOutcome.LINKED, ask.reason)


@answers(KeepApart)
def keep_apart(ask: KeepApart, tx: Transaction, vault: Vault) -> MatchedView:
    domain.must_fit(ask.reason, KEEPING_APART)
    found, _ = _to_match(tx, ask.contact_id, vault)
    _decide(tx, found, ask.reason, None)
    return _tell(tx, found, MatchOutcome.KEPT_APART, ask.reason)


@answers(ReopenMatch)
def reopen(ask: ReopenMatch, tx: Transaction, areas: Areas) -> MatchedView:
    domain.must_fit(ask.reason, TAKING_BACK)
    found, match = _for_staff(tx, ask.contact_id), store.holding(tx.session, ask.contact_id)
    if match is None:
        raise Refused("not-matched", "nobody has decided about this person, or it was taken back already")
    store.reopen(tx.session, match, reason=ask.reason, by=tx.viewer.id, at=tx.now)
    if match.person_id is not None:
        store.belongs_to(tx.session, ask.contact_id, match.told_person_id)
        cases.became(tx, ask.contact_id, match.told_person_id, areas)
    return _tell(tx, found, MatchOutcome.REOPENED, ask.reason)


def _for_staff(tx: Transaction, contact_id: UUID) -> Place:
    tx.viewer.must_be_staff()
    found = held(tx.session, contact_id, tx.viewer)
    if found is None:
        raise unknown_contact()
    return found


def _to_match(tx: Transaction, contact_id: UUID, vault: Vault) -> tuple[Place, Identity]:
    """A contact to be decided about, and who identified for it."""
    found = _for_staff(tx, contact_id)
    if store.holding(tx.session, contact_id):
        raise domain.already_matched()
    told = vaulted.person(tx.session, vault, contact_id, tx.viewer)
    if told is None:
        raise Refused("not-identified", "nobody has identified for this contact")
    domain.must_be_without_code(told)
    return found, told


def _candidate(tx: Transaction, found: Place, typed: str, vault: Vault, settings: Settings) -> UUID | None:
    """Who has a code, among those who have been clients of the contact's county."""
    try:
        born(typed, today=local_date(tx.now), test_codes=settings.practice)
    except Unprocessable as error:
        raise Refused(error.code, error.text) from None
    person_id = vaulted.recognised(tx.session, vault, typed)
    known = person_id is not None and store.is_client_of(tx.session, person_id, found.contact.area)
    return person_id if known else None


def _decide(tx: Transaction, found: Place, reason: MatchReason, person_id: UUID | None) -> None:
    told_person_id = found.contact.person_id
    assert told_person_id is not None  # somebody has identified for it
    decision = PersonMatch(
        contact_id=found.contact.contact_id,
        told_person_id=told_person_id,
        person_id=person_id,
        reason=reason,
        decided_by=tx.viewer.id,
        decided_at=tx.now,
    )
    if not store.decide(tx.session, decision):
        raise domain.already_matched()


def _tell(tx: Transaction, found: Place, outcome: MatchOutcome, reason: MatchReason) -> MatchedView:
    contact = found.contact
    tx.publish(
        PersonMatchDecided(
            area=contact.area,
            municipality=contact.municipality,
            contact_id=contact.contact_id,
            outcome=outcome,
            reason=reason,
            decided_at=tx.now,
        )
    )
    tx.audit("change", whom=contact.contact_id, what=f"person {outcome}", ground=reason.value)
    tx.hint(contact=contact.contact_id, area=contact.area)
    return MatchedView(contact_id=contact.contact_id, outcome=outcome)


def _listed(vault: Vault, one: Listed) -> UnmatchedView:
    who, match = vaulted.opened(vault, one.told), one.match
    decided: dict[str, Any] = {"outcome": None, "reason": None, "decided_at": None}
    if match:
        outcome = MatchOutcome.LINKED if match.person_id else MatchOutcome.KEPT_APART
        decided = {"outcome": outcome, "reason": match.reason, "decided_at": match.decided_at}
    told = {"display_name": who.display_name, "birth_date": who.birth_date}
    return UnmatchedView.model_validate(one.contact.model_dump() | told | decided)

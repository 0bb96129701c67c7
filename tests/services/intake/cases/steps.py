"""What people do about a case, in few words. Nobody is real: individual numbers 900-999 are no person's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis import SERVICE, Viewer
from contracts.cases import (
    ContinueCase,
    GetOffer,
    JoinContact,
    JoinGround,
    KeepNewCase,
    MembershipView,
    OfferView,
    PartContact,
    PartReason,
)
from services.intake.cases.store import place
from tests.factories import client, contact_opened, identity_verified, staff
from tests.services.intake.builders import answers, code, sealed_person
from tests.unit import Unit

AINO_KOE, BERTTA_KOE = code("210281-998"), code("030374-901")
"""Two persons' codes."""


@dataclass(frozen=True)
class Cases:
    """Intake, and what is done to its cases."""

    unit: Unit

    def comes(self, trouble: str = "knee", *, days_later: float = 1, person: str = "", **over: Any) -> UUID:
        """Somebody comes in, some days after whoever came before; identified when a code is given."""
        self.unit.clock.advance(timedelta(days=days_later))
        contact_id = uuid4()
        told = {
            "contact_id": contact_id,
            "trouble": trouble,
            "opened_at": self.unit.clock(),
            "answers": answers(trouble),
        }
        self.unit.hears(contact_opened(**told | over))
        if person:
            self.identifies(contact_id, person)
        return contact_id

    def identifies(self, contact_id: UUID, person: str = AINO_KOE) -> None:
        sealed = self.unit.seal(sealed_person(personal_identity_code=person))
        self.unit.hears(identity_verified(contact_id=contact_id, person=sealed))
        assert self.unit.outcome == "done"

    def case_of(self, contact_id: UUID) -> UUID:
        """The case a contact is in now."""
        found = self.unit.database.read(lambda session: place(session, contact_id, SERVICE))
        assert found
        return found.case.case_id

    def offer(self, contact_id: UUID, *session: UUID) -> OfferView:
        view: OfferView = self.unit.asks(GetOffer(contact_id=contact_id, session=session), viewer=client(contact_id))
        return view

    def offered(self, contact_id: UUID, *session: UUID) -> UUID | None:
        """The case a contact is offered, if any."""
        offered = self.offer(contact_id, *session).offered
        return offered.case_id if offered else None

    def continues(self, contact_id: UUID, case_id: UUID, *session: UUID, key: str | None = None) -> OfferView:
        ask = ContinueCase(contact_id=contact_id, case_id=case_id, session=session)
        view: OfferView = self.unit.asks(ask, viewer=client(contact_id), key=key)
        return view

    def keeps(self, contact_id: UUID) -> OfferView:
        view: OfferView = self.unit.asks(KeepNewCase(contact_id=contact_id), viewer=client(contact_id))
        return view

    def joins(
        self, contact_id: UUID, case_id: UUID, ground: JoinGround = JoinGround.SAME_PERSON, viewer: Viewer | None = None
    ) -> UUID:
        """A professional joins a contact to a case; the case it is in then."""
        ask = JoinContact(contact_id=contact_id, case_id=case_id, ground=ground)
        view: MembershipView = self.unit.asks(ask, viewer=viewer or staff())
        return view.case_id

    def parts(self, contact_id: UUID, viewer: Viewer | None = None) -> UUID:
        """A professional undoes the last joining; the case the contact is in then."""
        ask = PartContact(contact_id=contact_id, reason=PartReason.OTHER_MATTER)
        view: MembershipView = self.unit.asks(ask, viewer=viewer or staff())
        return view.case_id

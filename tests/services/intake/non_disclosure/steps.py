"""What happens around somebody under non-disclosure, in few words. Everybody lives in Kouvola, of site 286."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from contracts.intake import ContactView, GetContact, GetPerson, PersonView
from contracts.non_disclosure import NonDisclosureChanged, SetNonDisclosure
from contracts.portal import ContactPointGiven
from services.intake.non_disclosure.store import tables_with_places
from tests.factories import identity_verified, like_the_example, staff
from tests.services.intake.builders import sealed_person
from tests.services.intake.cases.steps import AINO_KOE, Cases

KOUVOLA, NOWHERE = "286", "000"
PHONE, EMAIL = "+358401234567", "aino@example.invalid"


@dataclass(frozen=True)
class Protected(Cases):
    """Cases, and who is behind them."""

    def comes(self, trouble: str = "knee", **over: Any) -> UUID:
        return super().comes(trouble, **{"municipality": KOUVOLA} | over)

    def identifies_protected(self, contact_id: UUID, person: str = AINO_KOE) -> None:
        """The identity provider says that the person is under non-disclosure; the portal names no place any more."""
        sealed = self.unit.seal(sealed_person(personal_identity_code=person, non_disclosure=True))
        self.unit.hears(identity_verified(contact_id=contact_id, person=sealed, municipality=NOWHERE))
        assert self.unit.outcome == "done"

    def gives_points(self, contact_id: UUID) -> None:
        sealed = self.unit.seal({"phone": PHONE, "email": EMAIL})
        over = {"contact_id": contact_id, "point": sealed, "given_at": self.unit.clock()}
        self.unit.hears(like_the_example(ContactPointGiven, **over))

    def sets(self, contact_id: UUID, *, in_force: bool = True) -> None:
        self.unit.asks(SetNonDisclosure(contact_id=contact_id, in_force=in_force), viewer=staff())

    def seen(self, contact_id: UUID) -> ContactView:
        view: ContactView = self.unit.asks(GetContact(contact_id=contact_id), viewer=staff())
        return view

    def person(self, contact_id: UUID) -> PersonView:
        view: PersonView = self.unit.asks(GetPerson(contact_id=contact_id), viewer=staff())
        return view

    def marked(self) -> list[tuple[UUID, bool]]:
        """What was told, in order."""
        return [(one.contact_id, one.in_force) for one in self.unit.told_of(NonDisclosureChanged)]

    def places(self, contact_id: UUID) -> set[str]:
        """Every place that any table has of a contact."""

        def all_of(session: Any) -> set[str]:
            return {
                getattr(row, name)
                for table in tables_with_places()
                for row in session.exec(select(table).where(col(table.contact_id) == contact_id))  # type: ignore[attr-defined]  # a table with places has one
                for name in table.PLACES
            }

        return self.unit.database.read(all_of)  # type: ignore[no-any-return]  # as all_of

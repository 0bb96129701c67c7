"""What happens to a contact and what is owed, in few words. START is a Tuesday, 10.00 in Helsinki, in office hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis.calendar import HELSINKI
from contracts import Event, callbacks, chat, scheduling
from contracts.due import CorrectDue, CorrectionReason, DueTimeSet
from contracts.portal import PromiseKind
from services.intake.due.jobs import tell_due_times
from tests.factories import contact_opened, identity_verified, like_the_example, staff
from tests.services.intake.builders import answers, sealed_person
from tests.unit import Unit


def local(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=HELSINKI).astimezone(UTC)


@dataclass(frozen=True)
class Due:
    """Intake, and what becomes of what it owes."""

    unit: Unit

    def waits(self, course: str = "new", trouble: str = "knee", **over: Any) -> UUID:
        """Somebody comes in and waits for the chat."""
        contact_id = uuid4()
        asked = {"course": course} if trouble not in ("assistive_device", "exercise") else {}
        told = {"contact_id": contact_id, "trouble": trouble, "answers": answers(trouble, **asked)}
        self.unit.hears(contact_opened(**told | {"opened_at": self.unit.clock()} | over))
        return contact_id

    def identifies(self, contact_id: UUID, **person: Any) -> None:
        sealed = self.unit.seal(sealed_person(**person))
        self.unit.hears(identity_verified(contact_id=contact_id, person=sealed, verified_at=self.unit.clock()))

    def hears(self, kind: type[Event], contact_id: UUID, at: str, /, **over: Any) -> None:
        """A fact of chat or scheduling about a contact, now; `at` names its moment."""
        self.unit.hears(like_the_example(kind, contact_id=contact_id, **{at: self.unit.clock()} | over))
        assert self.unit.outcome == "done"

    def accepted(self, contact_id: UUID) -> None:
        self.hears(chat.ConversationAccepted, contact_id, "accepted_at")

    def ended(self, contact_id: UUID) -> None:
        self.hears(chat.ConversationEnded, contact_id, "ended_at")

    def abandoned(self, contact_id: UUID) -> None:
        self.hears(chat.ConversationAbandoned, contact_id, "abandoned_at")

    def promised(self, contact_id: UUID, kind: str = "advice", due_on: str = "2026-12-01", **over: Any) -> UUID:
        """Chat has promised a call; its id."""
        callback_id: UUID = over.get("callback_id") or uuid4()
        about = {"callback_id": callback_id, "kind": kind, "due_on": due_on}
        self.hears(callbacks.CallbackPromised, contact_id, "promised_at", **about | over)
        return callback_id

    def called(self, contact_id: UUID, callback_id: UUID) -> None:
        self.hears(callbacks.CallbackKept, contact_id, "kept_at", callback_id=callback_id)

    def offered(self, contact_id: UUID) -> None:
        self.hears(scheduling.TimesOffered, contact_id, "offered_at")

    def booked(self, contact_id: UUID) -> None:
        self.hears(scheduling.VisitBooked, contact_id, "booked_at")

    def visited(self, contact_id: UUID) -> None:
        self.hears(scheduling.VisitCompleted, contact_id, "completed_at")

    def corrects(self, contact_id: UUID, kind: PromiseKind, reason: CorrectionReason, **over: Any) -> None:
        self.unit.asks(CorrectDue(contact_id=contact_id, kind=kind, reason=reason), **{"viewer": staff()} | over)

    def clock_comes_round(self) -> None:
        self.unit.runs(tell_due_times)

    def set(self) -> list[tuple[str, str]]:
        """Kind and day of everything set so far."""
        return [(told.kind.value, told.due_on.isoformat()) for told in self.unit.told_of(DueTimeSet)]

    def told(self, kind: type[Event]) -> list[Any]:
        return self.unit.told_of(kind)

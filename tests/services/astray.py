"""A town whose facts arrive in any order, late, twice: what is asked of it holds after every step all the same.

The pages, handlers and answers are the real ones; only the way of a fact from one service to the next is the test's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import select

from chassis import Refused, Viewer, clock
from chassis.inbox import Ending
from chassis.tables import outbox
from contracts import Ask, Event
from contracts.callbacks import CallOutcome, GetCallbacks, RecordCall
from contracts.cases import ContinueCase, JoinContact, JoinGround, PartContact, PartReason
from contracts.chat import (
    AcceptConversation,
    EndConversation,
    GetConversation,
    GetMessages,
    MessageView,
    PostMessage,
    RequestIdentity,
)
from contracts.closings import CloseDoor, ClosingReason, Door
from contracts.intake import GetContact, GetPerson
from contracts.non_disclosure import CONCEALED, NonDisclosureChanged, SetNonDisclosure
from contracts.portal import ContactPointGiven, EarlierTextDecided, IdentityVerified
from services.intake.cases.models import Membership
from services.intake.models import Contact
from tests.factories import (
    callback_requested,
    client,
    contact_opened,
    earlier_text_decided,
    identity_verified,
    like_the_example,
    staff,
    visit_booked,
)
from tests.services.intake.builders import CODE, answers, code
from tests.services.intake.referrals.sending import PHONE, send
from tests.services.portal.town import Town
from tests.unit import Unit

EMAIL = "everybody@example.invalid"
"""Everybody has one phone number and one address: who went by them would take all for one person."""
WORDS = "secret-words"
PERSONS: tuple[dict[str, str], ...] = (
    {"personal_identity_code": CODE, "family_name": "Esimerkki", "given_names": "Kaisa"},
    {"personal_identity_code": code("210281-997"), "family_name": "Toinen", "given_names": "Bertta"},
)
MINUTE = timedelta(minutes=1)
WATCHED = ("intake", "chat")
"""Who knows anything of persons and of what they have said."""
MOST = 4
"""Contacts that something happens to."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A fact on its way to a service."""

    to: Unit
    event: Event
    event_id: str
    version: int


@dataclass(slots=True)
class Known:
    """What a service may know of a contact, by what has reached it."""

    identified_at: dict[str, datetime] = field(default_factory=dict)
    """By service: the earliest identification it has acted on."""
    person: str = ""
    """Code of who was identified for it, or whom a professional has sent."""
    decisions: list[EarlierTextDecided] = field(default_factory=list)
    """What chat has heard of the text from before."""


class Astray(Town):
    """Contacts of two browsers and both counties, two persons; nothing arrives until it is delivered."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.on_the_way: list[Letter] = []
        self.arrived: list[Letter] = []
        self.contacts: list[UUID] = []
        self.browsers: tuple[list[UUID], list[UUID]] = ([], [])
        self.known: defaultdict[UUID, Known] = defaultdict(Known)
        self.joined: list[set[UUID]] = []
        """Contacts that somebody has said belong together."""
        self.moved: set[UUID] = set()
        """Contacts about which something has arrived since the last look."""
        self.desk = self.therapist("10", "18")
        ask = CloseDoor(
            area="18", door=Door.CHAT, reason=ClosingReason.PEAK, until=self.clock() + timedelta(days=2)
        )  # there people leave a message
        self.units["intake"].asks(ask, viewer=staff())

    def carry(self) -> None:
        """Put what was told on its way."""
        for name in WATCHED:
            unit = self.units[name]
            for event in unit.told[self._carried[name] :]:
                self._carried[name] += 1
                self.tells(event)

    def tells(self, event: Event) -> None:
        self._versions[event.about] += 1
        event_id, version = str(uuid4()), self._versions[event.about]
        hearers = [self.units[name] for name in WATCHED if type(event) in self.units[name].service.handlers]
        self.on_the_way += [Letter(unit, event, event_id, version) for unit in hearers]

    def _deliver(self, letter: Letter) -> None:
        verdict = letter.to.hears(letter.event, event_id=letter.event_id, version=letter.version)
        assert verdict.ending not in (Ending.BUG, Ending.UNPROCESSABLE), verdict
        again = verdict.ending is Ending.LATER
        (self.on_the_way if again else self.arrived).append(letter)
        if verdict.ending is Ending.DONE:
            self._learn(letter)
        self.moved.add(letter.event.model_dump().get("contact_id", letter.event.about))
        self.carry()

    def _learn(self, letter: Letter) -> None:
        event, service = letter.event, letter.to.service.name
        if isinstance(event, IdentityVerified):
            known = self.known[event.contact_id]
            earliest = min(known.identified_at.get(service, event.verified_at), event.verified_at)
            known.identified_at[service] = earliest
            if service == "intake":
                known.person = known.person or letter.to.sealer.unseal(event.person)["personal_identity_code"]
        elif isinstance(event, EarlierTextDecided) and service == "chat":
            self.known[event.contact_id].decisions.append(event)

    # Acts. `a` and `b` choose among what there is; what is not possible now is refused, as in life.

    def opens(self, a: int, b: int) -> None:
        """Somebody comes in, in one browser or the other."""
        where = {"area": "18", "municipality": "272"} if b % 4 == 3 else {"area": "10", "municipality": "285"}
        opened = contact_opened(answers=answers(), opened_at=self.clock(), **where)
        self.contacts.append(opened.contact_id)
        self.browsers[a % 2].append(opened.contact_id)
        self.tells(opened)

    def arrives(self, a: int, _b: int) -> None:
        """One fact, in any order."""
        if self.on_the_way:
            self._deliver(self.on_the_way.pop(a % len(self.on_the_way)))

    def arrives_all(self, a: int, _b: int) -> None:
        """Everything on its way, the last first where `a` is odd; what is told by it stays on its way."""
        waiting, self.on_the_way = self.on_the_way, []
        for letter in reversed(waiting) if a % 2 else waiting:
            self._deliver(letter)

    def arrives_again(self, a: int, _b: int) -> None:
        if self.arrived:
            self._deliver(self.arrived.pop(a % len(self.arrived)))

    def identifies_somebody(self, a: int, b: int) -> None:
        """One person or the other; the front end's clock is right, or some minutes behind or ahead."""
        under = bool(b % 2)  # the second of them is under non-disclosure, and the front end names no place of theirs
        person = PERSONS[b % 2] | {"birth_date": "1981-02-21", "non_disclosure": under}
        sealed = self.units["portal"].sealer.seal("intake", person)
        at = self.clock() + (b // 2 % 4 - 1) * MINUTE
        place = {"municipality": CONCEALED} if under else {}
        self.tells(identity_verified(contact_id=self._contact(a), person=sealed, verified_at=at, **place))

    def accepts(self, a: int, _b: int) -> None:
        chat, contact_id = self.units["chat"], self._contact(a)
        if self._tries(chat, GetConversation(contact_id=contact_id), client(contact_id)):
            view = chat.asks(GetConversation(contact_id=contact_id), viewer=client(contact_id))
            ask = AcceptConversation(conversation_id=view.conversation_id, therapist_name="Aino")
            self._tries(chat, ask, staff())

    def writes(self, a: int, b: int) -> None:
        contact_id = self._contact(a)
        ask = PostMessage(contact_id=contact_id, words=f"{WORDS} {contact_id}")
        self._tries(self.units["chat"], ask, staff() if b % 2 else client(contact_id))

    def asks_identity(self, a: int, _b: int) -> None:
        self._tries(self.units["chat"], RequestIdentity(contact_id=self._contact(a)), staff())

    def decides(self, a: int, b: int) -> None:
        """Yes or no, on this page or another one, now or some minutes ago."""
        at = self.clock() - (b // 2 % 4) * MINUTE
        self.tells(earlier_text_decided(contact_id=self._contact(a), accepted=bool(b % 2), decided_at=at))

    def ends(self, a: int, b: int) -> None:
        contact_id = self._contact(a)
        self._tries(
            self.units["chat"], EndConversation(contact_id=contact_id), staff() if b % 2 else client(contact_id)
        )

    def leaves_message(self, a: int, _b: int) -> None:
        sealed = self.units["portal"].sealer.seal("chat", {"phone": PHONE, "words": WORDS})
        self.tells(callback_requested(contact_id=self._contact(a), message=sealed, requested_at=self.clock()))

    def says_where_to_reach(self, a: int, _b: int) -> None:
        """Everybody is reached by the same number and address."""
        sealed = self.units["portal"].sealer.seal("intake", {"phone": PHONE, "email": EMAIL})
        over = {"contact_id": self._contact(a), "point": sealed, "given_at": self.clock()}
        self.tells(like_the_example(ContactPointGiven, **over))

    def is_called(self, a: int, b: int) -> None:
        chat = self.units["chat"]
        calls = chat.asks(GetCallbacks(), viewer=staff()).callbacks
        if calls:
            outcome = (CallOutcome.REACHED, CallOutcome.NO_ANSWER)[b % 2]
            self._tries(chat, RecordCall(callback_id=calls[a % len(calls)].callback_id, outcome=outcome), staff())

    def books(self, a: int, _b: int) -> None:
        """A time, which reopens what was over; the letter about it goes to everybody's address."""
        sealed = self.units["portal"].sealer.seal("notifications", {"email": EMAIL})
        self.tells(visit_booked(contact_id=self._contact(a), recipient=sealed, booked_at=self.clock()))

    def is_sent(self, a: int, _b: int) -> None:
        """A professional sends one of the two persons, whom they name."""
        person = PERSONS[a % 2]
        sent = send(self.units["intake"], **person, phone=PHONE, text=WORDS)
        self.known[sent.contact_id].person = person["personal_identity_code"]
        self.contacts.append(sent.contact_id)
        self.carry()

    def continues(self, a: int, b: int) -> None:
        """The person goes on with an earlier case of the same browser."""
        contact_id, of = self._contact(a), self._case_of(self._contact(b))
        session = next((tuple(each) for each in self.browsers if contact_id in each), ())
        if of is not None:
            self._joins(contact_id, of, ContinueCase(contact_id=contact_id, case_id=of, session=session))

    def joins(self, a: int, b: int) -> None:
        contact_id, of = self._contact(a), self._case_of(self._contact(b))
        if of is not None:
            self._joins(contact_id, of, JoinContact(contact_id=contact_id, case_id=of, ground=JoinGround.CLIENT_SAID))

    def parts(self, a: int, _b: int) -> None:
        ask = PartContact(contact_id=self._contact(a), reason=PartReason.MISTAKE)
        self._tries(self.units["intake"], ask, staff())

    def marks(self, a: int, b: int) -> None:
        """A professional is told that somebody is under non-disclosure, or no longer."""
        ask = SetNonDisclosure(contact_id=self._contact(a), in_force=b % 4 != 3)
        self._tries(self.units["intake"], ask, staff())

    def _joins(self, contact_id: UUID, of: UUID, ask: ContinueCase | JoinContact) -> None:
        viewer = staff() if isinstance(ask, JoinContact) else client(contact_id)
        if self._tries(self.units["intake"], ask, viewer):
            self.joined.append({contact_id, *(one.contact_id for one in self._members() if one.case_id == of)})

    def _tries(self, unit: Unit, ask: Ask[Any], viewer: Viewer) -> bool:
        try:
            unit.asks(ask, viewer=viewer)
        except Refused:
            return False
        self.carry()
        return True

    def _contact(self, which: int) -> UUID:
        return self.contacts[which % min(len(self.contacts), MOST)]

    def _members(self) -> list[Membership]:
        return self.units["intake"].database.read(lambda session: list(session.exec(select(Membership))))

    def _case_of(self, contact_id: UUID) -> UUID | None:
        return next((one.case_id for one in self._members() if one.contact_id == contact_id), None)

    # What must hold

    def must_hold(self) -> None:
        """After every step, of all contacts about which something has arrived."""
        rows = self.units["intake"].database.read(lambda session: list(session.exec(select(Contact))))
        for contact in rows:
            if contact.contact_id in self.moved:
                self._person_is_told_of(contact)
        self._persons_are_parted(rows)
        self._nobody_is_found(rows)
        self._cases_are_parted({one.contact_id: one.person_id for one in rows})
        for contact_id in self.moved & set(self.contacts):
            self._record_is_agreed(contact_id)
        self.moved.clear()

    def _person_is_told_of(self, contact: Contact) -> None:
        """Who somebody is, is shown once intake has heard it, and it is who identified first."""
        known, intake = self.known[contact.contact_id], self.units["intake"]
        view = intake.asks(GetContact(contact_id=contact.contact_id), viewer=staff())
        assert view.identified <= ("intake" in known.identified_at)
        try:
            who = intake.asks(GetPerson(contact_id=contact.contact_id), viewer=staff())
        except Refused:
            return
        assert who.personal_identity_code == known.person != ""

    def _persons_are_parted(self, rows: list[Contact]) -> None:
        """Nobody is taken for somebody else by a phone number, an address or a browser."""
        by_person: defaultdict[UUID, set[str]] = defaultdict(set)
        for contact in rows:
            if contact.person_id:
                by_person[contact.person_id].add(self.known[contact.contact_id].person)
        assert all(len(codes) == 1 and "" not in codes for codes in by_person.values())

    def _nobody_is_found(self, rows: list[Contact]) -> None:
        """Of somebody under non-disclosure no contact is of a place, in either service, and no number is listed."""
        alike: defaultdict[UUID, set[bool]] = defaultdict(set)
        for contact in rows:
            assert not contact.non_disclosure or contact.municipality == CONCEALED
            if contact.person_id:
                alike[contact.person_id].add(contact.non_disclosure)
        assert all(len(flags) == 1 for flags in alike.values())
        for call in self.units["chat"].asks(GetCallbacks(include_kept=True), viewer=staff()).callbacks:
            assert not call.non_disclosure or (call.municipality, call.phone) == (CONCEALED, "")

    def _cases_are_parted(self, persons: dict[UUID, UUID | None]) -> None:
        """Contacts are in one case only where somebody has said so, and never those of two persons."""
        together: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for member in self._members():
            together[member.case_id].add(member.contact_id)
        for contacts in together.values():
            assert len({persons[each] for each in contacts} - {None}) <= 1
            said: set[UUID] = set().union(*(each for each in self.joined if each & contacts))
            assert len(contacts) == 1 or contacts <= said

    def _record_is_agreed(self, contact_id: UUID) -> None:
        """A conversation is identified, and what came before is record, only by what chat has heard."""
        chat, known = self.units["chat"], self.known[contact_id]
        try:
            view = chat.asks(GetConversation(contact_id=contact_id), viewer=client(contact_id))
        except Refused:
            return
        identified_at = known.identified_at.get("chat")
        assert view.identified <= (identified_at is not None)
        for message in chat.asks(GetMessages(contact_id=contact_id), viewer=client(contact_id)).messages:
            assert message.words.endswith(str(contact_id))
            assert not message.in_record or self._may_be_record(message, identified_at, known.decisions)

    @staticmethod
    def _may_be_record(
        message: MessageView, identified_at: datetime | None, decisions: list[EarlierTextDecided]
    ) -> bool:
        if identified_at is None:
            return False
        yes = any(one.accepted and one.decided_at >= identified_at for one in decisions)
        return message.sent_at >= identified_at or (yes and all(one.accepted for one in decisions))

    def pages_must_hold(self) -> None:
        """Everything once more; and the therapist's page names nobody whom intake has not heard of for this contact."""
        self.moved = set(self.contacts)
        self.must_hold()
        for contact_id in self.contacts:
            page = self.desk.get(f"/fi/desk/conversation/{contact_id}").text
            known = self.known[contact_id]
            for person in PERSONS:
                told = "intake" in known.identified_at and known.person == person["personal_identity_code"]
                assert told or not [one for one in person.values() if one in page]

    def nothing_is_told_in_clear(self) -> None:
        """No fact carries a name, a code, a number, an address or a word of anybody."""
        secrets = [EMAIL, PHONE, WORDS, *(value for person in PERSONS for value in person.values())]
        for row in self._told_rows():
            assert not [one for one in secrets if one.encode() in row]

    def nobody_is_found_in_what_is_told(self) -> None:
        """Once intake has said of a contact that its person is not to be found, it says no place of it any more."""
        marked: set[UUID] = set()
        for event in self.units["intake"].told:
            told = event.model_dump()
            assert told.get("contact_id") not in marked or told["municipality"] == CONCEALED, type(event).__name__
            if isinstance(event, NonDisclosureChanged) and event.in_force:
                marked.add(event.contact_id)

    def _told_rows(self) -> Iterator[bytes]:
        for unit in self.units.values():
            rows = unit.database.read(lambda session: session.connection().execute(outbox.select()).all())
            yield from (f"{row.subject} {row.headers}".encode() + row.payload for row in rows)

    def step(self, act: str, a: int, b: int) -> None:
        """One act a minute later, and a look at everything."""
        self.clock.advance(MINUTE)
        with clock.using(self.clock):
            getattr(self, act)(a, b)
        self.must_hold()

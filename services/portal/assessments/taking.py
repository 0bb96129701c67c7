"""Taking a result: once, whatever is sent again; a contact comes of it, and a link for the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

from chassis import Refused, Transaction
from chassis.calendar import local_date
from chassis.neighbours import Neighbour
from contracts.base import CLOCK_AHEAD
from contracts.closings import Door
from contracts.portal import ContactOpened, Origin
from services.portal import acts, links
from services.portal.assessments import domain, store
from services.portal.assessments.domain import Result
from services.portal.assessments.mapping import Mappings
from services.portal.doors import must_be_open
from services.portal.edge import Edge
from services.portal.neighbours.domain import REMEMBERED
from services.portal.questionnaire import questionnaire


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a result."""

    contact_id: UUID
    secret: str
    """Of the link that opens the contact, once."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Counter:
    """What results are taken with."""

    edge: Edge
    mappings: Mappings
    links: links.Links

    async def take(self, neighbour: Neighbour, result: Result) -> Taken:
        """Take a result. The same one again gives the same answer.

        Raises:
            Refused: `result-changed`, `clock-ahead`, `too-old`, `consent-missing`, `unknown-municipality`,
                `other-municipality`, `unknown-assessment`, `unknown-assessment-version`, `unknown-trouble`,
                `service-unavailable`.
            MergedMunicipality: `merged-municipality`.
            WrongAnswer: `unknown-question`, `unknown-answer`.
            DoorClosed: `door-closed`, unless there is a red flag.
        """
        known = await self.edge.transact(partial(self._before, name=neighbour.name, result=result))
        if known is not None:
            return known
        opened = await self._opened(neighbour, result)
        return await self.edge.transact(partial(self._tell, name=neighbour.name, result=result, opened=opened))

    async def _opened(self, neighbour: Neighbour, result: Result) -> ContactOpened:
        """The fact that the person has come in, with what is known already."""
        now = self.edge.clock()
        _must_be_of_the_present(result.assessed_at, now)
        domain.must_be_agreed(result)
        assessment = domain.assessment_of(self.mappings.in_force(local_date(now)), result)
        asked = await questionnaire(self.edge.ask, result.language, assessment.trouble)
        answers = domain.known(assessment, result.answers, asked)
        entry = acts.Entry(
            municipality=result.municipality,
            language=result.language,
            trouble=assessment.trouble,
            age_band=result.age_band,
            questionnaire=asked.version,
            answers=answers,
            origin=Origin.OMAOLO,
            assessed=result.urgency,
            summary=result.summary,
        )
        opened = acts.opened_of(self.edge, entry, uuid4())
        if neighbour.areas and opened.area not in neighbour.areas:
            raise Refused("other-municipality", "the municipality belongs to a county that the sender does not serve")
        if not domain.is_red(result, answers, asked):
            await must_be_open(self.edge, opened.area, Door.OMAOLO)
        return opened

    def _tell(self, tx: Transaction, name: str, result: Result, opened: ContactOpened) -> Taken:
        if store.first_taken(tx, name, result, opened.contact_id):
            links.make(tx, opened.contact_id, self.links.secret(opened.contact_id))
            tx.publish(opened)
        taken = self._before(tx, name, result)
        assert taken is not None
        return taken

    def _before(self, tx: Transaction, name: str, result: Result) -> Taken | None:
        found = store.find(tx, name, result)
        if found is None:
            return None
        return Taken(found.contact_id, self.links.secret(found.contact_id), found.taken_at + links.LIFE)


def _must_be_of_the_present(at: datetime, now: datetime) -> None:
    if at - now > CLOCK_AHEAD:
        raise Refused("clock-ahead", "the assessment is ahead of our time")
    if now - at > REMEMBERED:
        raise Refused("too-old", f"the assessment is older than {REMEMBERED.days} days")

"""Who acts for somebody is never taken for the client, whoever told the identity and in whatever order it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from chassis import Refused
from chassis.service import Service
from contracts.cases import GetOffer
from contracts.chat import AcceptConversation, GetConversation, RequestIdentity
from contracts.intake import ContactDeclined, DirectAccessGranted, GetContact
from contracts.scheduling import OfferTimes
from services.chat.app import build as chat
from services.intake.app import build as intake
from services.intake.identity.models import Person
from services.scheduling.app import build as scheduling
from tests.factories import client, contact_opened, contact_routed, identity_verified, staff
from tests.services.intake.builders import answers, code, sealed_person
from tests.stack import DATABASES
from tests.unit import Unit, practice_settings

Started = Callable[[Callable[..., Service]], Unit]
ACTING = {"on_behalf": "child"}


@pytest.fixture(params=DATABASES)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Started]:
    units: list[Unit] = []

    def one(build: Callable[..., Service]) -> Unit:
        name = build.__module__.split(".")[1]
        over = {}
        if request.param == "postgresql":
            over["database_url"] = request.getfixturevalue("postgres").make([name])
        units.append(Unit(build(practice_settings(tmp_path / name, **over))))
        return units[-1]

    yield one
    for unit in units:
        unit.close()


def test_their_identity_is_kept_nowhere(start: Started) -> None:
    unit, contact_id = start(intake), uuid4()
    unit.hears(contact_opened(contact_id=contact_id, answers=answers(), **ACTING))
    unit.hears(identity_verified(contact_id=contact_id, person=unit.seal(sealed_person())))
    assert (unit.outcome, unit.verdict and unit.verdict.code) == ("refused", "acting-for")
    assert unit.database.read(lambda session: list(session.exec(select(Person)))) == []
    assert not unit.asks(GetContact(contact_id=contact_id), viewer=staff()).identified


def test_their_own_age_declines_nobody_and_grants_no_direct_access(start: Started) -> None:
    """A sister of 15 who writes for her grandfather is not too young (rule 2): nobody asks how old she is."""
    unit, contact_id = start(intake), uuid4()
    unit.hears(contact_opened(contact_id=contact_id, answers=answers(), on_behalf="adult"))
    too_young = sealed_person(personal_identity_code=code("010111A901"))
    unit.hears(identity_verified(contact_id=contact_id, person=unit.seal(too_young)))
    assert unit.told_of(ContactDeclined) == unit.told_of(DirectAccessGranted) == []


@pytest.mark.parametrize("identified_first", [False, True])
def test_in_the_chat_nobody_is_identified_whatever_comes_first(start: Started, identified_first: bool) -> None:
    unit, contact_id = start(chat), uuid4()
    facts = [contact_routed(contact_id=contact_id, route="chat", **ACTING), identity_verified(contact_id=contact_id)]
    for fact in reversed(facts) if identified_first else facts:
        unit.hears(fact)
    seen = unit.asks(GetConversation(contact_id=contact_id), viewer=staff())
    assert (seen.identified, seen.identified_at, seen.earlier_text) == (False, None, None)


def test_in_the_chat_they_are_not_asked_to_identify(start: Started) -> None:
    unit, contact_id = start(chat), uuid4()
    unit.hears(contact_routed(contact_id=contact_id, route="chat", **ACTING))
    waiting = unit.asks(GetConversation(contact_id=contact_id), viewer=staff())
    unit.asks(AcceptConversation(conversation_id=waiting.conversation_id, therapist_name="Aino"), viewer=staff())
    with pytest.raises(Refused, match="acting-for"):
        unit.asks(RequestIdentity(contact_id=contact_id), viewer=staff())


def test_no_time_is_offered_to_them(start: Started) -> None:
    unit, contact_id = start(scheduling), uuid4()
    unit.hears(contact_routed(contact_id=contact_id, **ACTING))
    unit.hears(identity_verified(contact_id=contact_id))
    with pytest.raises(Refused, match="not-identified"):
        unit.asks(OfferTimes(contact_id=contact_id), viewer=staff())


@pytest.mark.parametrize("acting_first", [False, True])
def test_one_browser_never_joins_ones_own_matter_with_that_of_somebody_else(start: Started, acting_first: bool) -> None:
    unit = start(intake)
    first, second = (_comes(unit, **(ACTING if acting is acting_first else {})) for acting in (True, False))
    offer = unit.asks(GetOffer(contact_id=second, session=(first,)), viewer=client(second))
    assert offer.offered is None


def test_two_matters_of_ones_own_are_offered_to_be_joined(start: Started) -> None:
    """What the test before this one would miss."""
    unit = start(intake)
    first, second = _comes(unit), _comes(unit)
    offer = unit.asks(GetOffer(contact_id=second, session=(first,)), viewer=client(second))
    assert offer.offered is not None


def _comes(unit: Unit, **over: Any) -> UUID:
    contact_id = uuid4()
    opened_at = unit.clock()
    unit.hears(contact_opened(contact_id=contact_id, answers=answers(), opened_at=opened_at, **over))
    unit.clock.set(opened_at.replace(minute=opened_at.minute + 1))
    return contact_id

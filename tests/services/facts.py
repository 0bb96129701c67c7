"""Facts to send to a service, made from the documented examples: fresh ids, sealed fields really sealed."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from chassis import Service
from chassis.seal import Sealer
from contracts import EVENTS, Event
from contracts.intake import ContactRouted
from contracts.non_disclosure import NonDisclosureChanged
from contracts.portal import (
    CallbackRequested,
    ContactOpened,
    ContactPointGiven,
    IdentityVerified,
    QuestionsAnswered,
    WarningPassed,
)
from contracts.referrals import ReferralReceived
from contracts.scheduling import VisitBooked

FIRST: dict[type[Event], tuple[type[Event], ...]] = {
    ContactPointGiven: (ContactOpened, IdentityVerified),
    IdentityVerified: (ContactOpened, ContactRouted),
    NonDisclosureChanged: (ContactRouted,),
    QuestionsAnswered: (ContactOpened,),
    WarningPassed: (ContactOpened,),
}
"""What must have been heard before, by whoever hears it at all."""

INSIDE: dict[tuple[type[Event], str], dict[str, Any]] = {
    (IdentityVerified, "person"): {
        "personal_identity_code": "210281-9988",  # individual numbers 900-999 are no person's
        "family_name": "Esimerkki-Virtanen",
        "given_names": "Testi Maria",
        "birth_date": "1981-02-21",
    },
    (ContactOpened, "summary"): {"summary": "https://maker.example/summaries/1"},
    (ContactPointGiven, "point"): {"phone": "+358400000000"},
    (CallbackRequested, "message"): {"phone": "+358 40 000 0000", "words": "the left knee"},
    (ReferralReceived, "call"): {"phone": "+358 40 000 0000", "words": "the left knee"},
    (VisitBooked, "recipient"): {"email": "testi@example.invalid"},
}
"""What is in each sealed field."""


def fresh(kind: type[Event], sealer: Sealer, **over: Any) -> Event:
    """The example with ids of its own."""
    given = kind.example.model_dump()
    given |= {name: uuid4() for name, value in given.items() if isinstance(value, UUID)}
    given |= {
        name: sealer.seal(owner, INSIDE[kind, name])
        for name, owner in kind.declared.sealed.items()
        if given[name] is not None
    }
    return kind.model_validate(given | over)


def heard_by(service: Service) -> list[type[Event]]:
    """Every event a service acts on."""
    return list(service.handlers)


def told_by(service: Service) -> type[Event]:
    """A care event that is the service's own."""
    return next(kind.cls for kind in EVENTS.values() if kind.owner == service.name and not kind.public)


def sequence(service: Service, kind: type[Event], sealer: Sealer) -> list[Event]:
    """A fact of this kind, after the ones about the same contact that must have come before."""
    before = [first for first in FIRST.get(kind, ()) if first in heard_by(service)]
    over = {"contact_id": uuid4()}
    return [fresh(each, sealer, **over if "contact_id" in each.model_fields else {}) for each in (*before, kind)]

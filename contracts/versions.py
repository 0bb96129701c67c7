"""Versions of one event side by side, and how a reader of the newer one reads what the older one told."""

from __future__ import annotations

from contracts.base import EVENTS, Event, EventType


def older(kind: EventType) -> EventType | None:
    """The same event, one version before; None when nobody declares it."""
    return next((each for each in EVENTS.values() if _same(each, kind) and each.version == kind.version - 1), None)


def newest(kind: EventType) -> EventType:
    """The highest version of an event."""
    return max((each for each in EVENTS.values() if _same(each, kind)), key=lambda each: each.version)


def readable_as(kind: EventType) -> list[EventType]:
    """An event and the older versions that become it, newest first: what its reader reads."""
    found = [kind]
    while (before := older(found[-1])) and "upcast" in vars(found[-1].cls):
        found.append(before)
    return found


def upcast(fact: Event, wanted: EventType) -> Event:
    """A fact as a later version of its event tells it, one version at a time.

    Raises:
        ValueError: no way of versions leads from the one to the other.
    """
    if fact.declared is wanted:
        return fact
    before = older(wanted)
    if before is None:
        raise ValueError(f"{fact.declared.key} does not become {wanted.key}")
    return wanted.cls.upcast(upcast(fact, before))


def _same(one: EventType, other: EventType) -> bool:
    return (one.owner, one.name) == (other.owner, other.name)

"""The published language: every event, command and query of the unit, one module per owner.

Importing this package declares them all; `contracts.base.EVENTS` and `ASKS` are the registry that subjects, schemas,
permissions, documents and tests are made from.
"""

from contracts import (
    callbacks,
    cases,
    chat,
    closings,
    demand,
    due,
    falls,
    feedback,
    intake,
    matching,
    non_disclosure,
    notifications,
    overview,
    portal,
    public,
    referrals,
    scheduling,
)
from contracts.base import ASKS, EVENTS, Ask, AskType, Event, EventType, Kind, View

__all__ = [
    "ASKS",
    "EVENTS",
    "Ask",
    "AskType",
    "Event",
    "EventType",
    "Kind",
    "View",
    "callbacks",
    "cases",
    "chat",
    "closings",
    "demand",
    "due",
    "falls",
    "feedback",
    "intake",
    "matching",
    "non_disclosure",
    "notifications",
    "overview",
    "portal",
    "public",
    "referrals",
    "scheduling",
]

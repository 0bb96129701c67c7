"""Notifications: what was sent to people, without saying to whom or what about."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.base import Code, Event, Id, Instant, Language, event
from contracts.scheduling import _VISIT

_NOTIFICATION = Id("71c5b8f0-1c0e-4f0d-9d9f-2b1f5a3c8d22")


class Medium(StrEnum):
    """How a notification travels."""

    EMAIL = "email"


class FailureKind(StrEnum):
    """Why a notification did not go out."""

    PERMANENT = "permanent"
    """The address or message was refused for good."""
    TECHNICAL = "technical"
    """The gateway stayed unreachable until we gave up."""


@event(
    owner="notifications",
    version=1,
    about="notification_id",
    external="the unit lead's reports: confirmations sent",
)
class NotificationSent(Event):
    """The mail gateway took a notification.

    Sent: once per notification; the mailbox may still refuse it later.
    """

    notification_id: Id
    visit_id: Id
    medium: Medium
    template: Code
    """Which text was sent."""
    language: Language
    attempts: Annotated[int, Field(ge=1)]
    """Tries at the gateway, the last one included."""
    sent_at: Instant


NotificationSent.example = NotificationSent.shown(
    notification_id=_NOTIFICATION, visit_id=_VISIT, medium="email", template="visit-booked", language="fi", attempts=1,
    sent_at="2026-11-24T08:12:01Z",
)  # fmt: skip


@event(
    owner="notifications",
    version=1,
    about="notification_id",
    external="the unit lead's reports: people who got no confirmation",
)
class NotificationFailed(Event):
    """A notification could not be sent and will not be tried again.

    Sent: once per notification, instead of NotificationSent.
    """

    notification_id: Id
    visit_id: Id
    medium: Medium
    template: Code
    """Which text was sent."""
    kind: FailureKind
    attempts: Annotated[int, Field(ge=1)]
    """Tries at the gateway, the last one included."""
    failed_at: Instant


NotificationFailed.example = NotificationFailed.shown(
    notification_id=_NOTIFICATION, visit_id=_VISIT, medium="email", template="visit-booked", kind="technical",
    attempts=8, failed_at="2026-11-24T10:12:01Z",
)  # fmt: skip

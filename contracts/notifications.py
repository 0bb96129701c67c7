"""Notifications: what was sent to people, without saying to whom or what about."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from contracts.base import Code, Event, Id, Instant, Language, Message, event
from contracts.scheduling import _VISIT

_NOTIFICATION = Id("71c5b8f0-1c0e-4f0d-9d9f-2b1f5a3c8d22")


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"(?=.{{3,254}}\Z)(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]", re.ASCII
)
"""Accepts one plain address: words with dots between, @, a host name of two or more labels. No quote, no line end."""


def is_email_address(text: str) -> bool:
    """Whether a text is one address that can be sent to as it stands; a rare one is refused, not risked."""
    return _ADDRESS.fullmatch(text) is not None


def _sendable(text: str) -> str:
    if not is_email_address(text):
        raise ValueError("expected one plain e-mail address")
    return text


EmailAddress = Annotated[str, AfterValidator(_sendable)]
"""Where mail can be sent. Only inside a sealed field."""


class Recipient(Message):
    """What is sealed in `VisitBooked.recipient`. Only notifications opens it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    email: EmailAddress


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
    """When it was given up."""


NotificationFailed.example = NotificationFailed.shown(
    notification_id=_NOTIFICATION, visit_id=_VISIT, medium="email", template="visit-booked", kind="technical",
    attempts=30, failed_at="2026-11-25T08:24:37Z",
)  # fmt: skip

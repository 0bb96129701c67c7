"""The chat service, put together."""

from __future__ import annotations

from chassis import Service, Settings
from contracts.areas import load_areas
from services.chat import answers, handlers, models
from services.chat.settings import ChatSettings


def build(settings: Settings) -> Service:
    """Chat: queue, conversations, promised calls.

    Hears ContactRouted, ContactDeclined, IdentityVerified, EarlierTextDecided, CallbackRequested, ReferralReceived,
    VisitBooked, NonDisclosureChanged, DueTimeSet; tells Conversation*, IdentityRequested, Callback*.
    """
    return Service(
        name="chat",
        settings=settings,
        handlers=handlers.on,
        answers=answers.answers,
        tables=models.ChatTable.metadata,
        provides=[load_areas(settings.areas_dir, practice=settings.always_open), ChatSettings()],
    )

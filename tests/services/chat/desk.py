"""What happens at a desk, in few words, for the tests of the chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import Refused, Viewer
from contracts import Ask
from contracts.callbacks import CallbackView, GetCallbacks
from contracts.chat import (
    AcceptConversation,
    ConversationView,
    EndConversation,
    GetConversation,
    GetMessages,
    MessageView,
    PostMessage,
)
from contracts.portal import CallbackRequested
from tests.factories import client, contact_routed, staff
from tests.unit import Unit

PHONE = "+358401234567"
WORDS = "Polvi on kipeä portaissa."


@dataclass(frozen=True)
class Desk:
    chat: Unit

    def queued(self, contact_id: UUID | None = None, **over: Any) -> ConversationView:
        """A resident waits in the queue."""
        contact_id = contact_id or uuid4()
        self.chat.hears(contact_routed(contact_id=contact_id, route="chat", **over))
        return self.seen(contact_id)

    def accepted(self, conversation: ConversationView | None = None, viewer: Viewer | None = None) -> ConversationView:
        """A therapist has taken a conversation."""
        conversation = conversation or self.queued()
        ask = AcceptConversation(conversation_id=conversation.conversation_id, therapist_name="Aino")
        view: ConversationView = self.chat.asks(ask, viewer=viewer or staff())
        return view

    def seen(self, contact_id: UUID) -> ConversationView:
        """The conversation as the resident sees it now."""
        view: ConversationView = self.chat.asks(GetConversation(contact_id=contact_id), viewer=client(contact_id))
        return view

    def says(self, contact_id: UUID, words: str, viewer: Viewer | None = None) -> MessageView:
        """The resident says something, or the viewer named."""
        view: MessageView = self.chat.asks(
            PostMessage(contact_id=contact_id, words=words), viewer=viewer or client(contact_id)
        )
        return view

    def messages(self, contact_id: UUID, viewer: Viewer | None = None, after: int = 0) -> list[MessageView]:
        ask = GetMessages(contact_id=contact_id, after=after)
        return list(self.chat.asks(ask, viewer=viewer or client(contact_id)).messages)

    def ended(self, contact_id: UUID, viewer: Viewer | None = None) -> ConversationView:
        view: ConversationView = self.chat.asks(
            EndConversation(contact_id=contact_id), viewer=viewer or client(contact_id)
        )
        return view

    def left_message(self, *, phone: str = PHONE, words: str = WORDS, **over: Any) -> CallbackRequested:
        """A resident leaves a message; gives back the fact."""
        sealed = self.chat.seal({"phone": phone, "words": words})
        fields = {"contact_id": uuid4(), "callback_id": uuid4(), "message": sealed, "requested_at": self.chat.clock()}
        fact = CallbackRequested.model_validate(CallbackRequested.example.model_dump() | fields | over)
        self.chat.hears(fact)
        return fact

    def callbacks(self, viewer: Viewer | None = None, *, kept: bool = False) -> list[CallbackView]:
        return list(self.chat.asks(GetCallbacks(include_kept=kept), viewer=viewer or staff()).callbacks)

    def refusal(self, ask: Ask[Any], viewer: Viewer) -> str:
        """The code an ask is refused with."""
        with pytest.raises(Refused) as refused:
            self.chat.asks(ask, viewer=viewer)
        return refused.value.code

    def later(self, **by: float) -> datetime:
        self.chat.clock.advance(timedelta(**by))
        return self.chat.clock()

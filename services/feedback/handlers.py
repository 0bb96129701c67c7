"""Everybody who was served is asked once."""

from __future__ import annotations

from uuid import UUID, uuid4

from chassis import Handlers, Transaction
from contracts.callbacks import CallbackKept
from contracts.chat import ConversationEnded
from contracts.feedback import About, FeedbackInvited
from contracts.scheduling import VisitCompleted
from services.feedback import store
from services.feedback.models import Invitation

on = Handlers()


@on(ConversationEnded)
def invite_after_conversation(fact: ConversationEnded, tx: Transaction) -> None:
    _invite(fact, About.CONVERSATION, fact.conversation_id, tx)


@on(CallbackKept)
def invite_after_call(fact: CallbackKept, tx: Transaction) -> None:
    _invite(fact, About.CALLBACK, fact.callback_id, tx)


@on(VisitCompleted)
def invite_after_visit(fact: VisitCompleted, tx: Transaction) -> None:
    _invite(fact, About.VISIT, fact.visit_id, tx)


def _invite(
    fact: ConversationEnded | CallbackKept | VisitCompleted, about: About, cause_id: UUID, tx: Transaction
) -> None:
    invitation = Invitation(
        invitation_id=uuid4(),
        about_what=about,
        cause_id=cause_id,
        contact_id=fact.contact_id,
        area=fact.area,
        invited_at=tx.now,
    )
    if not store.invite(tx.session, invitation):
        return
    tx.publish(
        FeedbackInvited(
            area=fact.area,
            municipality=fact.municipality,
            invitation_id=invitation.invitation_id,
            contact_id=fact.contact_id,
            about_what=about,
            invited_at=tx.now,
        )
    )
    tx.hint(contact=fact.contact_id)

"""What the feedback service is asked: who may answer, the answer itself, and what an area has been told."""

from __future__ import annotations

from collections import Counter
from uuid import uuid4

from chassis import Answers, Refused, Transaction
from chassis.calendar import local_date
from contracts.feedback import (
    About,
    FeedbackText,
    FeedbackView,
    GetFeedback,
    GetInvitations,
    GiveFeedback,
    Given,
    InvitationsView,
    InvitationView,
    SummaryView,
)
from services.feedback import domain, store
from services.feedback.models import Answer
from services.feedback.settings import FeedbackSettings

answers = Answers()


@answers(GetInvitations)
def invitations(ask: GetInvitations, tx: Transaction) -> InvitationsView:
    found = store.invitations(tx.session, ask.contact_id, tx.viewer)
    return InvitationsView(
        invitations=tuple(
            InvitationView(invitation_id=one.invitation_id, about_what=About(one.about_what), answered=one.answered)
            for one in found
        )
    )


@answers(GiveFeedback)
def give(ask: GiveFeedback, tx: Transaction) -> Given:
    """Use up the invitation and keep the answer. Nothing that is stored names both."""
    mine = {one.invitation_id: one for one in store.invitations(tx.session, ask.contact_id, tx.viewer)}
    if ask.invitation_id not in mine:
        raise Refused("unknown-invitation", "no such invitation for this contact")
    if not store.mark_answered(tx.session, ask.invitation_id):
        raise Refused("already-answered", "the invitation was answered before")
    invitation = mine[ask.invitation_id]
    answer = Answer(
        answer_id=uuid4(),
        area=invitation.area,
        about_what=invitation.about_what,
        recommend=ask.recommend,
        useful=ask.useful,
        text=domain.without_telltales(ask.text),
        given_on=local_date(tx.now),
    )
    store.add_answer(tx.session, answer)
    return Given(invitation_id=ask.invitation_id)


@answers(GetFeedback)
def feedback(ask: GetFeedback, tx: Transaction, settings: FeedbackSettings) -> FeedbackView:
    tx.viewer.must_be_staff(ask.area)
    since = local_date(ask.since) if ask.since else None
    return FeedbackView(
        summary=_summary(ask, tx),
        texts=tuple(
            FeedbackText(about_what=About(one.about_what), text=one.text, given_on=one.given_on)
            for one in store.texts(tx.session, ask.area, since, settings.texts_shown)
        ),
    )


def _summary(ask: GetFeedback, tx: Transaction) -> SummaryView:
    scores: Counter[int] = Counter()
    useful: Counter[bool | None] = Counter()
    for score, found_useful, times in store.counts(tx.session, ask.area, local_date(ask.since) if ask.since else None):
        scores[score] += times
        useful[found_useful] += times
    asked, tally = store.asked(tx.session, ask.area, ask.since), domain.tally(scores)
    useful_base = useful[True] + useful[False]
    return SummaryView(
        asked=asked,
        answered=tally.answers,
        promoters=tally.promoters,
        passives=tally.passives,
        detractors=tally.detractors,
        nps=domain.net_promoter_score(tally),
        useful_yes=useful[True],
        useful_base=useful_base,
        nps_interval=domain.net_promoter_interval(tally),
        answered_interval=domain.wilson_interval(min(tally.answers, asked), asked),
        useful_interval=domain.wilson_interval(useful[True], useful_base),
    )

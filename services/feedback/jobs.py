"""What the feedback service does by the clock."""

from __future__ import annotations

from datetime import timedelta

from chassis import Jobs, Transact, Transaction
from chassis.calendar import local_date
from contracts.feedback import About, FeedbackGiven
from contracts.public import FeedbackCounted
from services.feedback import store
from services.feedback.settings import FeedbackSettings

jobs = Jobs()


@jobs(every=timedelta(seconds=10))
async def tell_given(transact: Transact, settings: FeedbackSettings) -> None:
    """Tell the answers of finished days, all at once and shuffled: told at once, the moment would name the person."""

    def tell(tx: Transaction) -> None:
        finished = local_date(tx.now) - timedelta(days=settings.told_after_days)
        for answer in store.take_untold(tx.session, finished):
            tx.publish(
                FeedbackGiven(
                    area=answer.area,
                    answer_id=answer.answer_id,
                    about_what=About(answer.about_what),
                    recommend=answer.recommend,
                    useful=answer.useful,
                    given_on=answer.given_on,
                )
            )
            tx.publish(
                FeedbackCounted(
                    area=answer.area,
                    day=answer.given_on,
                    about_what=About(answer.about_what),
                    recommend=answer.recommend,
                )
            )

    await transact(tell)

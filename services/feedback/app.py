"""The feedback service, seen whole."""

from __future__ import annotations

from chassis import Service, Settings
from services.feedback import answers, handlers, jobs, models
from services.feedback.settings import FeedbackSettings


def build(settings: Settings) -> Service:
    """Feedback. Hears ConversationEnded, CallbackKept, VisitCompleted, tells FeedbackInvited, FeedbackGiven.

    Raises:
        ValueError: production would tell an answer at the moment it is given.
    """
    own = FeedbackSettings()
    if own.told_after_days == 0 and not settings.practice:
        raise ValueError("production needs FEEDBACK_TOLD_AFTER_DAYS of at least 1: the moment would name the person")
    return Service(
        name="feedback",
        settings=settings,
        handlers=handlers.on,
        answers=answers.answers,
        jobs=jobs.jobs,
        tables=models.FeedbackTable.metadata,
        provides=[own],
    )

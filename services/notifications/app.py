"""The notifications service, put together."""

from __future__ import annotations

from chassis import Service, Settings
from contracts.notifications import is_email_address
from services.notifications import handlers, jobs, models
from services.notifications.clients.smtp import Gateway
from services.notifications.settings import NotificationsSettings
from services.notifications.webhooks import jobs as webhooks
from services.notifications.webhooks.receivers import Receivers

NEEDED_IN_PRODUCTION = {"smtp_host", "smtp_port", "smtp_starttls", "sender"}


def build(settings: Settings) -> Service:
    """Notifications. Hears VisitBooked; tells NotificationSent, NotificationFailed.

    Raises:
        ValueError: the sender is no address, or production would send by the practice installation's defaults.
    """
    own = NotificationsSettings()
    if settings.practice and not own.smtp_port:
        own = own.model_copy(update={"smtp_port": settings.practice_mail_port})
    if not is_email_address(own.sender):
        raise ValueError("NOTIFICATIONS_SENDER is to be one plain e-mail address")
    if not settings.practice and (missing := NEEDED_IN_PRODUCTION - own.model_fields_set):
        raise ValueError("production needs " + ", ".join(sorted(f"NOTIFICATIONS_{name.upper()}" for name in missing)))
    return Service(
        name="notifications",
        settings=settings,
        handlers=handlers.on,
        jobs=jobs.jobs.and_also(webhooks.jobs),
        tables=models.NotificationsTable.metadata,
        provides=[Gateway(own), Receivers(settings)],
        posts=True,
    )

"""The notifications service, put together."""

from __future__ import annotations

from chassis import Service, Settings
from services.notifications import handlers, jobs, models
from services.notifications.clients.smtp import Gateway
from services.notifications.domain import is_address
from services.notifications.settings import NotificationsSettings


def build(settings: Settings) -> Service:
    """Notifications. Hears VisitBooked; tells NotificationSent, NotificationFailed.

    Raises:
        ValueError: the sender is no address, or production would send by the practice installation's defaults.
    """
    own = NotificationsSettings()
    if not is_address(own.sender):
        raise ValueError("NOTIFICATIONS_SENDER is to be one plain e-mail address")
    if not settings.practice and not {"smtp_host", "smtp_starttls", "sender"} <= own.model_fields_set:
        raise ValueError("production needs NOTIFICATIONS_SMTP_HOST, NOTIFICATIONS_SMTP_STARTTLS, NOTIFICATIONS_SENDER")
    return Service(
        name="notifications",
        settings=settings,
        handlers=handlers.on,
        jobs=jobs.jobs,
        tables=models.NotificationsTable.metadata,
        provides=[Gateway(own)],
    )

"""What is measured of posting to neighbours; labels are the names our operator gave, and how it ended."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

WEBHOOK_POSTS = Counter(
    "digi_notifications_webhook_posts", "Posts to neighbours, by how each ended", ["neighbour", "answer"]
)
WEBHOOK_FAILED = Counter(
    "digi_notifications_webhook_failed", "Facts given up after three days of trying", ["neighbour"]
)
WEBHOOK_WITHDRAWN = Counter(
    "digi_notifications_webhook_withdrawn", "Facts not posted after all: the grant was taken back", ["neighbour"]
)
WEBHOOK_WAITING = Gauge(
    "digi_notifications_webhook_oldest_seconds", "Age of the oldest fact not delivered yet", ["neighbour"]
)

"""What neighbours do at our door, counted. A neighbour's name is the county's word for a system, never a person."""

from __future__ import annotations

from prometheus_client import Counter

POSTED = Counter(
    "digi_portal_events_posted",
    "Events posted by neighbours, by how it ended: accepted, repeated, or the code of the refusal (once a request)",
    ["neighbour", "outcome"],
)
TOKENS = Counter(
    "digi_portal_tokens_asked",
    "Tokens neighbours asked for, by how it ended: issued, or the error of RFC 6749; known neighbours by name",
    ["neighbour", "outcome"],
)
SENT = Counter(
    "digi_portal_sent",
    "People sent by neighbours, by what came (assessments, referrals) and how it ended: taken, or the refusal's code",
    ["neighbour", "what", "outcome"],
)

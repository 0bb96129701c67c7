"""What anybody in the county may know: facts without persons, in one place so that they can be judged together.

Closed lists and the day, nothing else (tests/contracts/test_public.py). Each is told by the service that knows it,
beside the care event it is made from.
"""

from __future__ import annotations

from enum import StrEnum

from contracts.base import PublicEvent, public_event
from contracts.feedback import About, Score
from contracts.portal import Origin
from contracts.scheduling import Modality


class TroubleGroup(StrEnum):
    """Troubles in groups that many people share. Source: the referral survey (mission.md section 2)."""

    NECK_SHOULDER = "neck_shoulder"
    BACK = "back"
    JOINT = "joint"
    OTHER = "other"


class Destination(StrEnum):
    """Where the unit's contacts go: a route, or nowhere in the unit."""

    CHAT = "chat"
    CALLBACK = "callback"
    BOOKING = "booking"
    ELSEWHERE = "elsewhere"
    DECLINED = "declined"


@public_event(owner="intake", version=1, external="any system of the county: demand by door, trouble and destination")
class ContactCounted(PublicEvent):
    """One more contact was decided about.

    Sent: once per contact, with ContactDeclined or with the first ContactRouted that says where it goes.
    """

    origin: Origin
    trouble: TroubleGroup
    destination: Destination


ContactCounted.example = ContactCounted.shown(day="2026-11-24", origin="chat", trouble="joint", destination="chat")


class ConversationEnding(StrEnum):
    """How a conversation came to its end."""

    MET = "met"
    LEFT = "left"
    """The person left the queue before a therapist came."""


class WaitBand(StrEnum):
    """How long somebody waited for a therapist, in steps too wide to recognise anybody by."""

    UNDER_1_MIN = "under_1_min"
    UNDER_5_MIN = "under_5_min"
    UNDER_15_MIN = "under_15_min"
    LONGER = "longer"


@public_event(owner="chat", version=1, external="any system of the county: how busy the chat was")
class ConversationCounted(PublicEvent):
    """One more conversation is over.

    Sent: once per conversation, with ConversationEnded or ConversationAbandoned.
    """

    ending: ConversationEnding
    waited: WaitBand
    """From queued to accepted or left."""


ConversationCounted.example = ConversationCounted.shown(day="2026-11-24", ending="met", waited="under_1_min")


@public_event(owner="chat", version=1, external="any system of the county: whether promised calls are made in time")
class CallbackCounted(PublicEvent):
    """One more promised call reached the person.

    Sent: once per callback, with CallbackKept.
    """

    on_time: bool
    """Reached on the promised day or before."""


CallbackCounted.example = CallbackCounted.shown(day="2026-11-25", on_time=True)


@public_event(owner="scheduling", version=1, external="any system of the county: visits by door and way of meeting")
class VisitCounted(PublicEvent):
    """One more visit took place.

    Sent: once per visit, with VisitCompleted.
    """

    origin: Origin
    modality: Modality


VisitCounted.example = VisitCounted.shown(day="2026-11-26", origin="chat", modality="video")


@public_event(owner="feedback", version=1, external="any system of the county: what people think of the unit")
class FeedbackCounted(PublicEvent):
    """One more answer was given, counted with the county.

    Sent: once per answer, with FeedbackGiven.
    """

    about_what: About
    recommend: Score
    """How likely to recommend, 0-10."""


FeedbackCounted.example = FeedbackCounted.shown(
    municipality="000", day="2026-11-24", about_what="conversation", recommend=10
)

"""Facts that only a front end knows: who came in, who was identified, who asks to be called.

Source: design.md ("front ends publish the facts only they know").
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from contracts.base import Code, Event, Id, Instant, Jwe, Language, Message, Version, View, event, sealed_for

_CONTACT = Id("6f0c2b1e-3a51-4a0e-9f43-0d7b9a1c5e11")
_JWE = "eyJhbGciOiJFQ0RILUVTIn0..AAAAAAAAAAAAAAAA.c2VhbGVk.AAAAAAAAAAAAAAAAAAAAAA"


class Origin(StrEnum):
    """The door a contact came in by; travels on to VisitCompleted."""

    CHAT = "chat"
    BOOKING = "booking"
    OMAOLO = "omaolo"
    REFERRAL = "referral"


class AgeBand(StrEnum):
    """Self-declared age, as coarse as the rules need: an anonymous person gives no birth date."""

    UNDER_16 = "under_16"
    FROM_16_TO_17 = "16_17"
    FROM_18_TO_22 = "18_22"
    FROM_23_TO_74 = "23_74"
    FROM_75 = "75_plus"


class OnBehalf(StrEnum):
    """For whom somebody acts who comes in for another. Whoever types is not the client: their identity never counts."""

    CHILD = "child"
    """Their child, or one they are guardian of."""
    ADULT = "adult"


class InterpreterLanguage(StrEnum):
    """Into which language somebody needs an interpreter: ISO 639-1, sign languages by ISO 639-3."""

    FINNISH_SIGN_LANGUAGE = "fse"
    ALBANIAN = "sq"
    ARABIC = "ar"
    CHINESE = "zh"
    ESTONIAN = "et"
    FRENCH = "fr"
    KURDISH = "ku"
    PERSIAN = "fa"
    POLISH = "pl"
    RUSSIAN = "ru"
    SOMALI = "so"
    SPANISH = "es"
    THAI = "th"
    TURKISH = "tr"
    UKRAINIAN = "uk"
    VIETNAMESE = "vi"
    OTHER = "other"
    """Asked for in the conversation."""


class WarningShown(StrEnum):
    """Outcomes of triage, most severe first, whose page tells a person to turn to others than us.

    A person who has read it may go on; the therapist who meets them is told of it. Source: rule 11.
    """

    EMERGENCY_112 = "emergency_112"
    URGENT_NOW = "urgent_now"
    URGENT_SAME_DAY = "urgent_same_day"
    PHYSICIAN = "physician"


class Assessed(StrEnum):
    """What a symptom assessment elsewhere (Omaolo) has made of a trouble, most urgent first."""

    EMERGENCY = "emergency"
    """The emergency number, now."""
    URGENT = "urgent"
    """To be seen today."""
    ROUTINE = "routine"
    """A professional, not at once."""
    SELF_CARE = "self_care"


class AssuranceLevel(StrEnum):
    """Level of assurance of a strong identification (eIDAS and Finnish Trust Network words)."""

    SUBSTANTIAL = "substantial"
    HIGH = "high"


class PromiseKind(StrEnum):
    """What a person who leaves a message is promised. Source: rules 14-16."""

    ASSESSMENT = "assessment"
    """A new or worse symptom: assessed the same office day."""
    ADVICE = "advice"
    """Anything else: called within 1-5 business days."""


class EarlierText(StrEnum):
    """What becomes of the text that somebody wrote before identifying. Source: rule 8."""

    NONE = "none"
    """Nothing was written before."""
    UNDECIDED = "undecided"
    """The person has not said: it stays out of the patient record until then."""
    KEPT = "kept"
    LEFT_OUT = "left_out"


class Needs(View):
    """What whoever meets a contact must know first. A part of the views for staff."""

    alert: WarningShown | None = None
    """The warning the person went on from."""
    on_behalf: OnBehalf | None = None
    """Whoever is met acts for the client."""
    interpreter: InterpreterLanguage | None = None
    """An interpreter is needed."""
    non_disclosure: bool = False
    """Where the person lives and how they are reached is not to be told. For staff alone. Source: rule 9."""


class VerifiedPerson(Message):
    """What is sealed in `IdentityVerified.person`. Only intake opens it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    personal_identity_code: str | None
    """None for a person from abroad (eIDAS) who has no Finnish code."""
    family_name: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    given_names: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
    birth_date: date
    """As told; the one in a code goes before it."""
    non_disclosure: bool = False
    """The provider says that the person is under non-disclosure for personal safety (rule 9)."""


class AssessmentSummary(Message):
    """What is sealed in `ContactOpened.summary`. Only intake opens it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    summary: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
    """The maker's own reference, or address; not its text."""


class Answer(Message):
    """One answer of the questionnaire, by code."""

    question: Code
    answer: Code


@event(owner="portal", version=1, about="contact_id")
class ContactOpened(Event):
    """A resident has come in: municipality, trouble and the questionnaire's answers are known, the person is not.

    Sent: once per contact, when the safety page and the questionnaire are done.
    """

    contact_id: Id
    origin: Origin
    language: Language
    trouble: Code
    """What troubles the person: a code of the questionnaire file ("knee", "neck_shoulder")."""
    age_band: AgeBand
    """Of the client: of whom somebody acts for, if they do."""
    on_behalf: OnBehalf | None = None
    """None: the person acts for themselves."""
    interpreter: InterpreterLanguage | None = None
    """None: no interpreter is needed."""
    questionnaire: Version
    """Version of the questionnaire that was answered."""
    answers: Annotated[tuple[Answer, ...], Field(max_length=60)]
    """Question by question, codes only. Of who comes by another system than ours (omaolo), those that are known."""
    warned: WarningShown | None = None
    """The warning the person was shown on the way in and went on from."""
    assessed: Assessed | None = None
    """What the symptom assessment made of it that the person comes from."""
    summary: Annotated[Jwe | None, sealed_for("intake")] = None
    """An `AssessmentSummary`: where a professional finds that assessment."""
    opened_at: Instant


ContactOpened.example = ContactOpened.shown(
    contact_id=_CONTACT, origin="chat", language="fi", trouble="knee", age_band="23_74", questionnaire="2026-11-01",
    answers=[{"question": "duration", "answer": "under_3_months"}], opened_at="2026-11-24T08:01:00Z",
)  # fmt: skip


@event(owner="portal", version=1, about="contact_id")
class WarningPassed(Event):
    """A person was told to turn elsewhere, has read it, and still wants to reach a physiotherapist.

    Sent: once per contact, when the person goes on from the page of their outcome.
    Source: rule 11.
    """

    contact_id: Id
    outcome: WarningShown
    """What the page told."""
    passed_at: Instant


WarningPassed.example = WarningPassed.shown(
    contact_id=_CONTACT, outcome="urgent_now", passed_at="2026-11-24T08:01:40Z"
)  # fmt: skip


@event(owner="portal", version=1, about="contact_id")
class QuestionsAnswered(Event):
    """A resident who came with some answers has given the others.

    Sent: when the person has answered what was still to be asked; intake weighs all answers together.
    """

    contact_id: Id
    questionnaire: Version
    """Version that the contact was opened with."""
    answers: Annotated[tuple[Answer, ...], Field(min_length=1, max_length=60)]
    """Question by question, codes only."""
    answered_at: Instant


QuestionsAnswered.example = QuestionsAnswered.shown(
    contact_id=_CONTACT, questionnaire="2026-11-01", answers=[{"question": "joint_now", "answer": "no"}],
    answered_at="2026-11-24T08:03:00Z",
)  # fmt: skip


@event(owner="portal", version=1, about="contact_id")
class IdentityVerified(Event):
    """The person behind a contact was strongly identified.

    Sent: when the identity provider's answer has been checked (issuer, audience, nonce, signature, level).
    """

    contact_id: Id
    assurance: AssuranceLevel
    person: Annotated[Jwe, sealed_for("intake")]
    """Personal identity code and name, for the identity vault alone."""
    verified_at: Instant


IdentityVerified.example = IdentityVerified.shown(
    contact_id=_CONTACT, assurance="substantial", person=_JWE, verified_at="2026-11-24T08:09:30Z"
)


@event(owner="portal", version=1, about="contact_id")
class EarlierTextDecided(Event):
    """The person has said whether what they wrote before identifying may be kept in their patient record.

    Sent: when the question is answered that the page asks once, after identification. A no is never taken back by a
    later yes; a yes from before the identification counts for nothing.
    """

    contact_id: Id
    accepted: bool
    """Yes: what either side wrote before belongs to the patient record as well."""
    decided_at: Instant


EarlierTextDecided.example = EarlierTextDecided.shown(
    contact_id=_CONTACT, accepted=True, decided_at="2026-11-24T08:10:10Z"
)


class ContactPoint(Message):
    """What is sealed in `ContactPointGiven.point`: where the person wants to be reached. Only intake opens it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    phone: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")] | None = None
    """In E.164; premium, shared-cost and short numbers are refused."""
    email: Annotated[str, StringConstraints(max_length=254)] | None = None


@event(owner="portal", version=1, about="contact_id")
class ContactPointGiven(Event):
    """A person who has identified has said where to reach them: with a left message, or with a booking.

    Sent: when that form is sent. It is kept for the person alone, the latest word of each kind; nobody is ever
    recognised or joined by it.
    Source: rule 34.
    """

    contact_id: Id
    point: Annotated[Jwe, sealed_for("intake")]
    """Phone number or e-mail address, for the identity vault alone."""
    given_at: Instant


ContactPointGiven.example = ContactPointGiven.shown(contact_id=_CONTACT, point=_JWE, given_at="2026-11-24T08:12:00Z")


@event(owner="portal", version=1, about="contact_id")
class CallbackRequested(Event):
    """A resident left a message and wants to be called.

    Sent: when the message form is sent; a second one before the call keeps the first promise.
    """

    contact_id: Id
    callback_id: Id
    kind: PromiseKind
    """Answer to the one question "is the symptom new or worse?"."""
    message: Annotated[Jwe, sealed_for("chat")]
    """Phone number and the person's own words, for the chat service alone."""
    requested_at: Instant


CallbackRequested.example = CallbackRequested.shown(
    contact_id=_CONTACT, callback_id="0d0fbb1c-52e5-4f59-8c8f-62a0a3a2b0f1", kind="advice", message=_JWE,
    requested_at="2026-11-24T18:20:00Z",
)  # fmt: skip

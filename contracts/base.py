"""What an event, a command and a query are, and everything that follows from declaring one.

A message is declared once, as a frozen pydantic class under one of three decorators. Subject, CloudEvents type, durable
name, JSON Schema, AsyncAPI channel and documentation are derived here and nowhere else; nobody types a subject by hand.

This package imports pydantic and the standard library only, so that a neighbour can take it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

SOURCE_PREFIX = "fi.digiterapia"
NEIGHBOUR_API = "DIGITERAPIA.API"
"""Under which prefix the client of a neighbour finds the unit's JetStream."""
NEIGHBOUR_DURABLE = "neighbour-{name}"
"""The consumer of a neighbour, in every stream it reads. No service is called so."""
MAX_BYTES = 64 * 1024
"""Largest event, headers and body together; the bus refuses a larger one."""
CLOCK_AHEAD = timedelta(minutes=5)
"""How far a publisher's clock may be ahead of ours. Behind, it cannot be told from a fact that waited for the bus."""


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() != timedelta(0):
        raise ValueError("an instant on the wire is in UTC (…Z)")
    return instant


def _code_system(words: str) -> Any:
    """Say in the schema where the codes of a field are listed."""
    return Field(json_schema_extra={"x-code-system": words})


AreaCode = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2}$"),
    _code_system("wellbeing services county (hyvinvointialue), Statistics Finland"),
]
"""Two-digit code of a wellbeing-services county, for example "10"."""

MunicipalityCode = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{3}$"), _code_system("municipality (kunta), Statistics Finland")
]
"""Three-digit municipality code with leading zeros, "000" when unknown."""

MOST_DIGITS = 5
"""In a code. With more it could be somebody's number: of a phone, or a personal identity code."""


def _is_nobodys_number(code: str) -> str:
    if sum(map(str.isdigit, code)) > MOST_DIGITS:
        raise ValueError(f"a code has at most {MOST_DIGITS} digits")
    return code


Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$"), AfterValidator(_is_nobodys_number)]
"""A word of a closed list kept in data (a trouble, a question, a rule): never free text, nobody's number."""

Version = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]{1,3})?$")]
"""Version of a rule table or questionnaire: the date it takes effect."""

Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A point in time, UTC."""

Id = UUID
"""A random identifier. It says nothing about the person behind it."""

Jwe = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){4}$", max_length=16_384)]
"""A compact JWE."""


def sealed_for(owner: str) -> Any:
    """Mark a field that only `owner` can open: a JWE to that service's public key.

    Use it as `Annotated[Jwe, sealed_for("chat")]`. Everybody else on the bus carries it unread.
    """
    return Field(json_schema_extra={"x-sealed-for": owner})


class Language(StrEnum):
    """Language of service and of every text shown to the person, by ISO 639-1."""

    FI = "fi"
    SV = "sv"
    EN = "en"


class Message(BaseModel):
    """Common ground of everything that travels: frozen, closed when written, tolerant when read.

    Unknown fields are ignored on reading, so that a publisher may add an optional field within a version.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Message):
    """A fact in the past tense. Carries ids, codes and times; never a name, a number of a person, or free text."""

    declared: ClassVar[EventType]
    example: ClassVar[Event]
    upcast: ClassVar[Callable[[Any], Event]]
    """How the fact as the version before told it becomes this one; set from version 2 on (contracts/versions.py)."""

    area: AreaCode
    """The county whose unit this concerns."""
    municipality: MunicipalityCode = "000"
    """The person's municipality as told, or "000"."""

    @classmethod
    def shown(cls, **fields: Any) -> Self:
        """Build the documented example; the golden files and the schema tests come from it."""
        return cls(area=fields.pop("area", "10"), municipality=fields.pop("municipality", "285"), **fields)

    @property
    def about(self) -> UUID:
        """Id of the aggregate this fact is about; travels as `ce-subject`."""
        value = getattr(self, self.declared.about)
        if not isinstance(value, UUID):
            raise TypeError(f"{type(self).__name__}.{self.declared.about} is not an id")
        return value

    @property
    def subject(self) -> str:
        """Where this fact is published."""
        return self.declared.subject(self.area, self.municipality)


class PublicEvent(Event):
    """One more of something, without a person: closed lists and the day. Any system of the county may read it.

    It has no id of anybody, no cause and no trace, and says the day; the bus adds when it was published. A municipality
    too small to hide in is "000".
    """

    day: date
    """When it happened, Europe/Helsinki."""

    @property
    def began(self) -> datetime:
        """The first instant of its day, UTC: all that its envelope says of the time."""
        return datetime.combine(self.day, time(), ZoneInfo("Europe/Helsinki")).astimezone(UTC)

    @property
    def about(self) -> UUID:
        """The place it counts for: `ce-aggregateversion` numbers what its owner has told of it, so a gap shows."""
        return uuid5(NAMESPACE_URL, f"urn:{SOURCE_PREFIX}:{self.area}:{self.municipality}")


class View(Message):
    """What an ask is answered with."""


V = TypeVar("V", bound=View)


class Ask(Message, Generic[V]):
    """A command or a query: somebody waits for the answer, a `V`."""

    asked: ClassVar[AskType]


def told_in_digits(fact: Event, data: Mapping[str, Any]) -> list[str]:
    """Moments of a fact that its JSON has as digits: pydantic takes those for seconds since 1970, whatever they were.

    Args:
        fact: as it was read.
        data: what it was read from.
    """
    moments = [(name, value) for name, value in fact if isinstance(value, datetime) and name in data]
    return [name for name, value in moments if not str(data[name]).startswith(f"{value.year:04}-")]


E = TypeVar("E", bound=Event)
A = TypeVar("A", bound=Ask[Any])


@cache
def snake(name: str) -> str:
    """ContactOpened -> contact_opened."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True, slots=True)
class EventType:
    """What the declaration of an event says, and the names that follow from it."""

    cls: type[Event]
    owner: str
    version: int
    about: str
    """The field that names the aggregate; empty for a public event, which is about nobody."""
    external: str | None
    """Why nobody of ours listens: who outside does. None when a service of ours is the reader."""
    told_until: date | None = None
    """Deprecated: the last day on which it is told. None: no end is in sight."""
    within: bool = False
    """For services of the unit alone: no other system is granted it."""

    @property
    def name(self) -> str:
        """The class in snake case, its version apart: `conversation_queued`."""
        return snake(self.cls.__name__.removesuffix(f"V{self.version}"))

    @property
    def ce_type(self) -> str:
        """CloudEvents type: `fi.digiterapia.chat.conversation_queued.v1`."""
        return f"{SOURCE_PREFIX}.{self.owner}.{self.name}.v{self.version}"

    @property
    def key(self) -> str:
        """File stem of the schema and channel id: `chat.conversation_queued.v1`."""
        return f"{self.owner}.{self.name}.v{self.version}"

    @property
    def public(self) -> bool:
        """Whether every system of the county may read it."""
        return issubclass(self.cls, PublicEvent)

    @property
    def stream(self) -> str:
        """Where the bus keeps it."""
        return "PUB" if self.public else "EVT"

    @property
    def pattern(self) -> str:
        """Subject filter over all areas and municipalities."""
        return self.subject("*", "*")

    @property
    def sealed(self) -> dict[str, str]:
        """Sealed fields -> the service whose key opens them."""
        found: dict[str, str] = {}
        for name, field in self.cls.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and "x-sealed-for" in extra:
                found[name] = str(extra["x-sealed-for"])
        return found

    def subject(self, area: str, municipality: str) -> str:
        """Subject of one area and municipality, codes or wildcards."""
        if self.public:
            return f"pub.{area}.{municipality}.{self.name}.v{self.version}"
        return f"evt.{area}.{municipality}.{self.owner}.{self.name}.v{self.version}"

    def durable(self, service: str) -> str:
        """Name of the consumer through which `service` reads this event, in every version it can read."""
        return f"{service}-{self.name}"


class Kind(StrEnum):
    """Whether an ask changes something."""

    COMMAND = "cmd"
    QUERY = "qry"


@dataclass(frozen=True, slots=True)
class AskType:
    """What the declaration of a command or query says, and the names that follow from it."""

    cls: type[Ask[Any]]
    kind: Kind
    owner: str
    version: int
    answer: type[View]

    @property
    def name(self) -> str:
        """The class in snake case: `accept_conversation`."""
        return snake(self.cls.__name__)

    @property
    def subject(self) -> str:
        """Where it is asked: `cmd.chat.accept_conversation.v1`."""
        return f"{self.kind}.{self.owner}.{self.name}.v{self.version}"

    @property
    def key(self) -> str:
        """File stem of the schema: `chat.accept_conversation.v1`."""
        return f"{self.owner}.{self.name}.v{self.version}"


EVENTS: dict[str, EventType] = {}
"""Every declared event by `ce-type`."""

ASKS: dict[str, AskType] = {}
"""Every declared command and query by subject."""


def event(
    *,
    owner: str,
    version: int,
    about: str,
    external: str | None = None,
    told_until: date | None = None,
    within: bool = False,
) -> Callable[[type[E]], type[E]]:
    """Declare an event.

    Args:
        owner: the service that knows the fact; it alone publishes it.
        version: counts up only on a breaking change; the old version stays until its readers are gone. The class of
            version 2 is called as that of version 1 with `V2` after it.
        about: the field that names the aggregate (its id travels as `ce-subject`).
        external: set when no service of ours reads it: who does.
        told_until: set when it is deprecated: the last day on which it is told.
        within: set when no system outside the unit may ever read it.

    Raises:
        ValueError: the same event and version is declared twice.
    """

    def declare(cls: type[E]) -> type[E]:
        cls.declared = EventType(cls, owner, version, about, external, told_until, within)
        if cls.declared.ce_type in EVENTS:
            raise ValueError(f"{cls.declared.ce_type} is declared twice")
        EVENTS[cls.declared.ce_type] = cls.declared
        return cls

    return declare


def public_event(
    *, owner: str, version: int, external: str, told_until: date | None = None
) -> Callable[[type[E]], type[E]]:
    """Declare a public event: about nobody. `owner` tells it, `external` says who reads it."""
    return event(owner=owner, version=version, about="", external=external, told_until=told_until)


def _ask(kind: Kind, owner: str, version: int) -> Callable[[type[A]], type[A]]:
    def declare(cls: type[A]) -> type[A]:
        answer = cls.__mro__[1].__pydantic_generic_metadata__["args"][0]  # type: ignore[attr-defined]  # Ask[V] is a model
        cls.asked = AskType(cls, kind, owner, version, answer)
        if cls.asked.subject in ASKS:
            raise ValueError(f"{cls.asked.subject} is declared twice")
        ASKS[cls.asked.subject] = cls.asked
        return cls

    return declare


def command(*, owner: str, version: int) -> Callable[[type[A]], type[A]]:
    """Declare a command: `owner` decides yes or no, somebody waits. Sent with an idempotency key."""
    return _ask(Kind.COMMAND, owner, version)


def query(*, owner: str, version: int) -> Callable[[type[A]], type[A]]:
    """Declare a query: reads only. Text may be in it: the bus never stores it."""
    return _ask(Kind.QUERY, owner, version)

"""What a service is made of: handlers of facts, answers to asks, jobs; and how their parameters are filled."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from sqlalchemy import MetaData

from chassis.settings import Settings
from contracts.base import Ask, AskType, Event, EventType, View

Handler = Callable[..., None]
Answer = Callable[..., View]
Job = Callable[..., Awaitable[None]]
H = TypeVar("H", bound=Callable[..., Any])

FRONT_ENDS = frozenset({"portal"})
"""Services that people use: they ask, hear hints, and tell what only a front end knows, ours or a neighbour's."""


class Handlers:
    """The facts a service acts on: `@on(ContactRouted)` over `def effect(fact, tx, ...) -> None`."""

    def __init__(self) -> None:
        self._by_type: dict[type[Event], Handler] = {}

    def __call__(self, heard: type[Event]) -> Callable[[H], H]:
        """Let the decorated function act on `heard`."""

        def add(handler: H) -> H:
            self._add(heard, handler)
            return handler

        return add

    def _add(self, heard: type[Event], handler: Handler) -> None:
        kind = heard.declared
        if any((each.declared.owner, each.declared.name) == (kind.owner, kind.name) for each in self._by_type):
            raise ValueError(f"{kind.name} has a handler already: it is given every version that becomes its own")
        self._by_type[heard] = handler

    def and_also(self, *others: Handlers) -> Handlers:
        """These handlers and the others: of a service that is laid out by topics.

        Raises:
            ValueError: two of them act on the same fact.
        """
        both = Handlers()
        for each in (self, *others):
            for heard, handler in each._by_type.items():
                both._add(heard, handler)
        return both

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._by_type)

    def items(self) -> list[tuple[EventType, Handler]]:
        """Declared event and its handler."""
        return [(heard.declared, handler) for heard, handler in self._by_type.items()]


class Answers:
    """The commands and queries a service answers: `@answers(Accept)` over `def accept(ask, tx, ...) -> View`."""

    def __init__(self) -> None:
        self._by_type: dict[type[Ask[Any]], Answer] = {}

    def __call__(self, asked: type[Ask[Any]]) -> Callable[[H], H]:
        """Let the decorated function answer `asked`."""

        def add(answer: H) -> H:
            self._add(asked, answer)
            return answer

        return add

    def _add(self, asked: type[Ask[Any]], answer: Answer) -> None:
        if asked in self._by_type:
            raise ValueError(f"{asked.__name__} is answered already")
        self._by_type[asked] = answer

    def and_also(self, *others: Answers) -> Answers:
        """These answers and the others: of a service that is laid out by topics.

        Raises:
            ValueError: two of them answer the same.
        """
        both = Answers()
        for each in (self, *others):
            for asked, answer in each._by_type.items():
                both._add(asked, answer)
        return both

    def __iter__(self) -> Iterator[type[Ask[Any]]]:
        return iter(self._by_type)

    def items(self) -> list[tuple[AskType, Answer]]:
        """Declared ask and its answer."""
        return [(asked.asked, answer) for asked, answer in self._by_type.items()]


class Jobs:
    """What a service does by the clock: `@jobs(every=...)` over `async def sweep(transact, ...) -> None`."""

    def __init__(self) -> None:
        self._jobs: list[tuple[timedelta, Job]] = []

    def __call__(self, *, every: timedelta) -> Callable[[H], H]:
        """Let the decorated job come round with this pause."""

        def add(job: H) -> H:
            self._jobs.append((every, job))
            return job

        return add

    def and_also(self, *others: Jobs) -> Jobs:
        """These jobs and the others: of a service that is laid out by topics."""
        both = Jobs()
        both._jobs = [job for each in (self, *others) for job in each]
        return both

    def __iter__(self) -> Iterator[tuple[timedelta, Job]]:
        return iter(self._jobs)


@dataclass(frozen=True, slots=True)
class Service:
    """One service, seen whole. `provides` fills further parameters of handlers, answers and jobs by their type."""

    name: str
    settings: Settings
    handlers: Handlers = field(default_factory=Handlers)
    answers: Answers = field(default_factory=Answers)
    jobs: Jobs = field(default_factory=Jobs)
    tables: MetaData | None = None
    provides: list[Any] = field(default_factory=list)
    posts: bool = False
    """Whether it reads for neighbours without NATS, and posts to them."""
    web: Callable[[Any], Any] | None = None
    """Given the running service, builds the ASGI application of a service that has pages."""

    @property
    def migrations(self) -> Path | None:
        """The service's own Alembic chain, beside its code."""
        from importlib.util import find_spec

        spec = find_spec(f"services.{self.name}")
        folder = (
            Path(spec.submodule_search_locations[0], "migrations") if spec and spec.submodule_search_locations else None
        )
        return folder if folder and folder.exists() else None

    def wire(self, function: Callable[..., Any], given: int, also: Sequence[Any] = ()) -> Callable[..., Any]:
        """Fill the parameters of `function` after the first `given` ones from what the service provides, and `also`.

        Raises:
            TypeError: nothing provided has the annotated type.
        """
        hints = get_type_hints(function)
        filled = {}
        for name in list(inspect.signature(function).parameters)[given:]:
            wanted = hints[name]
            for thing in (*self.provides, *also):
                if isinstance(thing, wanted):
                    filled[name] = thing
                    break
            else:
                raise TypeError(
                    f"{function.__module__}.{function.__name__} wants {wanted}, which {self.name} does not provide"
                )
        return lambda *args: function(*args, **filled)

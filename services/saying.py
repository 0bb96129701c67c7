"""How an operator's command speaks: to a person, and with `--json` to a program; and how it comes to the bus."""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from chassis import Refused, Settings, clock, event_loop, run, telemetry
from chassis.bus import Bus
from chassis.calendar import HELSINKI

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command has to say when it has done its work."""

    text: str
    """For a person."""
    data: Any
    """The same for a program: what JSON can hold."""
    code: int = 0
    """Exit code: 1 when something is wrong."""


Act = Callable[[argparse.Namespace], Said]


def command(whats: Any, name: str, act: Act, *, help: str, description: str | None = None) -> argparse.ArgumentParser:
    """Declare a command that does `act` and says what it gives back."""
    made: argparse.ArgumentParser = whats.add_parser(name, help=help, description=description or _sentence(help))
    made.add_argument("--json", action="store_true", help="for a program to read")
    made.set_defaults(do=said, act=act)
    return made


def _sentence(help: str) -> str:
    return f"{help[0].upper()}{help[1:]}."


def said(arguments: argparse.Namespace) -> int:
    """Do a command's act, print what it says, give back its exit code."""
    done: Said = arguments.act(arguments)
    print(json.dumps(done.data, indent=1, ensure_ascii=False) if arguments.json else done.text)
    return done.code


def on_the_bus(errand: Callable[[Bus, Settings], Awaitable[T]]) -> T:
    """Run an errand of the deployer on the bus of the settings.

    Raises:
        ValueError: the settings name no bus.
        TryLater: nothing answers there.
        Refused: `not-permitted`.
    """
    settings = Settings()
    telemetry.configure_logs("CRITICAL")  # what goes wrong is said in a sentence
    if not settings.nats_url:
        raise ValueError("DIGI_NATS_URL is not set: which bus? That of `make run` is nats://127.0.0.1:14222")

    async def there_and_back() -> T:
        async with run.deployer(settings, settings.nats_url) as bus:
            try:
                return await errand(bus, settings)
            except TimeoutError as error:  # which is all a client hears of what it may not do
                if bus.failures:
                    raise Refused("not-permitted", "the bus lets this identity do less than this needs") from error
                raise

    return event_loop.run(there_and_back())


def day(text: str) -> datetime:
    """The first instant of a day in Finland that somebody typed.

    Raises:
        argparse.ArgumentTypeError: it is no day, or still to come.
    """
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=HELSINKI).astimezone(UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: 2026-11-19") from None
    if at > clock.now():
        raise argparse.ArgumentTypeError(f"{text} is still to come")
    return at


def shown_day(at: datetime) -> str:
    """A day for a person."""
    return f"{at.astimezone(HELSINKI):%Y-%m-%d}"


def moment(at: datetime) -> str:
    """A moment for a person, in Finland."""
    return f"{at.astimezone(HELSINKI):%Y-%m-%d %H:%M}"


def listed(words: Iterable[str]) -> str:
    """Words with commas, or "nothing"."""
    return ", ".join(words) or "nothing"

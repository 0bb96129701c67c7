"""Who is posted to, and the posting itself."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

import httpx

from chassis import Refused, Settings, TryLater, neighbours, telemetry
from chassis.neighbours import Neighbour
from services.notifications.webhooks import domain
from services.notifications.webhooks.domain import Answer
from services.notifications.webhooks.keyring import Keyring

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
"""How long one post may take in all, however slowly the receiver answers; well within domain.LEASE."""
MOST_ANSWER_BYTES = 16 * 1024
"""So much of an answer is passed over to keep the connection; nothing in it is of interest beyond the status."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One neighbour that is posted to."""

    neighbour: Neighbour
    address: str
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a post ended."""

    answer: Answer
    status: int | None = None
    """The HTTP status, where there was one."""


class Receivers:
    """The neighbours with a webhook, as the grants are at this moment, and the way to them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keyring = Keyring(settings.webhook_secrets_dir)
        self._told: set[str] = set()
        self._unreadable: frozenset[str] = frozenset()
        self.were_there = False
        """Whether there have been grants to read since this process began."""

    def all(self) -> tuple[dict[str, Receiver], frozenset[str]]:
        """By name; and the names of neighbours whose file makes no sense: what they are granted nobody can tell.

        Raises:
            TryLater: `grants-not-there`: the folder is missing or cannot be read; that is not the same as no grants.
        """
        try:
            known, bad = neighbours.readable(self._settings.neighbours_dir)
        except OSError as error:
            raise TryLater("grants-not-there", f"the neighbours' files: {type(error).__name__}") from error
        self.were_there = True
        for name in sorted(bad - self._unreadable):
            telemetry.log("webhooks").error("not posted to", neighbour=name, code="bad-neighbour-file")
        self._unreadable = bad
        found = map(self._receiver, known.values())
        return {each.neighbour.name: each for each in found if each}, bad

    def one(self, name: str) -> Receiver | None:
        """A neighbour; None when it is not posted to now."""
        try:
            return self._receiver(neighbours.one(self._settings.neighbours_dir, name))
        except (Refused, ValueError):  # whose file makes no sense is told of in `all`
            return None

    def _receiver(self, neighbour: Neighbour) -> Receiver | None:
        if not neighbour.posted or not neighbour.webhook:
            return None
        if domain.must_not_be_posted_to(neighbour.webhook, practice=self._settings.practice):
            if neighbour.webhook not in self._told:
                telemetry.log("webhooks").error("not posted to", neighbour=neighbour.name, code="needs-https")
            self._told.add(neighbour.webhook)
            return None
        return Receiver(neighbour, neighbour.webhook, self._keyring.of(neighbour.name))

    def client(self) -> httpx.AsyncClient:
        """A client for the posts to one receiver."""
        return httpx.AsyncClient(
            verify=self._trust,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=not self._settings.practice,  # a proxy of the county's leads outside, practice stays here
        )

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()


async def post(client: httpx.AsyncClient, address: str, headers: Mapping[str, str], body: str) -> Outcome:
    """Post once and wait for the status, not for what else the receiver says."""
    status: int | None = None
    answer = Answer.UNREACHABLE
    try:
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            client.stream("POST", address, headers=dict(headers), content=body.encode()) as response,
        ):
            status = response.status_code
            await _pass_over(response)
    except (TimeoutError, httpx.TimeoutException):
        answer = Answer.TIMEOUT
    except (httpx.HTTPError, httpx.InvalidURL):
        answer = Answer.UNREACHABLE
    return Outcome(answer) if status is None else Outcome(domain.meaning(status), status)


async def _pass_over(response: httpx.Response) -> None:
    seen = 0
    with suppress(httpx.HTTPError):
        async for chunk in response.aiter_raw():
            seen += len(chunk)
            if seen > MOST_ANSWER_BYTES:
                return

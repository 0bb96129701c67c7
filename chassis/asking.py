"""Commands and queries: request and reply, where a person waits for yes or no, or reads."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from opentelemetry.trace import SpanKind
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel import Session

from chassis import telemetry
from chassis.db import Database
from chassis.errors import Refused, TryLater, Unprocessable
from chassis.seal import Sealer
from chassis.tables import answered
from chassis.transaction import Hint, Transaction, write_down
from chassis.viewer import Viewer
from contracts.base import Ask, AskType, Kind, View

V = TypeVar("V", bound=View)
PATIENCE_SECONDS = 8.0
"""How long an asker waits in all; a restarting service is back within it."""
ONE_TRY_SECONDS = 4.0
BETWEEN_TRIES_SECONDS = 0.2
OUTCOME = "digi-outcome"


class Asker:
    """Asks other services over the bus."""

    def __init__(self, connection: Callable[[], Client]) -> None:
        self._connection = connection

    async def __call__(self, ask: Ask[V], *, viewer: Viewer, key: str | None = None) -> V:
        """Ask, and wait for the answer. Asked again while nobody answers, with the same key, so safe to repeat.

        Args:
            ask: the command or query.
            viewer: who wants to know; decides what exists for them.
            key: idempotency key of a command: one click, one key. Without one, this call has a key of its own.

        Raises:
            Refused: the answerer's code, or `service-unavailable` when nobody answered in time.
        """
        headers = {"digi-viewer": viewer.model_dump_json()}
        if ask.asked.kind is Kind.COMMAND:
            headers["digi-idempotency-key"] = key or str(uuid4())
        with telemetry.span(f"ask {ask.asked.name}", SpanKind.CLIENT):
            if parent := telemetry.traceparent():
                headers["traceparent"] = parent
            outcome, body = await self._request(ask.asked.subject, ask.model_dump_json().encode(), headers)
        if outcome == "ok":
            answer: V = ask.asked.answer.model_validate_json(body)  # type: ignore[assignment]  # declared as Ask[V]
            return answer
        refusal = json.loads(body)
        raise Refused(refusal["code"], refusal["text"])

    async def _request(self, subject: str, body: bytes, headers: dict[str, str]) -> tuple[str, bytes]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            left = deadline - time.monotonic()
            try:
                reply = await self._connection().request(
                    subject, body, timeout=min(ONE_TRY_SECONDS, max(left, 0.1)), headers=headers
                )
                return (reply.headers or {}).get(OUTCOME, ""), reply.data
            except NoRespondersError:
                pass  # nobody is there yet
            except (NatsError, TimeoutError) as error:
                telemetry.log("ask").warning("no answer", fact_type=subject, error_type=type(error).__name__)
            await asyncio.sleep(BETWEEN_TRIES_SECONDS)  # a closed connection fails at once: let others have their turn
            if time.monotonic() > deadline:
                raise Refused("service-unavailable", f"nobody answered {subject} in {PATIENCE_SECONDS:.0f} s")


@dataclass(frozen=True, slots=True)
class Answerer:
    """A service's answer to one command or query, ready to be run."""

    service: str
    kind: AskType
    answer: Callable[[Ask[Any], Transaction], View]
    sealer: Sealer
    database: Database

    async def reply(self, body: bytes, headers: Mapping[str, str]) -> tuple[str, bytes, list[Hint]]:
        """Answer a request: outcome ("ok" or "refused"), body, and hints to send."""
        started = time.perf_counter()
        hints: list[Hint] = []
        try:
            ask, viewer = self._read(body, headers)
            run = self._command if self.kind.kind is Kind.COMMAND else self._query
            answer, hints = await run(ask, viewer, headers.get("digi-idempotency-key"), headers.get("traceparent"))
            outcome, reply = "ok", answer
        except Refused as refused:
            outcome, reply = "refused", _refusal(refused.code, refused.text)
        except (TryLater, SQLAlchemyError) as error:
            telemetry.log(self.service).error("not answered", fact_type=self.kind.key, error_type=type(error).__name__)
            outcome, reply = "refused", _refusal("service-unavailable", "try again in a moment")
        except (Unprocessable, Exception) as error:
            telemetry.log(self.service).error("bug", fact_type=self.kind.key, error_type=type(error).__name__)
            outcome, reply = "refused", _refusal("internal-error", "the service could not answer")
        telemetry.ASKS.labels(self.service, self.kind.name, outcome).inc()
        telemetry.ASK_SECONDS.labels(self.service).observe(time.perf_counter() - started)
        return outcome, reply, hints

    def _read(self, body: bytes, headers: Mapping[str, str]) -> tuple[Ask[Any], Viewer]:
        try:
            return self.kind.cls.model_validate_json(body), Viewer.model_validate_json(headers["digi-viewer"])
        except (ValidationError, KeyError) as error:
            raise Refused("not-valid", f"{self.kind.key} has a field out of bounds") from error

    async def _query(
        self, ask: Ask[Any], viewer: Viewer, _key: str | None, parent: str | None
    ) -> tuple[bytes, list[Hint]]:
        def look(session: Session) -> tuple[bytes, Transaction]:
            tx = Transaction(self.service, session, self.sealer, viewer=viewer)
            return self._run(ask, tx, parent), tx

        answer, tx = await self.database.look(look)
        if tx.audits:  # what was read is on record before it is shown
            await self.database.transact(lambda session: write_down(session, [tx]))
        return answer, []

    async def _command(
        self, ask: Ask[Any], viewer: Viewer, key: str | None, parent: str | None
    ) -> tuple[bytes, list[Hint]]:
        if not key:
            raise Refused("idempotency-key-missing", f"{self.kind.key} changes something: send a key, one per click")
        # Neither value can be guessed back without the key, which is stored nowhere: not who asked, not what was said.
        place = hashlib.sha256(f"{self.kind.key}:{viewer.id}:{key}".encode()).hexdigest()
        digest = hmac.digest(key.encode(), ask.model_dump_json().encode(), "sha256").hex()

        def decide(session: Session) -> tuple[bytes, list[Hint]]:
            if (first := _first_answer(session, place, digest)) is not None:
                return first, []
            tx = Transaction(self.service, session, self.sealer, viewer=viewer)
            answer = self._run(ask, tx, parent)
            session.flush()
            write_down(session, [tx])
            row = {"key": place, "asked": digest, "answer": answer, "answered_at": tx.now}
            session.connection().execute(answered.insert(), row)
            return answer, tx.hints

        try:
            return await self.database.transact(decide)
        except IntegrityError:
            # Somebody else was quicker between our look and our write: look again, the rule now says what it is.
            return await self.database.transact(decide)

    def _run(self, ask: Ask[Any], tx: Transaction, parent: str | None) -> bytes:
        with telemetry.span(f"{self.service} answer {self.kind.name}", SpanKind.SERVER, parent):
            return self.answer(ask, tx).model_dump_json().encode()


def _refusal(code: str, text: str) -> bytes:
    return json.dumps({"code": code, "text": text}).encode()


def _first_answer(session: Session, place: str, digest: str) -> bytes | None:
    row = session.connection().execute(answered.select().where(answered.c.key == place)).first()
    if row is None:
        return None
    if row.asked != digest:
        raise Refused("idempotency-key-reused", "the same key came with another content; take a new key")
    return bytes(row.answer)

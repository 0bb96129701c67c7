"""Metrics, traces and logs. What is measured is declared here with its unit; labels have few values, never ids."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import structlog
from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, Status, StatusCode
from prometheus_client import Counter, Gauge, Histogram

FACTS = Counter("digi_facts_handled", "Facts handled, by how it ended", ["service", "event", "outcome"])
DUPLICATES = Counter("digi_inbox_duplicates", "Messages that had already been acted on", ["service"])
BATCH = Histogram(
    "digi_batch_facts", "Facts applied in one transaction", ["service"], buckets=(1, 2, 5, 10, 25, 50, 100, 250)
)
DEAD_LETTERS = Counter(
    "digi_dead_letters", "Messages set aside because they could not be handled", ["service", "reason"]
)
PUBLISHED = Counter("digi_outbox_published", "Outbox rows the bus has taken", ["service"])
UNPUBLISHED_AGE = Gauge("digi_outbox_oldest_seconds", "Age of the oldest row the bus has not taken yet", ["service"])
ASKS = Counter("digi_asks_answered", "Commands and queries answered, by how it ended", ["service", "ask", "outcome"])
ASK_SECONDS = Histogram(
    "digi_ask_seconds",
    "Time to answer a command or query",
    ["service"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
JOBS = Counter("digi_jobs", "Rounds of what is done by the clock, by how each ended", ["service", "job", "outcome"])
BUS_ERRORS = Counter("digi_bus_errors", "Errors the bus client reported outside a call", ["service", "kind"])
READY = Gauge("digi_ready", "1 when the service may be given work", ["service"])

LOGGED_FIELDS = frozenset(
    "event level logger timestamp service code fact_type durable deliveries count seconds address signal state missing "
    "stream attempt error_type where trace_id neighbour job".split()
)
"""What a log line may say. Anything else is dropped before it is written: ids of contacts and words never get out."""


def start(service: str) -> None:
    """Set up traces for this process. Spans leave it only where OTEL_EXPORTER_OTLP_ENDPOINT says so. Safe to repeat.

    Where none leaves none is recorded; trace ids are made and passed on all the same.
    """
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    leave = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    resource = Resource.create({"service.name": f"digiterapia-{service}"})
    provider = TracerProvider(sampler=None if leave else ALWAYS_OFF, resource=resource)
    if leave:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # slow to import

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    global tracer, _leaving
    tracer = provider.get_tracer("digiterapia")  # itself: what stands in for it until then costs one more step a span
    _leaving = leave


tracer = trace.get_tracer("digiterapia")
_leaving = False


def acting_on(parent: str | None, name: str) -> AbstractContextManager[object]:
    """The span of acting on a fact that came with the `traceparent` of whoever told it.

    Where spans do not leave the process and the fact brings a trace there is none: its `traceparent` goes on to what
    follows from it (`Transaction.cause`). A tenth of the time of a batch (docs/adr/0007).
    """
    if parent and not _leaving:
        return nullcontext()
    return span(name, SpanKind.CONSUMER, parent)


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, parent: str | None = None) -> Iterator[None]:
    """The span of a piece of work, under the `traceparent` of a caller if there is one.

    Of an error it says which kind, never its words: they may quote what somebody typed.
    """
    with tracer.start_as_current_span(
        name, context=parent_of(parent), kind=kind, record_exception=False, set_status_on_exception=False
    ) as begun:
        try:
            yield
        except Exception as error:
            begun.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def traceparent() -> str | None:
    """The present span as a W3C header value."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


def parent_of(header: str | None) -> Any:
    """The context a received `traceparent` stands for, to start a span under."""
    return propagate.extract({"traceparent": header}) if header else None


class Traced:
    """ASGI: every request begins a trace, or goes on with the caller's. A span names the method, never the address."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve under a span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parent = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        with span(f"HTTP {scope['method']}", SpanKind.SERVER, parent):
            await self._app(scope, receive, send)


def _keep_allowed(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in line.items() if key in LOGGED_FIELDS}


def configure_logs(level: str = "INFO") -> None:
    """Write one JSON object a line to standard error, allowed fields only."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _keep_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Foreign()]
    root.setLevel(logging.WARNING)


class _Foreign(logging.Handler):
    """Log lines of libraries: where and of which kind, never what they say, which may quote a message."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        log(record.name).warning("library", error_type=kind, where=f"{record.module}:{record.lineno}")


def log(name: str) -> Any:
    """A structured logger; fields outside LOGGED_FIELDS are dropped."""
    return structlog.get_logger().bind(logger=name)

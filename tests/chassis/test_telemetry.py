"""What a log line, a metric and a trace may say."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from chassis import clock, telemetry
from chassis.envelope import headers_for, read_envelope
from contracts.portal import ContactOpened

WORDS = "Aino Esimerkki 010190-000X"
HEADERS = headers_for(ContactOpened.example, event_id="1", at=clock.now(), version=1, cause=None, traceparent=None)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to standard error while logs are set up as in a running process."""
    root, before = logging.getLogger(), (logging.getLogger().handlers, logging.getLogger().level)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    telemetry.configure_logs("INFO")
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


def lines(written: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_field_nobody_has_allowed_is_dropped(written: io.StringIO) -> None:
    telemetry.log("chat").info("accepted", code="accepted", contact_id="6f0c2b1e", words=WORDS)
    (line,) = lines(written)
    assert line.keys() == {"event", "level", "timestamp", "logger", "code"}


def test_a_line_below_the_level_is_not_written(written: io.StringIO) -> None:
    telemetry.log("chat").debug("thinking")
    assert written.getvalue() == ""


def test_what_a_library_says_is_replaced_by_where_it_said_it(written: io.StringIO) -> None:
    logging.getLogger("some.library").error("cannot insert %s", WORDS)
    (line,) = lines(written)
    assert WORDS not in written.getvalue()
    assert (line["event"], line["logger"]) == ("library", "some.library")
    assert line["where"].startswith("test_telemetry:")


def test_of_a_library_s_exception_only_the_kind_is_told(written: io.StringIO) -> None:
    try:
        raise ValueError(WORDS)
    except ValueError:
        logging.getLogger("some.library").exception("failed with %s", WORDS)
    (line,) = lines(written)
    assert WORDS not in written.getvalue()
    assert line["error_type"] == "ValueError"


def test_a_library_s_chatter_below_a_warning_is_dropped(written: io.StringIO) -> None:
    logging.getLogger("some.library").info(WORDS)
    assert written.getvalue() == ""


def test_no_metric_has_a_label_that_could_hold_an_id() -> None:
    labels = {
        name
        for metric in REGISTRY.collect()
        if metric.name.startswith("digi_")
        for sample in metric.samples
        for name in sample.labels
    }
    assert labels <= {"service", "event", "outcome", "reason", "ask", "kind", "le", "job", "neighbour", "answer"}


def test_a_received_trace_is_continued() -> None:
    telemetry.start("test")
    with telemetry.tracer.start_as_current_span("publish"):
        header = telemetry.traceparent()
    with telemetry.tracer.start_as_current_span("handle", context=telemetry.parent_of(header)) as span:
        assert header is not None
        assert f"{span.get_span_context().trace_id:032x}" == header.split("-")[1]


def test_a_damaged_trace_header_starts_a_new_trace() -> None:
    telemetry.start("test")
    with telemetry.tracer.start_as_current_span("handle", context=telemetry.parent_of("not-a-trace")) as span:
        assert span.get_span_context().is_valid


PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_where_spans_leave_acting_on_a_fact_is_one_below_whoever_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    left, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(left))
    monkeypatch.setattr(telemetry, "tracer", provider.get_tracer("test"))
    monkeypatch.setattr(telemetry, "_leaving", True)
    with telemetry.acting_on(PARENT, "chat handle contact_routed"):
        own = telemetry.traceparent()
    (span,) = left.get_finished_spans()
    assert span.parent is not None
    assert f"{span.parent.trace_id:032x}-{span.parent.span_id:016x}" == PARENT[3:-3]
    assert own is not None
    assert own.split("-")[1:3] == [PARENT[3:35], f"{span.context.span_id:016x}"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        PARENT[:-1],
        PARENT.upper(),
        "01" + PARENT[2:],
        PARENT + "-00",
        f"{PARENT[:-2]}zz",
        f"00-{'0' * 32}{PARENT[35:]}",
        f"{PARENT[:36]}{'0' * 16}-01",
    ],
)
def test_a_damaged_trace_header_of_a_fact_is_as_good_as_none(header: str) -> None:
    assert read_envelope(HEADERS | {"traceparent": header}).traceparent is None


def test_the_trace_header_of_a_fact_is_kept() -> None:
    assert read_envelope(HEADERS | {"traceparent": PARENT}).traceparent == PARENT


def test_starting_telemetry_twice_keeps_the_first() -> None:
    telemetry.start("test")
    first = trace.get_tracer_provider()
    telemetry.start("other")
    assert trace.get_tracer_provider() is first

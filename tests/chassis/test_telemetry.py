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
from prometheus_client import REGISTRY

from chassis import telemetry

WORDS = "Aino Esimerkki 010190-000X"


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
    assert labels <= {"service", "event", "outcome", "reason", "ask", "kind", "le"}


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


def test_starting_telemetry_twice_keeps_the_first() -> None:
    telemetry.start("test")
    first = trace.get_tracer_provider()
    telemetry.start("other")
    assert trace.get_tracer_provider() is first

"""One event becomes one line and one count; nothing that could be content reaches a log."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.audit.events import AuditCode, AuditEvent
from gateway.config import LogLevel
from gateway.telemetry import Telemetry, set_up_logging, strip_foreign, withhold
from schemas.faults import FaultCode

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJuZGVsaXVzIn0.c2lnbmF0dXJl"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    set_up_logging(LogLevel.INFO, stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def event(**facts: str | int | bool) -> AuditEvent:
    return AuditEvent(AuditCode.SUBMISSION_REFUSED, NOW, "0190-subject", facts)


def test_an_event_becomes_one_line_and_one_count(lines: io.StringIO) -> None:
    telemetry = Telemetry()
    telemetry.observe(event(fault="stale", sender="N00"))
    (line,) = written(lines)
    assert (line["event"], line["subject"], line["fact_fault"], line["level"]) == ("submission.refused", "0190-subject", "stale", "warning")
    assert telemetry.registry.get_sample_value("gateway_events_total", {"code": "submission.refused", "fault": "stale"}) == 1


def test_labels_are_bounded_whatever_the_fact_says(lines: io.StringIO) -> None:
    telemetry = Telemetry()
    for number in range(50):
        telemetry.observe(event(fault=f"made-up-{number}"))
    assert telemetry.registry.get_sample_value("gateway_events_total", {"code": "submission.refused", "fault": "other"}) == 50


def test_refusals_of_strangers_are_all_counted_and_told_once_a_minute(lines: io.StringIO) -> None:
    seconds = [1000.0]
    telemetry = Telemetry(monotonic=lambda: seconds[0])
    for _ in range(5):
        telemetry.refused("soap", FaultCode.MALFORMED)
    seconds[0] += 61
    telemetry.refused("soap", FaultCode.MALFORMED)
    assert [line["count"] for line in written(lines)] == [1, 5]
    assert telemetry.registry.get_sample_value("gateway_refusals_total", {"door": "soap", "fault": "malformed"}) == 6


def test_the_operator_reads_why_a_stranger_was_refused(lines: io.StringIO) -> None:
    telemetry = Telemetry()
    for cause in ("key-unknown", "signature", "signature"):
        telemetry.refused("soap", FaultCode.SIGNATURE_NOT_ACCEPTED, cause)
    assert [(line["fault"], line["cause"]) for line in written(lines)] == [("signature-not-accepted", "key-unknown"), ("signature-not-accepted", "signature")]
    assert telemetry.registry.get_sample_value("gateway_refusals_total", {"door": "soap", "fault": "signature-not-accepted"}) == 3


def test_causes_without_number_share_one_line(lines: io.StringIO) -> None:
    telemetry = Telemetry()
    for number in range(1000):
        telemetry.refused("soap", FaultCode.MALFORMED, f"made-up-{number}")
    told = written(lines)
    assert len(told) == 201
    assert told[-1]["cause"] == "one of many"


def test_a_cause_that_looks_like_content_is_withheld(lines: io.StringIO) -> None:
    Telemetry().refused("soap", FaultCode.MALFORMED, "<CRN>X123456</CRN>")
    assert "X123456" not in lines.getvalue()


def test_a_bug_tells_its_type_and_place_but_not_its_text(lines: io.StringIO) -> None:
    try:
        raise KeyError("X123456 Smith")
    except KeyError as error:
        Telemetry().bug("api", error, "ref-1")
    (line,) = written(lines)
    assert line["type"] == "KeyError"
    assert "test_telemetry.py" in str(line["trace"])
    assert "Smith" not in lines.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TOKEN,
        "<SPGInterchange/>",
        '{"surname": "Smith"}',
        "postgresql://user:secret@host/db",
        "line\nforged",
        "x" * 201,
        b"bytes",
        {"nested": "Smith"},
        ["<a/>", TOKEN],
        "-----BEGIN PRIVATE KEY-----=",
    ],
)
def test_content_is_withheld(content: object) -> None:
    line = withhold(None, "info", {"event": "x", "value": content})
    assert "[withheld]" in json.dumps(line)
    assert not any(word in json.dumps(line) for word in ("Smith", "secret", "SPG", "forged", "eyJ"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.one_of(st.text(), st.binary(), st.dictionaries(st.text(), st.text()), st.lists(st.text()), st.floats(allow_nan=False), st.none()))
def test_any_value_renders_as_one_line(lines: io.StringIO, value: object) -> None:
    lines.seek(0)
    lines.truncate()
    structlog.stdlib.get_logger("gateway").warning("fuzz", value=value)
    assert len(lines.getvalue().splitlines()) == 1
    assert "<" not in json.dumps(written(lines)[0])


def test_a_library_line_loses_its_arguments_and_its_traceback(lines: io.StringIO) -> None:
    try:
        raise ValueError("Smith, X123456")
    except ValueError:
        logging.getLogger("some.library").exception("could not write %s for %s", "Smith", "X123456")
    (line,) = written(lines)
    assert line["event"] == "could not write s for s (ValueError)"
    assert "Smith" not in lines.getvalue()


def test_a_preformatted_library_line_with_content_is_withheld(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning(f"payload was <Surname>Smith</Surname> {TOKEN}")
    assert "Smith" not in lines.getvalue()
    assert "eyJ" not in lines.getvalue()


def test_a_record_without_text_survives() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "", None, None)
    assert strip_foreign(record)


def test_rendered_metrics_are_prometheus_text() -> None:
    telemetry = Telemetry()
    telemetry.batch("submit", 3)
    telemetry.request("messages", 202, 0.01)
    telemetry.level("outbox", 4)
    text, kind = telemetry.render()
    assert b'gateway_batch_items_count{step="submit"} 1.0' in text
    assert kind.startswith("text/plain")

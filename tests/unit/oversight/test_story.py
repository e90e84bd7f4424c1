"""The story of a message: every beat in words, in an order in which it can have happened, and nobody's data."""

from datetime import timedelta

import pytest

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.oversight.story import Beat, story_of
from tests.support.store import at, attempt, delivery, receipt, submission


def _event(code: AuditCode, subject: str = "m-a", **facts: Fact) -> AuditEvent:
    return AuditEvent(code, at(0), subject, facts)


def _only(*events: AuditEvent) -> Beat:
    (beat,) = story_of(submission("a"), [delivery("a")], [], [], events)
    return beat


def test_beats_of_one_moment_stand_as_they_can_have_happened() -> None:
    leg = delivery("a")
    tried = attempt("a", 1, "refused")
    events = [
        _event(AuditCode.MESSAGE_VIEWED, by="u"),
        _event(AuditCode.DELIVERY_REFUSED, leg.delivery_id, fault="recipient-refused"),
        _event(AuditCode.DELIVERY_PREPARED, leg.delivery_id),
        _event(AuditCode.SUBMISSION_ACCEPTED, "s-a", key="k-1"),
    ]
    same = [AuditEvent(one.code, tried.at, one.subject, one.facts) for one in events]
    titles = [beat.title for beat in story_of(submission("a"), [leg], [tried], [], same)]
    assert titles == [
        "Translated for C05",
        "Received, verified and stored",
        "Attempt 1 to C05 was refused",
        "Cannot go on to C05",
        "This page was opened",
    ]


def test_time_decides_before_anything_else() -> None:
    early = AuditEvent(AuditCode.MESSAGE_VIEWED, at(-60), "m-a", {"by": "u"})
    late = AuditEvent(AuditCode.SUBMISSION_ACCEPTED, at(60), "s-a", {})
    assert [beat.at for beat in story_of(submission("a"), [], [], [], [late, early])] == [early.at, late.at]
    assert late.at - early.at == timedelta(minutes=2)


@pytest.mark.parametrize("code", [code for code in AuditCode if code not in (AuditCode.DELIVERY_DELAYED, AuditCode.RECEIPT_ISSUED)])
def test_every_event_has_words(code: AuditCode) -> None:
    beat = _only(_event(code, "d-a", by="u-vera", fault="recipient-refused", field="/notes", purpose="fault", reason="other"))
    assert beat.title
    assert "{" not in beat.title + beat.text
    assert beat.by == "u-vera"


@pytest.mark.parametrize("code", [AuditCode.DELIVERY_DELAYED, AuditCode.RECEIPT_ISSUED])
def test_what_attempts_and_receipts_tell_better_is_left_to_them(code: AuditCode) -> None:
    assert story_of(submission("a"), [], [], [], [_event(code)]) == ()
    beats = story_of(submission("a"), [delivery("a")], [attempt("a")], [receipt("a")], [])
    assert [beat.title for beat in beats] == ["Attempt 1 to C05 failed", "Receipt signed: accepted"]


@pytest.mark.parametrize(
    ("code", "facts", "text"),
    [
        (AuditCode.FIELD_REVEALED, {"purpose": "incident", "words": "Ticket 12."}, "To deal with an incident. Ticket 12."),
        (AuditCode.FIELD_REVEALED, {"purpose": "of-an-older-gateway"}, "of-an-older-gateway."),
        (AuditCode.DISCARD_ASKED, {"reason": "superseded"}, "A newer message says the same or more."),
        (AuditCode.MESSAGE_ACCEPTED, {"recipients": "C05,C17"}, "To C05, C17."),
        (AuditCode.DELIVERY_REFUSED, {"fault": "recipient-refused"}, "The recipient's system refused the message (recipient-refused)."),
        (AuditCode.DELIVERY_APPLIED, {}, ""),
    ],
)
def test_reasons_are_words(code: AuditCode, facts: dict[str, Fact], text: str) -> None:
    assert _only(AuditEvent(code, at(0), "m-a", facts)).text == text


def test_only_looks_are_looks_and_only_failures_are_bad() -> None:
    marks = {
        code: _only(_event(code, field="/notes", purpose="fault")) for code in (AuditCode.MESSAGE_VIEWED, AuditCode.FIELD_REVEALED, AuditCode.NOTE_WRITTEN)
    }
    assert [beat.looked for beat in marks.values()] == [True, True, False]
    assert [_only(_event(code)).bad for code in (AuditCode.DELIVERY_SET_ASIDE, AuditCode.DELIVERY_APPLIED)] == [True, False]

"""The checks of rows against events, one by one."""

from datetime import UTC, datetime

import pytest

from gateway.audit.chain import Finding, Flaw
from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.audit.integrity import (
    FINDINGS_KEPT,
    Disagreement,
    Doubt,
    IntegrityReport,
    StatedReceipt,
    check_delivery,
    check_receipt,
    check_submission,
    issues,
    receipt_digest,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
RECEIPT = StatedReceipt(("s-1", "m-1"), "a.b.c", receipt_digest("a.b.c"))


def _event(code: AuditCode, **facts: Fact) -> AuditEvent:
    return AuditEvent(code, AT, "s-1", facts)


@pytest.mark.parametrize("code", [AuditCode.SUBMISSION_ACCEPTED, AuditCode.SUBMISSION_REFUSED, AuditCode.RECEIPT_ISSUED, AuditCode.DELIVERY_APPLIED])
def test_a_receipt_needs_the_event_that_issued_it(code: AuditCode) -> None:
    assert check_receipt(RECEIPT, [_event(AuditCode.MESSAGE_ACCEPTED), _event(code, receipt=RECEIPT.digest)]) == []
    assert [found.doubt for found in check_receipt(RECEIPT, [_event(code, receipt="sha-256:other")])] == [Doubt.RECEIPT_UNKNOWN]


def test_a_receipt_that_was_refused_or_repeated_was_not_issued() -> None:
    events = [_event(AuditCode.RECEIPT_REFUSED, receipt=RECEIPT.digest), _event(AuditCode.SUBMISSION_DUPLICATE, receipt=RECEIPT.digest)]
    assert [issues(event) for event in events] == [None, None]
    assert [found.doubt for found in check_receipt(RECEIPT, events)] == [Doubt.RECEIPT_UNKNOWN]


def test_a_receipts_text_is_the_one_that_was_digested() -> None:
    changed = StatedReceipt(RECEIPT.subjects, "a.b.d", RECEIPT.digest)
    assert [found.doubt for found in check_receipt(changed, [_event(AuditCode.RECEIPT_ISSUED, receipt=RECEIPT.digest)])] == [Doubt.RECEIPT_CHANGED]


def test_a_submission_needs_the_event_of_its_verdict() -> None:
    accepted = _event(AuditCode.SUBMISSION_ACCEPTED, receipt=RECEIPT.digest)
    assert check_submission("s-1", AuditCode.SUBMISSION_ACCEPTED, RECEIPT, [accepted]) == []
    assert [found.doubt for found in check_submission("s-1", AuditCode.SUBMISSION_REFUSED, RECEIPT, [accepted])] == [Doubt.SUBMISSION_UNKNOWN]
    assert [found.doubt for found in check_submission("s-1", AuditCode.SUBMISSION_ACCEPTED, RECEIPT, [])] == [Doubt.SUBMISSION_UNKNOWN]


def test_a_deliverys_state_is_the_last_one_said() -> None:
    events = [
        _event(AuditCode.DELIVERY_DELAYED, state="retrying"),
        _event(AuditCode.DELIVERY_PREPARED),
        _event(AuditCode.NOTICE_SENT, state="delivered"),
        _event(AuditCode.PARTNER_CHANGED, state="live"),
    ]
    assert check_delivery("d-1", "delivered", events, first="waiting") == []
    assert check_delivery("d-1", "waiting", events[1:2], first="waiting") == []
    assert [found.doubt for found in check_delivery("d-1", "retrying", events, first="waiting")] == [Doubt.STATE_DIFFERS]
    assert [found.doubt for found in check_delivery("d-1", "applied", [], first="waiting")] == [Doubt.STATE_DIFFERS]


def test_a_report_counts_all_and_keeps_the_first() -> None:
    report = IntegrityReport()
    assert report.ok
    report.note(Finding(Flaw.ALTERED, number) for number in range(FINDINGS_KEPT + 5))
    report.note([Disagreement(Doubt.LOST, "s-1")])
    assert (report.ok, report.flaws, len(report.findings), len(report.disagreements)) == (False, FINDINGS_KEPT + 6, FINDINGS_KEPT, 1)

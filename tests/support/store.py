"""Records for tests of the store: small, valid, and different from one another by number."""

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.records import (
    Attempt,
    Delivery,
    DeliveryKind,
    DeliveryState,
    DuplicateKey,
    MessageRecord,
    OutboxEntry,
    ReceiptRecord,
    Sealed,
    SubmissionRecord,
    Verdict,
)
from schemas.identifiers import DeliveryId, Digest, MessageId, OrganisationId, PartyCode, SubmissionId

START = datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """A moment of the test's day."""
    return START + timedelta(seconds=seconds)


def digest(text: str) -> Digest:
    """A digest as the identifiers write it."""
    return Digest("sha-256:" + hashlib.sha256(text.encode()).hexdigest())


def sealed(size: int = 64) -> Sealed:
    """Bytes that nobody can read, under a wrapped key of their own."""
    return Sealed("archive-1", os.urandom(40), os.urandom(size))


def key(name: str) -> DuplicateKey:
    """An SPG key of duplicates."""
    return DuplicateKey("spg", PartyCode("N00"), "C05", name)


def submission(name: str, *, verdict: Verdict = Verdict.ACCEPTED, reference: str | None = None, size: int = 64) -> SubmissionRecord:
    """A submission whose key is its reference (its name where none is given)."""
    receipt = f"header.claims-{name}.signature"
    return SubmissionRecord(
        submission_id=SubmissionId(f"s-{name}"),
        organisation=OrganisationId("ndelius"),
        sender=PartyCode("N00"),
        channel="soap",
        packaging="wss",
        content_type="text/xml",
        key=key(reference or name),
        content_digest=digest(f"content {name}"),
        control_reference=reference or name,
        verdict=verdict,
        fault=None if verdict is Verdict.ACCEPTED else "structure-invalid",
        received_at=at(0),
        archive=sealed(size),
        receipt=receipt,
        receipt_digest=digest(receipt),
    )


def message(name: str, *, of: str | None = None, reference: int = 1, seconds: float = 0, size: int = 64) -> MessageRecord:
    """A message of the submission of the same name."""
    return MessageRecord(
        message_id=MessageId(f"m-{name}"),
        submission_id=SubmissionId(f"s-{of or name}"),
        reference=reference,
        sender=PartyCode("N00"),
        sender_message_id=f"their-{name}",
        type="Contact",
        action="insert",
        version="1.2",
        control_reference=of or name,
        case_lookup=hashlib.sha256(name.encode()).hexdigest(),
        in_reply_to=None,
        test=False,
        prepared_at=at(seconds - 5),
        accepted_at=at(seconds),
        canonical=sealed(size),
    )


def delivery(name: str, *, recipient: str = "C05", lane: str | None = None, state: DeliveryState = DeliveryState.WAITING, due: float | None = None) -> Delivery:
    """A new delivery of the message of the same name."""
    return Delivery(
        delivery_id=DeliveryId(f"d-{name}"),
        kind=DeliveryKind.MESSAGE,
        message_id=MessageId(f"m-{name}"),
        submission_id=SubmissionId(f"s-{name}"),
        sender=PartyCode("N00"),
        recipient=PartyCode(recipient),
        lane=lane or f"lane-{name}",
        state=state,
        next_attempt_at=None if due is None else at(due),
        created_at=at(0),
        updated_at=at(0),
    )


def receipt(name: str, *, stage: str = "accepted", organisation: str = "ndelius") -> ReceiptRecord:
    """The receipt that the submission of the same name carries; at later stages one of its delivery."""
    jws = f"header.claims-{name}.signature" if stage == "accepted" else f"header.{stage}-{name}.signature"
    later = stage != "accepted"
    return ReceiptRecord(
        digest=digest(jws),
        submission_id=SubmissionId(f"s-{name}"),
        message_id=MessageId(f"m-{name}") if later else None,
        delivery_id=DeliveryId(f"d-{name}") if later else None,
        organisation=OrganisationId(organisation),
        stage=stage,
        jws=jws,
        issued_at=at(1),
    )


def outbox_entry(name: str, size: int = 32) -> OutboxEntry:
    """One publication."""
    return OutboxEntry("/", "gateway", "outbound.C05", os.urandom(size), f"d-{name}", "application/octet-stream")


def attempt(name: str, number: int = 1, outcome: str = "try-later") -> Attempt:
    """One try."""
    return Attempt(delivery_id=DeliveryId(f"d-{name}"), number=number, at=at(number), outcome=outcome, fault="recipient-unreachable", detail="refused")


def event(code: AuditCode, subject: str, **facts: str | int | bool) -> AuditEvent:
    """Something that happened."""
    return AuditEvent(code, at(2), subject, facts)


def accepted(name: str, *, lane: str | None = None, due: float | None = None, recipient: str = "C05", size: int = 64) -> Changes:
    """An accepted submission with one message, one delivery, its receipt and two publications."""
    record = submission(name, size=size)
    return Changes(
        lane=lane,
        submission=record,
        messages=(message(name, size=size),),
        new_deliveries=(delivery(name, lane=lane, due=due, recipient=recipient),),
        receipts=(receipt(name),),
        outbox=(outbox_entry(name, size), outbox_entry(f"{name}-notice", size)),
        events=(
            event(AuditCode.SUBMISSION_ACCEPTED, record.submission_id, receipt=record.receipt_digest, content=record.content_digest, sender="N00", messages=1),
            event(AuditCode.MESSAGE_ACCEPTED, f"m-{name}", type="Contact", recipient="C05"),
            event(AuditCode.RECEIPT_ISSUED, record.submission_id, receipt=record.receipt_digest, stage="accepted"),
        ),
    )


def refused(name: str, *, reference: str | None = None) -> Changes:
    """A refused submission with its negative receipt."""
    record = submission(name, verdict=Verdict.REFUSED, reference=reference)
    facts = {"receipt": record.receipt_digest, "content": record.content_digest, "sender": "N00"}
    return Changes(submission=record, receipts=(receipt(name),), events=(event(AuditCode.SUBMISSION_REFUSED, record.submission_id, **facts),))


def progressed(stored: Delivery, state: DeliveryState, code: AuditCode, *, lane: str | None = None, **changes: object) -> Changes:
    """An update of a delivery that was read."""
    updated = replace(stored, state=state, updated_at=at(60), **changes)
    facts = {"message": stored.message_id or "", "recipient": stored.recipient, "state": state.value}
    return Changes(lane=lane, deliveries=(updated,), events=(event(code, stored.delivery_id, **facts),))

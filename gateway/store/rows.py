"""Rows: the frozen records as what columns hold, and back.

What it is: a pair of functions for each kind of record, exact both ways. What it is not: SQL. Called by the
unit of work and the queries.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Row

from gateway.audit.chain import encode_facts, microseconds
from gateway.audit.events import AuditCode, AuditEvent, AuditRecord
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

Value = str | int | bool | bytes | None
Values = dict[str, Value]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_time(value: int) -> datetime:
    """The moment that a column holds."""
    return _EPOCH + timedelta(microseconds=value)


def to_optional_time(value: int | None) -> datetime | None:
    """The moment that a column holds, if any."""
    return None if value is None else to_time(value)


def from_optional_time(at: datetime | None) -> int | None:
    """What a column holds for a moment, if any."""
    return None if at is None else microseconds(at)


def key_digest(key: DuplicateKey) -> str:
    """One text for a key of duplicates: JSON, so that no choice of names makes two keys one; SHA-256 for length."""
    text = json.dumps([key.scheme, key.sender, key.receiver, key.reference], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def submission_values(record: SubmissionRecord) -> Values:
    """Columns of `submissions`."""
    return {
        "submission_id": record.submission_id,
        "organisation": record.organisation,
        "sender": record.sender,
        "channel": record.channel,
        "packaging": record.packaging,
        "content_type": record.content_type,
        "key_scheme": record.key.scheme,
        "key_sender": record.key.sender,
        "key_receiver": record.key.receiver,
        "key_reference": record.key.reference,
        "content_digest": record.content_digest,
        "control_reference": record.control_reference,
        "verdict": record.verdict.value,
        "fault": record.fault,
        "received_at": microseconds(record.received_at),
        "archive_key": record.archive.key_name,
        "archive_wrapped": record.archive.wrapped_key,
        "archive": record.archive.ciphertext,
        "receipt": record.receipt,
        "receipt_digest": record.receipt_digest,
    }


def to_submission(row: Row[tuple[Value, ...]]) -> SubmissionRecord:
    """A row of `submissions`."""
    return SubmissionRecord(
        submission_id=SubmissionId(row.submission_id),
        organisation=OrganisationId(row.organisation),
        sender=PartyCode(row.sender),
        channel=row.channel,
        packaging=row.packaging,
        content_type=row.content_type,
        key=DuplicateKey(row.key_scheme, PartyCode(row.key_sender), row.key_receiver, row.key_reference),
        content_digest=Digest(row.content_digest),
        control_reference=row.control_reference,
        verdict=Verdict(row.verdict),
        fault=row.fault,
        received_at=to_time(row.received_at),
        archive=Sealed(row.archive_key, row.archive_wrapped, row.archive),
        receipt=row.receipt,
        receipt_digest=Digest(row.receipt_digest),
    )


def message_values(record: MessageRecord) -> Values:
    """Columns of `messages`."""
    return {
        "message_id": record.message_id,
        "submission_id": record.submission_id,
        "reference": record.reference,
        "sender": record.sender,
        "sender_message_id": record.sender_message_id,
        "type": record.type,
        "action": record.action,
        "version": record.version,
        "control_reference": record.control_reference,
        "case_lookup": record.case_lookup,
        "in_reply_to": record.in_reply_to,
        "test": record.test,
        "prepared_at": microseconds(record.prepared_at),
        "accepted_at": microseconds(record.accepted_at),
        "canonical_key": record.canonical.key_name,
        "canonical_wrapped": record.canonical.wrapped_key,
        "canonical": record.canonical.ciphertext,
    }


def to_message(row: Row[tuple[Value, ...]]) -> MessageRecord:
    """A row of `messages`."""
    return MessageRecord(
        message_id=MessageId(row.message_id),
        submission_id=SubmissionId(row.submission_id),
        reference=row.reference,
        sender=PartyCode(row.sender),
        sender_message_id=row.sender_message_id,
        type=row.type,
        action=row.action,
        version=row.version,
        control_reference=row.control_reference,
        case_lookup=row.case_lookup,
        in_reply_to=row.in_reply_to,
        test=bool(row.test),
        prepared_at=to_time(row.prepared_at),
        accepted_at=to_time(row.accepted_at),
        canonical=Sealed(row.canonical_key, row.canonical_wrapped, row.canonical),
    )


def delivery_progress(record: Delivery) -> Values:
    """The columns of `deliveries` that change, but for the document and the version."""
    return {
        "state": record.state.value,
        "attempts": record.attempts,
        "failures": record.failures,
        "next_attempt_at": from_optional_time(record.next_attempt_at),
        # the sweeper moves its own next look on, never the time of the attempt
        "look_at": from_optional_time(record.next_attempt_at),
        "sent_digest": record.sent_digest,
        "left_out": record.left_out,
        "last_receipt": record.last_receipt,
        "fault": record.fault,
        "fault_detail": record.fault_detail,
        "updated_at": microseconds(record.updated_at),
    }


def delivery_document(record: Delivery) -> Values:
    """The columns of `deliveries` that hold the sealed document."""
    sealed = record.document
    return {
        "document_key": sealed.key_name if sealed else None,
        "document_wrapped": sealed.wrapped_key if sealed else None,
        "document": sealed.ciphertext if sealed else None,
        "fixed_for": record.fixed_for,
    }


def delivery_values(record: Delivery, sequence: int) -> Values:
    """Columns of `deliveries` for a new one."""
    return {
        "sequence": sequence,
        "delivery_id": record.delivery_id,
        "kind": record.kind.value,
        "message_id": record.message_id,
        "submission_id": record.submission_id,
        "sender": record.sender,
        "recipient": record.recipient,
        "lane": record.lane,
        "created_at": microseconds(record.created_at),
        "version": record.version,
        **delivery_progress(record),
        **delivery_document(record),
    }


def to_delivery(row: Row[tuple[Value, ...]]) -> Delivery:
    """A row of `deliveries`."""
    return Delivery(
        delivery_id=DeliveryId(row.delivery_id),
        kind=DeliveryKind(row.kind),
        message_id=None if row.message_id is None else MessageId(row.message_id),
        submission_id=SubmissionId(row.submission_id),
        sender=PartyCode(row.sender),
        recipient=PartyCode(row.recipient),
        lane=row.lane,
        sequence=row.sequence,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        failures=row.failures,
        next_attempt_at=to_optional_time(row.next_attempt_at),
        document=None if row.document_key is None else Sealed(row.document_key, row.document_wrapped, row.document),
        sent_digest=row.sent_digest,
        left_out=row.left_out,
        fixed_for=row.fixed_for,
        last_receipt=row.last_receipt,
        fault=row.fault,
        fault_detail=row.fault_detail,
        created_at=to_time(row.created_at),
        updated_at=to_time(row.updated_at),
        version=row.version,
    )


def attempt_values(record: Attempt) -> Values:
    """Columns of `attempts`."""
    return {
        "delivery_id": record.delivery_id,
        "number": record.number,
        "at": microseconds(record.at),
        "outcome": record.outcome,
        "fault": record.fault,
        "detail": record.detail,
    }


def to_attempt(row: Row[tuple[Value, ...]]) -> Attempt:
    """A row of `attempts`."""
    return Attempt(
        delivery_id=DeliveryId(row.delivery_id),
        number=row.number,
        at=to_time(row.at),
        outcome=row.outcome,
        fault=row.fault,
        detail=row.detail,
    )


def receipt_values(record: ReceiptRecord, number: int) -> Values:
    """Columns of `receipts`."""
    return {
        "receipt_number": number,
        "digest": record.digest,
        "submission_id": record.submission_id,
        "message_id": record.message_id,
        "delivery_id": record.delivery_id,
        "organisation": record.organisation,
        "stage": record.stage,
        "jws": record.jws,
        "issued_at": microseconds(record.issued_at),
    }


def to_receipt(row: Row[tuple[Value, ...]]) -> ReceiptRecord:
    """A row of `receipts`."""
    return ReceiptRecord(
        digest=Digest(row.digest),
        submission_id=SubmissionId(row.submission_id),
        message_id=row.message_id,
        delivery_id=row.delivery_id,
        organisation=OrganisationId(row.organisation),
        stage=row.stage,
        jws=row.jws,
        issued_at=to_time(row.issued_at),
    )


def outbox_values(entry: OutboxEntry, outbox_id: int) -> Values:
    """Columns of `outbox`."""
    return {
        "outbox_id": outbox_id,
        "vhost": entry.vhost,
        "exchange": entry.exchange,
        "routing_key": entry.routing_key,
        "body": entry.body,
        "message_id": entry.message_id,
        "content_type": entry.content_type,
        "not_before": None,
    }


def to_outbox_entry(row: Row[tuple[Value, ...]]) -> OutboxEntry:
    """A row of `outbox`."""
    return OutboxEntry(row.vhost, row.exchange, row.routing_key, row.body, row.message_id, row.content_type, row.outbox_id)


def audit_values(record: AuditRecord) -> Values:
    """Columns of `audit_records`."""
    return {
        "sequence": record.sequence,
        "code": record.event.code.value,
        "at": microseconds(record.event.at),
        "subject": record.event.subject,
        "facts": encode_facts(record.event.facts),
        "previous": record.previous,
        "digest": record.digest,
        "person": person_of(record.event),
    }


def person_of(event: AuditEvent) -> str | None:
    """Who did it, where it was a person."""
    by = event.facts.get("by")
    return by if isinstance(by, str) and by else None


def to_audit_record(row: Row[tuple[Value, ...]]) -> AuditRecord:
    """A row of `audit_records`."""
    facts: Mapping[str, str | int | bool] = json.loads(row.facts)
    event = AuditEvent(AuditCode(row.code), to_time(row.at), row.subject, facts)
    return AuditRecord(row.sequence, event, row.previous, row.digest)

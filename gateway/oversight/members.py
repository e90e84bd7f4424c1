"""Members: records as the JSON that scripts rely on, each shape in one place.

What it is: pure functions from what the store keeps to members of a document, for the console's API and for the command
line. What it is not: a view of content: nothing that is sealed, no personal data, no secret is ever in them. Ids that a
sender made up may hold a person's number: `masked` hides those from whoever looks through the console.
"""

from datetime import datetime

from gateway.audit.events import AuditRecord
from gateway.oversight.redaction import shown_id
from gateway.records import Attempt, DeadLetter, Delivery, MessageRecord, ReceiptRecord
from schemas.telling import acting

Members = dict[str, object]


def moment(at: datetime | None) -> str | None:
    """ISO 8601, UTC."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(record: MessageRecord) -> Members:
    """One message: references and times, never what it says nor whom it is about."""
    return {
        "message_id": record.message_id,
        "submission_id": record.submission_id,
        "sender": record.sender,
        "sender_message_id": record.sender_message_id,
        "control_reference": record.control_reference,
        "type": record.type,
        "action": record.action,
        "version": record.version,
        "test": record.test,
        "accepted_at": moment(record.accepted_at),
    }


def masked(record: MessageRecord) -> Members:
    """The same, with the sender's ids as they may be shown."""
    return {
        **message(record),
        "sender_message_id": shown_id(record.sender_message_id),
        "control_reference": shown_id(record.control_reference),
    }


def delivery(record: Delivery) -> Members:
    """One delivery."""
    blame, advice = acting(record.fault)
    return {
        "delivery_id": record.delivery_id,
        "message_id": record.message_id,
        "sender": record.sender,
        "recipient": record.recipient,
        "kind": record.kind.value,
        "state": record.state.value,
        "attempts": record.attempts,
        "next_attempt_at": moment(record.next_attempt_at),
        "sent_digest": record.sent_digest,
        "fault": record.fault,
        "fault_detail": record.fault_detail,
        "fault_blame": blame or None,
        "fault_advice": advice or None,
        "updated_at": moment(record.updated_at),
    }


def attempt(record: Attempt) -> Members:
    """One try to hand over."""
    return {
        "delivery_id": record.delivery_id,
        "number": record.number,
        "at": moment(record.at),
        "outcome": record.outcome,
        "fault": record.fault,
        "detail": record.detail,
    }


def receipt(record: ReceiptRecord) -> Members:
    """One receipt as it was signed."""
    return {"digest": record.digest, "stage": record.stage, "delivery_id": record.delivery_id, "issued_at": moment(record.issued_at), "jws": record.jws}


def letter(record: DeadLetter) -> Members:
    """One dead letter of the broker, without its body."""
    return {
        "letter_id": record.letter_id,
        "number": record.number,
        "vhost": record.vhost,
        "queue": record.queue,
        "reason": record.reason,
        "state": record.state.value,
        "message_id": record.message_id,
        "content_type": record.content_type,
        "size": record.size,
        "digest": record.digest,
        "at": moment(record.at),
    }


def audited(record: AuditRecord) -> Members:
    """One record of the chain: all that its digest is taken of, and both digests."""
    return {
        "sequence": record.sequence,
        "at": moment(record.event.at),
        "code": record.event.code.value,
        "subject": record.event.subject,
        "facts": dict(record.event.facts),
        "previous": record.previous,
        "digest": record.digest,
    }

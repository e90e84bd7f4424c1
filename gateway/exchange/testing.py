"""Testing a connection: a message of the gateway's own to one party.

What it is: the rule that makes a ConnectionNotification with its submission, receipt and one delivery, as one `Changes`.
What it is not: a way for the gateway to speak about a case: it has no other message of its own. Called by the worker
that carries out what operators ask for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.changes import Changes
from gateway.exchange import receipts
from gateway.exchange.accept import parcel_entry
from gateway.exchange.means import Means
from gateway.exchange.route import Leg
from gateway.partners.agreement import DeliveryMode
from gateway.partners.reserved import WHOEVER_IS_RESPONSIBLE
from gateway.records import Delivery, DeliveryKind, DuplicateKey, MessageRecord, SubmissionRecord, Verdict
from gateway.trust.digests import digest
from gateway.trust.sealing import seal
from schemas.catalogue import dump
from schemas.envelope import Action, Header, Message
from schemas.identifiers import DeliveryId, Digest, MessageId, OrganisationId, SubmissionId
from schemas.messages.connection_notification import ConnectionNotification
from schemas.receipts import MessageVerdict

OWN_CODE = WHOEVER_IS_RESPONSIBLE
"""The gateway's own code in SPG."""
OWN_NAME = OrganisationId("gateway")
TYPE = "ConnectionNotification"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMessage:
    """What was made, and under which ids."""

    __test__ = False
    message_id: MessageId
    delivery_id: DeliveryId
    changes: Changes


def key_of(order_id: str) -> DuplicateKey:
    """Under which the test message of an order is kept: so it is sent once, and found again."""
    return DuplicateKey("order", OWN_CODE, "", order_id)


def test_message(leg: Leg, order_id: str, by: str, means: Means, now: datetime) -> TestMessage:
    """One ConnectionNotification to a party. Its duplicate key is the order's, so an order is carried out once."""
    message = _message(leg, order_id, means, now)
    document = dump(message)
    submission_id, content = SubmissionId(means.new_id()), digest(document)
    verdict = MessageVerdict(message_id=message.message_id, sender_message_id=order_id, verdict=Verdict.ACCEPTED.value)
    signed = receipts.of_submission(
        means=means, now=now, audience=OWN_NAME, submission=submission_id, control_reference=order_id, received=content, verdicts=(verdict,)
    )
    submission = SubmissionRecord(
        submission_id=submission_id,
        organisation=OWN_NAME,
        sender=OWN_CODE,
        channel="console",
        packaging="none",
        content_type="application/json",
        key=key_of(order_id),
        content_digest=content,
        control_reference=order_id,
        verdict=Verdict.ACCEPTED,
        fault=None,
        received_at=now,
        archive=seal(document, means.archive, submission_id.encode(), means.random),
        receipt=signed.jws,
        receipt_digest=signed.digest,
    )
    record = _record(message, submission_id, document, means, now)
    delivery = _delivery(leg, record, signed.digest, means, now)
    facts = {"by": by, "order": order_id, "recipient": leg.recipient, "delivery": delivery.delivery_id}
    taken: dict[str, Fact] = {"organisation": OWN_NAME, "sender": OWN_CODE, "channel": "console", "receipt": signed.digest, "messages": 1}
    events = (
        AuditEvent(AuditCode.SUBMISSION_ACCEPTED, now, submission_id, taken),
        AuditEvent(AuditCode.MESSAGE_ACCEPTED, now, record.message_id, {"submission": submission_id, "type": TYPE, "recipients": leg.recipient}),
        AuditEvent(AuditCode.TEST_SENT, now, record.message_id, facts),
    )
    outbox = () if leg.agreement.mode is DeliveryMode.SHELF else (parcel_entry(delivery, document, means),)
    changes = Changes(lane=delivery.lane, submission=submission, messages=(record,), new_deliveries=(delivery,), outbox=outbox, events=events)
    return TestMessage(message_id=record.message_id, delivery_id=delivery.delivery_id, changes=changes)


def _message(leg: Leg, order_id: str, means: Means, now: datetime) -> Message:
    header = Header(
        sender=OWN_CODE,
        recipients=(leg.recipient,),
        type=TYPE,
        action=Action.SYSTEM,
        version=leg.agreement.version,
        sender_message_id=order_id,
        control_reference=order_id,
        prepared_at=now,
        application="SPG",
    )
    return Message(MessageId(means.new_id()), header, ConnectionNotification())


def _record(message: Message, submission_id: SubmissionId, document: bytes, means: Means, now: datetime) -> MessageRecord:
    header = message.header
    return MessageRecord(
        message_id=message.message_id,
        submission_id=submission_id,
        reference=1,
        sender=header.sender,
        sender_message_id=header.sender_message_id,
        type=header.type,
        action=header.action.value,
        version=header.version,
        control_reference=header.control_reference,
        case_lookup=None,
        in_reply_to=None,
        test=False,
        prepared_at=now,
        accepted_at=now,
        canonical=seal(document, means.archive, message.message_id.encode(), means.random),
    )


def _delivery(leg: Leg, record: MessageRecord, previous: Digest, means: Means, now: datetime) -> Delivery:
    look = None if leg.agreement.mode is DeliveryMode.SHELF else now + timedelta(seconds=means.sweep_seconds)
    return Delivery(
        delivery_id=DeliveryId(means.new_id()),
        kind=DeliveryKind.MESSAGE,
        message_id=record.message_id,
        submission_id=record.submission_id,
        sender=record.sender,
        recipient=leg.recipient,
        lane=record.message_id,
        next_attempt_at=look,
        last_receipt=previous,
        created_at=now,
        updated_at=now,
    )

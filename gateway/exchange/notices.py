"""Notices: how a sender is told of a later stage.

What it is: the rule that turns one of our receipts into its way back: into the sender's queue or folder, pushed
to its endpoint, or, for SPG senders, the InterchangeStatusNotification that nDelius waits for. What it is not: a
receipt for a receipt: a status notification is never answered by another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.audit.events import AuditCode, AuditEvent
from gateway.exchange import statuses
from gateway.exchange.accept import parcel_entry, receipt_entry
from gateway.exchange.means import Means
from gateway.exchange.receipts import SignedReceipt, kept
from gateway.exchange.siblings import Siblings
from gateway.exchange.stages import reached_last_stage
from gateway.exchange.statuses import OfRecord
from gateway.partners.agreement import Agreement, DeliveryMode
from gateway.partners.directory import Directory
from gateway.records import Delivery, DeliveryKind, MessageRecord, OutboxEntry, SubmissionRecord
from gateway.trust.sealing import seal
from schemas.catalogue import dump
from schemas.envelope import Action, Header, Message
from schemas.identifiers import DeliveryId, MessageId
from schemas.messages.interchange_status_notification import InterchangeStatusNotification


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What telling the sender adds to the changes of a settlement."""

    messages: tuple[MessageRecord, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    touched: tuple[Delivery, ...] = ()
    """Siblings written unchanged: two settlements of one interchange at once must not both miss that they were the last."""
    outbox: tuple[OutboxEntry, ...] = ()
    events: tuple[AuditEvent, ...] = ()


def tell(
    settled: Delivery,
    signed: SignedReceipt,
    directory: Directory,
    submission: SubmissionRecord | None,
    siblings: Siblings,
    records: Mapping[DeliveryId, OfRecord],
    means: Means,
    now: datetime,
) -> Told:
    """The sender's way back for this receipt, by its own outbound agreement."""
    agreement, organisation = directory.outbound(settled.sender), directory.organisation_of(settled.sender)
    if agreement is None or organisation is None:
        return Told()
    if submission is not None and submission.packaging == "wss":
        said = statuses.of_record(signed.receipt)
        of_this = {settled.delivery_id: said} if said is not None else {}
        return _status_notification(settled, directory, agreement, submission, siblings, {**records, **of_this}, means, now)
    if signed.receipt.stage.value not in agreement.receipt_stages:
        return Told()
    if agreement.mode is DeliveryMode.QUEUE:
        entry = receipt_entry(organisation.organisation_id, signed.jws, signed.receipt.receipt_id, bundle=agreement.bundle_receipts)
        return Told(outbox=(entry,))
    if agreement.mode is DeliveryMode.DROP or (agreement.mode is DeliveryMode.PUSH and agreement.receipt_endpoint):
        return _handed_over(settled, signed, agreement.mode, means, now)
    return Told()


def _handed_over(settled: Delivery, signed: SignedReceipt, mode: DeliveryMode, means: Means, now: datetime) -> Told:
    notice = _notice(settled, mode, means, now)
    notice = replace(
        notice,
        document=seal(signed.jws.encode("ascii"), means.archive, notice.delivery_id.encode(), means.random),
        sent_digest=signed.digest,
    )
    return Told(deliveries=(notice,), outbox=(parcel_entry(notice, None, means),))


def _notice(settled: Delivery, mode: DeliveryMode, means: Means, now: datetime, message_id: MessageId | None = None) -> Delivery:
    return Delivery(
        delivery_id=DeliveryId(means.new_id()),
        kind=DeliveryKind.NOTICE,
        message_id=message_id,
        submission_id=settled.submission_id,
        sender=settled.recipient,
        recipient=settled.sender,
        # Receipts of one delivery go back in order; nothing else waits for them.
        lane=f"notice:{settled.delivery_id}",
        # On a shelf it is fetched, so there is no hand-over of ours to look after.
        next_attempt_at=None if mode is DeliveryMode.SHELF else now + timedelta(seconds=means.sweep_seconds),
        created_at=now,
        updated_at=now,
    )


def _status_notification(
    settled: Delivery,
    directory: Directory,
    agreement: Agreement,
    submission: SubmissionRecord,
    siblings: Siblings,
    records: Mapping[DeliveryId, OfRecord],
    means: Means,
    now: datetime,
) -> Told:
    """Sent once, when every accepted message of the interchange has reached its last stage; the worst code is that
    of all messages, those included that were refused alone."""
    first = siblings.first_besides(settled)
    touched = (first,) if first is not None else ()
    if not (reached_last_stage(settled, directory.outbound(settled.recipient)) and siblings.others_ended(settled)):
        return Told(touched=touched)
    ended = statuses.statuses(kept(submission.receipt).messages, siblings.all_with(settled), records)
    payload = InterchangeStatusNotification(status_code=statuses.worst(ended), messages=ended if agreement.message_statuses else ())
    message, record = _notification(settled, agreement, submission, payload, means, now)
    notice = _notice(settled, agreement.mode, means, now, record.message_id)
    facts = {"submission": submission.submission_id, "type": record.type, "recipients": notice.recipient}
    event = AuditEvent(AuditCode.MESSAGE_ACCEPTED, now, record.message_id, facts)
    outbox = () if agreement.mode is DeliveryMode.SHELF else (parcel_entry(notice, dump(message), means),)
    return Told(messages=(record,), deliveries=(notice,), touched=touched, outbox=outbox, events=(event,))


def _notification(
    settled: Delivery, agreement: Agreement, submission: SubmissionRecord, payload: InterchangeStatusNotification, means: Means, now: datetime
) -> tuple[Message, MessageRecord]:
    message_id = MessageId(means.new_id())
    header = Header(
        sender=settled.recipient,
        recipients=(settled.sender,),
        type="InterchangeStatusNotification",
        action=Action.RESPONSE,
        version=agreement.version,
        sender_message_id=message_id,
        control_reference=submission.control_reference,
        in_reply_to=submission.control_reference,
        prepared_at=now,
        application="SPG",
    )
    message = Message(message_id, header, payload)
    record = MessageRecord(
        message_id=message_id,
        submission_id=submission.submission_id,
        reference=0,
        sender=header.sender,
        sender_message_id=message_id,
        type=header.type,
        action=header.action.value,
        version=header.version,
        control_reference=header.control_reference,
        case_lookup=None,
        in_reply_to=header.in_reply_to,
        test=False,
        prepared_at=now,
        accepted_at=now,
        canonical=seal(dump(message), means.archive, message_id.encode(), means.random),
    )
    return message, record

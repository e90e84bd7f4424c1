"""What became of a message, and the receipts about it.

What it is: reading, by our message or submission id. What it is not: content: nothing here opens a sealed
byte. The sender sees all; a recipient its own delivery only; anybody else, and whoever asks for what does
not exist, gets the same 404.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.caller import Caller, Known
from gateway.api.faults import documented
from gateway.api.mailbox import LARGEST_CURSOR
from gateway.api.parts import At
from gateway.api.submissions import JOSE_BODY, SETTLING, Bounded, dress, submit_jws
from gateway.contract import Queries
from gateway.records import Delivery, DeliveryState, MessageRecord, ReceiptRecord, SubmissionRecord
from schemas.faults import FaultCode, refuse
from schemas.identifiers import MessageId, SubmissionId
from schemas.telling import MEMBERS, acting

router = APIRouter(tags=["messages"])
_READING = documented(FaultCode.NOT_AUTHENTICATED, FaultCode.CALLER_NOT_CONNECTED, FaultCode.NOT_FOUND, FaultCode.REQUEST_INVALID, FaultCode.UNAVAILABLE)
_LEAST_ADVANCED_FIRST = (
    DeliveryState.SET_ASIDE,
    DeliveryState.RETRYING,
    DeliveryState.WAITING,
    DeliveryState.HANDED_OVER,
    DeliveryState.REFUSED,
    DeliveryState.NOT_APPLIED,
    DeliveryState.DISCARDED,
    DeliveryState.DELIVERED,
    DeliveryState.APPLIED,
)


class AttemptView(BaseModel):
    """One try to hand over."""

    number: int
    at: datetime
    outcome: str
    fault: str | None
    detail: str | None


class LeftOutView(BaseModel):
    """What the recipient's language could not carry."""

    pointer: str
    reason: str


class DeliveryView(BaseModel):
    """One leg to one recipient."""

    delivery_id: str
    recipient: str
    state: str
    created_at: datetime
    updated_at: datetime
    next_attempt_at: datetime | None
    sent_digest: str | None
    left_out: list[LeftOutView]
    fault: str | None
    fault_detail: str | None
    fault_blame: str | None = Field(None, description=MEMBERS["blame"])
    fault_advice: str | None = Field(None, description=MEMBERS["advice"])
    attempts: list[AttemptView]


class ReceiptView(BaseModel):
    """One receipt as it was signed."""

    cursor: int | None = None
    stage: str
    issued_at: datetime
    digest: str
    submission_id: str
    message_id: str | None
    delivery_id: str | None
    receipt: str = Field(description="Compact JWS, byte for byte.")


class MessageView(BaseModel):
    """One message, as far as the caller may see it."""

    message_id: str
    submission_id: str | None = Field(description="For the sender.")
    sender: str
    sender_message_id: str | None = Field(description="For the sender.")
    control_reference: str | None = Field(description="For the sender.")
    reference: int | None = Field(description="For the sender: its number in the interchange.")
    type: str
    action: str
    version: str
    test: bool
    accepted_at: datetime
    state: str = Field(description="The state of the delivery that is least advanced.")
    deliveries: list[DeliveryView]
    receipts: list[ReceiptView]


class SubmissionView(BaseModel):
    """One submission, for its sender."""

    submission_id: str
    sender: str
    control_reference: str
    verdict: str
    fault: str | None
    received_at: datetime
    content_digest: str
    receipt: str = Field(description="Our first receipt, byte for byte.")
    messages: list[MessageView]


class Receipts(BaseModel):
    """One page of receipts for the caller."""

    receipts: list[ReceiptView]
    next: int = Field(description="`after` of the next page.")


Id = Annotated[str, Path(max_length=64)]


@router.get("/v1/messages/{id}", response_model_exclude_none=True, responses=_READING)
def show(at: At, caller: Known, id: Id) -> MessageView | SubmissionView:  # noqa: A002 - the public name of the parameter
    """State, deliveries, attempts and receipts of a message (by our message id) or of a submission."""
    queries = at.parts.store.queries
    record = queries.messages([MessageId(id)]).get(MessageId(id))
    if record is not None:
        return _message(record, caller, queries)
    submission = queries.submissions([SubmissionId(id)]).get(SubmissionId(id))
    if submission is None or submission.organisation != caller.organisation:
        raise refuse(FaultCode.NOT_FOUND)
    return _submission(submission, queries)


@router.post("/v1/messages/{id}/receipt", responses=SETTLING, openapi_extra=JOSE_BODY)
def settle(request: Request, at: At, caller: Known, id: Id, body: Bounded) -> Response:  # noqa: A002 - as above
    """Hand in a signed receipt for a message that was pushed or published to one of the caller's parties."""
    deliveries = at.parts.store.queries.deliveries_of_messages([MessageId(id)]).get(MessageId(id), ())
    if not any(delivery.recipient in caller.parties for delivery in deliveries):
        raise refuse(FaultCode.NOT_FOUND)
    return dress(submit_jws(request, at, caller, body), request, at)


@router.get("/v1/receipts", response_model_exclude_none=True, responses=_READING)
def receipts(
    at: At,
    caller: Known,
    after: Annotated[int, Query(ge=0, le=LARGEST_CURSOR, description="Receipts after this cursor.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Receipts:
    """Every receipt that is the caller's to collect, in order of making."""
    found = at.parts.store.queries.receipts_for(caller.organisation, after, min(limit, at.parts.settings.page_limit))
    return Receipts(receipts=[_receipt(record, cursor) for cursor, record in found], next=found[-1][0] if found else after)


def _message(record: MessageRecord, caller: Caller, queries: Queries) -> MessageView:
    submission = queries.submissions([record.submission_id]).get(record.submission_id)
    deliveries = queries.deliveries_of_messages([record.message_id]).get(record.message_id, ())
    if submission is not None and submission.organisation == caller.organisation:
        return _for_sender(record, submission, deliveries, queries)
    own = [delivery for delivery in deliveries if delivery.recipient in caller.parties]
    if not own:
        raise refuse(FaultCode.NOT_FOUND)
    return _for_recipient(record, caller, own, queries)


def _submission(submission: SubmissionRecord, queries: Queries) -> SubmissionView:
    deliveries = queries.deliveries_of_submissions([submission.submission_id]).get(submission.submission_id, ())
    legs: dict[MessageId | None, list[Delivery]] = {}
    for delivery in deliveries:
        legs.setdefault(delivery.message_id, []).append(delivery)
    # number 0 is a notice of ours about the submission: nobody handed it in
    messages = [record for record in queries.messages_of(submission.submission_id) if record.reference]
    return SubmissionView(
        submission_id=submission.submission_id,
        sender=submission.sender,
        control_reference=submission.control_reference,
        verdict=submission.verdict.value,
        fault=submission.fault,
        received_at=submission.received_at,
        content_digest=submission.content_digest,
        receipt=submission.receipt,
        messages=[_for_sender(record, submission, legs.get(record.message_id, ()), queries) for record in messages],
    )


def _for_sender(record: MessageRecord, submission: SubmissionRecord, deliveries: Sequence[Delivery], queries: Queries) -> MessageView:
    kept = [
        receipt
        for receipt in queries.receipts_of_submission(record.submission_id)
        if receipt.organisation == submission.organisation and receipt.message_id in {None, record.message_id}
    ]
    return MessageView(
        **_common(record, deliveries, kept, queries),
        submission_id=record.submission_id,
        sender_message_id=record.sender_message_id,
        control_reference=record.control_reference,
        reference=record.reference,
    )


def _for_recipient(record: MessageRecord, caller: Caller, own: Sequence[Delivery], queries: Queries) -> MessageView:
    mine = {delivery.delivery_id for delivery in own}
    kept = [
        receipt
        for receipt in queries.receipts_of_submission(record.submission_id)
        if receipt.organisation == caller.organisation and receipt.delivery_id in mine
    ]
    return MessageView(**_common(record, own, kept, queries), submission_id=None, sender_message_id=None, control_reference=None, reference=None)


def _common(record: MessageRecord, deliveries: Sequence[Delivery], kept: Sequence[ReceiptRecord], queries: Queries) -> Mapping[str, object]:
    return {
        "message_id": record.message_id,
        "sender": record.sender,
        "type": record.type,
        "action": record.action,
        "version": record.version,
        "test": record.test,
        "accepted_at": record.accepted_at,
        "state": min((delivery.state for delivery in deliveries), key=_LEAST_ADVANCED_FIRST.index, default=DeliveryState.WAITING).value,
        "deliveries": [_delivery(delivery, queries) for delivery in deliveries],
        "receipts": [_receipt(receipt, None) for receipt in kept],
    }


def _delivery(delivery: Delivery, queries: Queries) -> DeliveryView:
    attempts = queries.attempts(delivery.delivery_id)
    blame, advice = acting(delivery.fault)
    return DeliveryView(
        delivery_id=delivery.delivery_id,
        recipient=delivery.recipient,
        state=delivery.state.value,
        created_at=delivery.created_at,
        updated_at=delivery.updated_at,
        next_attempt_at=delivery.next_attempt_at,
        sent_digest=delivery.sent_digest,
        left_out=[LeftOutView(**entry) for entry in json.loads(delivery.left_out)],
        fault=delivery.fault,
        fault_detail=delivery.fault_detail,
        fault_blame=blame or None,
        fault_advice=advice or None,
        attempts=[AttemptView(number=one.number, at=one.at, outcome=one.outcome, fault=one.fault, detail=one.detail or None) for one in attempts],
    )


def _receipt(record: ReceiptRecord, cursor: int | None) -> ReceiptView:
    return ReceiptView(
        cursor=cursor,
        stage=record.stage,
        issued_at=record.issued_at,
        digest=record.digest,
        submission_id=record.submission_id,
        message_id=record.message_id,
        delivery_id=record.delivery_id,
        receipt=record.jws,
    )

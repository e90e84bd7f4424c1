"""Settlement: what an attempt or a recipient's word does to a delivery, decided without I/O.

What it is: the rules from a `Handover` or a verified receipt to the next state, our chained receipt, and
its way back to the sender. What it is not: verification of that word (`trust`) nor the way itself.
Only the delivery's verified recipient settles it, with the digest of what was sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.changes import Changes
from gateway.exchange import crosswalk, notices, receipts, takeovers
from gateway.exchange.delivery import EVENT_OF_STAGE, Event, next_state
from gateway.exchange.means import Means
from gateway.exchange.siblings import Siblings
from gateway.exchange.statuses import OfRecord
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.records import Attempt, Delivery, DeliveryKind, DeliveryState, ReceiptRecord, SubmissionRecord, Takeover
from schemas.faults import FAULTS, Fault, FaultCode
from schemas.identifiers import DeliveryId, MessageId, OrganisationId
from schemas.receipts import Basis, Evidence, FaultClaim, Stage

_EVENT_CODES = {
    DeliveryState.HANDED_OVER: AuditCode.DELIVERY_HANDED_OVER,
    DeliveryState.RETRYING: AuditCode.DELIVERY_DELAYED,
    DeliveryState.DELIVERED: AuditCode.DELIVERY_DELIVERED,
    DeliveryState.APPLIED: AuditCode.DELIVERY_APPLIED,
    DeliveryState.NOT_APPLIED: AuditCode.DELIVERY_NOT_APPLIED,
    DeliveryState.REFUSED: AuditCode.DELIVERY_REFUSED,
    DeliveryState.SET_ASIDE: AuditCode.DELIVERY_SET_ASIDE,
    DeliveryState.DISCARDED: AuditCode.DELIVERY_DISCARDED,
    DeliveryState.WAITING: AuditCode.DELIVERY_RETRIED,
}
BUGS_BEFORE_POISON = 3
"""How often our own mistake on one item is tried again before a person is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the recipient's side said about a delivery, and what it rests on."""

    stage: Stage
    basis: Basis
    fault: FaultClaim | None = None
    evidence: Evidence | None = None
    record_id: str | None = None
    """The number that the recipient's case system gave the record."""
    local_id: str | None = None
    """What the recipient calls the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Facts around a delivery that decide how its sender is told. Empty for senders of JSON."""

    directory: Directory
    submission: SubmissionRecord | None = None
    siblings: Siblings = field(default_factory=Siblings)
    """All message deliveries of the same submission, this one included."""
    records: Mapping[DeliveryId, OfRecord] = field(default_factory=lambda: MappingProxyType({}))
    """Where the sender is told per message: what the recipients of the other deliveries said of their records."""
    takeovers: Mapping[MessageId, Takeover] = field(default_factory=lambda: MappingProxyType({}))
    """Messages of which a takeover waits for this word."""
    ids: crosswalk.Ids = field(default_factory=crosswalk.Ids)


def say(delivery: Delivery, word: Word, around: Surroundings, means: Means, now: datetime, *, attempt: Attempt | None = None) -> Changes:
    """A stage was reached: next state, our receipt, and its way to the sender. Raises ImpossibleTransition."""
    after = next_state(delivery.state, EVENT_OF_STAGE[word.stage])
    attempts = delivery.attempts if attempt is None else attempt.number
    if delivery.kind is DeliveryKind.NOTICE:
        settled = replace(delivery, state=after, attempts=attempts, next_attempt_at=None, updated_at=now)
        event = AuditEvent(AuditCode.NOTICE_SENT, now, delivery.delivery_id, {"recipient": delivery.recipient, "state": after.value})
        return Changes(lane=delivery.lane, deliveries=(settled,), attempts=(attempt,) if attempt else (), events=(event,))
    signed = _receipt(delivery, word, around, means, now)
    settled = replace(
        delivery,
        state=after,
        attempts=attempts,
        next_attempt_at=None,
        last_receipt=signed.digest,
        fault=word.fault.code if word.fault else None,
        # A partner's free text may name people: it stays in its signed evidence, not in a column. An operator's reason is ours.
        fault_detail=word.fault.detail if word.fault and word.basis is Basis.OPERATOR else None,
        updated_at=now,
    )
    facts: dict[str, Fact] = {"basis": word.basis.value, "before": delivery.state.value, "receipt": signed.digest, "sent": delivery.sent_digest or ""}
    learned = crosswalk.told(settled, word.record_id, word.local_id, around.ids, around.directory, now)
    taken_over = takeovers.counted(settled, around.takeovers, around.directory, now)
    told = notices.tell(settled, signed, around.directory, around.submission, around.siblings, around.records, means, now)
    return Changes(
        lane=delivery.lane,
        deliveries=(settled, *told.touched),
        attempts=(attempt,) if attempt else (),
        receipts=(_record(settled, signed, now),),
        messages=told.messages,
        new_deliveries=told.deliveries,
        interests=taken_over.interests,
        known_ids=learned.known_ids,
        given_up_ids=learned.given_up_ids,
        responsibilities=taken_over.responsibilities,
        outbox=told.outbox,
        events=(_event(settled, now, facts), *taken_over.events, *learned.events, *told.events),
    )


def handed_to_queue(delivery: Delivery, agreement: Agreement, now: datetime, attempt: Attempt) -> Changes:
    """The recipient's queue holds it. Nobody sees consumption, so it is published again until a receipt comes."""
    after = replace(
        delivery,
        state=next_state(delivery.state, Event.HAND_OVER),
        attempts=attempt.number,
        next_attempt_at=now + timedelta(seconds=agreement.retry.resend_seconds),
        fault=None,
        fault_detail=None,
        updated_at=now,
    )
    return Changes(lane=delivery.lane, deliveries=(after,), attempts=(attempt,), events=(_event(after, now, {"attempt": attempt.number}),))


def failed(delivery: Delivery, fault: Fault, agreement: Agreement, now: datetime, attempt: Attempt) -> Changes:
    """Another attempt later, or, when they are exhausted, a person."""
    exhausted = attempt.number >= agreement.retry.attempts and delivery.state is not DeliveryState.HANDED_OVER
    event = Event.SET_ASIDE if exhausted else Event.FAIL
    after = replace(
        delivery,
        state=next_state(delivery.state, event),
        attempts=attempt.number,
        next_attempt_at=None if exhausted else next_attempt(agreement, attempt.number, now),
        fault=FaultCode.ATTEMPTS_EXHAUSTED.value if exhausted else fault.code.value,
        fault_detail=fault.detail,
        updated_at=now,
    )
    facts: dict[str, Fact] = {"attempt": attempt.number, "fault": fault.code.value}
    audit = AuditEvent(AuditCode.DELIVERY_SET_ASIDE if exhausted else AuditCode.DELIVERY_DELAYED, now, delivery.delivery_id, _facts(after, facts))
    return Changes(lane=delivery.lane, deliveries=(after,), attempts=(attempt,), events=(audit,))


def shelved(delivery: Delivery, now: datetime) -> Changes:
    """What was agreed has changed to the shelf while it was on a courier's road: it waits there, and is looked after by nobody."""
    state = delivery.state if delivery.state is DeliveryState.WAITING else next_state(delivery.state, Event.RETRY)
    after = replace(delivery, state=state, next_attempt_at=None, fault=None, fault_detail=None, updated_at=now)
    return Changes(lane=delivery.lane, deliveries=(after,), events=(_event(after, now, {"mode": "shelf"}),))


def unshelved(delivery: Delivery, at: datetime, now: datetime) -> Changes:
    """The other way round: it waits on a shelf that is going to be one no longer, so from `at` on the sweeper looks after it."""
    after = replace(delivery, next_attempt_at=at, updated_at=now)
    return Changes(lane=delivery.lane, deliveries=(after,), events=(_event(after, now, {"mode": "courier"}),))


def postponed(delivery: Delivery, until: datetime, now: datetime) -> Changes:
    """The recipient's endpoint is being left alone (open breaker): no attempt was made."""
    after = replace(delivery, state=next_state(delivery.state, Event.FAIL), next_attempt_at=until, fault=FaultCode.RECIPIENT_UNREACHABLE.value, updated_at=now)
    audit = AuditEvent(AuditCode.DELIVERY_DELAYED, now, delivery.delivery_id, _facts(after, {"breaker": "open"}))
    return Changes(lane=delivery.lane, deliveries=(after,), events=(audit,))


def refused(delivery: Delivery, fault: Fault, now: datetime, attempt: Attempt | None) -> Changes:
    """It cannot go on as it is; the lane goes on without it, and a person decides."""
    after = replace(
        delivery,
        state=next_state(delivery.state, Event.REFUSE),
        attempts=attempt.number if attempt else delivery.attempts,
        next_attempt_at=None,
        fault=fault.code.value,
        fault_detail=fault.detail,
        updated_at=now,
    )
    facts: dict[str, Fact] = {"fault": fault.code.value, "pointer": fault.pointer}
    return Changes(lane=delivery.lane, deliveries=(after,), attempts=(attempt,) if attempt else (), events=(_event(after, now, facts),))


def mistaken(delivery: Delivery, kind: str, now: datetime, agreement: Agreement) -> Changes:
    """Our own mistake on this item: counted on its row; after a few it is poison and a person is told."""
    failures = delivery.failures + 1
    poison = failures >= BUGS_BEFORE_POISON
    after = replace(
        delivery,
        state=next_state(delivery.state, Event.SET_ASIDE if poison else Event.FAIL),
        failures=failures,
        next_attempt_at=None if poison else now + timedelta(seconds=agreement.retry.first_seconds),
        fault=FaultCode.INTERNAL_ERROR.value,
        fault_detail=kind,
        updated_at=now,
    )
    audit = AuditEvent(
        AuditCode.DELIVERY_SET_ASIDE if poison else AuditCode.DELIVERY_DELAYED,
        now,
        delivery.delivery_id,
        _facts(after, {"fault": FaultCode.INTERNAL_ERROR.value, "kind": kind, "failures": failures}),
    )
    return Changes(lane=delivery.lane, deliveries=(after,), events=(audit,))


def next_attempt(agreement: Agreement, attempt: int, now: datetime) -> datetime:
    """When to try again. Outside the partner's working hours nobody mends its system: it is tried at the longest
    interval, and at the latest when they begin."""
    soon, hours = now + timedelta(seconds=backoff_seconds(agreement, attempt)), agreement.working_hours
    if hours is None or hours.open_at(now):
        return soon
    return max(soon, min(now + timedelta(seconds=agreement.retry.longest_seconds), hours.next_opening(now)))


def backoff_seconds(agreement: Agreement, attempt: int) -> float:
    """Exponential, bounded. `attempt` counts from 1."""
    retry = agreement.retry
    return float(min(retry.longest_seconds, retry.first_seconds * retry.factor ** min(attempt - 1, 40)))


def fault_claim_of(code: FaultCode, detail: str = "") -> FaultClaim:
    """A fault of ours as a receipt tells it."""
    return FaultClaim(code.value, FAULTS[code].title, detail)


def _receipt(delivery: Delivery, word: Word, around: Surroundings, means: Means, now: datetime) -> receipts.SignedReceipt:
    sender = around.directory.organisation_of(delivery.sender)
    return receipts.of_stage(
        word.stage,
        means=means,
        now=now,
        audience=sender.organisation_id if sender else OrganisationId(delivery.sender),
        message=delivery.message_id or "",
        recipient=delivery.recipient,
        basis=word.basis,
        sent=delivery.sent_digest,
        previous=delivery.last_receipt,
        fault=word.fault,
        evidence=word.evidence,
        record_id=crosswalk.number_in(word.stage, word.record_id, delivery.recipient, around.directory),
    )


def _record(delivery: Delivery, signed: receipts.SignedReceipt, now: datetime) -> ReceiptRecord:
    return ReceiptRecord(
        digest=signed.digest,
        submission_id=delivery.submission_id,
        message_id=delivery.message_id,
        delivery_id=delivery.delivery_id,
        organisation=OrganisationId(signed.receipt.audience),
        stage=signed.receipt.stage.value,
        jws=signed.jws,
        issued_at=now,
    )


def _event(delivery: Delivery, now: datetime, facts: dict[str, Fact]) -> AuditEvent:
    return AuditEvent(_EVENT_CODES[delivery.state], now, delivery.delivery_id, _facts(delivery, facts))


def _facts(delivery: Delivery, facts: dict[str, Fact]) -> dict[str, Fact]:
    return {"message": delivery.message_id or "", "recipient": delivery.recipient, "state": delivery.state.value, **facts}

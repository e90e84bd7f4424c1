"""Acceptance: what a verified submission becomes, decided without I/O.

What it is: the rule behind `Pipeline.submit`: route, give ids, seal, receipt, and one delivery per
recipient, all as one `Changes`. What it is not: verification (`trust`), the judgement of the messages
(`fates`), nor writing (`store`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from broker.parcel import INLINE_LIMIT_BYTES, Parcel, encode
from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.changes import Changes
from gateway.exchange import fates, receipts
from gateway.exchange.cases import Cases
from gateway.exchange.fates import Rejected, Taken
from gateway.exchange.means import Means
from gateway.exchange.places import chained_place
from gateway.exchange.recipients import Addressing
from gateway.exchange.results import Accepted, Declined, SubmitResult
from gateway.exchange.route import Leg
from gateway.exchange.submission import Submission
from gateway.exchange.takeovers import takeover_in
from gateway.partners.agreement import Agreement, DeliveryMode
from gateway.partners.directory import Directory
from gateway.records import AwaitedId, Delivery, DeliveryKind, DuplicateKey, Interest, MessageRecord, OutboxEntry, OwnId, SubmissionRecord, Verdict
from gateway.trust.contract import VerifiedContent
from gateway.trust.detached import whole
from gateway.trust.digests import digest
from gateway.trust.sealing import seal, seal_parcel
from schemas.catalogue import dump
from schemas.envelope import Entry, Interchange, Message
from schemas.faults import Fault, FaultCode, Refusal
from schemas.identifiers import DeliveryId, MessageId, OrganisationId, PartyCode, SubmissionId

STEP_DELIVER = "deliver"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write, and what to answer once it is written. `changes` None: nothing to write."""

    result: SubmitResult
    changes: Changes | None = None
    outbox_result: OrganisationId | None = None
    """Set where the answer goes back over the sender's own queue."""


def duplicate_key(interchange: Interchange, packaging: str) -> DuplicateKey:
    """SPG: (sender, receiver, control reference); JSON: (sender, the sender's message id); a batch of files:
    (sender, control reference), since it has a number of its own and may go to many."""
    if packaging == "wss":
        return DuplicateKey("spg", interchange.sender, ",".join(interchange.recipients), interchange.control_reference)
    if packaging == "detached":
        return DuplicateKey("batch", interchange.sender, "", interchange.control_reference)
    return DuplicateKey("json", interchange.sender, "", interchange.entries[0].sender_message_id)


def key_of_unreadable(verified: VerifiedContent) -> DuplicateKey:
    """Authentic content that names no id of its own is known by its digest."""
    speaker = min(verified.key.speaks_for, default=PartyCode("---"))
    return DuplicateKey("content", speaker, "", verified.digest)


def again(existing: SubmissionRecord, later: tuple[str, ...], message_ids: tuple[MessageId, ...]) -> SubmitResult:
    """An exact duplicate gets its first receipt, byte for byte, and where it was refused the same explanation."""
    if existing.verdict is Verdict.ACCEPTED:
        return Accepted(
            submission_id=existing.submission_id,
            message_ids=message_ids,
            receipt=existing.receipt,
            duplicate=True,
            later_receipts=later,
            sender=existing.sender,
        )
    told = receipts.kept(existing.receipt)
    return Declined(
        fault=receipts.fault_of(told.fault) if told.fault else Fault(FaultCode.INTERNAL_ERROR),
        also=tuple(receipts.fault_of(claim) for claim in told.also),
        receipt=existing.receipt,
        submission_id=existing.submission_id,
        duplicate=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The facts of one acceptance; its methods build the parts of one `Changes`."""

    submission: Submission
    verified: VerifiedContent
    interchange: Interchange
    key: DuplicateKey
    directory: Directory
    agreement: Agreement
    means: Means
    now: datetime
    submission_id: SubmissionId
    cases: Cases
    """Every case of the interchange, loaded."""
    supersedes: DuplicateKey | None = None
    awaiting: Mapping[int, OwnId] = field(default_factory=lambda: MappingProxyType({}))
    """Inserts that named their record by an own id, by the number of the message."""

    def decide(self) -> Decision:
        """Accept what can be taken. Raises Refusal where the whole interchange falls."""
        seen = self.cases.draft()
        judged = fates.judge(self.interchange, self.agreement, self.directory, seen, self.means, self.now)
        taken = [fate for fate in judged if isinstance(fate, Taken)]
        signed = receipts.of_submission(
            means=self.means,
            now=self.now,
            audience=self.verified.key.organisation,
            submission=self.submission_id,
            control_reference=self.interchange.control_reference,
            received=self.verified.digest,
            verdicts=tuple(fates.verdict(fate) for fate in judged),
            also=[fault for fate in judged if isinstance(fate, Rejected) for fault in fate.faults[1:]],
        )
        changes = self._changes(signed, taken, [fate for fate in judged if isinstance(fate, Rejected)], seen.added)
        ids = tuple(fate.message.message_id for fate in taken)
        return Decision(Accepted(submission_id=self.submission_id, message_ids=ids, receipt=signed.jws, sender=self.interchange.sender), changes)

    def _changes(self, signed: receipts.SignedReceipt, taken: Sequence[Taken], rejected: Sequence[Rejected], interests: tuple[Interest, ...]) -> Changes:
        messages, deliveries, parcels = [], [], []
        events = [self._accepted_event(signed, len(taken), len(rejected)), *(self._refused_event(fate) for fate in rejected)]
        for fate in taken:
            plain = dump(fate.message)
            record = self._message_record(fate.message, plain)
            messages.append(record)
            events.append(self._message_event(record, fate))
            for leg in fate.legs:
                delivery = self._delivery(record, leg, signed)
                deliveries.append(delivery)
                if leg.agreement.mode is not DeliveryMode.SHELF:
                    parcels.append(parcel_entry(delivery, plain, self.means))
        return Changes(
            lane=deliveries[0].lane if deliveries else None,
            submission=self._record(signed),
            supersedes=self.supersedes,
            messages=tuple(messages),
            new_deliveries=tuple(deliveries),
            interests=interests,
            awaited_ids=tuple(self._awaited(record) for record in messages if record.reference in self.awaiting),
            takeovers=tuple(found for fate in taken if (found := takeover_in(fate.message, self.directory, self.means.lookup_key, self.now))),
            outbox=tuple(parcels) + self._answer(signed),
            events=tuple(events),
        )

    def _awaited(self, record: MessageRecord) -> AwaitedId:
        return AwaitedId(own=self.awaiting[record.reference], message_id=record.message_id, case_lookup=record.case_lookup, since=self.now)

    def _answer(self, signed: receipts.SignedReceipt) -> tuple[OutboxEntry, ...]:
        outbound = self.directory.outbound(self.interchange.sender)
        bundle = outbound is not None and outbound.bundle_receipts
        return answer_entries(self.submission, self.verified.key.organisation, signed.jws, self.submission_id, bundle=bundle)

    def _record(self, signed: receipts.SignedReceipt) -> SubmissionRecord:
        return submission_record(
            self.submission,
            self.verified,
            submission_id=self.submission_id,
            key=self.key,
            sender=self.interchange.sender,
            control_reference=self.interchange.control_reference,
            signed=signed,
            means=self.means,
        )

    def _message_record(self, message: Message, plain: bytes) -> MessageRecord:
        header = message.header
        return MessageRecord(
            message_id=message.message_id,
            submission_id=self.submission_id,
            reference=header.reference,
            sender=header.sender,
            sender_message_id=header.sender_message_id,
            type=header.type,
            action=header.action.value,
            version=header.version,
            control_reference=header.control_reference,
            case_lookup=self.cases.lookup(header.case_reference, self.means.lookup_key) if header.case_reference else None,
            in_reply_to=header.in_reply_to,
            test=bool(header.test),
            prepared_at=header.prepared_at,
            accepted_at=self.now,
            canonical=seal(plain, self.means.archive, message.message_id.encode(), self.means.random),
        )

    def _delivery(self, record: MessageRecord, leg: Leg, signed: receipts.SignedReceipt) -> Delivery:
        # A shelf has no hand-over of ours to look after, so the sweeper never looks at it.
        look = None if leg.agreement.mode is DeliveryMode.SHELF else self.now + timedelta(seconds=self.means.sweep_seconds)
        return Delivery(
            delivery_id=DeliveryId(self.means.new_id()),
            kind=DeliveryKind.MESSAGE,
            message_id=record.message_id,
            submission_id=self.submission_id,
            sender=record.sender,
            recipient=leg.recipient,
            lane=record.case_lookup or record.message_id,
            next_attempt_at=look,
            last_receipt=signed.digest,
            created_at=self.now,
            updated_at=self.now,
        )

    def _accepted_event(self, signed: receipts.SignedReceipt, taken: int, rejected: int) -> AuditEvent:
        facts: dict[str, Fact] = {
            "organisation": self.verified.key.organisation,
            "sender": self.interchange.sender,
            "channel": self.submission.channel,
            "key": self.verified.key.key_id,
            "content": self.verified.digest,
            "receipt": signed.digest,
            "messages": taken,
        }
        if rejected:
            facts["refused"] = rejected
        return AuditEvent(AuditCode.SUBMISSION_ACCEPTED, self.now, self.submission_id, facts)

    def _refused_event(self, fate: Rejected) -> AuditEvent:
        fault = fate.faults[0]
        facts: dict[str, Fact] = {"reference": fate.entry.reference, "fault": fault.code.value}
        if place := chained_place(fault):
            facts["pointer"] = place
        return AuditEvent(AuditCode.MESSAGE_REFUSED, self.now, self.submission_id, facts)

    def _message_event(self, record: MessageRecord, fate: Taken) -> AuditEvent:
        facts: dict[str, Fact] = {"submission": self.submission_id, "type": record.type, "recipients": ",".join(leg.recipient for leg in fate.legs)}
        if fate.addressing is not Addressing.NAMED:
            facts["addressing"] = fate.addressing.value
        if fate.left_out:
            facts["left_out"] = ",".join(fate.left_out)
        return AuditEvent(AuditCode.MESSAGE_ACCEPTED, self.now, record.message_id, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFacts:
    """The facts of one refusal of authentic content."""

    submission: Submission
    verified: VerifiedContent
    key: DuplicateKey
    control_reference: str
    interchange: Interchange | None
    """None where it could not be read."""
    means: Means
    now: datetime
    submission_id: SubmissionId
    keep: bool = True
    """False where another submission already holds the key: then only the chain remembers."""
    supersedes: DuplicateKey | None = None


def refuse_authentic(facts: RefusalFacts, refusal: Refusal) -> Decision:
    """An authentic submission that is refused is kept, takes its key, and gets a signed negative receipt."""
    organisation = facts.verified.key.organisation
    signed = receipts.of_submission(
        means=facts.means,
        now=facts.now,
        audience=organisation,
        submission=facts.submission_id,
        control_reference=facts.control_reference or None,
        received=facts.verified.digest,
        verdicts=fates.of_the_fallen(facts.interchange, refusal) if facts.interchange else (),
        fault=refusal.fault,
        also=refusal.also,
    )
    event = refused_event(facts.submission_id, refusal, facts.now, organisation, signed.digest, facts.verified.digest, facts.key.sender)
    outbox = answer_entries(facts.submission, organisation, signed.jws, facts.submission_id)
    if not facts.keep:
        return Decision(_declined(refusal, signed.jws, facts.submission_id), Changes(outbox=outbox, events=(event,)))
    events = (event, *_absorbed(facts, refusal))
    record = submission_record(
        facts.submission,
        facts.verified,
        submission_id=facts.submission_id,
        key=facts.key,
        sender=facts.key.sender,
        control_reference=facts.control_reference,
        signed=signed,
        means=facts.means,
    )
    record = replace(record, verdict=Verdict.REFUSED, fault=refusal.fault.code.value)
    return Decision(
        _declined(refusal, signed.jws, facts.submission_id),
        Changes(submission=record, supersedes=facts.supersedes, outbox=outbox, events=events),
    )


def _absorbed(facts: RefusalFacts, refusal: Refusal) -> tuple[AuditEvent, ...]:
    if refusal.fault.code is not FaultCode.SENDER_DISABLED or facts.interchange is None:
        return ()
    types = sorted({entry.header.type for entry in facts.interchange.entries if isinstance(entry, Entry)})
    said: dict[str, Fact] = {"sender": facts.interchange.sender, "messages": len(facts.interchange.entries), "types": ",".join(types)}
    return (AuditEvent(AuditCode.MESSAGE_ABSORBED, facts.now, facts.submission_id, said),)


def refuse_unproven(submission: Submission, refusal: Refusal, *, means: Means, now: datetime) -> Decision:
    """The signature failed. A caller whom the channel knows gets a signed refusal and the chain holds the
    cause; nobody else gets more than one sentence, and the chain cannot be flooded."""
    if submission.peer is None:
        return Decision(Declined(fault=refusal.fault, also=tuple(refusal.also), proven=False))
    submission_id = SubmissionId(means.new_id())
    received = digest(submission.wire.body)
    signed = receipts.of_submission(
        means=means,
        now=now,
        audience=submission.peer,
        submission=submission_id,
        control_reference=None,
        received=received,
        fault=refusal.fault,
        also=refusal.also,
    )
    event = refused_event(submission_id, refusal, now, submission.peer, signed.digest, received)
    outbox = answer_entries(submission, submission.peer, signed.jws, submission_id)
    return Decision(replace(_declined(refusal, signed.jws, submission_id), proven=False), Changes(outbox=outbox, events=(event,)))


def refused_event(subject: str, refusal: Refusal, now: datetime, organisation: str, receipt: str, received: str, sender: str = "") -> AuditEvent:
    """The chain holds the cause, which an outsider never learns; and the sender, where it is proven."""
    facts = {"organisation": organisation, "fault": refusal.fault.code.value, "receipt": receipt, "received": received}
    if sender:
        facts["sender"] = sender
    if refusal.cause:
        facts["cause"] = refusal.cause
    if place := chained_place(refusal.fault):
        facts["pointer"] = place
    return AuditEvent(AuditCode.SUBMISSION_REFUSED, now, subject, facts)


def _declined(refusal: Refusal, receipt: str, submission_id: SubmissionId) -> Declined:
    return Declined(fault=refusal.fault, also=tuple(refusal.also), receipt=receipt, submission_id=submission_id)


def submission_record(
    submission: Submission,
    verified: VerifiedContent,
    *,
    submission_id: SubmissionId,
    key: DuplicateKey,
    sender: PartyCode,
    control_reference: str,
    signed: receipts.SignedReceipt,
    means: Means,
) -> SubmissionRecord:
    """The archive copy: the bytes exactly as received, sealed; a document and the signature beside it as one JWS."""
    wire = whole(submission.wire)
    return SubmissionRecord(
        submission_id=submission_id,
        organisation=verified.key.organisation,
        sender=sender,
        channel=submission.channel,
        packaging=submission.packaging,
        content_type=wire.content_type,
        key=key,
        content_digest=verified.digest,
        control_reference=control_reference,
        verdict=Verdict.ACCEPTED,
        fault=None,
        received_at=submission.received_at,
        archive=seal(wire.body, means.archive, submission_id.encode(), means.random),
        receipt=signed.jws,
        receipt_digest=signed.digest,
    )


def parcel_entry(delivery: Delivery, plain: bytes | None, means: Means) -> OutboxEntry:
    """A parcel for the recipient's courier: the message inline, sealed, or a claim check (EIP)."""
    parcel = Parcel(STEP_DELIVER, delivery.delivery_id, delivery.recipient, delivery.lane, submission=delivery.submission_id)
    if plain is not None and len(plain) <= INLINE_LIMIT_BYTES:
        parcel = replace(parcel, sealed=seal_parcel(plain, means.parcel_key, parcel.associated_data(), means.random))
    return OutboxEntry(
        vhost="gateway",
        exchange="gateway",
        routing_key=f"outbound.{delivery.recipient}",
        body=encode(parcel),
        message_id=delivery.delivery_id,
        content_type="application/vnd.gateway.parcel",
    )


def answer_entries(submission: Submission, organisation: OrganisationId, jws: str, message_id: str, *, bundle: bool = False) -> tuple[OutboxEntry, ...]:
    """What came over AMQP is answered over the sender's own queue; elsewhere the door answers."""
    return (receipt_entry(organisation, jws, message_id, bundle=bundle),) if submission.channel == "amqp" else ()


def receipt_entry(organisation: OrganisationId, jws: str, message_id: str, *, bundle: bool = False) -> OutboxEntry:
    """A receipt on its way into the partner's own queue; by agreement in company."""
    return OutboxEntry(
        vhost="partners",
        exchange="to",
        routing_key=organisation,
        body=jws.encode("ascii"),
        message_id=message_id,
        content_type=receipts.LINES_MEDIA_TYPE if bundle else receipts.MEDIA_TYPE,
    )

"""The audit table: everything that can happen, by code.

What it is: the vocabulary of the chain, of the log and of the counters: one event, three readers. What it
is not: the chain itself (`gateway.audit.chain`). Facts are ids, codes, counts and digests, never personal data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Fact = str | int | bool


class AuditCode(StrEnum):
    """Stable names of events; never renamed. Each has its sentence in `SENTENCES`."""

    SUBMISSION_ACCEPTED = "submission.accepted"
    SUBMISSION_REFUSED = "submission.refused"
    SUBMISSION_DUPLICATE = "submission.duplicate"
    MESSAGE_ACCEPTED = "message.accepted"
    MESSAGE_REFUSED = "message.refused"
    MESSAGE_ABSORBED = "message.absorbed"
    DELIVERY_PREPARED = "delivery.prepared"
    DELIVERY_HANDED_OVER = "delivery.handed-over"
    DELIVERY_DELAYED = "delivery.delayed"
    DELIVERY_REFUSED = "delivery.refused"
    DELIVERY_DELIVERED = "delivery.delivered"
    DELIVERY_APPLIED = "delivery.applied"
    DELIVERY_NOT_APPLIED = "delivery.not-applied"
    DELIVERY_SET_ASIDE = "delivery.set-aside"
    DELIVERY_RETRIED = "delivery.retried"
    DELIVERY_DISCARDED = "delivery.discarded"
    DETAIL_FETCHED = "detail.fetched"
    RESPONSIBILITY_CHANGED = "responsibility.changed"
    IDENTIFIER_LEARNED = "identifier.learned"
    IDENTIFIER_CONFLICT = "identifier.conflict"
    RECEIPT_ISSUED = "receipt.issued"
    RECEIPT_REFUSED = "receipt.refused"
    NOTICE_SENT = "notice.sent"
    PARTNER_CHANGED = "partner.changed"
    BROKER_APPLIED = "broker.applied"
    KEY_ADDED = "key.added"
    KEY_REVOKED = "key.revoked"
    CONFORMANCE_PASSED = "conformance.passed"
    CONFORMANCE_FAILED = "conformance.failed"
    DEAD_LETTER_STORED = "dead-letter.stored"
    DEAD_LETTER_TRIED = "dead-letter.tried"
    CHECKPOINT_SIGNED = "checkpoint.signed"
    OPERATOR_SIGNED_IN = "operator.signed-in"
    OPERATOR_SIGNED_OUT = "operator.signed-out"
    OPERATOR_REFUSED = "operator.refused"
    SESSION_ENDED = "session.ended"
    MESSAGE_VIEWED = "message.viewed"
    FIELD_REVEALED = "field.revealed"
    SEARCH_MADE = "search.made"
    AUDIT_SEARCHED = "audit.searched"
    AUDIT_CHECKED = "audit.checked"
    GROUP_RETRIED = "group.retried"
    GROUP_DISCARD_ASKED = "group.discard-asked"
    DISCARD_ASKED = "delivery.discard-asked"
    PARTNER_PAUSED = "partner.paused"
    PARTNER_RESUMED = "partner.resumed"
    TEST_ASKED = "test.asked"
    TEST_SENT = "test.sent"
    ORDER_DONE = "order.done"
    ORDER_REFUSED = "order.refused"
    NOTE_WRITTEN = "note.written"
    WORK_ASSIGNED = "work.assigned"
    WORK_UNASSIGNED = "work.unassigned"
    ALERT_RAISED = "alert.raised"
    ALERT_RESOLVED = "alert.resolved"
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_MUTED = "alert.muted"
    ALERT_UNMUTED = "alert.unmuted"
    ALERT_TOLD = "alert.told"


SENTENCES: dict[AuditCode, str] = {
    AuditCode.SUBMISSION_ACCEPTED: "A submission became durable and its acceptance receipt was made.",
    AuditCode.SUBMISSION_REFUSED: "An authenticated submission was refused and its negative receipt was made.",
    AuditCode.SUBMISSION_DUPLICATE: "A submission came again and got its first receipt back.",
    AuditCode.MESSAGE_ACCEPTED: "One message of a submission became durable and has its deliveries.",
    AuditCode.MESSAGE_REFUSED: "One message of a submission was refused while others of it were taken; the acceptance receipt has its fault.",
    AuditCode.MESSAGE_ABSORBED: "Messages of a disabled sender were kept, refused with a receipt, and delivered to nobody.",
    AuditCode.DELIVERY_PREPARED: "The document in the recipient's language was fixed, with its digest and what it leaves out.",
    AuditCode.DELIVERY_HANDED_OVER: "The channel took the document; the recipient's word is awaited.",
    AuditCode.DELIVERY_DELAYED: "An attempt failed; the next one has its time.",
    AuditCode.DELIVERY_REFUSED: "The delivery cannot go on: the recipient refused it, or it cannot be translated.",
    AuditCode.DELIVERY_DELIVERED: "The recipient's system has it.",
    AuditCode.DELIVERY_APPLIED: "The recipient's case system did it.",
    AuditCode.DELIVERY_NOT_APPLIED: "The recipient's case system would not do it.",
    AuditCode.DELIVERY_SET_ASIDE: "Attempts are exhausted or the item is poison; a person is needed.",
    AuditCode.DELIVERY_RETRIED: "A person put a delivery back on the road.",
    AuditCode.DELIVERY_DISCARDED: "A person ended a delivery, with a reason.",
    AuditCode.DETAIL_FETCHED: "A recipient fetched the message that an event had pointed it at.",
    AuditCode.RESPONSIBILITY_CHANGED: "A transfer that was accepted reached its other side: from now on its receiver is responsible for the case here.",
    AuditCode.IDENTIFIER_LEARNED: "Which record of nDelius a partner's own id stands for became known.",
    AuditCode.IDENTIFIER_CONFLICT: "Somebody named another record for an own id, or another own id for a record; what was known stands.",
    AuditCode.RECEIPT_ISSUED: "The gateway signed a receipt.",
    AuditCode.RECEIPT_REFUSED: "A partner's receipt did not settle anything.",
    AuditCode.NOTICE_SENT: "A receipt or status notification was handed to the sender's system.",
    AuditCode.PARTNER_CHANGED: "An organisation, party or agreement was written.",
    AuditCode.BROKER_APPLIED: "What the directory asks of the broker was to be made, mended or removed there; users, and how many of each.",
    AuditCode.KEY_ADDED: "A key was pinned.",
    AuditCode.KEY_REVOKED: "A key was revoked.",
    AuditCode.CONFORMANCE_PASSED: "A party's system passed every must-case of the conformance suite, under the agreement of that moment.",
    AuditCode.CONFORMANCE_FAILED: "A party's system failed the conformance suite.",
    AuditCode.DEAD_LETTER_STORED: "The broker's backstop was hit and the item was drained into the store.",
    AuditCode.DEAD_LETTER_TRIED: "A stored dead letter was handed in once more, alone; its state says what came of it.",
    AuditCode.CHECKPOINT_SIGNED: "The gateway signed the head of the chain.",
    AuditCode.OPERATOR_SIGNED_IN: "A person signed in to the console or its command line.",
    AuditCode.OPERATOR_SIGNED_OUT: "A person signed out.",
    AuditCode.OPERATOR_REFUSED: "The identity provider vouched for a person who has no role here, or whose token did not hold.",
    AuditCode.SESSION_ENDED: "An administrator ended somebody's session.",
    AuditCode.MESSAGE_VIEWED: "A person opened a message's page; personal fields were hidden.",
    AuditCode.FIELD_REVEALED: "A person saw a hidden field, for a stated purpose, for some minutes.",
    AuditCode.SEARCH_MADE: "A person searched for messages; a case is named by its lookup.",
    AuditCode.AUDIT_SEARCHED: "A person searched this chain, or exported from it.",
    AuditCode.AUDIT_CHECKED: "The chain was checked; the facts say what came of it.",
    AuditCode.GROUP_RETRIED: "A person put several deliveries back on the road; each has its own record beside this one.",
    AuditCode.GROUP_DISCARD_ASKED: "A person asked to end several deliveries; each has its own record beside this one.",
    AuditCode.DISCARD_ASKED: "A person asked to end a delivery, with a reason; a worker signs the receipt.",
    AuditCode.PARTNER_PAUSED: "A person stopped deliveries to an organisation, with a reason and an end.",
    AuditCode.PARTNER_RESUMED: "Deliveries to an organisation go on.",
    AuditCode.TEST_ASKED: "A person asked for a test message to a party.",
    AuditCode.TEST_SENT: "A test message was accepted for delivery.",
    AuditCode.ORDER_DONE: "A worker with the keys did what a person had asked for.",
    AuditCode.ORDER_REFUSED: "What a person had asked for could not be done; the facts say why.",
    AuditCode.NOTE_WRITTEN: "A person wrote a note; its text is not in the chain.",
    AuditCode.WORK_ASSIGNED: "A person was made responsible for looking after something.",
    AuditCode.WORK_UNASSIGNED: "Nobody looks after it any more.",
    AuditCode.ALERT_RAISED: "A rule found something that a person should look at.",
    AuditCode.ALERT_RESOLVED: "What an alert was about is over.",
    AuditCode.ALERT_ACKNOWLEDGED: "A person took an alert.",
    AuditCode.ALERT_MUTED: "A person silenced a rule for a subject, with a reason and an end.",
    AuditCode.ALERT_UNMUTED: "A person ended a silence before its time.",
    AuditCode.ALERT_TOLD: "Somebody was told of an alert, by mail or webhook.",
}


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened. `subject` is the id that a reader would search for."""

    code: AuditCode
    at: datetime
    """UTC."""
    subject: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An event with its place in the chain."""

    sequence: int
    event: AuditEvent
    previous: str
    digest: str

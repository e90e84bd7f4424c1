"""Story: the whole life of one message as a list of moments, in plain words.

What it is: the rule from what the store knows about a message (submission, deliveries, attempts, receipts, audit) to a
timeline that names what happened, to whom, by whom and why. What it is not: content: a moment holds codes, counts and
names of operators. Called by the console.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.audit.events import SENTENCES, AuditCode, AuditEvent
from gateway.oversight.causes import cause_of
from gateway.oversight.reasons import DISCARD_REASONS, REVEAL_PURPOSES
from gateway.records import Attempt, Delivery, ReceiptRecord, SubmissionRecord

_TITLES: Final[Mapping[AuditCode, str]] = {
    AuditCode.SUBMISSION_ACCEPTED: "Received, verified and stored",
    AuditCode.SUBMISSION_REFUSED: "Refused",
    AuditCode.SUBMISSION_DUPLICATE: "Came again, and got its first receipt back",
    AuditCode.MESSAGE_ACCEPTED: "Accepted for delivery",
    AuditCode.DELIVERY_PREPARED: "Translated for {recipient}",
    AuditCode.DELIVERY_HANDED_OVER: "Handed over to {recipient}; its word is awaited",
    AuditCode.DELIVERY_REFUSED: "Cannot go on to {recipient}",
    AuditCode.DELIVERY_DELIVERED: "Delivered to {recipient}",
    AuditCode.DELIVERY_APPLIED: "Applied by {recipient}",
    AuditCode.DELIVERY_NOT_APPLIED: "Not applied by {recipient}",
    AuditCode.DELIVERY_SET_ASIDE: "Set aside: a person is needed",
    AuditCode.DELIVERY_RETRIED: "Put back on the road to {recipient}",
    AuditCode.DELIVERY_DISCARDED: "Discarded; the sender has a receipt that says so",
    AuditCode.DISCARD_ASKED: "Discard asked for",
    AuditCode.MESSAGE_VIEWED: "This page was opened",
    AuditCode.FIELD_REVEALED: "The field {field} was revealed",
    AuditCode.TEST_SENT: "A test message, asked for by an operator",
    AuditCode.NOTE_WRITTEN: "A note was written",
    AuditCode.WORK_ASSIGNED: "Assigned",
    AuditCode.DETAIL_FETCHED: "{recipient} fetched what its event pointed at",
}
_LOOKS: Final = frozenset({AuditCode.MESSAGE_VIEWED, AuditCode.FIELD_REVEALED})
_BAD: Final = frozenset({AuditCode.SUBMISSION_REFUSED, AuditCode.DELIVERY_REFUSED, AuditCode.DELIVERY_SET_ASIDE, AuditCode.DELIVERY_NOT_APPLIED})
_COMES_IN: Final = frozenset({AuditCode.SUBMISSION_ACCEPTED, AuditCode.MESSAGE_ACCEPTED, AuditCode.DELIVERY_PREPARED, AuditCode.TEST_SENT})
_TOLD_OTHERWISE: Final = frozenset({AuditCode.DELIVERY_DELAYED, AuditCode.RECEIPT_ISSUED})
"""Attempts and receipts say the same with more."""
_OUTCOMES: Final = {
    "handed-over": "Attempt {number} to {recipient}: taken",
    "delivered": "Attempt {number} to {recipient}: taken",
    "try-later": "Attempt {number} to {recipient} failed",
    "refused": "Attempt {number} to {recipient} was refused",
    "error": "Attempt {number} to {recipient} met a mistake of the gateway",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One line of the timeline."""

    at: datetime
    title: str
    text: str = ""
    by: str = ""
    """The operator who did it; empty where nobody did."""
    looked: bool = False
    """Somebody only looked."""
    bad: bool = False
    turn: int = 1
    """Decides between beats of one moment: what comes in, the attempt, its outcome, the receipt, a look."""


def story_of(
    submission: SubmissionRecord, deliveries: Sequence[Delivery], attempts: Sequence[Attempt], receipts: Sequence[ReceiptRecord], audited: Sequence[AuditEvent]
) -> tuple[Beat, ...]:
    """All of it, oldest first; at one moment, in the order in which it can have happened."""
    recipients: dict[str, str] = {delivery.delivery_id: delivery.recipient for delivery in deliveries}
    beats = [
        *(_audited(event, recipients, submission) for event in audited if event.code not in _TOLD_OTHERWISE),
        *(_attempted(attempt, recipients.get(attempt.delivery_id, "")) for attempt in attempts),
        *(_said(receipt) for receipt in receipts),
    ]
    return tuple(sorted(beats, key=lambda beat: (beat.at, beat.turn)))


def _audited(event: AuditEvent, recipients: Mapping[str, str], submission: SubmissionRecord) -> Beat:
    facts = {name: str(value) for name, value in event.facts.items()}
    recipient = recipients.get(event.subject) or facts.get("recipient", "the recipient")
    title = _TITLES.get(event.code, SENTENCES[event.code]).format_map({"recipient": recipient, "field": facts.get("field", "")})
    return Beat(
        at=event.at,
        title=title,
        text=_text(event, facts, submission),
        by=facts.get("by", ""),
        looked=event.code in _LOOKS,
        bad=event.code in _BAD,
        turn=0 if event.code in _COMES_IN else 4 if event.code in _LOOKS else 2,
    )


def _text(event: AuditEvent, facts: Mapping[str, str], submission: SubmissionRecord) -> str:
    match event.code:
        case AuditCode.SUBMISSION_ACCEPTED:
            return f"From {submission.sender} over {submission.channel}; the signature holds under key {facts.get('key', 'of the gateway')}."
        case AuditCode.MESSAGE_ACCEPTED:
            return f"To {facts.get('recipients', '').replace(',', ', ')}."
        case AuditCode.FIELD_REVEALED:
            return _sentences(REVEAL_PURPOSES.get(facts.get("purpose", ""), facts.get("purpose", "")), facts.get("words", ""))
        case AuditCode.DISCARD_ASKED:
            return _sentences(DISCARD_REASONS.get(facts.get("reason", ""), facts.get("reason", "")), facts.get("words", ""))
        case _:
            return f"{cause_of(facts['fault']).title} ({facts['fault']})." if facts.get("fault") else ""


def _attempted(attempt: Attempt, recipient: str) -> Beat:
    title = _OUTCOMES.get(attempt.outcome, "Attempt {number} to {recipient}: {outcome}")
    words = title.format_map({"number": attempt.number, "recipient": recipient or "the recipient", "outcome": attempt.outcome})
    said = f"{cause_of(attempt.fault).title} ({attempt.fault}). " if attempt.fault else ""
    return Beat(at=attempt.at, title=words, text=f"{said}{attempt.detail}".strip(), bad=attempt.outcome not in ("handed-over", "delivered"))


def _said(receipt: ReceiptRecord) -> Beat:
    return Beat(at=receipt.issued_at, title=f"Receipt signed: {receipt.stage}", text=f"For {receipt.organisation}; digest {receipt.digest[:16]}…", turn=3)


def _sentences(*parts: str) -> str:
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)

"""Integrity: do the tables say what the chain says?

What it is: pure checks of rows against the audit events about them, and the report of a whole run. What it
is not: reading (`gateway.store.integrity` streams rows through here in bounded memory), nor the chain's own
links (`chain`). Events are believed because the chain was verified first.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from gateway.audit.chain import Finding
from gateway.audit.events import AuditCode, AuditEvent, Fact

Found = TypeVar("Found")
FINDINGS_KEPT: Final = 1000
"""More flaws than anybody reads; the count goes on."""
_ISSUED: Final = frozenset({AuditCode.SUBMISSION_ACCEPTED, AuditCode.SUBMISSION_REFUSED, AuditCode.RECEIPT_ISSUED})
_DELIVERY: Final = "delivery."


class Doubt(StrEnum):
    """What can be wrong between a table and the chain."""

    RECEIPT_CHANGED = "receipt-changed"
    """The digest kept with a receipt is not that of its text."""
    RECEIPT_UNKNOWN = "receipt-unknown"
    """No event says that this receipt was issued."""
    SUBMISSION_UNKNOWN = "submission-unknown"
    """No event says that this submission came to this verdict with this receipt."""
    LOST = "lost"
    """An event says that a submission, message, delivery or receipt became durable, and it is not there."""
    STATE_DIFFERS = "state-differs"
    """A delivery is in another state than its last event says."""
    COUNTERS_DIFFER = "counters-differ"
    """The head counts other than what is there."""
    CHECKPOINT_UNPROVEN = "checkpoint-unproven"
    """A checkpoint's signature does not hold, or it is for another record than it is kept for."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One doubt about one thing."""

    doubt: Doubt
    subject: str
    detail: str = ""


@dataclass(slots=True)
class IntegrityReport:
    """What a run found. `ok` where nothing was wrong."""

    records: int = 0
    submissions: int = 0
    receipts: int = 0
    deliveries: int = 0
    checkpoints: int = 0
    flaws: int = 0
    """How many in all; only the first FINDINGS_KEPT of either kind are named."""
    findings: list[Finding] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True where the chain is whole and the tables say the same."""
        return self.flaws == 0

    def note(self, found: Iterable[Finding | Disagreement]) -> None:
        """Count what was found, and keep the first ones."""
        for flaw in found:
            self.flaws += 1
            if isinstance(flaw, Finding):
                _keep(self.findings, flaw)
            else:
                _keep(self.disagreements, flaw)


def _keep(kept: list[Found], flaw: Found) -> None:
    if len(kept) < FINDINGS_KEPT:
        kept.append(flaw)


@dataclass(frozen=True, slots=True)
class StatedReceipt:
    """A row that holds a receipt: its subjects on the chain, its text and the digest kept with it."""

    subjects: tuple[str, ...]
    jws: str
    digest: str


def receipt_digest(jws: str) -> str:
    """Digest of a receipt: SHA-256 of its compact JWS."""
    return "sha-256:" + hashlib.sha256(jws.encode()).hexdigest()


def check_receipt(receipt: StatedReceipt, events: Iterable[AuditEvent]) -> list[Disagreement]:
    """The text is what was digested, and an event about one of its subjects issued that digest."""
    found = _check_text(receipt)
    if not any(issues(event) == receipt.digest for event in events):
        found.append(Disagreement(Doubt.RECEIPT_UNKNOWN, receipt.digest, f"about {', '.join(receipt.subjects)}"))
    return found


def check_submission(submission_id: str, code: AuditCode, receipt: StatedReceipt, events: Iterable[AuditEvent]) -> list[Disagreement]:
    """Its verdict has an event, with this receipt; its receipt's text is what was digested."""
    found = _check_text(receipt)
    if not any(event.code is code and event.facts.get("receipt") == receipt.digest for event in events):
        found.append(Disagreement(Doubt.SUBMISSION_UNKNOWN, submission_id, f"no {code.value} with its receipt"))
    return found


def check_delivery(delivery_id: str, state: str, events: Iterable[AuditEvent], *, first: str) -> list[Disagreement]:
    """Its state is the one that the last event with a state says; `first` where no event says any."""
    stated: list[Fact] = [event.facts["state"] for event in events if moves_delivery(event) and "state" in event.facts]
    expected = stated[-1] if stated else first
    return [] if expected == state else [Disagreement(Doubt.STATE_DIFFERS, delivery_id, f"{state}, but the chain says {expected}")]


def issues(event: AuditEvent) -> Fact | None:
    """The digest of the receipt that was issued with this event, if one was."""
    return event.facts.get("receipt") if event.code in _ISSUED or event.code.value.startswith(_DELIVERY) else None


def moves_delivery(event: AuditEvent) -> bool:
    """True for events whose subject is a delivery."""
    return event.code is AuditCode.NOTICE_SENT or event.code.value.startswith(_DELIVERY)


def _check_text(receipt: StatedReceipt) -> list[Disagreement]:
    return [] if receipt_digest(receipt.jws) == receipt.digest else [Disagreement(Doubt.RECEIPT_CHANGED, receipt.digest)]

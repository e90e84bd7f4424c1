"""Auditing: searching the chain, looking at one record, and checking the chain now, each on record itself.

What it is: what auditors do, under their names. What it is not: the check of the tables beside the chain (`gateway audit
verify`), nor the daily check (`gateway.workers.chain_checker`). Called by the console.

Theory of operation. The check that a person asks for runs while they wait, page by page, for a bounded time. Only the
whole chain is ever said to be whole: what was not finished says nothing and is on record as a look. A flaw is on
record as soon as it is found. The walk has to pass the latest signed checkpoint and the head, like the daily one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.audit.chain import GENESIS, ChainHead, Checkpoint, Finding, Flaw, Verifier
from gateway.audit.events import AuditCode, AuditEvent, AuditRecord, Fact
from gateway.control.desk import Desk, NotThere
from gateway.oversight.chain_checks import Part, checked
from gateway.oversight.records import Operator
from gateway.oversight.views import AuditSearch

LONGEST_CHECK: Final = timedelta(seconds=20)
"""How long somebody waits for the check of the whole chain."""
MOST_EXPORTED: Final = 10_000
_PAGE: Final = 1000
_SUBJECT: Final = "audit"
_UNREADABLE: Final = (ValueError, TypeError, AttributeError, OverflowError)
"""What a row that was meddled with can raise when it is read as a record."""
Reader = Callable[[str], Checkpoint | None]


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one check."""

    records: int
    until: int
    """The head, as it was when the check began."""
    findings: tuple[Finding, ...] = ()
    finished: bool = True
    """False where the time was over first: nothing is said of the rest."""

    @property
    def whole(self) -> bool:
        """All of it, without a flaw."""
        return self.finished and not self.findings


class AuditActions:
    """What auditors do."""

    def __init__(self, desk: Desk, reader: Callable[[], Reader]) -> None:
        self._desk, self._reader = desk, reader

    def search(self, wanted: AuditSearch, before: int | None, limit: int, by: Operator, how: str = "page") -> Sequence[AuditRecord]:
        """Newest first, before this place."""
        self._look(by, {**_said(wanted), "how": how, **({"before": before} if before else {})})
        return self._desk.store.watch.audit(wanted, before, limit)

    def record(self, sequence: int, by: Operator) -> AuditRecord:
        """One record. Raises NotThere."""
        found = self._desk.store.queries.audit(sequence - 1, 1) if sequence > 0 else ()
        if not found or found[0].sequence != sequence:
            raise NotThere("The chain has no such record.")
        self._look(by, {"record": sequence})
        return found[0]

    def last_checks(self, limit: int) -> Sequence[AuditRecord]:
        """What the last checks said, newest first."""
        return self._desk.store.watch.audit(AuditSearch(code=AuditCode.AUDIT_CHECKED.value), None, limit)

    def check(self, by: Operator) -> Check:
        """Walk the whole chain, for a bounded time. Raises what the reader raises where it has no keys."""
        head, began = self._desk.store.checkpoints.head(), self._desk.clock()
        place, findings = self._checkpoint()
        verifier = Verifier(GENESIS, {place.sequence: place.digest} if place != GENESIS else {})
        while verifier.at.sequence < head.sequence and self._desk.clock() - began < LONGEST_CHECK:
            if not self._walk(verifier, head, findings):
                break
        done = verifier.at.sequence >= head.sequence or bool(findings)
        findings += verifier.finish() if done else []
        if done and not findings and verifier.at != head:
            findings.append(Finding(Flaw.FORKED, head.sequence, "not the record that the head names"))
        return self._noted(Check(verifier.checked, head.sequence, tuple(findings), done), verifier, by)

    def _walk(self, verifier: Verifier, head: ChainHead, findings: list[Finding]) -> bool:
        """One page on; False where it goes no further."""
        after = verifier.at.sequence
        try:
            records = self._desk.store.queries.audit(after, min(_PAGE, head.sequence - after))
        except _UNREADABLE:
            findings.append(Finding(Flaw.ALTERED, after + 1, "this record, or one of the next, cannot be read"))
            return False
        for record in records:
            findings += verifier.feed(record)
        if not records:
            findings.append(Finding(Flaw.TRUNCATED, head.sequence, f"the chain ends at {after}"))
        return bool(records)

    def _checkpoint(self) -> tuple[ChainHead, list[Finding]]:
        latest = self._desk.store.checkpoints.latest()
        if latest is None:
            return GENESIS, []
        believed = self._reader()(latest.jws)
        if believed is None or believed.head.sequence != latest.sequence:
            return GENESIS, [Finding(Flaw.FORKED, latest.sequence, "the latest checkpoint does not hold")]
        return believed.head, []

    def _noted(self, found: Check, verifier: Verifier, by: Operator) -> Check:
        if found.finished:
            event = checked(Part.WHOLE, verifier.at, found.records, found.findings, self._desk.clock(), by.subject)
            self._desk.store.oversight.note_look([event])
        else:
            self._look(by, {"how": "check", "records": found.records})
        return found

    def _look(self, by: Operator, facts: dict[str, Fact]) -> None:
        self._desk.store.oversight.note_look([AuditEvent(AuditCode.AUDIT_SEARCHED, self._desk.clock(), _SUBJECT, {"by": by.subject, **facts})])


def _said(wanted: AuditSearch) -> dict[str, Fact]:
    times = {name: at.isoformat() for name, at in (("since", wanted.since), ("until", wanted.until)) if at}
    texts = {name: text for name, text in (("subject", wanted.subject), ("code", wanted.code), ("person", wanted.by)) if text}
    return {**times, **texts}

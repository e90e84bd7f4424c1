"""The checker of the audit chain: does every record still follow from the one before?

What it is: what came since the last look is checked at every look, and the whole chain once a day, page by page with a
rest between. What it is not: the comparison of tables with the chain, nor of every checkpoint: those are `gateway
audit verify`. What it finds goes into the chain itself, where the alerts and the auditors find it.

Theory of operation. It begins at the latest checkpoint: a signed place, so that whoever rewrote the end while nobody
looked is met there. From then on it remembers where it was; a chain that no longer reaches that place, or goes on from
another record, was cut or rewritten. The whole walk has to pass the latest checkpoint and the head: since every record
holds the digest of all before it, one signed place near the end proves all of them.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from gateway.audit.chain import GENESIS, ChainHead, Checkpoint, Finding, Flaw, Verifier, head_of
from gateway.audit.events import AuditCode, AuditRecord
from gateway.contract import Clock, Store
from gateway.oversight.chain_checks import Part, checked, is_whole
from gateway.oversight.views import AuditSearch

_LEASE: Final = "chain"
_LEASE_SECONDS: Final = 60.0
_REST_SECONDS: Final = 0.02
"""Between full pages: others want the processor too."""
_PAGE: Final = 1000
_LATEST: Final = 20
"""Checks among which the last of the whole chain is looked for; the others found something, or a person asked."""
FIRST_AFTER: Final = timedelta(minutes=10)
"""A process that has just started has other things to do than to read everything."""
_FINDINGS_KEPT: Final = 100
_UNREADABLE: Final = (ValueError, TypeError, AttributeError, OverflowError)
"""What a row that was meddled with can raise when it is read as a record."""


class ChainChecker:
    """Any number may run; the lease keeps one checking."""

    name = "chain checker"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        read_checkpoint: Callable[[str], Checkpoint | None],
        *,
        holder: str,
        interval_seconds: float,
        whole_every_seconds: float,
    ) -> None:
        self._store, self._clock, self._read_checkpoint = store, clock, read_checkpoint
        self._holder, self._interval_seconds, self._whole_every = holder, interval_seconds, timedelta(seconds=whole_every_seconds)
        self._began = clock()
        self._at: ChainHead | None = None

    def run(self, stop: threading.Event) -> None:
        """Check until told to stop."""
        try:
            while not stop.is_set():
                if self._holds():
                    self.check_tail(stop)
                    if self.whole_is_due():
                        self.check_whole(stop)
                else:
                    self._at = None  # another checks on; what it saw since is begun from a signed place again
                stop.wait(self._interval_seconds)
        finally:
            self._store.leases.release(_LEASE, self._holder)

    def check_tail(self, stop: threading.Event) -> list[Finding]:
        """What came since the last look. On record only where something is wrong."""
        place, findings = self._checkpoint() if self._at is None else (self._at, [])
        head = self._store.checkpoints.head()
        findings += self._lost(place, head)
        # What is behind a place that is lost cannot be told from what was put there: on from here, and the break is on record.
        verifier = Verifier(head if findings else place)
        walked = self._walk(verifier, head, stop)
        if walked is None:
            return []
        self._at = verifier.at
        return self._noted(Part.TAIL, verifier, findings + walked) if findings or walked else []

    def check_whole(self, stop: threading.Event) -> list[Finding] | None:
        """From the first record on; None where it was told to stop half-way."""
        place, findings = self._checkpoint()
        verifier = Verifier(GENESIS, {place.sequence: place.digest} if place != GENESIS else {})
        walked = self._walk(verifier, self._store.checkpoints.head(), stop)
        return None if walked is None else self._noted(Part.WHOLE, verifier, findings + walked)

    def whole_is_due(self) -> bool:
        """Once a day, over all processes; never, where that was switched off."""
        now = self._clock()
        if not self._whole_every or now - self._began < FIRST_AFTER:
            return False
        last = self._last_whole()
        return last is None or now - last >= self._whole_every

    def _last_whole(self) -> datetime | None:
        found = self._store.watch.audit(AuditSearch(code=AuditCode.AUDIT_CHECKED.value), None, _LATEST)
        return next((record.event.at for record in found if is_whole(record.event)), None)

    def _checkpoint(self) -> tuple[ChainHead, list[Finding]]:
        """The latest signed place; the beginning where there is none, or where its signature does not hold."""
        latest = self._store.checkpoints.latest()
        if latest is None:
            return GENESIS, []
        checkpoint = self._read_checkpoint(latest.jws)
        if checkpoint is None or checkpoint.head.sequence != latest.sequence:
            return GENESIS, [Finding(Flaw.FORKED, latest.sequence, "the latest checkpoint does not hold")]
        return checkpoint.head, []

    def _lost(self, place: ChainHead, head: ChainHead) -> list[Finding]:
        """Whether the chain still has this place, as it was."""
        if place == GENESIS:
            return []
        if head.sequence < place.sequence:
            return [Finding(Flaw.TRUNCATED, place.sequence, f"the chain ends at {head.sequence}")]
        found = self._page(place.sequence - 1, 1)
        if [record.sequence for record in found] != [place.sequence]:
            return [Finding(Flaw.MISSING, place.sequence)]
        return [] if head_of(found[0]) == place else [Finding(Flaw.FORKED, place.sequence, f"known as {place.digest}")]

    def _walk(self, verifier: Verifier, head: ChainHead, stop: threading.Event) -> list[Finding] | None:
        """On to the head as it was when the walk began; None where it was told to stop, or another took over."""
        findings: list[Finding] = []
        while verifier.at.sequence < head.sequence:
            asked = min(_PAGE, head.sequence - verifier.at.sequence)
            records = self._page(verifier.at.sequence, asked)
            for record in records:
                findings += verifier.feed(record)[: _FINDINGS_KEPT - len(findings)]
            if not records:
                findings += self._step_over(verifier, head)
            if asked == _PAGE and (stop.wait(_REST_SECONDS) or not self._holds()):
                return None
        findings += verifier.finish()
        forked = verifier.at.sequence == head.sequence and verifier.at != head and not findings
        return [*findings, Finding(Flaw.FORKED, head.sequence, "not the record that the head names")] if forked else findings

    def _page(self, after: int, limit: int) -> Sequence[AuditRecord]:
        """Records after this place: all that were asked for, or those before the first that is no record any more."""
        try:
            return self._store.queries.audit(after, limit)
        except _UNREADABLE:
            return self._page(after, limit // 2) if limit > 1 else []

    def _step_over(self, verifier: Verifier, head: ChainHead) -> list[Finding]:
        """The next record cannot be read, or nothing is there up to the head."""
        following = verifier.at.sequence + 1
        try:
            there = bool(self._store.queries.audit(verifier.at.sequence, 1))
        except _UNREADABLE:
            verifier.at = ChainHead(following, "unreadable")
            return [Finding(Flaw.ALTERED, following, "cannot be read")]
        if there:
            return []
        found = Finding(Flaw.TRUNCATED, head.sequence, f"the chain ends at {verifier.at.sequence}")
        verifier.at = head
        return [found]

    def _noted(self, part: Part, verifier: Verifier, findings: list[Finding]) -> list[Finding]:
        self._store.oversight.note_look([checked(part, verifier.at, verifier.checked, findings, self._clock())])
        return findings

    def _holds(self) -> bool:
        return self._store.leases.acquire(_LEASE, self._holder, self._clock(), max(_LEASE_SECONDS, 2 * self._interval_seconds + 10))

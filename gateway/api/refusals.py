"""How many refusals an organisation may cause at the doors: a token bucket each, so that one pays for its own flood alone.

What it is: arithmetic over the time that is handed in, and what is remembered for each organisation in this process. What it
is not: a limit on messages: what gets a receipt, accepted or refused, costs nothing. Called by the doors that take bodies,
after the caller is known and before a byte of its body is read.
"""

import threading
from dataclasses import dataclass

from gateway.exchange.results import Declined, SubmitResult
from schemas.fault_codes import Blame
from schemas.faults import Fault, FaultCode, refuse
from schemas.identifiers import OrganisationId

CAUSE = "refusals"
_MINUTE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left to one organisation, and when that was so."""

    left: float
    at: float


@dataclass(frozen=True, slots=True)
class Limit:
    """So many a minute, and as many at once."""

    per_minute: int

    def full(self, now: float) -> Bucket:
        """Of somebody who was never refused."""
        return Bucket(float(self.per_minute), now)

    def filled(self, bucket: Bucket, now: float) -> Bucket:
        """What has come back since; a clock that was put back gives nothing and takes nothing."""
        passed = max(0.0, now - bucket.at)
        return Bucket(min(float(self.per_minute), bucket.left + passed * self.per_minute / _MINUTE_SECONDS), now)

    def charged(self, bucket: Bucket, now: float) -> Bucket:
        """One refusal less; never less than none, so that nobody waits for longer than a minute."""
        return Bucket(max(0.0, self.filled(bucket, now).left - 1.0), now)

    def is_open(self, bucket: Bucket, now: float) -> bool:
        """True while a whole refusal is left."""
        return self.filled(bucket, now).left >= 1.0


class Refusals:
    """The buckets of one process. Any thread may call; there are as many as organisations."""

    def __init__(self, per_minute: int) -> None:
        """`per_minute` 0: nobody is ever held up."""
        self._limit = Limit(per_minute) if per_minute else None
        self._buckets: dict[OrganisationId, Bucket] = {}
        self._guard = threading.Lock()

    def require(self, organisation: OrganisationId | None, now: float) -> None:
        """Refuses with `rate-limited` while an organisation has none left; whoever is not known is not asked."""
        with self._guard:
            bucket = None if organisation is None else self._buckets.get(organisation)
        if self._limit is not None and bucket is not None and not self._limit.is_open(bucket, now):
            raise refuse(FaultCode.RATE_LIMITED, "Too much of what you handed in was refused.", cause=CAUSE)

    def charge(self, organisation: OrganisationId | None, fault: Fault, now: float) -> None:
        """One refusal without a receipt. What is not the caller's to mend, or may be sent again as it is, costs nothing."""
        if organisation is None or self._limit is None or fault.row.retry or fault.row.blame is not Blame.SENDER:
            return
        with self._guard:
            self._buckets[organisation] = self._limit.charged(self._buckets.get(organisation) or self._limit.full(now), now)

    def note(self, result: SubmitResult, peer: OrganisationId | None, now: float) -> None:
        """What the pipeline said: a refusal that nobody holds a receipt for is charged to the sender where it is proven, else
        to whom the door knows."""
        if isinstance(result, Declined) and result.receipt is None:
            self.charge(result.organisation or peer, result.fault, now)

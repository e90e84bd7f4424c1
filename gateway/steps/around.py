"""Around: what surrounds the deliveries of one batch, kept up to date with the decisions before the one in hand.

What it is: the facts that settlement needs to tell SPG senders, who are told once per interchange: its other deliveries,
as this batch leaves them. Without that, of many words about one interchange in one batch only the first could stand. What
it is not: I/O, nor a rule. Called by the steps, which load it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from gateway.changes import Changes
from gateway.exchange.crosswalk import Ids
from gateway.exchange.settle import Surroundings
from gateway.exchange.siblings import Siblings
from gateway.exchange.statuses import OfRecord, records_told
from gateway.partners.directory import Directory
from gateway.records import Delivery, DeliveryState, SubmissionRecord, Takeover
from schemas.faults import FaultCode
from schemas.identifiers import DeliveryId, MessageId, SubmissionId


@dataclass(slots=True)
class _Interchange:
    """One submission of an SPG sender with all its message deliveries."""

    submission: SubmissionRecord | None
    siblings: Siblings
    records: dict[DeliveryId, OfRecord]


def speaks_of_record(delivery: Delivery) -> bool:
    """True where the recipient's word may have said which version a record has, or which number it got."""
    return delivery.fault == FaultCode.VERSION_CONFLICT.value or delivery.state is DeliveryState.APPLIED


@dataclass(slots=True)
class Around:
    """Of one batch."""

    directory: Directory
    takeovers: Mapping[MessageId, Takeover] = field(default_factory=lambda: MappingProxyType({}))
    ids: Ids = field(default_factory=Ids)
    _interchanges: dict[SubmissionId, _Interchange] = field(default_factory=dict)

    def add(
        self, submission_id: SubmissionId, submission: SubmissionRecord | None, deliveries: Sequence[Delivery], records: Mapping[DeliveryId, OfRecord]
    ) -> None:
        """Take up one interchange, as the store has it."""
        self._interchanges[submission_id] = _Interchange(submission, Siblings.of(deliveries, self.directory), dict(records))

    def of(self, delivery: Delivery) -> Surroundings:
        """What surrounds it now."""
        found = self._interchanges.get(delivery.submission_id)
        if found is None:
            return Surroundings(directory=self.directory, takeovers=self.takeovers, ids=self.ids)
        return Surroundings(
            directory=self.directory, submission=found.submission, siblings=found.siblings, records=found.records, takeovers=self.takeovers, ids=self.ids
        )

    def now(self, delivery: Delivery) -> Delivery:
        """The delivery as the decisions before leave it."""
        found = self._interchanges.get(delivery.submission_id)
        return (found.siblings.get(delivery.delivery_id) if found is not None else None) or delivery

    def note(self, changes: Changes | None) -> None:
        """A decision was taken. Should the store find it stale, it hands back all later ones that rest on it: each
        settlement of an interchange writes the first of its deliveries, so their versions are one chain."""
        if changes is not None and changes.known_ids:
            self.ids = replace(self.ids, known={**self.ids.known, **{key: one for one in changes.known_ids for key in (one.own.key, one.record_key)}})
        for delivery in changes.deliveries if changes is not None else ():
            found = self._interchanges.get(delivery.submission_id)
            if found is not None and found.siblings.get(delivery.delivery_id) is not None:
                found.siblings.put(replace(delivery, version=delivery.version + 1), self.directory)
                if changes is not None and speaks_of_record(delivery):
                    found.records |= records_told(changes.receipts)

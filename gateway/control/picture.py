"""The picture: the whole gateway at one moment, as operators see it.

What it is: the figures of queues, receipts and partners read together and joined with who is who. What it is not: a list
of messages. Called by the console's pages, by its live figures, and by the alerts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.contract import Store
from gateway.oversight.health import Facts, Health, health_of
from gateway.oversight.views import Activity, QueueView, ReceiptFigures, ReceiptTerms
from gateway.partners.agreement import Agreement, LastStage
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation
from gateway.records import DeliveryState as S
from schemas.identifiers import OrganisationId, PartyCode

NEGATIVE_FOR: Final = timedelta(days=7)
ON_THE_ROAD: Final = (S.WAITING, S.RETRYING)
DEAD: Final = (S.REFUSED, S.SET_ASIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One party as a recipient, and what is known of it as a sender."""

    party: PartyCode
    name: str
    organisation: Organisation
    agreement: Agreement | None
    """Outbound; None for one that only sends."""
    queue: QueueView | None = None
    receipts: ReceiptFigures | None = None
    activity: Activity | None = None

    def count(self, *states: S) -> int:
        """Deliveries in these states."""
        return sum(self.queue.counts.get(state, 0) for state in states) if self.queue else 0

    @property
    def waiting(self) -> int:
        """Not yet handed over."""
        return self.count(*ON_THE_ROAD)

    @property
    def in_flight(self) -> int:
        """Handed over, its word awaited."""
        return self.count(S.HANDED_OVER)

    @property
    def dead(self) -> int:
        """A person is needed."""
        return self.count(*DEAD)

    @property
    def oldest_at(self) -> datetime | None:
        """Of what is unfinished."""
        return self.queue.oldest_at if self.queue else None

    @property
    def late(self) -> int:
        """Receipts that are late."""
        return self.receipts.late if self.receipts else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All of it."""

    at: datetime
    lines: tuple[Line, ...]
    health: Mapping[OrganisationId, Health]

    def of(self, organisation: OrganisationId) -> tuple[Line, ...]:
        """The parties that an organisation serves."""
        return tuple(line for line in self.lines if line.organisation.organisation_id == organisation)

    def total(self, name: str) -> int:
        """The sum of `waiting`, `in_flight`, `dead` or `late` over all parties."""
        return sum(getattr(line, name) for line in self.lines)

    @property
    def in_trouble(self) -> tuple[OrganisationId, ...]:
        """Organisations that are down or struggling."""
        return tuple(name for name, health in self.health.items() if health in (Health.DOWN, Health.STRUGGLING))


def take(store: Store, directory: Directory, now: datetime) -> Picture:
    """Read everything, joined. Raises StoreUnavailable."""
    queues = {queue.recipient: queue for queue in store.watch.queues()}
    receipts = {one.party: one for one in store.watch.receipt_figures(terms_of(directory, now))}
    activity = store.watch.activity(sorted(directory.parties))
    lines = tuple(_line(code, directory, queues, receipts, activity) for code in sorted(directory.parties))
    health = {one: health_of(_facts(organisation, lines), now) for one, organisation in sorted(directory.organisations.items())}
    return Picture(at=now, lines=lines, health=health)


def terms_of(directory: Directory, now: datetime) -> list[ReceiptTerms]:
    """What is asked about the receipts of everybody who is sent to."""
    return [
        ReceiptTerms(
            party=code,
            applies=agreement.last_stage is LastStage.APPLIED,
            late_before=_late_before(agreement, now),
            negative_since=now - NEGATIVE_FOR,
        )
        for code in sorted(directory.parties)
        if (agreement := directory.outbound(code)) is not None
    ]


def _late_before(agreement: Agreement, now: datetime) -> datetime:
    minutes = agreement.thresholds.receipt_minutes
    # Switched off: what is older than any gateway is late.
    return now - (timedelta(minutes=minutes) if minutes else timedelta(days=36_500))


def _line(
    code: PartyCode,
    directory: Directory,
    queues: Mapping[PartyCode, QueueView],
    receipts: Mapping[PartyCode, ReceiptFigures],
    activity: Mapping[PartyCode, Activity],
) -> Line:
    party = directory.parties[code]
    return Line(
        party=code,
        name=party.name,
        organisation=directory.organisations[party.served_by],
        agreement=directory.outbound(code),
        queue=queues.get(code),
        receipts=receipts.get(code),
        activity=activity.get(code),
    )


def _facts(organisation: Organisation, lines: Sequence[Line]) -> Facts:
    mine = [line for line in lines if line.organisation.organisation_id == organisation.organisation_id]
    return Facts(
        organisation=organisation,
        agreements=[line.agreement for line in mine if line.agreement],
        activity=[line.activity for line in mine if line.activity],
        queues=[line.queue for line in mine if line.queue],
    )

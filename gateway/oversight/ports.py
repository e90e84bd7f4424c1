"""What the store owes those who watch and steer.

What it is: `Watch`, which reads, and `Oversight`, which keeps what operators do: each write with its audit event in
the same transaction, or not at all. What it is not: the writer of messages (`gateway.contract.UnitOfWork`). Proved by
`tests/contract` on SQLite and PostgreSQL. All raise StoreUnavailable.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from gateway.audit.events import AuditEvent, AuditRecord
from gateway.oversight.records import Alert, AlertState, Assignment, Mute, Note, OperatorSession, Order, OrderKind, OrderState, Reveal, Search, SignIn, Telling
from gateway.oversight.views import (
    Activity,
    AttemptRow,
    AuditSearch,
    LetterFilter,
    LetterGroup,
    LetterRow,
    MessageRow,
    MessageSearch,
    QueueView,
    ReceiptFigures,
    ReceiptRow,
    ReceiptStanding,
    ReceiptTerms,
    RefusedRow,
    Tally,
)
from gateway.records import DeliveryState
from schemas.identifiers import DeliveryId, Digest, MessageId, PartyCode


class Watch(Protocol):
    """Reads for people. A look takes nothing, locks nothing and counts as nothing."""

    def queues(self) -> Sequence[QueueView]:
        """What is unfinished or refused, by recipient, in order of its code."""

    def queue_items(self, recipient: PartyCode, states: frozenset[DeliveryState], after: int, limit: int) -> Sequence[LetterRow]:
        """Deliveries of one recipient that are unfinished or refused, and in one of these states; oldest first, after this sequence."""

    def tallies(self, since: datetime, until: datetime, party: PartyCode | None = None) -> Sequence[Tally]:
        """Counts by the hour, from the hour of `since` up to and with that of `until`, in order. How deep queues were
        is not kept: charts show what happened, and `queues` what is."""

    def letter_groups(self) -> Sequence[LetterGroup]:
        """Dead letters by cause, the largest first."""

    def letters(self, wanted: LetterFilter, after: int, limit: int) -> Sequence[LetterRow]:
        """Dead letters, oldest first, after this sequence."""

    def letter_ids(self, wanted: LetterFilter, limit: int) -> Sequence[DeliveryId]:
        """Ids of them, oldest first: what a group is when somebody acts on it."""

    def count_letters(self, wanted: LetterFilter) -> int:
        """How many there are: what a page says before somebody acts on a group."""

    def find(self, wanted: MessageSearch, limit: int, after: MessageId | None = None, *, newer_than: MessageId | None = None) -> Sequence[MessageRow]:
        """Newest first, after this message; or, of those that are newer than another, the nearest to it, newest first too.
        Nothing where there is no such message."""

    def refused(self, reference: str, since: datetime, until: datetime | None, limit: int) -> Sequence[RefusedRow]:
        """Submissions that were refused at the door and that their sender called so: by its control reference, or, in
        the JSON form, by its message's id; newest first. Of very many refusals in this time, only the newest are
        looked through."""

    def receipt_figures(self, terms: Sequence[ReceiptTerms]) -> Sequence[ReceiptFigures]:
        """For each party asked for: what it still owes, what of it is late, and how often it said no."""

    def receipts(self, standing: ReceiptStanding, terms: Sequence[ReceiptTerms], after: int, limit: int) -> Sequence[ReceiptRow]:
        """Messages to these recipients that are expected, late or negative; oldest first, after this sequence. Raises
        ValueError for positive ones: those are everything else."""

    def attempts(self, recipient: PartyCode, limit: int) -> Sequence[AttemptRow]:
        """The last tries to hand over to a party, newest first: of what is unfinished, and of what it was sent last."""

    def activity(self, parties: Sequence[PartyCode]) -> Mapping[PartyCode, Activity]:
        """When each was last heard and reached, as far as `tally` has come. Who never was is absent."""

    def audit(self, wanted: AuditSearch, before: int | None, limit: int) -> Sequence[AuditRecord]:
        """Newest first, before this place in the chain."""


class Oversight(Protocol):
    """What operators do and what they are told. A write without an audit event does not exist, but where it is said."""

    # who is signed in
    def put_session(self, session: OperatorSession, event: AuditEvent) -> None: ...

    def session(self, session: Digest) -> OperatorSession | None: ...

    def sessions(self, now: datetime) -> Sequence[OperatorSession]:
        """Those that have not ended, newest first."""

    def touch_session(self, session: Digest, now: datetime) -> None:
        """Seen again; not audited: it is no deed."""

    def end_session(self, session: Digest, now: datetime, event: AuditEvent) -> bool:
        """False where it had ended."""

    def put_sign_in(self, sign_in: SignIn) -> None:
        """Not audited: nobody has signed in yet."""

    def take_sign_in(self, state: Digest, kind: str, now: datetime) -> SignIn | None:
        """At most once; None where it is not known, of another kind, or too old."""

    # alerts
    def alerts(self, state: AlertState | None, limit: int, after: str | None = None) -> Sequence[Alert]:
        """Newest first, after the alert with this id: several may be raised at one moment."""

    def alert(self, alert_id: str) -> Alert | None: ...

    def put_alert(self, alert: Alert, event: AuditEvent | None, tellings: Sequence[Telling] = ()) -> bool:
        """A new one (version 0) or a new version of the one that was read; False, and nothing is written, where another
        wrote before, or the same rule fires for the same subject already. Without an event only `value` and `seen_at`
        may differ, and nobody is told: else ValueError."""

    def take_alert(self, alert: Alert, event: AuditEvent, assignment: Assignment, assigned: AuditEvent) -> bool:
        """A new version of an alert that somebody took, and whose it is then, unless somebody looks after it already: both
        in one transaction. False, and nothing is written, where another wrote before."""

    def mutes(self, now: datetime) -> Sequence[Mute]:
        """Those that last, the longest first."""

    def put_mute(self, mute: Mute, event: AuditEvent) -> None:
        """In the place of the one before, of the same rule and subject."""

    def end_mute(self, rule: str, subject: str, event: AuditEvent) -> bool:
        """False where there is none."""

    def due_tellings(self, now: datetime, limit: int) -> Sequence[Telling]:
        """Longest due first."""

    def told(self, telling_id: int, event: AuditEvent) -> None:
        """Forget it; nothing is written where it is forgotten already."""

    def put_off_telling(self, telling_id: int, until: datetime) -> None:
        """One attempt more, and the next one then; not audited."""

    # work
    def notes(self, about: str) -> Sequence[Note]:
        """Oldest first."""

    def put_note(self, note: Note, event: AuditEvent) -> None: ...

    def assignments(self, about: Sequence[str]) -> Mapping[str, Assignment]: ...

    def assign(self, assignment: Assignment, event: AuditEvent) -> None: ...

    def unassign(self, about: str, event: AuditEvent) -> bool: ...

    def put_orders(self, orders: Sequence[Order], events: Sequence[AuditEvent]) -> int:
        """How many were written: one that waits already for the same subject is not written twice, nor are the events about
        its subject; where none is written, no event is. All in one transaction."""

    def waiting_orders(self, limit: int) -> Sequence[Order]:
        """Oldest first."""

    def orders_about(self, subjects: Sequence[str], kind: OrderKind | None = None) -> Sequence[Order]:
        """Oldest first."""

    def settle_order(self, order_id: str, state: OrderState, outcome: str, now: datetime, event: AuditEvent) -> bool:
        """False where it was settled already."""

    # looking at a person's data
    def put_reveals(self, reveals: Sequence[Reveal], events: Sequence[AuditEvent]) -> None:
        """A field that is revealed again is so for the new time."""

    def reveals(self, session: Digest, message_id: MessageId, now: datetime) -> Sequence[Reveal]:
        """What this session may see of this message now."""

    def put_search(self, search: Search, event: AuditEvent) -> None: ...

    def search(self, search_id: str, now: datetime) -> Search | None:
        """None where it is not known or too old."""

    def note_look(self, events: Sequence[AuditEvent]) -> None:
        """Write audit events of a look that changes nothing else."""

    # reading the chain
    def tally(self, limit: int) -> int:
        """Count the audit records that were not counted yet, up to this many, each exactly once whatever happens; how many
        were counted. 0 also where another counted them meanwhile."""

    def forget(self, now: datetime) -> int:
        """Remove ended sessions, sign-ins, reveals and searches whose time is over a day past; how many."""

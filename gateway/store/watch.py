"""Watching: the store's reads for people.

What it is: `gateway.oversight.ports.Watch`. What it is not: a lock, or a write: a look never waits for a writer and
leaves no trace. Called by the console and by the rules of alerting.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.audit.events import AuditRecord
from gateway.oversight import views
from gateway.records import DeliveryState
from gateway.store.engine import Database
from gateway.store.watch_audit import find_refused, search_audit
from gateway.store.watch_finding import find_rows
from gateway.store.watch_partners import read_activity, read_attempts, read_tallies
from gateway.store.watch_queues import count_dead, read_dead, read_dead_ids, read_groups, read_items, read_queues
from gateway.store.watch_receipts import read_figures, read_receipts
from schemas.identifiers import DeliveryId, MessageId, PartyCode


class SqlWatch:
    """Keeps `gateway.oversight.ports.Watch`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queues(self) -> Sequence[views.QueueView]:
        """What is unfinished or refused, by recipient."""
        with self._database.reading() as connection:
            return read_queues(connection)

    def queue_items(self, recipient: PartyCode, states: frozenset[DeliveryState], after: int, limit: int) -> Sequence[views.LetterRow]:
        """Oldest first."""
        with self._database.reading() as connection:
            return read_items(connection, recipient, states, after, limit)

    def tallies(self, since: datetime, until: datetime, party: PartyCode | None = None) -> Sequence[views.Tally]:
        """Counts by the hour."""
        with self._database.reading() as connection:
            return read_tallies(connection, since, until, party)

    def letter_groups(self) -> Sequence[views.LetterGroup]:
        """Dead letters by cause."""
        with self._database.reading() as connection:
            return read_groups(connection)

    def letters(self, wanted: views.LetterFilter, after: int, limit: int) -> Sequence[views.LetterRow]:
        """Dead letters, oldest first."""
        with self._database.reading() as connection:
            return read_dead(connection, wanted, after, limit)

    def letter_ids(self, wanted: views.LetterFilter, limit: int) -> Sequence[DeliveryId]:
        """Ids of them, oldest first."""
        with self._database.reading() as connection:
            return read_dead_ids(connection, wanted, limit)

    def count_letters(self, wanted: views.LetterFilter) -> int:
        """How many there are."""
        with self._database.reading() as connection:
            return count_dead(connection, wanted)

    def find(
        self, wanted: views.MessageSearch, limit: int, after: MessageId | None = None, *, newer_than: MessageId | None = None
    ) -> Sequence[views.MessageRow]:
        """Newest first."""
        with self._database.reading() as connection:
            return find_rows(connection, wanted, limit, after, newer_than)

    def refused(self, reference: str, since: datetime, until: datetime | None, limit: int) -> Sequence[views.RefusedRow]:
        """Newest first."""
        with self._database.reading() as connection:
            return find_refused(connection, reference, since, until, limit)

    def receipt_figures(self, terms: Sequence[views.ReceiptTerms]) -> Sequence[views.ReceiptFigures]:
        """In the order asked for."""
        with self._database.reading() as connection:
            return read_figures(connection, terms)

    def receipts(self, standing: views.ReceiptStanding, terms: Sequence[views.ReceiptTerms], after: int, limit: int) -> Sequence[views.ReceiptRow]:
        """Oldest first."""
        with self._database.reading() as connection:
            return read_receipts(connection, standing, terms, after, limit)

    def attempts(self, recipient: PartyCode, limit: int) -> Sequence[views.AttemptRow]:
        """Newest first."""
        with self._database.reading() as connection:
            return read_attempts(connection, recipient, limit)

    def activity(self, parties: Sequence[PartyCode]) -> Mapping[PartyCode, views.Activity]:
        """When each was last heard and reached."""
        with self._database.reading() as connection:
            return read_activity(connection, parties)

    def audit(self, wanted: views.AuditSearch, before: int | None, limit: int) -> Sequence[AuditRecord]:
        """Newest first."""
        with self._database.reading() as connection:
            return search_audit(connection, wanted, before, limit)

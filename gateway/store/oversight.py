"""Oversight: what operators do and what they are told, each with its audit event in one transaction.

What it is: `gateway.oversight.ports.Oversight`. What it is not: the rows themselves (`oversight_people`,
`oversight_alerts`, `oversight_work`, `oversight_tally`), nor a judge of who may. A write is made under the lock of the
chain's head, and an event that cannot be linked takes the write back with it. Called by `gateway.control`, the console
and the workers.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.audit.events import AuditEvent
from gateway.oversight.records import Alert, AlertState, Assignment, Mute, Note, OperatorSession, Order, OrderKind, OrderState, Reveal, Search, SignIn, Telling
from gateway.store import oversight_alerts as of_alerts
from gateway.store import oversight_people as of_people
from gateway.store import oversight_work as of_work
from gateway.store.engine import Database
from gateway.store.head import lock_head
from gateway.store.oversight_tally import tally_page
from schemas.identifiers import Digest, MessageId


class SqlOversight:
    """Keeps `gateway.oversight.ports.Oversight`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_session(self, session: OperatorSession, event: AuditEvent) -> None:
        """A new one."""
        self._put(lambda connection: of_people.add_session(connection, session), [event])

    def session(self, session: Digest) -> OperatorSession | None:
        """Also one that has ended, which says so."""
        with self._database.reading() as connection:
            return of_people.read_session(connection, session)

    def sessions(self, now: datetime) -> Sequence[OperatorSession]:
        """Those that have not ended, newest first."""
        with self._database.reading() as connection:
            return of_people.read_sessions(connection, now)

    def touch_session(self, session: Digest, now: datetime) -> None:
        """Seen again."""
        with self._database.writing() as connection:
            of_people.see_session(connection, session, now)

    def end_session(self, session: Digest, now: datetime, event: AuditEvent) -> bool:
        """False where it had ended."""
        return self._do(lambda connection: of_people.close_session(connection, session, now), [event])

    def put_sign_in(self, sign_in: SignIn) -> None:
        """Begun, and not come back yet."""
        with self._database.writing() as connection:
            of_people.add_sign_in(connection, sign_in)

    def take_sign_in(self, state: Digest, kind: str, now: datetime) -> SignIn | None:
        """At most once. What a stranger guesses is looked up first: it waits for no writer, and holds up none."""
        with self._database.reading() as connection:
            if not of_people.is_sign_in(connection, state, kind):
                return None
        with self._database.writing() as connection:
            return of_people.remove_sign_in(connection, state, kind, now)

    def alerts(self, state: AlertState | None, limit: int, after: str | None = None) -> Sequence[Alert]:
        """Newest first."""
        with self._database.reading() as connection:
            return of_alerts.read_alerts(connection, state, limit, after)

    def alert(self, alert_id: str) -> Alert | None:
        """By id."""
        with self._database.reading() as connection:
            return of_alerts.read_alert(connection, alert_id)

    def put_alert(self, alert: Alert, event: AuditEvent | None, tellings: Sequence[Telling] = ()) -> bool:
        """See the port. Raises ValueError for a deed without an event."""
        if event is not None:
            return self._do(lambda connection: of_alerts.write_alert(connection, alert, tellings), [event])
        if tellings:
            raise ValueError("nobody is told of what is not in the chain")
        with self._database.writing() as connection:
            return of_alerts.write_look(connection, alert)

    def take_alert(self, alert: Alert, event: AuditEvent, assignment: Assignment, assigned: AuditEvent) -> bool:
        """Both, or neither; the second only where it is nobody's."""
        with self._database.writing() as connection:
            head = lock_head(connection)
            if not of_alerts.write_alert(connection, alert, ()):
                return False
            free = assignment.about not in of_work.read_assignments(connection, [assignment.about])
            if free:
                of_work.write_assignment(connection, assignment)
            head.append((event, assigned) if free else (event,))
            head.save(connection)
            return True

    def mutes(self, now: datetime) -> Sequence[Mute]:
        """Those that last."""
        with self._database.reading() as connection:
            return of_alerts.read_mutes(connection, now)

    def put_mute(self, mute: Mute, event: AuditEvent) -> None:
        """In the place of the one before."""
        self._put(lambda connection: of_alerts.write_mute(connection, mute), [event])

    def end_mute(self, rule: str, subject: str, event: AuditEvent) -> bool:
        """False where there is none."""
        return self._do(lambda connection: of_alerts.remove_mute(connection, rule, subject), [event])

    def due_tellings(self, now: datetime, limit: int) -> Sequence[Telling]:
        """Longest due first."""
        with self._database.reading() as connection:
            return of_alerts.read_tellings(connection, now, limit)

    def told(self, telling_id: int, event: AuditEvent) -> None:
        """Forget it."""
        self._do(lambda connection: of_alerts.remove_telling(connection, telling_id), [event])

    def put_off_telling(self, telling_id: int, until: datetime) -> None:
        """One attempt more."""
        with self._database.writing() as connection:
            of_alerts.postpone_telling(connection, telling_id, until)

    def notes(self, about: str) -> Sequence[Note]:
        """Oldest first."""
        with self._database.reading() as connection:
            return of_work.read_notes(connection, about)

    def put_note(self, note: Note, event: AuditEvent) -> None:
        """A new one."""
        self._put(lambda connection: of_work.add_note(connection, note), [event])

    def assignments(self, about: Sequence[str]) -> Mapping[str, Assignment]:
        """What nobody looks after is absent."""
        with self._database.reading() as connection:
            return of_work.read_assignments(connection, about)

    def assign(self, assignment: Assignment, event: AuditEvent) -> None:
        """In the place of the one before."""
        self._put(lambda connection: of_work.write_assignment(connection, assignment), [event])

    def unassign(self, about: str, event: AuditEvent) -> bool:
        """False where nobody looked after it."""
        return self._do(lambda connection: of_work.remove_assignment(connection, about), [event])

    def put_orders(self, orders: Sequence[Order], events: Sequence[AuditEvent]) -> int:
        """How many were written; the rest wait already, and their events are left out."""
        with self._database.writing() as connection:
            head = lock_head(connection)
            written = of_work.add_orders(connection, orders)
            if not written:
                return 0
            left_out = {order.subject for order in orders} - {order.subject for order in written}
            head.append(event for event in events if event.subject not in left_out)
            head.save(connection)
            return len(written)

    def waiting_orders(self, limit: int) -> Sequence[Order]:
        """Oldest first."""
        with self._database.reading() as connection:
            return of_work.read_waiting(connection, limit)

    def orders_about(self, subjects: Sequence[str], kind: OrderKind | None = None) -> Sequence[Order]:
        """Oldest first."""
        with self._database.reading() as connection:
            return of_work.read_orders(connection, subjects, kind)

    def settle_order(self, order_id: str, state: OrderState, outcome: str, now: datetime, event: AuditEvent) -> bool:
        """False where it was settled already."""
        return self._do(lambda connection: of_work.close_order(connection, order_id, state, outcome, now), [event])

    def put_reveals(self, reveals: Sequence[Reveal], events: Sequence[AuditEvent]) -> None:
        """For some minutes."""
        self._put(lambda connection: of_people.add_reveals(connection, reveals), events)

    def reveals(self, session: Digest, message_id: MessageId, now: datetime) -> Sequence[Reveal]:
        """What may be seen now."""
        with self._database.reading() as connection:
            return of_people.read_reveals(connection, session, message_id, now)

    def put_search(self, search: Search, event: AuditEvent) -> None:
        """A new one."""
        self._put(lambda connection: of_people.add_search(connection, search), [event])

    def search(self, search_id: str, now: datetime) -> Search | None:
        """None where it is not known or too old."""
        with self._database.reading() as connection:
            return of_people.read_search(connection, search_id, now)

    def note_look(self, events: Sequence[AuditEvent]) -> None:
        """Into the chain, and nothing else."""
        self._put(lambda _: None, events)

    def tally(self, limit: int) -> int:
        """Count one page of the chain."""
        return tally_page(self._database, limit)

    def forget(self, now: datetime) -> int:
        """What ended more than a day ago."""
        with self._database.writing() as connection:
            return of_people.forget_people(connection, now)

    def _put(self, write: Callable[[Connection], None], events: Sequence[AuditEvent]) -> None:
        """What is always written. Raises ValueError without an event: such a write does not exist."""
        if not events:
            raise ValueError("a write without an audit event")

        def written(connection: Connection) -> bool:
            write(connection)
            return True

        self._do(written, events)

    def _do(self, write: Callable[[Connection], bool], events: Sequence[AuditEvent]) -> bool:
        """Both or neither: where there was nothing to write, nothing happened."""
        with self._database.writing() as connection:
            head = lock_head(connection)
            if not write(connection):
                return False
            head.append(events)
            head.save(connection)
            return True

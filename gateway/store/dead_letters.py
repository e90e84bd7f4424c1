"""Dead letters: what hit the broker's backstop, until somebody knows what became of it.

What it is: `gateway.contract.DeadLetters`. What it is not: a queue: nothing is sent from here. Called by the
worker that drains the queues `dead`, and by `gateway dead-letters`.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, insert, select, update

from gateway.audit.chain import microseconds
from gateway.audit.events import AuditEvent
from gateway.records import DeadLetter, DeadLetterState, Sealed
from gateway.store.engine import Database
from gateway.store.head import lock_head
from gateway.store.rows import Value, Values, to_time
from gateway.store.tables import dead_letters
from schemas.identifiers import Digest

_BODY = ("body_key", "body_wrapped", "body")
_NO_BODY: Values = dict.fromkeys(_BODY)
_LISTED = [column for column in dead_letters.c if column.name not in _BODY]


class SqlDeadLetters:
    """Keeps `gateway.contract.DeadLetters`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, letter: DeadLetter, event: AuditEvent) -> bool:
        """Keep it; False, and nothing is written, where one by this id is kept already."""
        with self._database.writing() as connection:
            head = lock_head(connection)
            if _find(connection, letter.letter_id) is not None:
                return False
            connection.execute(insert(dead_letters), [_values(letter)])
            head.append((event,))
            head.save(connection)
            return True

    def settle(self, letter_id: str, state: DeadLetterState, event: AuditEvent) -> None:
        """What came of it. Its body is erased, unless a person needs it."""
        erased = {} if state is DeadLetterState.NEEDS_A_PERSON else _NO_BODY
        with self._database.writing() as connection:
            head = lock_head(connection)
            connection.execute(update(dead_letters).where(dead_letters.c.letter_id == letter_id).values(state=state.value, **erased))
            head.append((event,))
            head.save(connection)

    def list(self, after: int, limit: int, state: DeadLetterState | None = None) -> Sequence[DeadLetter]:
        """In order of arrival, after this number; without bodies."""
        wanted = select(*_LISTED).where(dead_letters.c.number > after)
        if state is not None:
            wanted = wanted.where(dead_letters.c.state == state.value)
        with self._database.reading() as connection:
            return [_to_letter(row, None) for row in connection.execute(wanted.order_by(dead_letters.c.number).limit(limit))]

    def get(self, letter_id: str) -> DeadLetter | None:
        """With its body, where that is kept."""
        with self._database.reading() as connection:
            return _find(connection, letter_id)


def _find(connection: Connection, letter_id: str) -> DeadLetter | None:
    row = connection.execute(select(dead_letters).where(dead_letters.c.letter_id == letter_id)).one_or_none()
    if row is None:
        return None
    return _to_letter(row, None if row.body_key is None else Sealed(row.body_key, row.body_wrapped, row.body))


def _values(letter: DeadLetter) -> Values:
    return {
        "letter_id": letter.letter_id,
        "vhost": letter.vhost,
        "queue": letter.queue,
        "reason": letter.reason,
        "message_id": letter.message_id,
        "content_type": letter.content_type,
        "size": letter.size,
        "digest": letter.digest,
        "at": microseconds(letter.at),
        "state": letter.state.value,
        "body_key": letter.body.key_name if letter.body else None,
        "body_wrapped": letter.body.wrapped_key if letter.body else None,
        "body": letter.body.ciphertext if letter.body else None,
    }


def _to_letter(row: Row[tuple[Value, ...]], body: Sealed | None) -> DeadLetter:
    return DeadLetter(
        letter_id=row.letter_id,
        vhost=row.vhost,
        queue=row.queue,
        reason=row.reason,
        message_id=row.message_id,
        content_type=row.content_type,
        size=row.size,
        digest=Digest(row.digest),
        at=to_time(row.at),
        state=DeadLetterState(row.state),
        body=body,
        number=row.number,
    )

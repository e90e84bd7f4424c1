"""People in the store: who is signed in, what they may see, what they searched for.

What it is: sessions, sign-ins, reveals and searches as rows. What it is not: who may do what, nor the audit events,
which `oversight` links in the same transaction. Called by `oversight`.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, text, update

from gateway.audit.chain import microseconds
from gateway.oversight.access import Role
from gateway.oversight.records import Operator, OperatorSession, Reveal, Search, SessionKind, SignIn
from gateway.store.rows import Value, Values, from_optional_time, to_optional_time, to_time
from gateway.store.tables_oversight import operator_sessions, reveals, searches, sign_ins
from schemas.identifiers import Digest, MessageId

_KEPT: Final = timedelta(days=1)
"""How long what has ended is still there."""
_KNOWN_ROLES: Final = frozenset(role.value for role in Role)
_REVEAL = text(
    "INSERT INTO reveals (session, message_id, pointer, purpose, granted_at, expires_at) "
    "VALUES (:session, :message_id, :pointer, :purpose, :granted_at, :expires_at) "
    "ON CONFLICT (session, message_id, pointer) DO UPDATE SET purpose = excluded.purpose, granted_at = excluded.granted_at, expires_at = excluded.expires_at"
)


def add_session(connection: Connection, session: OperatorSession) -> None:
    """A new one."""
    values: Values = {
        "session": session.session,
        "kind": session.kind.value,
        "operator": session.operator.subject,
        "operator_name": session.operator.name,
        "roles": " ".join(role.value for role in session.roles),
        "csrf": session.csrf,
        "created_at": microseconds(session.created_at),
        "seen_at": microseconds(session.seen_at),
        "expires_at": microseconds(session.expires_at),
        "ended_at": from_optional_time(session.ended_at),
    }
    connection.execute(insert(operator_sessions), [values])


def read_session(connection: Connection, session: Digest) -> OperatorSession | None:
    """Also one that has ended."""
    row = connection.execute(select(operator_sessions).where(operator_sessions.c.session == session)).one_or_none()
    return None if row is None else _to_session(row)


def read_sessions(connection: Connection, now: datetime) -> Sequence[OperatorSession]:
    """Those that have not ended, newest first."""
    table = operator_sessions.c
    wanted = select(operator_sessions).where(table.ended_at.is_(None), table.expires_at > microseconds(now)).order_by(table.created_at.desc(), table.session)
    return [_to_session(row) for row in connection.execute(wanted)]


def see_session(connection: Connection, session: Digest, now: datetime) -> None:
    """Never back in time, and never after its end."""
    table, seen = operator_sessions.c, microseconds(now)
    connection.execute(update(operator_sessions).where(table.session == session, table.ended_at.is_(None), table.seen_at < seen).values(seen_at=seen))


def close_session(connection: Connection, session: Digest, now: datetime) -> bool:
    """False where it had ended."""
    open_one = (operator_sessions.c.session == session, operator_sessions.c.ended_at.is_(None))
    return connection.execute(update(operator_sessions).where(*open_one).values(ended_at=microseconds(now))).rowcount == 1


def add_sign_in(connection: Connection, sign_in: SignIn) -> None:
    """A new one."""
    values: Values = {"state": sign_in.state, "kind": sign_in.kind, "facts": _encode(sign_in.facts), "expires_at": microseconds(sign_in.expires_at)}
    connection.execute(insert(sign_ins), [values])


def is_sign_in(connection: Connection, state: Digest, kind: str) -> bool:
    """Whether there is one to be taken, or too old to be."""
    wanted = select(sign_ins.c.state).where(sign_ins.c.state == state, sign_ins.c.kind == kind)
    return connection.execute(wanted).one_or_none() is not None


def remove_sign_in(connection: Connection, state: Digest, kind: str, now: datetime) -> SignIn | None:
    """Whoever removes the row has it; a statement does both, so there is one of them."""
    taken = delete(sign_ins).where(sign_ins.c.state == state, sign_ins.c.kind == kind).returning(*sign_ins.c)
    row = connection.execute(taken).one_or_none()
    if row is None or row.expires_at <= microseconds(now):
        return None
    return SignIn(state=Digest(row.state), kind=row.kind, facts=json.loads(row.facts), expires_at=to_time(row.expires_at))


def add_reveals(connection: Connection, granted: Sequence[Reveal]) -> None:
    """A field that is revealed again is so for the new time."""
    if granted:
        connection.execute(_REVEAL, [_reveal_values(one) for one in granted])


def read_reveals(connection: Connection, session: Digest, message_id: MessageId, now: datetime) -> Sequence[Reveal]:
    """In order of pointer."""
    table = reveals.c
    lasting = (table.session == session, table.message_id == message_id, table.expires_at > microseconds(now))
    return [_to_reveal(row) for row in connection.execute(select(reveals).where(*lasting).order_by(table.pointer))]


def add_search(connection: Connection, search: Search) -> None:
    """A new one."""
    values: Values = {
        "search_id": search.search_id,
        "operator": search.by.subject,
        "operator_name": search.by.name,
        "wanted": _encode(search.wanted),
        "made_at": microseconds(search.made_at),
        "expires_at": microseconds(search.expires_at),
    }
    connection.execute(insert(searches), [values])


def read_search(connection: Connection, search_id: str, now: datetime) -> Search | None:
    """None where it is too old."""
    wanted = select(searches).where(searches.c.search_id == search_id, searches.c.expires_at > microseconds(now))
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    return Search(
        search_id=row.search_id,
        by=Operator(row.operator, row.operator_name),
        wanted=json.loads(row.wanted),
        made_at=to_time(row.made_at),
        expires_at=to_time(row.expires_at),
    )


def forget_people(connection: Connection, now: datetime) -> int:
    """What ended more than a day ago; the chain remembers it."""
    since = microseconds(now - _KEPT)
    ended = func.coalesce(operator_sessions.c.ended_at, operator_sessions.c.expires_at) < since
    statements = [
        delete(operator_sessions).where(or_(ended, operator_sessions.c.expires_at < since)),
        *(delete(table).where(table.c.expires_at < since) for table in (sign_ins, reveals, searches)),
    ]
    return sum(connection.execute(statement).rowcount for statement in statements)


def _encode(facts: object) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), default=dict)


def _to_session(row: Row[tuple[Value, ...]]) -> OperatorSession:
    return OperatorSession(
        session=Digest(row.session),
        kind=SessionKind(row.kind),
        operator=Operator(row.operator, row.operator_name),
        # A role that there is no longer grants nothing.
        roles=tuple(Role(role) for role in row.roles.split() if role in _KNOWN_ROLES),
        csrf=row.csrf,
        created_at=to_time(row.created_at),
        seen_at=to_time(row.seen_at),
        expires_at=to_time(row.expires_at),
        ended_at=to_optional_time(row.ended_at),
    )


def _reveal_values(reveal: Reveal) -> Values:
    return {
        "session": reveal.session,
        "message_id": reveal.message_id,
        "pointer": reveal.pointer,
        "purpose": reveal.purpose,
        "granted_at": microseconds(reveal.granted_at),
        "expires_at": microseconds(reveal.expires_at),
    }


def _to_reveal(row: Row[tuple[Value, ...]]) -> Reveal:
    return Reveal(
        session=Digest(row.session),
        message_id=MessageId(row.message_id),
        pointer=row.pointer,
        purpose=row.purpose,
        granted_at=to_time(row.granted_at),
        expires_at=to_time(row.expires_at),
    )

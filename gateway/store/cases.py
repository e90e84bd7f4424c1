"""Cases: who has to do with a case, as rows.

What it is: the statements behind `Queries.cases` and `Queries.takeovers`, and the writing of what a commit learned.
What it is not: a transaction of its own: the unit of work writes inside the one of its batch. Cases are named by the
HMAC of their CRN; nothing here can be turned back into one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, literal_column, select, text, union_all

from gateway.audit.chain import microseconds
from gateway.changes import Changes
from gateway.records import CaseParties, Interest, Responsibility, Takeover
from gateway.store.engine import CHUNK
from gateway.store.rows import Values, to_time
from gateway.store.tables import interests, responsibilities, takeovers
from schemas.identifiers import MessageId, PartyCode

_RESPONSIBLE: Final = "="
_PARTIES = union_all(
    select(interests.c.case_lookup, interests.c.party, literal_column("''").label("mark")).where(
        interests.c.case_lookup.in_(bindparam("wanted", expanding=True))
    ),
    select(responsibilities.c.case_lookup, responsibilities.c.party, literal_column(f"'{_RESPONSIBLE}'").label("mark")).where(
        responsibilities.c.case_lookup.in_(bindparam("wanted", expanding=True))
    ),
)
_TAKEOVERS = select(takeovers).where(takeovers.c.message_id.in_(bindparam("wanted", expanding=True)))
_ADD_INTEREST = text(
    "INSERT INTO interests (case_lookup, party, since, why, message_id) VALUES (:case_lookup, :party, :since, :why, :message_id) "
    "ON CONFLICT (case_lookup, party) DO NOTHING"
)
_ADD_TAKEOVER = text("INSERT INTO takeovers (message_id, case_lookup, party, giver, at) VALUES (:message_id, :case_lookup, :party, :giver, :at)")
_PUT_RESPONSIBILITY = text(
    "INSERT INTO responsibilities (case_lookup, party, since, message_id) VALUES (:case_lookup, :party, :since, :message_id) "
    "ON CONFLICT (case_lookup) DO UPDATE SET party = excluded.party, since = excluded.since, message_id = excluded.message_id "
    "WHERE excluded.since >= responsibilities.since"
)


def read_cases(connection: Connection, lookups: Iterable[str]) -> dict[str, CaseParties]:
    """Everybody who has to do with these cases; a case that nobody ever named is absent."""
    interested: dict[str, set[PartyCode]] = defaultdict(set)
    responsible: dict[str, PartyCode] = {}
    for chunk in _chunks(lookups):
        for row in connection.execute(_PARTIES, {"wanted": chunk}):
            if row.mark == _RESPONSIBLE:
                responsible[row.case_lookup] = PartyCode(row.party)
            else:
                interested[row.case_lookup].add(PartyCode(row.party))
    return {case: CaseParties(responsible.get(case), frozenset(interested[case])) for case in {*interested, *responsible}}


def read_takeovers(connection: Connection, messages: Iterable[MessageId]) -> dict[MessageId, Takeover]:
    """Those of these messages that say that their sender takes a case over."""
    found: dict[MessageId, Takeover] = {}
    for chunk in _chunks(messages):
        for row in connection.execute(_TAKEOVERS, {"wanted": chunk}):
            found[MessageId(row.message_id)] = Takeover(
                message_id=MessageId(row.message_id),
                case_lookup=row.case_lookup,
                party=PartyCode(row.party),
                giver=PartyCode(row.giver),
                at=to_time(row.at),
            )
    return found


def write_cases(connection: Connection, items: Sequence[Changes]) -> None:
    """What a batch learned of its cases. Most batches learn nothing, and cost nothing here."""
    for statement, rows in (
        (_ADD_INTEREST, [_interest_values(one) for item in items for one in item.interests]),
        (_ADD_TAKEOVER, [_takeover_values(one) for item in items for one in item.takeovers]),
        (_PUT_RESPONSIBILITY, [_responsibility_values(one) for item in items for one in item.responsibilities]),
    ):
        if rows:
            connection.execute(statement, rows)


def _chunks(values: Iterable[str]) -> Iterable[list[str]]:
    wanted = list(dict.fromkeys(values))
    return (wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK))


def _interest_values(one: Interest) -> Values:
    return {"case_lookup": one.case_lookup, "party": one.party, "since": microseconds(one.since), "why": one.why, "message_id": one.message_id}


def _takeover_values(one: Takeover) -> Values:
    return {"message_id": one.message_id, "case_lookup": one.case_lookup, "party": one.party, "giver": one.giver, "at": microseconds(one.at)}


def _responsibility_values(one: Responsibility) -> Values:
    return {"case_lookup": one.case_lookup, "party": one.party, "since": microseconds(one.since), "message_id": one.message_id}

"""Leases and tokens: one active holder of a name, and tokens seen once.

What it is: `gateway.contract.Leases`; each promise is one statement, so that two processes cannot both win.
What it is not: audited: nothing here happens to a message. Called by workers and by the caller's check.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, text

from gateway.audit.chain import microseconds
from gateway.store.engine import Database
from gateway.store.tables import leases, tokens
from schemas.identifiers import OrganisationId

_ACQUIRE = text(
    "INSERT INTO leases (name, holder, expires_at) VALUES (:name, :holder, :expires) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at "
    "WHERE leases.holder = excluded.holder OR leases.expires_at <= :now"
)
_REMEMBER = text("INSERT INTO tokens (organisation, token_id, expires_at) VALUES (:organisation, :token, :expires) ON CONFLICT DO NOTHING")


class SqlLeases:
    """Keeps `gateway.contract.Leases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, now: datetime, seconds: float) -> bool:
        """Take or renew; False while another holds it."""
        expires = microseconds(now + timedelta(seconds=seconds))
        with self._database.writing() as connection:
            return connection.execute(_ACQUIRE, {"name": name, "holder": holder, "expires": expires, "now": microseconds(now)}).rowcount == 1

    def release(self, name: str, holder: str) -> None:
        """Give it up, if this holder has it."""
        with self._database.writing() as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))

    def remember_token(self, organisation: OrganisationId, token_id: str, expires: datetime) -> bool:
        """False where it was seen before."""
        with self._database.writing() as connection:
            return connection.execute(_REMEMBER, {"organisation": organisation, "token": token_id, "expires": microseconds(expires)}).rowcount == 1

    def forget_tokens(self, now: datetime) -> int:
        """Forget those that have expired; how many they were."""
        with self._database.writing() as connection:
            return connection.execute(delete(tokens).where(tokens.c.expires_at <= microseconds(now))).rowcount

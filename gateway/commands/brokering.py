"""The broker side of onboarding: an organisation's user, exchange and queues.

What it is: makes them through the management API where one is configured. What it is not: the only maker:
the gateway makes its whole topology again at start and after a wiped broker. Called by `gateway partner`.
"""

import secrets
from contextlib import closing
from dataclasses import dataclass, field

from broker.topology import SALT_BYTES, from_queue, organisation_user, partners_topology, password_hash, to_queue
from gateway.bootstrap import administrator
from gateway.config import Settings
from schemas.identifiers import OrganisationId

PASSWORD_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUser:
    """A broker user just made."""

    user: str
    password: str = field(repr=False)
    password_hash: str = field(repr=False)
    exchange: str
    queue: str
    in_broker: bool


def make_user(settings: Settings, organisation: OrganisationId) -> MadeUser:
    """A fresh password for the organisation's user; made in the broker where it can be reached. Raises BrokerUnavailable."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    hashed = password_hash(password, secrets.token_bytes(SALT_BYTES))
    admin = administrator(settings)
    if admin is not None:
        with closing(admin):
            admin.apply(partners_topology([organisation]) + organisation_user(organisation, organisation, hashed))
    return MadeUser(
        user=organisation,
        password=password,
        password_hash=hashed,
        exchange=from_queue(organisation),
        queue=to_queue(organisation),
        in_broker=admin is not None,
    )


def forget_user(settings: Settings, user: str) -> bool:
    """Delete a broker user; its connections are closed. False where no management API is configured."""
    admin = administrator(settings)
    if admin is None:
        return False
    with closing(admin):
        admin.remove_user(user)
    return True

"""A submission: what a door hands to the pipeline.

What it is: bytes with the facts that the door knows. What it is not: believed. Called by every door.
"""

from dataclasses import dataclass
from datetime import datetime

from adapters.contract import WireMessage
from schemas.identifiers import OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Something that was handed in."""

    wire: WireMessage
    packaging: str
    """`jws`, `detached` or `wss`: the door knows which it serves."""
    channel: str
    """`https`, `soap`, `amqp`, `file`: where it came in."""
    peer: OrganisationId | None
    """Organisation that the channel authenticated (token, certificate, broker user); None where only the
    message signature identifies (SOAP behind a proxy)."""
    received_at: datetime

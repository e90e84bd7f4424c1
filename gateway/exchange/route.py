"""Routing: whether this sender may send this.

What it is: the checks between a verified, parsed interchange and its messages. What it is not: content
rules (adapters), signatures (`trust`), nor who gets it (`recipients`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Standing
from gateway.trust.contract import VerifiedContent
from gateway.trust.policy import CLOCK_SKEW_SECONDS
from schemas.envelope import Header, Interchange
from schemas.faults import FaultCode, refuse
from schemas.identifiers import OrganisationId, PartyCode

_IN_SERVICE = (Standing.LIVE, Standing.PROVING)


@dataclass(frozen=True, slots=True)
class Leg:
    """One recipient with what was agreed."""

    recipient: PartyCode
    organisation: OrganisationId
    agreement: Agreement


def check_sender(interchange: Interchange, verified: VerifiedContent, directory: Directory, peer: OrganisationId | None) -> Agreement:
    """The sender code must be one that the signing key may speak for, over a channel of the same organisation."""
    sender, key = interchange.sender, verified.key
    organisation = directory.organisation_of(sender)
    if organisation is None or sender not in key.speaks_for or key.organisation != organisation.organisation_id:
        raise refuse(FaultCode.SENDER_NOT_ALLOWED, f"The key may speak for: {', '.join(sorted(key.speaks_for)) or 'nobody'}.", pointer="sender")
    if peer is not None and peer != organisation.organisation_id:
        raise refuse(FaultCode.SENDER_NOT_ALLOWED, "The connection belongs to another organisation than the signature.", pointer="sender")
    agreement = directory.inbound(sender)
    if agreement is None or organisation.standing not in _IN_SERVICE:
        raise refuse(FaultCode.PARTNER_NOT_LIVE, f"{sender} is not connected as a sender.", pointer="sender")
    return agreement


def check_enabled(interchange: Interchange, agreement: Agreement) -> None:
    """What a disabled sender sends is kept and told back as refused: it is delivered to nobody, and nobody is told that it was."""
    if agreement.absorb:
        raise refuse(FaultCode.SENDER_DISABLED, f"{interchange.sender} is switched off as a sender.", pointer="sender")


def check_preparation(interchange: Interchange, agreement: Agreement, now: datetime) -> None:
    """Where only the payload's own date is signed, that date is the freshness (legacy policy)."""
    if agreement.policy.freshness != "preparation":
        return
    if interchange.prepared_at > now + timedelta(seconds=CLOCK_SKEW_SECONDS):
        raise refuse(FaultCode.FROM_THE_FUTURE, "DateOfPreparation and TimeOfPreparation lie ahead of our clock.")
    if interchange.prepared_at < now - timedelta(seconds=agreement.max_age_seconds):
        raise refuse(FaultCode.STALE, f"DateOfPreparation lies more than {agreement.max_age_seconds} seconds back.")


def check_size(interchange: Interchange, size: int, agreement: Agreement) -> None:
    """No more bytes and messages at once than agreed with the sender."""
    check_bytes(size, agreement.max_bytes)
    if len(interchange.entries) > agreement.max_messages:
        raise refuse(FaultCode.TOO_COMPLEX, f"There are {len(interchange.entries)} messages; the agreed limit is {agreement.max_messages}.")


def check_bytes(size: int, limit: int) -> None:
    """Against the agreed limit; the doors have one of their own, for all."""
    if size > limit:
        raise refuse(FaultCode.TOO_LARGE, f"It has {size} bytes; the agreed limit is {limit}.")


def check_header(header: Header, agreement: Agreement) -> None:
    """Type and test indicator as agreed with the sender."""
    if agreement.types is not None and header.type not in agreement.types:
        raise refuse(FaultCode.TYPE_NOT_AGREED, f"{header.type} is not agreed with {header.sender}.", reference=header.reference)
    if header.test and not agreement.test_allowed:
        raise refuse(FaultCode.TEST_IN_LIVE, reference=header.reference)


def accepting(organisation: Organisation) -> bool:
    """True where messages for its parties are taken."""
    # A suspended partner still gets its mail kept: suspension stops hand-overs, not acceptance.
    return organisation.standing in (*_IN_SERVICE, Standing.SUSPENDED)

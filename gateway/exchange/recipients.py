"""Recipients: who a message is for, also where its sender leaves that to us.

What it is: the three ways of addressing: by name; to whoever is responsible for the case (nobody named, or the
gateway's own code); to everybody with an interest (the code of a broadcast, or nobody named and a type that its sender
agreed to broadcast). And what each recipient agreed to get.
What it is not: a guess: where nobody is known, the message is refused to its sender's face. Called by `fates`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.exchange.route import Leg, accepting
from gateway.partners.directory import Directory
from gateway.partners.filters import passes
from gateway.partners.reserved import EVERYBODY, RESERVED
from gateway.records import CaseParties
from schemas.envelope import Header
from schemas.faults import FaultCode, Refusal, refuse
from schemas.identifiers import PartyCode
from schemas.payload import Payload


class Addressing(StrEnum):
    """How a message came by its recipients."""

    NAMED = "named"
    RESPONSIBLE = "responsible"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True)
class Way:
    """One message's way to its recipients; there is at least one."""

    legs: tuple[Leg, ...]
    addressing: Addressing
    left_out: tuple[str, ...] = ()
    """Of a broadcast: whoever would have been among them, each with the fault that a message by name would have met."""


def way(header: Header, payload: Payload, directory: Directory, case: CaseParties) -> Way:
    """Raises Refusal for a message for nobody, and for whoever is named and may not have it."""
    named = tuple(dict.fromkeys(header.recipients))
    reserved = RESERVED.intersection(named)
    if reserved and len(named) > 1:
        detail = f"{min(reserved)} stands for recipients that the gateway chooses, and stands alone."
        raise refuse(FaultCode.UNKNOWN_RECIPIENT, detail, pointer="recipient", reference=header.reference)
    if EVERYBODY in reserved or (len(reserved) == len(named) and _is_broadcast_by_type(header, directory)):
        return _broadcast(header, payload, directory, case)
    if reserved or not named:
        return Way((_leg(_responsible(header, case), header, payload, directory),), Addressing.RESPONSIBLE)
    return Way(tuple(_leg(code, header, payload, directory) for code in named), Addressing.NAMED)


def _is_broadcast_by_type(header: Header, directory: Directory) -> bool:
    """What its sender agreed goes to everybody, where it leaves the choice to us."""
    agreed = directory.inbound(header.sender)
    return agreed is not None and header.type in agreed.broadcast_types


def _responsible(header: Header, case: CaseParties) -> PartyCode:
    if header.case_reference is None:
        raise _nobody(header, "Nobody is named, and the message is about no case for which somebody could be responsible.")
    if case.responsible is None:
        raise _nobody(header, "Nobody is named, and no accepted transfer of the whole case has told us who is responsible for it: name a recipient.")
    if case.responsible == header.sender:
        raise _nobody(header, "Nobody is named, and the sender itself is responsible for the case.")
    return case.responsible


def _broadcast(header: Header, payload: Payload, directory: Directory, case: CaseParties) -> Way:
    legs, left_out = [], []
    for code in sorted(_listeners(header, directory, case) - {header.sender}):
        try:
            legs.append(_broadcast_leg(code, header, payload, directory))
        except Refusal as refusal:
            left_out.append(f"{code}:{refusal.fault.code.value}")
    if not legs:
        who = "Nobody else has an interest in the case" if header.case_reference is not None else "Nobody else takes broadcasts of reference data"
        raise _nobody(header, f"{who}." if not left_out else f"{who} and may have this message; left out: {len(left_out)}.")
    return Way(tuple(legs), Addressing.BROADCAST, tuple(left_out))


def _listeners(header: Header, directory: Directory, case: CaseParties) -> frozenset[PartyCode]:
    if header.case_reference is not None:
        return case.interested
    return frozenset(code for code in directory.parties if (a := directory.outbound(code)) is not None and a.broadcast_reference_data)


def _broadcast_leg(code: PartyCode, header: Header, payload: Payload, directory: Directory) -> Leg:
    leg = _leg(code, header, payload, directory)
    if header.case_reference is not None and not leg.agreement.broadcast_offender_data:
        raise refuse(FaultCode.FILTERED_OUT, reference=header.reference)
    return leg


def _leg(code: PartyCode, header: Header, payload: Payload, directory: Directory) -> Leg:
    organisation, agreement = directory.organisation_of(code), directory.outbound(code)
    if organisation is None:
        owner = directory.division_of(code)
        said = f"It is a division of {owner}: name {owner}." if owner else "No party of this code is registered."
        raise refuse(FaultCode.UNKNOWN_RECIPIENT, said, pointer="recipient", reference=header.reference)
    if agreement is None or not accepting(organisation):
        raise refuse(FaultCode.PARTNER_NOT_LIVE, f"{code} is not connected as a recipient.", pointer="recipient", reference=header.reference)
    if agreement.types is not None and header.type not in agreement.types:
        raise refuse(FaultCode.TYPE_NOT_AGREED, f"{header.type} is not agreed with {code}.", reference=header.reference)
    if not passes(agreement.filters, header, payload):
        raise refuse(FaultCode.FILTERED_OUT, f"{code} has agreed not to get it.", pointer="recipient", reference=header.reference)
    return Leg(code, organisation.organisation_id, agreement)


def _nobody(header: Header, detail: str) -> Refusal:
    return refuse(FaultCode.NO_RECIPIENT, detail, pointer="recipient", reference=header.reference)


def recipients_of(legs: Iterable[Leg]) -> tuple[PartyCode, ...]:
    """Their codes."""
    return tuple(leg.recipient for leg in legs)

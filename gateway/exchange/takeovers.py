"""Takeovers: how the gateway comes to know who is responsible for a case.

What it is: two rules. A ConsolidatedTransferResponse in which its sender accepts the whole case is a takeover; it
counts once a recipient that may say so has it done: whoever gives the case away, or the keeper of the case register.
What it is not: a case register. Counting it when it is accepted would let any partner take any case's mail by saying
that it is its own.
"""

from collections.abc import Mapping
from datetime import datetime

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.exchange.stages import reached_last_stage
from gateway.partners.directory import Directory
from gateway.records import Delivery, DeliveryState, Interest, Responsibility, Takeover
from gateway.trust.sealing import case_lookup
from schemas.canonical.transfer import TransferKind, TransferResponsePart, TransferStatus
from schemas.envelope import Action, Message
from schemas.identifiers import MessageId, PartyCode
from schemas.messages.consolidated_transfer_response import ConsolidatedTransferResponse

_DONE = (DeliveryState.APPLIED, DeliveryState.DELIVERED)


def takeover_in(message: Message, directory: Directory, lookup_key: bytes, now: datetime) -> Takeover | None:
    """What the message says of a whole case, where it is its sender that takes it over."""
    payload, header = message.payload, message.header
    if not isinstance(payload, ConsolidatedTransferResponse) or header.test or header.action is Action.DELETE:
        return None
    part = next((part for part in payload.parts if _is_accepted_case(part)), None)
    if part is None or directory.party_behind(part.receiving.provider) != header.sender:
        return None
    return Takeover(
        message_id=message.message_id,
        case_lookup=case_lookup(lookup_key, payload.crn),
        party=header.sender,
        giver=directory.party_behind(part.transferring_provider) or PartyCode(part.transferring_provider),
        at=now,
    )


def counted(settled: Delivery, takeovers: Mapping[MessageId, Takeover], directory: Directory, now: datetime) -> Changes:
    """What the settlement of a delivery adds: nothing, or who is responsible from now on."""
    takeover = takeovers.get(settled.message_id) if settled.message_id is not None else None
    if takeover is None or settled.state not in _DONE or not reached_last_stage(settled, directory.outbound(settled.recipient)):
        return Changes()
    if settled.recipient != takeover.giver and settled.recipient not in directory.registers:
        return Changes()
    case, party, since, message = takeover.case_lookup, takeover.party, takeover.at, takeover.message_id
    facts = {"party": party, "confirmed_by": settled.recipient}
    return Changes(
        responsibilities=(Responsibility(case_lookup=case, party=party, since=since, message_id=message),),
        interests=(Interest(case_lookup=case, party=party, since=since, why="responsible", message_id=message),),
        events=(AuditEvent(AuditCode.RESPONSIBILITY_CHANGED, now, takeover.message_id, facts),),
    )


def _is_accepted_case(part: TransferResponsePart) -> bool:
    return part.kind is TransferKind.CASE and part.status is TransferStatus.ACCEPTED

"""Statuses: how an interchange ended, message by message, in the words of SPG.

What it is: from the entries of our own acceptance receipt and from where the deliveries stand, one status per message
in the order of the interchange; what was refused alone counts like what was not applied. What it is not: the
notification around them (`notices`). Follows the InterchangeStatusNotification; its entries per message are ours.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gateway.exchange.fates import REFUSED
from gateway.exchange.receipts import kept
from gateway.records import Delivery, DeliveryState, ReceiptRecord
from schemas.faults import FAULTS, FaultCode
from schemas.identifiers import DeliveryId, SpgVersion
from schemas.messages.interchange_status_notification import MessageStatus
from schemas.receipts import MessageVerdict
from schemas.status_codes import PROCESSED

_AS_AGREED: Final = (DeliveryState.APPLIED, DeliveryState.DELIVERED)


def statuses(verdicts: Sequence[MessageVerdict], deliveries: Iterable[Delivery], versions: Mapping[DeliveryId, str]) -> tuple[MessageStatus, ...]:
    """One per message, in order. `versions`: what records have now, by the delivery that met a conflict."""
    legs: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        legs.setdefault(delivery.message_id or "", []).append(delivery)
    return tuple(_status(number, verdict, legs.get(verdict.message_id, ()), versions) for number, verdict in enumerate(verdicts, start=1))


def worst(of_messages: Sequence[MessageStatus]) -> int:
    """The StatusCode of the whole."""
    return max(status.status_code for status in of_messages)


def status_of(delivery: Delivery) -> int:
    """The SPG StatusCode of one settled delivery: 202, or the code of its fault."""
    return PROCESSED if delivery.state in _AS_AGREED else FAULTS[_fault_of(delivery)].spg


def versions_told(receipts: Iterable[ReceiptRecord]) -> dict[DeliveryId, str]:
    """The current versions that recipients named with a conflict, from our own later receipts."""
    told: dict[DeliveryId, str] = {}
    for record in receipts:
        fault = kept(record.jws).fault if record.delivery_id is not None else None
        if record.delivery_id is not None and fault is not None and fault.current_version:
            told[record.delivery_id] = fault.current_version
    return told


def _status(number: int, verdict: MessageVerdict, legs: Sequence[Delivery], versions: Mapping[DeliveryId, str]) -> MessageStatus:
    if verdict.verdict == REFUSED:
        code = FaultCode(verdict.fault.code) if verdict.fault else FaultCode.NOT_APPLIED
        return MessageStatus(reference=number, status_code=FAULTS[code].spg, fault=code.value)
    leg = max(legs, key=status_of)
    if leg.state in _AS_AGREED:
        return MessageStatus(reference=number, status_code=PROCESSED)
    current = versions.get(leg.delivery_id)
    return MessageStatus(
        reference=number,
        status_code=status_of(leg),
        fault=_fault_of(leg).value,
        current_version=SpgVersion(current) if current else None,
    )


def _fault_of(delivery: Delivery) -> FaultCode:
    try:
        return FaultCode(delivery.fault or "")
    except ValueError:
        # The recipient's own fault code: it would not, in its own words.
        return FaultCode.NOT_APPLIED

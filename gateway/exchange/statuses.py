"""Statuses: how an interchange ended, message by message, in the words of SPG.

What it is: from the entries of our own acceptance receipt and from where the deliveries stand, one status per message
in the order of the interchange; what was refused alone counts like what was not applied. What it is not: the
notification around them (`notices`). Follows the InterchangeStatusNotification; its entries per message are ours.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.exchange.fates import REFUSED
from gateway.exchange.receipts import kept
from gateway.records import Delivery, DeliveryState, ReceiptRecord
from schemas.faults import FAULTS, FaultCode
from schemas.identifiers import DeliveryId, EntityId, SpgVersion
from schemas.messages.interchange_status_notification import MessageStatus
from schemas.receipts import MessageVerdict, Receipt
from schemas.status_codes import PROCESSED


@dataclass(frozen=True, slots=True)
class OfRecord:
    """What a recipient said of the record itself."""

    version: str = ""
    """The one that it has, where the message named an older one."""
    number: str = ""
    """The one that it got, where the message brought a new record."""


_AS_AGREED: Final = (DeliveryState.APPLIED, DeliveryState.DELIVERED)


def statuses(verdicts: Sequence[MessageVerdict], deliveries: Iterable[Delivery], records: Mapping[DeliveryId, OfRecord]) -> tuple[MessageStatus, ...]:
    """One per message, in order. `records`: what recipients said of theirs, by delivery."""
    legs: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        legs.setdefault(delivery.message_id or "", []).append(delivery)
    return tuple(_status(number, verdict, legs.get(verdict.message_id, ()), records) for number, verdict in enumerate(verdicts, start=1))


def worst(of_messages: Sequence[MessageStatus]) -> int:
    """The StatusCode of the whole."""
    return max(status.status_code for status in of_messages)


def status_of(delivery: Delivery) -> int:
    """The SPG StatusCode of one settled delivery: 202, or the code of its fault."""
    return PROCESSED if delivery.state in _AS_AGREED else FAULTS[_fault_of(delivery)].spg


def of_record(receipt: Receipt) -> OfRecord | None:
    """What one of our own later receipts repeats of it."""
    version, number = receipt.fault.current_version if receipt.fault else "", receipt.record_id or ""
    return OfRecord(version, number) if version or number else None


def records_told(receipts: Iterable[ReceiptRecord]) -> dict[DeliveryId, OfRecord]:
    """The same of many."""
    told = ((record.delivery_id, of_record(kept(record.jws))) for record in receipts if record.delivery_id is not None)
    return {delivery: said for delivery, said in told if said is not None}


def _status(number: int, verdict: MessageVerdict, legs: Sequence[Delivery], records: Mapping[DeliveryId, OfRecord]) -> MessageStatus:
    if verdict.verdict == REFUSED:
        code = FaultCode(verdict.fault.code) if verdict.fault else FaultCode.NOT_APPLIED
        return MessageStatus(reference=number, status_code=FAULTS[code].spg, fault=code.value)
    leg = max(legs, key=status_of)
    if leg.state in _AS_AGREED:
        got = next((said.number for one in legs if (said := records.get(one.delivery_id)) is not None and said.number), None)
        return MessageStatus(reference=number, status_code=PROCESSED, record_id=EntityId(got) if got else None)
    said = records.get(leg.delivery_id)
    return MessageStatus(
        reference=number,
        status_code=status_of(leg),
        fault=_fault_of(leg).value,
        current_version=SpgVersion(said.version) if said is not None and said.version else None,
    )


def _fault_of(delivery: Delivery) -> FaultCode:
    try:
        return FaultCode(delivery.fault or "")
    except ValueError:
        # The recipient's own fault code: it would not, in its own words.
        return FaultCode.NOT_APPLIED

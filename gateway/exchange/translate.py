"""Translation: the canonical message in one recipient's language, fixed once and for ever.

What it is: the rule that makes a delivery's document, its digest and what it leaves out. What it is not:
a signature (`prepare`) nor a dialect (`adapters.agencies`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from adapters.contract import Adapter, Document, Outgoing
from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.changes import Changes
from gateway.exchange.enclosure import enclose
from gateway.exchange.means import Means
from gateway.exchange.route import Leg
from gateway.partners.agreement import Agreement
from gateway.records import Delivery
from gateway.trust.content import document_digest
from gateway.trust.digests import digest
from gateway.trust.sealing import seal
from schemas.envelope import Message
from schemas.identifiers import OrganisationId

_NO_IDS: Final[Mapping[tuple[str, str], str]] = MappingProxyType({})
_REFERENCE_BASE = 1_000_000_000_000
"""Our control references have 13 digits, as those of the real product have."""


def control_reference(delivery: Delivery) -> str:
    """Ours for this delivery, unique for ever: its place in the order of acceptance."""
    return str(_REFERENCE_BASE + delivery.sequence)


def sequence_of(reference: str) -> int | None:
    """The delivery sequence that a control reference of ours names; None for any other text."""
    if not (reference.isascii() and reference.isdigit()) or len(reference) > 18:
        return None
    number = int(reference) - _REFERENCE_BASE
    return number if number > 0 else None


@dataclass(frozen=True, slots=True)
class DetailPlace:
    """Where a recipient fetches what its documents only point at, and who writes it."""

    adapter: Adapter
    url: str


def detail_place(delivery: Delivery, agreement: Agreement, adapters: Mapping[str, Adapter], public_url: str) -> DetailPlace | None:
    """None where the agreement has everything handed over. The address holds our id of the delivery and nothing else."""
    if agreement.detail_dialect is None:
        return None
    return DetailPlace(adapters[agreement.detail_dialect], f"{public_url}/v1/deliveries/{delivery.delivery_id}/detail")


def translate(
    message: Message,
    delivery: Delivery,
    agreement: Agreement,
    adapter: Adapter,
    now: datetime,
    place: DetailPlace | None = None,
    own_ids: Mapping[tuple[str, str], str] = _NO_IDS,
) -> Document:
    """Write the message for this recipient, and with a `place` its detail too. Raises Refusal(`not-translatable`)."""
    outgoing = Outgoing(
        sender=delivery.sender,
        recipient=delivery.recipient,
        control_reference=control_reference(delivery),
        answers=message.header.in_reply_to,
        version=agreement.version,
        prepared_at=now,
        reduced_deletes=agreement.reduced_deletes,
        message_statuses=agreement.message_statuses,
        name_case=agreement.name_case,
        own_ids=own_ids,
    )
    if place is None:
        return adapter.write(message, outgoing)
    # Both now, with one reference and one time: the receipt for the event vouches for the detail, whose digest it holds.
    detail = place.adapter.write(message, outgoing)
    document = adapter.write(message, replace(outgoing, detail_url=place.url, detail_digest=digest(detail.content)))
    return Document(document.content, (*document.left_out, *detail.left_out), detail.content)


def made_for(leg: Leg) -> str:
    """For whom and in what a document is fixed: for another leg it has to be made anew."""
    return f"{leg.organisation} {leg.agreement.dialect} {leg.agreement.packaging}"


def fixed_for(delivery: Delivery, organisation: OrganisationId) -> bool:
    """True where the document, if there is one, was made for this organisation: the same code may have been another's."""
    return delivery.fixed_for is None or delivery.fixed_for.partition(" ")[0] == organisation


def fits(delivery: Delivery, leg: Leg) -> bool:
    """True where there is a document and it was fixed for this leg. It is not where the code was given to another
    organisation, or another language was agreed, while the delivery was on its way."""
    return delivery.document is not None and delivery.fixed_for in (None, made_for(leg))


def fix(delivery: Delivery, document: Document, leg: Leg, means: Means, now: datetime) -> tuple[Delivery, Changes]:
    """The delivery with its document, and the changes that make it durable before the first hand-over."""
    agreement = leg.agreement
    left_out = json.dumps([{"pointer": item.pointer, "reason": item.reason} for item in document.left_out])
    fixed = replace(
        delivery,
        document=seal(enclose(document.content, document.detail), means.archive, delivery.delivery_id.encode(), means.random),
        sent_digest=document_digest(agreement.packaging, document.content),
        left_out=left_out,
        fixed_for=made_for(leg),
        updated_at=now,
    )
    facts: dict[str, Fact] = {
        "message": delivery.message_id or "",
        "recipient": delivery.recipient,
        "sent": fixed.sent_digest or "",
        "dialect": agreement.dialect,
        "left_out": len(document.left_out),
    }
    if document.detail is not None:
        facts["detail"] = digest(document.detail)
    event = AuditEvent(AuditCode.DELIVERY_PREPARED, now, delivery.delivery_id, facts)
    return replace(fixed, version=fixed.version + 1), Changes(lane=delivery.lane, deliveries=(fixed,), events=(event,))

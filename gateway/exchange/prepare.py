"""Preparation: seal a fixed document for one attempt.

What it is: a fresh signature and time stamp around bytes that never change, since a WS-Security time stamp
lives for minutes and a partner may be down for days. What it is not: translation.
"""

from datetime import datetime

from adapters.contract import Address, WireMessage
from gateway.exchange.means import Means
from gateway.exchange.receipts import MEDIA_TYPE
from gateway.partners.agreement import Agreement
from gateway.records import Delivery, DeliveryKind
from gateway.trust.contract import Packaging, SealOrder
from schemas.identifiers import OrganisationId


def is_plain_receipt(delivery: Delivery) -> bool:
    """A notice without a message of its own is a receipt JWS that goes out as it is."""
    return delivery.kind is DeliveryKind.NOTICE and delivery.message_id is None


def package(
    delivery: Delivery,
    document: bytes,
    agreement: Agreement,
    organisation: OrganisationId,
    packaging: Packaging,
    means: Means,
    now: datetime,
    *,
    media_type: str,
) -> WireMessage:
    """The document as it travels; `media_type` is the dialect's. Raises SignerUnavailable."""
    if is_plain_receipt(delivery):
        return WireMessage(document, MEDIA_TYPE)
    order = SealOrder(document=document, kind="message", audience=organisation, now=now, soap_version=agreement.soap_version, media_type=media_type)
    return packaging.seal(order, means.signer_for(agreement.packaging))


def address(delivery: Delivery, agreement: Agreement, organisation: OrganisationId) -> Address:
    """Where the channel hands it over."""
    return Address(
        organisation=organisation,
        recipient=delivery.recipient,
        url=agreement.receipt_endpoint if is_plain_receipt(delivery) else agreement.endpoint,
        timeout_seconds=agreement.timeout_seconds,
        message_id=delivery.message_id or delivery.delivery_id,
        is_receipt=is_plain_receipt(delivery),
        sequence=delivery.sequence,
    )

"""Receipts of ours: made and verified by the same code.

What it is: claims signed as a compact JWS of type `receipt+jws`, and its digest, which the next receipt of
the same delivery names as `previous`. What it is not: a decision: `accept` and `settle` decide what to say.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.exchange.means import Means
from gateway.trust.compact import split
from gateway.trust.contract import SealOrder
from gateway.trust.digests import digest
from schemas.faults import Fault, FaultCode
from schemas.identifiers import Digest, OrganisationId
from schemas.receipts import Basis, Evidence, FaultClaim, MessageVerdict, Receipt, Stage, encode, from_claims
from schemas.telling import bounded

MEDIA_TYPE = "application/jose"
LINES_MEDIA_TYPE = "application/vnd.interagency-gateway.jose-lines"
"""Several compact JWS in one AMQP message, a line each: every one signed, judged and answered by itself."""


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt as it goes out."""

    receipt: Receipt
    jws: str
    digest: Digest


def fault_claim(fault: Fault) -> FaultClaim:
    """A fault as a receipt tells it."""
    return FaultClaim(
        fault.code.value,
        fault.row.title,
        fault.detail,
        fault.pointer,
        value=fault.value,
        reference=fault.reference,
        current_version=fault.current_version or "",
    )


def fault_of(claim: FaultClaim) -> Fault:
    """Inverse of `fault_claim`, for what a receipt of ours tells."""
    return Fault(FaultCode(claim.code), claim.detail, claim.pointer, claim.reference, claim.value, claim.current_version or None)


def sign(receipt: Receipt, means: Means, now: datetime) -> SignedReceipt:
    """Sign claims. The digest is that of the compact JWS, so that it proves the signature too."""
    wire = means.receipts.seal(SealOrder(document=encode(receipt), kind="receipt", audience=receipt.audience, now=now), means.message_signer)
    return SignedReceipt(receipt, wire.body.decode("ascii"), digest(wire.body))


def kept(jws: str) -> Receipt:
    """The claims of a receipt of ours that comes from the store. Its signature is not looked at again: the store's
    word on what was receipted is the one that every rule already rests on."""
    return from_claims(json.loads(split(jws.encode("ascii")).unverified_payload))


def of_submission(
    *,
    means: Means,
    now: datetime,
    audience: OrganisationId,
    submission: str,
    control_reference: str | None,
    received: Digest,
    verdicts: tuple[MessageVerdict, ...] = (),
    fault: Fault | None = None,
    also: Sequence[Fault] = (),
) -> SignedReceipt:
    """`accepted`: durable with the gateway; or, with a fault, `refused`, and why. One per submission. `also` is
    what else was found wrong, in the whole or in the messages that were not taken; the receipt bounds it."""
    told, more = bounded(also)
    return sign(
        Receipt(
            issuer=means.issuer,
            audience=audience,
            receipt_id=means.new_id(),
            issued_at=int(now.timestamp()),
            stage=Stage.REFUSED if fault else Stage.ACCEPTED,
            subject=submission,
            control_reference=control_reference,
            received_digest=received,
            messages=verdicts,
            fault=fault_claim(fault) if fault else None,
            also=tuple(fault_claim(other) for other in told),
            more=more,
        ),
        means,
        now,
    )


def of_stage(
    stage: Stage,
    *,
    means: Means,
    now: datetime,
    audience: OrganisationId,
    message: str,
    recipient: str,
    basis: Basis,
    sent: Digest | None,
    previous: Digest | None,
    fault: FaultClaim | None = None,
    evidence: Evidence | None = None,
    record_id: str | None = None,
) -> SignedReceipt:
    """A later stage of one delivery, chained to the receipt before it."""
    return sign(
        Receipt(
            issuer=means.issuer,
            audience=audience,
            receipt_id=means.new_id(),
            issued_at=int(now.timestamp()),
            stage=stage,
            subject=message,
            recipient=recipient,
            basis=basis,
            sent_digest=sent,
            previous=previous,
            fault=fault,
            evidence=evidence,
            record_id=record_id,
        ),
        means,
        now,
    )

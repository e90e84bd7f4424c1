"""Receipts: signed statements of one stage each, as claims.

What it is: the claims of a receipt, to and from JSON. What it is not: the signature (see
`gateway.exchange.receipts`, which makes and verifies them). Follows the receipts of AS4 and ETSI REM
evidence in spirit, RFC 7519 in form.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.faults import FaultCode, refuse
from schemas.identifiers import Digest


class Stage(StrEnum):
    """What a receipt says, in the order in which it can be said."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DELIVERED = "delivered"
    APPLIED = "applied"
    NOT_APPLIED = "not-applied"
    DISCARDED = "discarded"


class Basis(StrEnum):
    """Whose word a later stage rests on."""

    RECIPIENT_RECEIPT = "recipient-receipt"
    """A receipt that the recipient signed; attached verbatim."""
    RECIPIENT_NOTIFICATION = "recipient-notification"
    """The recipient's signed InterchangeStatusNotification; attached verbatim."""
    TRANSPORT = "transport"
    """The recipient's system answered the push with success."""
    MAILBOX = "mailbox"
    """The recipient acknowledged it in its mailbox."""
    OPERATOR = "operator"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class FaultClaim:
    """A fault as a receipt tells it."""

    code: str
    title: str
    detail: str = ""
    pointer: str = ""
    value: str = ""
    """What was found, where it may be repeated."""
    reference: int | None = None
    """Number of the message in its interchange."""
    current_version: str = ""
    """Of a version conflict: the version that the record has now, where its keeper says so."""


@dataclass(frozen=True, slots=True)
class MessageVerdict:
    """One entry of a first receipt, in the order of the interchange: our id, the sender's, the verdict."""

    message_id: str
    """Empty where the message was refused: then it never got an id of ours."""
    sender_message_id: str
    verdict: str
    """`accepted` or `refused`."""
    fault: FaultClaim | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The partner's own statement, verbatim."""

    media_type: str
    value: str
    """A compact JWS, or base64 of the bytes received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The claims of one receipt. Times are whole seconds since the epoch, UTC (RFC 7519 NumericDate)."""

    issuer: str
    audience: str
    receipt_id: str
    issued_at: int
    stage: Stage
    subject: str
    """Submission id at acceptance; message id at every later stage."""
    control_reference: str | None = None
    received_digest: Digest | None = None
    messages: tuple[MessageVerdict, ...] = ()
    recipient: str | None = None
    basis: Basis | None = None
    sent_digest: Digest | None = None
    previous: Digest | None = None
    fault: FaultClaim | None = None
    also: tuple[FaultClaim, ...] = ()
    """Of a first receipt: what else was found wrong, each with the number of its message."""
    more: int = 0
    """How many faults were found besides those told."""
    evidence: Evidence | None = None
    record_id: str | None = None
    """Of a recipient's `applied`: the id that its case system gave to the record."""
    local_id: str | None = None
    """Of a recipient's receipt: its own id of the record, where its agreement has it known by own ids."""


def to_claims(receipt: Receipt) -> dict[str, object]:
    """The JSON object that is signed, without absent members."""
    claims: dict[str, object] = {
        "iss": receipt.issuer,
        "aud": receipt.audience,
        "jti": receipt.receipt_id,
        "iat": receipt.issued_at,
        "stage": receipt.stage.value,
        "sub": receipt.subject,
    }
    optional = {
        "control_reference": receipt.control_reference,
        "received_digest": receipt.received_digest,
        "messages": [_verdict(entry) for entry in receipt.messages] or None,
        "recipient": receipt.recipient,
        "basis": receipt.basis.value if receipt.basis else None,
        "sent_digest": receipt.sent_digest,
        "previous": receipt.previous,
        "fault": _present(receipt.fault) if receipt.fault else None,
        "also": [_present(fault) for fault in receipt.also] or None,
        "more": receipt.more or None,
        "evidence": _present(receipt.evidence) if receipt.evidence else None,
        "record_id": receipt.record_id,
        "local_id": receipt.local_id,
    }
    return claims | {name: value for name, value in optional.items() if value is not None}


def from_claims(claims: Mapping[str, object]) -> Receipt:
    """Read claims that were verified. Refuses with `structure-invalid` what is not a receipt."""
    try:
        return _from_claims(claims)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refuse(FaultCode.STRUCTURE_INVALID, "The claims are not those of a receipt.", cause=type(error).__name__) from error


def _from_claims(claims: Mapping[str, Any]) -> Receipt:
    return Receipt(
        issuer=_text(claims, "iss"),
        audience=_text(claims, "aud"),
        receipt_id=_text(claims, "jti"),
        issued_at=_number(claims, "iat"),
        stage=Stage(_text(claims, "stage")),
        subject=_text(claims, "sub"),
        control_reference=_optional(claims, "control_reference"),
        received_digest=_digest(claims, "received_digest"),
        messages=tuple(_read_verdict(entry) for entry in claims.get("messages", ())),
        recipient=_optional(claims, "recipient"),
        basis=Basis(claims["basis"]) if "basis" in claims else None,
        sent_digest=_digest(claims, "sent_digest"),
        previous=_digest(claims, "previous"),
        fault=_read_fault(claims["fault"]) if "fault" in claims else None,
        also=tuple(_read_fault(entry) for entry in claims.get("also", ())),
        more=_number(claims, "more") if "more" in claims else 0,
        evidence=Evidence(_text(claims["evidence"], "media_type"), _text(claims["evidence"], "value")) if "evidence" in claims else None,
        record_id=_optional(claims, "record_id"),
        local_id=_optional(claims, "local_id"),
    )


def encode(receipt: Receipt) -> bytes:
    """Claims as the bytes that are signed."""
    return json.dumps(to_claims(receipt), ensure_ascii=False, separators=(",", ":")).encode()


def _present(value: FaultClaim | Evidence) -> dict[str, str | int]:
    return {name: found for name in value.__slots__ if (found := getattr(value, name))}


def _verdict(entry: MessageVerdict) -> dict[str, Any]:
    claim: dict[str, Any] = {"message_id": entry.message_id} if entry.message_id else {}
    claim |= {"sender_message_id": entry.sender_message_id, "verdict": entry.verdict}
    return claim | {"fault": _present(entry.fault)} if entry.fault else claim


def _read_verdict(claim: Mapping[str, Any]) -> MessageVerdict:
    fault = _read_fault(claim["fault"]) if "fault" in claim else None
    return MessageVerdict(_optional(claim, "message_id") or "", _text(claim, "sender_message_id"), _text(claim, "verdict"), fault)


def _read_fault(claim: Mapping[str, Any]) -> FaultClaim:
    told = {name: str(claim.get(name, "")) for name in ("title", "detail", "pointer", "value", "current_version")}
    return FaultClaim(_text(claim, "code"), **told, reference=_number(claim, "reference") if "reference" in claim else None)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _optional(claims: Mapping[str, Any], name: str) -> str | None:
    return _text(claims, name) if name in claims else None


def _digest(claims: Mapping[str, Any], name: str) -> Digest | None:
    return Digest(_text(claims, name)) if name in claims else None


def _number(claims: Mapping[str, Any], name: str) -> int:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(name)
    return value

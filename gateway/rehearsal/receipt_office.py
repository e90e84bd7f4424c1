"""The receipt office of a simulated CRC: what it says about each message, signed.

What it is: one receipt per message, `applied` or `not-applied`, and every way in which partners get them wrong, on
demand. What it is not: the judgement (`case_system`), nor the way to the gateway. Form: `schemas.receipts`.
"""

import json
import time
import uuid
from dataclasses import dataclass

from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.jose import PartnerKey, base64url, digest_of, unbase64url
from schemas.faults import FAULTS, FaultCode
from schemas.identifiers import Digest
from schemas.receipts import FaultClaim, Receipt, Stage, encode

SOMETHING_ELSE = Digest(digest_of(b"something else"))
SOMEBODY_ELSE = "C99"


@dataclass(frozen=True, slots=True)
class Said:
    """The receipts about one message: the one that answers, and those that follow."""

    first: str
    late: tuple[str, ...] = ()


class ReceiptOffice:
    """Makes the receipts of one party."""

    def __init__(self, organisation: str, party: str, audience: str, key: PartnerKey, flaws: Flaws) -> None:
        self._organisation, self._party, self._audience = organisation, party, audience
        self._key, self._flaws = key, flaws
        self._stranger = PartnerKey.generate()

    def now(self) -> float:
        """Seconds since 1970 as its own clock tells them."""
        return time.time() + self._flaws.argument(Flaw.WRONG_CLOCK)

    def receipts(self, message_id: str, digest: str, objection: FaultClaim | None, local_id: str = "") -> Said:
        """What is said about a message, once and for ever; with what the record is called here, where that is told."""
        has = self._flaws.has
        if has(Flaw.RECEIPT_NEVER):
            return Said("")
        stage = Stage.NOT_APPLIED if objection and not has(Flaw.LYING_RECEIPT) else Stage.APPLIED
        fault = None if stage is Stage.APPLIED or has(Flaw.RECEIPT_WITHOUT_REASON) else objection
        first = self._made(message_id, digest, stage, fault, local_id)
        late: tuple[str, ...] = (self._made(message_id, digest, stage, fault, local_id),) if has(Flaw.RECEIPT_TWICE) else ()
        late += (self._made(message_id, digest, Stage.DELIVERED, None),) if has(Flaw.RECEIPT_OUT_OF_ORDER) else ()
        return Said(first, late)

    def _made(self, message_id: str, digest: str, stage: Stage, fault: FaultClaim | None, local_id: str = "") -> str:
        has, now = self._flaws.has, int(self.now())
        receipt = Receipt(
            issuer=self._organisation,
            audience=self._audience,
            receipt_id=str(uuid.uuid4()),
            issued_at=now,
            stage=stage,
            subject=str(uuid.uuid4()) if has(Flaw.RECEIPT_FOR_OTHER_MESSAGE) else message_id,
            recipient=SOMEBODY_ELSE if has(Flaw.RECEIPT_FOR_OTHER_PARTY) else self._party,
            sent_digest=SOMETHING_ELSE if has(Flaw.RECEIPT_FOR_OTHER_DIGEST) else Digest(digest),
            fault=fault,
            local_id=local_id or None,
        )
        return self._signed(encode(receipt), now)

    def _signed(self, claims: bytes, now: int) -> str:
        signer = self._stranger if self._flaws.has(Flaw.SIGNED_BY_OLD_KEY) else self._key
        jws = signer.sign(claims, kind="receipt", audience=self._audience, issued_at=now)
        if self._flaws.has(Flaw.WRONG_SIGNATURE):
            head, body, _ = jws.split(".")
            return ".".join((head, body, self._stranger.sign(claims, kind="receipt", audience=self._audience, issued_at=now).rpartition(".")[2]))
        return _without_signature(jws) if self._flaws.has(Flaw.UNSIGNED_RECEIPT) else jws


def _without_signature(jws: str) -> str:
    head, body, _ = jws.split(".")
    header = json.loads(unbase64url(head)) | {"alg": "none"}
    return f"{base64url(json.dumps(header).encode())}.{body}."


def claim(code: FaultCode, detail: str, *, current: str = "") -> FaultClaim:
    """Why something is not applied."""
    return FaultClaim(code.value, FAULTS[code].title, detail, current_version=current)

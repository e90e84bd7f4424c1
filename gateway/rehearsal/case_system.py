"""The case system of a simulated CRC: reads what the gateway signed for it, does it once, and signs a receipt.

What it is: duplicate memory by message id, the version of each record, receipts made once and repeated byte for byte,
and the answers that it owes to transfer requests; all of it comes back from the journal after a crash. What it is
not: a channel: `json_crc`, `queue_crc` and `shelf_crc` carry the bytes.
"""

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.rehearsal.jose import PartnerKey, PublishedKeys
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.languages import Answering, Facts, Language
from gateway.rehearsal.record_versions import Change, RecordVersions, Stale
from schemas.faults import FAULTS, FaultCode
from schemas.identifiers import Digest
from schemas.receipts import FaultClaim, Receipt, Stage, encode

TRANSFER_REQUEST = "ConsolidatedTransferRequest"
TRANSFER_RESPONSE = "ConsolidatedTransferResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrcIdentity:
    """Who a simulated CRC is, and to whom it speaks."""

    organisation: str
    party: str
    name: str
    gateway_audience: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a case system says to one delivery."""

    receipt: str
    message_id: str
    again: bool
    answer: bytes | None = None
    """Payload of a message of its own that it now owes."""


class CaseSystem:
    """One CRC's back office. Safe to call from several threads."""

    def __init__(self, identity: CrcIdentity, key: PartnerKey, language: Language, answering: Answering, journal: Journal) -> None:
        self.identity = identity
        self._key, self._language, self._answering, self._journal = key, language, answering, journal
        self._guard = threading.Lock()
        self._versions = RecordVersions()
        self._versions.remember(journal.entries(Noted.APPLIED))
        self._receipts = {entry.text("message_id"): entry.text("receipt") for entry in journal.entries() if entry.noted in (Noted.APPLIED, Noted.NOT_APPLIED)}

    def take(self, jws: str, keys: PublishedKeys) -> Taken:
        """Verify one message and do what it says, once. Raises NotBelievedError."""
        opened = keys.open(jws, kind="message", audience=self.identity.organisation)
        content = opened.claims()
        header = _object(content["header"])
        message_id = str(header["message_id"])
        with self._guard:
            if message_id in self._receipts:
                self._journal.write(Noted.RECEIVED_AGAIN, message_id=message_id, digest=opened.digest)
                return Taken(self._receipts[message_id], message_id, again=True)
            return self._do(message_id, header, _object(content["document"]), opened.digest)

    def facts(self, kind: str, document: Mapping[str, object]) -> Facts:
        """What one of its own documents says."""
        return self._language.facts(kind, document)

    def sign(self, payload: bytes) -> str:
        """Sign a message of its own for the gateway."""
        return self._key.sign(payload, kind="message", audience=self.identity.gateway_audience)

    def _do(self, message_id: str, header: Mapping[str, object], document: Mapping[str, object], digest: str) -> Taken:
        kind = str(header["type"])
        facts = self._language.facts(kind, document)
        noted: dict[str, str] = {
            "message_id": message_id,
            "sender": str(header["sender"]),
            "type": kind,
            "case": facts.case,
            "key": facts.key,
            "named": facts.version,
            "digest": digest,
        }
        self._journal.write(Noted.RECEIVED, **noted)
        version, objection = self._judge(Change(facts.case, kind, facts.key, str(header["action"]), facts.version), facts.objection)
        receipt = self._sign_receipt(message_id, digest, objection)
        self._receipts[message_id] = receipt
        if objection is not None:
            self._journal.write(Noted.NOT_APPLIED, **noted, receipt=receipt, reason=objection.detail)
            return Taken(receipt, message_id, again=False)
        self._journal.write(Noted.APPLIED, **noted, receipt=receipt, version=version)
        return Taken(receipt, message_id, again=False, answer=self._answer(header, document) if kind == TRANSFER_REQUEST else None)

    def _judge(self, change: Change, objection: str) -> tuple[str, FaultClaim | None]:
        """The record's version once it is done, or why it is not."""
        if objection:
            return "", _claim(FaultCode.NOT_APPLIED, objection)
        done = self._versions.apply(change)
        if isinstance(done, Stale):
            return "", _claim(FaultCode.VERSION_CONFLICT, "The record was changed meanwhile.", current=done.current)
        return done, None

    def _sign_receipt(self, message_id: str, digest: str, objection: FaultClaim | None) -> str:
        now = int(datetime.now(UTC).timestamp())
        receipt = Receipt(
            issuer=self.identity.organisation,
            audience=self.identity.gateway_audience,
            receipt_id=str(uuid.uuid4()),
            issued_at=now,
            stage=Stage.NOT_APPLIED if objection else Stage.APPLIED,
            subject=message_id,
            recipient=self.identity.party,
            sent_digest=Digest(digest),
            fault=objection,
        )
        return self._key.sign(encode(receipt), kind="receipt", audience=self.identity.gateway_audience, issued_at=now)

    def _answer(self, header: Mapping[str, object], document: Mapping[str, object]) -> bytes:
        reference = str(uuid.uuid4())
        answer_header = {
            "message_id": reference,
            "sender": self.identity.party,
            "recipients": [header["sender"]],
            "type": TRANSFER_RESPONSE,
            "action": "INS",
            "version": header["version"],
            "control_reference": reference,
            "case_reference": header.get("case_reference"),
            "in_reply_to": header["message_id"],
            "prepared_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        }
        answer = {"header": answer_header, "document": self._language.transfer_response(document, self._answering)}
        return json.dumps(answer, ensure_ascii=False).encode()


def _claim(code: FaultCode, detail: str, *, current: str = "") -> FaultClaim:
    return FaultClaim(code.value, FAULTS[code].title, detail, current_version=current)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError("not a JSON object")
    return value

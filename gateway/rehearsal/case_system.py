"""The case system of a simulated CRC: reads what the gateway signed for it, does it once, and signs a receipt.

What it is: duplicate memory by message id, the version of each record, receipts made once and repeated byte for byte,
and the answers that it owes to transfer requests; all of it comes back from the journal after a crash. What it is
not: a channel: `json_crc`, `queue_crc` and `shelf_crc` carry the bytes.
"""

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.jose import Checks, NotBelievedError, PartnerKey, PublishedKeys, digest_of
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.keeping import comparable, kept_of
from gateway.rehearsal.languages import Answering, Facts, Language
from gateway.rehearsal.naming import OwnNames
from gateway.rehearsal.receipt_office import ReceiptOffice, claim
from gateway.rehearsal.record_versions import Change, RecordVersions, Stale
from gateway.rehearsal.shapes import objections
from schemas.faults import FaultCode
from schemas.receipts import FaultClaim

SKEW_SECONDS = 300.0
"""How far the gateway's clock may be ahead of the partner's."""
TRANSFER_REQUEST = "ConsolidatedTransferRequest"
TRANSFER_RESPONSE = "ConsolidatedTransferResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrcIdentity:
    """Who a simulated CRC is, and to whom it speaks."""

    organisation: str
    party: str
    name: str
    gateway_audience: str
    careful: bool = False
    """It checks the form of what it is sent before its case system sees it."""
    max_age_seconds: float = 7 * 24 * 3600
    """How old a signature of the gateway's may be."""
    own_ids: bool = False
    """It knows records by ids of its own, and says them in its receipts."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a case system says to one delivery."""

    receipt: str
    """Empty where it has nothing to say yet."""
    message_id: str
    again: bool
    answer: bytes | None = None
    """Payload of a message of its own that it now owes."""
    late: tuple[str, ...] = ()
    """Receipts that come by themselves, after the first."""


class BrokenError(Exception):
    """The case system itself fell over: nobody knows what it did."""


class CaseSystem:
    """One CRC's back office. Safe to call from several threads."""

    def __init__(self, identity: CrcIdentity, key: PartnerKey, language: Language, answering: Answering, journal: Journal, flaws: Flaws | None = None) -> None:
        self.identity = identity
        self._key, self._language, self._answering, self._journal = key, language, answering, journal
        self._flaws = flaws or Flaws()
        self._office = ReceiptOffice(identity.organisation, identity.party, identity.gateway_audience, key, self._flaws)
        self._guard = threading.Lock()
        self._held: dict[str, tuple[str, Mapping[str, object], Mapping[str, object], str]] = {}
        self._versions, self._names = RecordVersions(), OwnNames(identity.party)
        self._receipts: dict[str, str] = {}
        self.recall()

    def recall(self) -> None:
        """Begin as after a restart: what is known is what the journal says."""
        self._versions, self._names, self._receipts = RecordVersions(), OwnNames(self.identity.party), {}
        if self._flaws.has(Flaw.FORGETS_DUPLICATES_AFTER_RESTART):
            return
        self._versions.remember(self._journal.entries(Noted.APPLIED))
        self._names.remember(self._journal.entries(Noted.APPLIED))
        done = (entry for entry in self._journal.entries() if entry.noted in (Noted.APPLIED, Noted.NOT_APPLIED))
        self._receipts = {entry.text("message_id"): entry.text("receipt") for entry in done}

    def take(self, jws: str, keys: PublishedKeys) -> Taken:
        """Verify one message and do what it says, once. Raises NotBelievedError, and BrokenError where it has that flaw."""
        opened = keys.open(jws, kind="message", audience=self.identity.organisation, checks=self._checks())
        content = opened.claims()
        header = _object(content["header"])
        message_id = str(header["message_id"])
        named = header.get("recipients") or [self.identity.party]
        if not isinstance(named, list) or self.identity.party not in named:
            raise NotBelievedError("the message is for another party")
        with self._guard:
            if message_id not in self._receipts:
                return self._first(message_id, header, _object(content["document"]), opened.digest)
            self._journal.write(Noted.RECEIVED_AGAIN, message_id=message_id, digest=opened.digest)
            return self._again(message_id, header, _object(content["document"]), opened.digest)

    def facts(self, kind: str, document: Mapping[str, object]) -> Facts:
        """What one of its own documents says."""
        return self._language.facts(kind, document)

    def sign(self, payload: bytes) -> str:
        """Sign a message of its own for the gateway."""
        return self._key.sign(payload, kind="message", audience=self.identity.gateway_audience, issued_at=int(self._office.now()))

    def _checks(self) -> Checks:
        lax = self._flaws.has
        return Checks(
            signature=not lax(Flaw.ACCEPTS_BAD_SIGNATURE),
            audience=not lax(Flaw.ACCEPTS_WRONG_AUDIENCE),
            oldest_seconds=None if lax(Flaw.ACCEPTS_REPLAY_STALE) else self.identity.max_age_seconds,
            newest_seconds=None if lax(Flaw.ACCEPTS_FUTURE_DATED) else SKEW_SECONDS,
            now=self._office.now(),
        )

    def _again(self, message_id: str, header: Mapping[str, object], document: Mapping[str, object], digest: str) -> Taken:
        if self._flaws.has(Flaw.BREAKS_ON_RESEND):
            raise BrokenError("duplicate key")
        if self._flaws.has(Flaw.APPLIES_DUPLICATES_TWICE):
            return self._do(message_id, header, document, digest)
        return Taken(self._receipts[message_id], message_id, again=True)

    def _first(self, message_id: str, header: Mapping[str, object], document: Mapping[str, object], digest: str) -> Taken:
        case = str(header.get("case_reference", ""))
        if not self._flaws.has(Flaw.REORDERS_WITHIN_CASE) or not case:
            return self._do(message_id, header, document, digest)
        earlier = self._held.pop(case, None)
        if earlier is None:
            self._held[case] = (message_id, header, document, digest)
            return Taken("", message_id, again=False)
        taken = self._do(message_id, header, document, digest)
        return replace(taken, late=(*taken.late, self._do(*earlier).receipt))

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
        own = self._names.call(kind, facts.key) if self.identity.own_ids else ""
        change = Change(facts.case, kind, own or facts.key, str(header["action"]), facts.version)
        version, objection = self._judge(change, facts.objection, header, document)
        said = self._office.receipts(message_id, digest, objection, own if objection is None else "")
        self._receipts[message_id] = said.first
        if objection is not None:
            self._journal.write(Noted.NOT_APPLIED, **noted, receipt=said.first, reason=objection.detail)
            return Taken(said.first, message_id, again=False, late=said.late)
        kept = digest_of(comparable(kept_of(document, self._flaws)))
        self._journal.write(Noted.APPLIED, **noted, receipt=said.first, called=own, version=version, kept=kept)
        answer = self._answer(header, document) if kind == TRANSFER_REQUEST else None
        return Taken(said.first, message_id, again=False, answer=answer, late=said.late)

    def _judge(self, change: Change, objection: str, header: Mapping[str, object], document: Mapping[str, object]) -> tuple[str, FaultClaim | None]:
        """The record's version once it is done, or why it is not."""
        if self._flaws.has(Flaw.NOT_APPLIED_EVERYTHING):
            return "", claim(FaultCode.NOT_APPLIED, "The case system is not available.")
        wrong = self._wrong_form(header, document)
        if wrong:
            return "", claim(FaultCode.STRUCTURE_INVALID, wrong)
        if objection:
            return "", claim(FaultCode.NOT_APPLIED, objection)
        done = self._versions.apply(change)
        if isinstance(done, Stale):
            return "", claim(FaultCode.VERSION_CONFLICT, "The record was changed meanwhile.", current=done.current)
        return done, None

    def _wrong_form(self, header: Mapping[str, object], document: Mapping[str, object]) -> str:
        """The first thing that is wrong with a message; empty where it looks as it must, or nobody looks."""
        if not self.identity.careful or self._flaws.has(Flaw.ACCEPTS_SCHEMA_INVALID):
            return ""
        found = objections(self._language.name, header, document, own_ids=self.identity.own_ids)
        heeded = (one for one in found if not (one.is_unknown_name and self._flaws.has(Flaw.IGNORES_UNKNOWN_FIELDS)))
        return next((one.sentence for one in heeded), "")

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


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError("not a JSON object")
    return value

"""The desk of an event consumer: believes an event, fetches its detail, does once what it says, and signs a receipt.

What it is: a reading of events and details by hand, as a supplier would write it, that trusts neither alone: the event
must be the gateway's, its detail must lie with the gateway, be signed for us, and be the one that the event has the
digest of. What it is not: a channel (`event_crc`), nor the gateway's own adapter, which it must not share.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.jose import NotBelievedError, Opened, PartnerKey, PublishedKeys
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.languages import Language
from gateway.rehearsal.record_versions import Change, RecordVersions, Stale
from schemas.faults import FAULTS, FaultCode
from schemas.identifiers import Digest
from schemas.receipts import FaultClaim, Receipt, Stage, encode

EVENT_VERSION = 1
DETAILS_PATH = "/v1/deliveries/"

Fetch = Callable[[str], str]
"""Gets the detail at a path of the gateway's; a compact JWS. Raises httpx.HTTPError."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the desk knows of the gateway."""

    base_url: str
    keys: PublishedKeys
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class _Told:
    """An event that was believed, and the message behind it."""

    message_id: str
    event_digest: str
    header: Mapping[str, object]
    document: Mapping[str, object]


class EventDesk:
    """One consumer's back office. Safe to call from several threads."""

    def __init__(self, identity: CrcIdentity, key: PartnerKey, language: Language, journal: Journal) -> None:
        self._identity, self._key, self._language, self._journal = identity, key, language, journal
        self._guard = threading.Lock()
        self._versions = RecordVersions()
        done = [entry for entry in journal.entries() if entry.noted in (Noted.APPLIED, Noted.NOT_APPLIED)]
        self._versions.remember(done)
        self._receipts = {entry.text("message_id"): entry.text("receipt") for entry in done}

    def take(self, jws: str, gateway: Gateway) -> str:
        """The signed receipt for an event, the same one however often it comes. Raises NotBelievedError, httpx.HTTPError."""
        opened = gateway.keys.open(jws, kind="message", audience=self._identity.organisation)
        event = opened.claims()
        information = _object(event.get("additionalInformation"))
        message_id = str(information["messageId"])
        with self._guard:
            if message_id in self._receipts:
                self._journal.write(Noted.RECEIVED_AGAIN, message_id=message_id, digest=opened.digest)
                return self._receipts[message_id]
            told = self._told(event, information, opened, gateway)
            return self._do(told, str(event["eventType"]), str(information["sender"]))

    def _told(self, event: Mapping[str, object], information: Mapping[str, object], opened: Opened, gateway: Gateway) -> _Told:
        if event.get("version") != EVENT_VERSION or information.get("recipient") != self._identity.party:
            raise NotBelievedError("the event is of another form, or for another party")
        url, start = str(event.get("detailUrl")), gateway.base_url + DETAILS_PATH
        if not url.startswith(start):
            raise NotBelievedError("the detail does not lie with the gateway")
        detail = gateway.keys.open(gateway.fetch(url.removeprefix(gateway.base_url)), kind="message", audience=self._identity.organisation)
        if detail.digest != information.get("detailDigest"):
            raise NotBelievedError("the detail is not the one that the event points at")
        content = detail.claims()
        header = _object(content["header"])
        _require_the_same(event, information, header)
        return _Told(str(header["message_id"]), opened.digest, header, _object(content["document"]))

    def _do(self, told: _Told, event_type: str, sender: str) -> str:
        kind = str(told.header["type"])
        facts = self._language.facts(kind, told.document)
        noted = {"message_id": told.message_id, "sender": sender, "type": kind, "event_type": event_type, "case": facts.case, "key": facts.key}
        self._journal.write(Noted.RECEIVED, **noted, named=facts.version, digest=told.event_digest)
        done = self._versions.apply(Change(facts.case, kind, facts.key, str(told.header["action"]), facts.version))
        objection = _objection(facts.objection, done)
        receipt = self._receipts[told.message_id] = self._signed(told, objection)
        if objection is not None:
            self._journal.write(Noted.NOT_APPLIED, **noted, digest=told.event_digest, receipt=receipt, reason=objection.detail)
        else:
            self._journal.write(Noted.APPLIED, **noted, digest=told.event_digest, receipt=receipt, version=done if isinstance(done, str) else "")
        return receipt

    def _signed(self, told: _Told, objection: FaultClaim | None) -> str:
        """The receipt is owed for what was handed over: the event. Its digest covers that of the detail."""
        who, now = self._identity, int(time.time())
        claims = Receipt(
            issuer=who.organisation,
            audience=who.gateway_audience,
            receipt_id=str(uuid.uuid4()),
            issued_at=now,
            stage=Stage.APPLIED if objection is None else Stage.NOT_APPLIED,
            subject=told.message_id,
            recipient=who.party,
            sent_digest=Digest(told.event_digest),
            fault=objection,
        )
        return self._key.sign(encode(claims), kind="receipt", audience=who.gateway_audience, issued_at=now)


def _require_the_same(event: Mapping[str, object], information: Mapping[str, object], header: Mapping[str, object]) -> None:
    """Event and detail tell one message: ids, and the case where the event names one."""
    said = [information["messageId"], information["controlReference"], information["sender"], event.get("publishedAt")]
    if said != [header.get(name) for name in ("message_id", "control_reference", "sender", "prepared_at")]:
        raise NotBelievedError("event and detail tell different messages")
    identifiers = _object(event.get("personReference") or {"identifiers": []})["identifiers"]
    if identifiers not in ([], [{"type": "CRN", "value": header.get("case_reference")}]):
        raise NotBelievedError("event and detail name different cases")


def _objection(text: str, done: str | Stale) -> FaultClaim | None:
    if text:
        return FaultClaim(FaultCode.NOT_APPLIED.value, FAULTS[FaultCode.NOT_APPLIED].title, text)
    if isinstance(done, Stale):
        title = FAULTS[FaultCode.VERSION_CONFLICT].title
        return FaultClaim(FaultCode.VERSION_CONFLICT.value, title, "The record was changed meanwhile.", current_version=done.current)
    return None


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise NotBelievedError("not a JSON object")
    return value

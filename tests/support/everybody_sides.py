"""The organisations of `partners/*.yaml` as simulated partners: one for each dialect and channel of the example set.

Several parties of one organisation stand behind one endpoint, queue, shelf or folder, each with a journal of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Protocol

from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.catalogue import DIALECTS
from adapters.contract import Outgoing, WireMessage
from broker.rabbitmq import RabbitBroker
from gateway.rehearsal import interchange
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CaseSystem, CrcIdentity
from gateway.rehearsal.correspondence import Correspondence
from gateway.rehearsal.crc import CrcKeys
from gateway.rehearsal.described import DescribedLanguage
from gateway.rehearsal.event_crc import EventCrc
from gateway.rehearsal.file_crc import FileCrc
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.interchange import Addressing
from gateway.rehearsal.jose import PartnerKey, PublishedKeys
from gateway.rehearsal.journal import Journal
from gateway.rehearsal.json_crc import JsonCrc, receipt_in
from gateway.rehearsal.languages import Answering, CanonicalLanguage, CaseflowLanguage, Language
from gateway.rehearsal.ndelius import NdeliusIdentity, NdeliusKeys
from gateway.rehearsal.profiles import PATIENCE, Document, Subject
from gateway.rehearsal.queue_crc import QueueCrc
from gateway.rehearsal.receipt_book import TooEarlyError
from gateway.rehearsal.shelf_crc import ShelfCrc
from gateway.rehearsal.spg_parties import SpgParty
from gateway.trust.certificates import CertificateUse
from gateway.trust.contract import Packaging, SealOrder, Signer
from gateway.trust.keyring import KeyUse
from gateway.trust.signing import key_record_from_certificate
from gateway.trust.unsafe_legacy import UnsafeLegacyWssPackaging
from gateway.trust.wss import WssPackaging
from schemas.envelope import Entry as MessageEntry
from schemas.envelope import Message
from schemas.identifiers import MessageId, OrganisationId, PartyCode

AUDIENCE = "interagency-gateway.test"
LANGUAGES: Mapping[str, Callable[[], Language]] = {"canonical": CanonicalLanguage, "caseflow": CaseflowLanguage}
_REFERENCES = count(1_700_000_000_001)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is put into a published profile, so that it works here."""

    keys: Sequence[Document]
    endpoint: str | None = None
    receipt_endpoint: str | None = None


def rehearsed(document: Document, terms: Terms) -> Document:
    """A published profile with the endpoints and keys of a simulated partner, and with waits of seconds instead of hours."""
    outbound = dict(_mapping(document["outbound"])) | PATIENCE
    places = {"endpoint": terms.endpoint, "receipt_endpoint": terms.receipt_endpoint}
    for name in outbound.keys() & places.keys():
        outbound[name] = places[name]
    return {**document, "outbound": outbound, "keys": list(terms.keys)}


@dataclass(frozen=True, slots=True)
class Ground:
    """What every partner stands on."""

    directory: Path
    authority: DevelopmentAuthority

    def journal(self, name: str) -> Path:
        """Where a partner writes."""
        return self.directory / "journals" / f"{name}.jsonl"


@dataclass(frozen=True, slots=True)
class Doors:
    """How partners find the gateway."""

    base_url: str
    keys: PublishedKeys
    certificate: bytes
    broker_url: str


class Side(Protocol):
    """One organisation with its parties."""

    organisation: str

    def terms(self) -> Terms: ...

    def join(self, doors: Doors) -> None: ...

    def send(self, party: str, sample: str, values: Mapping[str, str]) -> None: ...

    def collect(self) -> None: ...

    def journals(self, party: str) -> Sequence[Journal]: ...

    def failures(self) -> Sequence[str]: ...

    def close(self) -> None: ...


def worded(dialect: str, sender: str, sample: str, values: Mapping[str, str]) -> tuple[str, bytes]:
    """One message to nDelius in a dialect, made of a sample letter; with its control reference."""
    reference = str(next(_REFERENCES))
    addressing = Addressing(sender=sender, receiver="N00", reference=reference, prepared_at=datetime.now(UTC))
    (entry,) = NdeliusAdapter().read(interchange.write(sample, addressing, values)).entries
    assert isinstance(entry, MessageEntry), entry
    outgoing = Outgoing(
        sender=PartyCode(sender),
        recipient=PartyCode("N00"),
        control_reference=reference,
        answers=entry.header.in_reply_to,
        version="0-9-14",
        prepared_at=datetime.now(UTC),
    )
    message = Message(MessageId(reference), entry.header, entry.payload)
    return reference, DIALECTS[dialect].write(message, outgoing).content


class JsonSide:
    """JSON in JWS, on push, queue or shelf."""

    def __init__(self, document: Document, ground: Ground) -> None:
        self.organisation, self._parties = subjects(document)
        outbound = _mapping(document["outbound"])
        self._mode, self._dialect = str(outbound["mode"]), str(_mapping(document["inbound"])["dialect"])
        self._told_by_push = "receipt_endpoint" in outbound
        self._ground, self._keys = ground, CrcKeys(PartnerKey.generate(), PartnerKey.generate())
        self.crc = self._make()
        for one in self._parties[1:]:
            self.crc.serve(one.party, ground.journal(one.party))
        self._link: GatewayLink | None = None
        self._broker: RabbitBroker | None = None
        if isinstance(self.crc, JsonCrc):
            self.crc.start()
        self._cursor = 0

    def _make(self) -> JsonCrc | QueueCrc | ShelfCrc:
        head = self._parties[0]
        plain = (_identity(head), self._keys, LANGUAGES[self._dialect](), Answering(head.party, "Made,Up"), self._ground.journal(head.party))
        if self._mode == "push":
            return JsonCrc(*plain, self._ground.authority.server_context(self.organisation))
        return QueueCrc(*plain) if self._mode == "queue" else ShelfCrc(*plain)

    def terms(self) -> Terms:
        """Where it is reached, and its keys."""
        tls = self._ground.authority.issue(self.organisation, CertificateUse.CLIENT)
        keys = jws_keys(self._keys.sign, self._keys.auth, self._parties, tls.certificate_pem)
        return Terms(keys, self.crc.endpoint(), self.crc.receipt_endpoint()) if isinstance(self.crc, JsonCrc) else Terms(keys)

    def join(self, doors: Doors) -> None:
        """Go to work."""
        tls = self._ground.authority.client_context(self.organisation)
        if isinstance(self.crc, QueueCrc):
            self._broker = RabbitBroker({"partners": doors.broker_url})
            self.crc.connect(doors.keys)
            self.crc.start(self._broker, self.organisation)
            return
        self._link = GatewayLink(doors.base_url, Caller(self.organisation, self._keys.auth, AUDIENCE), tls)
        self.crc.connect(doors.base_url, tls)
        if isinstance(self.crc, ShelfCrc):
            self.crc.start()

    def send(self, party: str, sample: str, values: Mapping[str, str]) -> None:
        """One message to nDelius."""
        self.crc.send(worded(self._dialect, party, sample, values)[1])

    def collect(self) -> None:
        """Fetch receipts where nobody brings them."""
        if self._link is not None and self._mode == "push" and not self._told_by_push:
            self._cursor = _collected(self._link, self._cursor, self.crc._letters)

    def journals(self, party: str) -> Sequence[Journal]:
        """What a party did, and what its organisation sent and was told."""
        return tuple(dict.fromkeys((self.crc.journals[party], self.crc.journal)))

    def failures(self) -> Sequence[str]:
        """What its programs stumbled over."""
        return self.crc.failures

    def close(self) -> None:
        """End it."""
        self.crc.close()
        for end in filter(None, (self._link, self._broker)):
            end.close()


class EventSide:
    """A consumer of events on push, which sends canonical JSON over HTTPS."""

    def __init__(self, document: Document, ground: Ground) -> None:
        self.organisation, (self._one,) = subjects(document)
        self._keys, self._ground = CrcKeys(PartnerKey.generate(), PartnerKey.generate()), ground
        tls = ground.authority.server_context(self.organisation)
        self.crc = EventCrc(_identity(self._one), self._keys, CanonicalLanguage(), Answering(self._one.party, "Made,Up"), ground.journal(self._one.party), tls)
        office = CaseSystem(_identity(self._one), self._keys.sign, CanonicalLanguage(), Answering(self._one.party, "Made,Up"), self.crc.journal)
        self._letters = Correspondence(office, self.crc.journal)
        self._link: GatewayLink | None = None
        self._cursor = 0
        self.crc.start()

    def terms(self) -> Terms:
        """Where it is reached, and its keys."""
        tls = self._ground.authority.issue(self.organisation, CertificateUse.CLIENT)
        return Terms(jws_keys(self._keys.sign, self._keys.auth, (self._one,), tls.certificate_pem), self.crc.endpoint())

    def join(self, doors: Doors) -> None:
        """Go to work."""
        tls = self._ground.authority.client_context(self.organisation)
        self._link = GatewayLink(doors.base_url, Caller(self.organisation, self._keys.auth, AUDIENCE), tls)
        self._letters.trust(doors.keys)
        self.crc.connect(doors.base_url, tls)

    def send(self, party: str, sample: str, values: Mapping[str, str]) -> None:
        """One message to nDelius."""
        assert self._link is not None
        receipt = receipt_in(self._link.post_message(self._letters.compose(worded("canonical", party, sample, values)[1])))
        assert receipt is not None
        self._letters.told(receipt)

    def collect(self) -> None:
        """Fetch receipts."""
        assert self._link is not None
        self._cursor = _collected(self._link, self._cursor, self._letters)

    def journals(self, party: str) -> Sequence[Journal]:
        """Its one journal."""
        assert party == self._one.party
        return (self.crc.journal,)

    def failures(self) -> Sequence[str]:
        """It keeps them in its journal."""
        return ()

    def close(self) -> None:
        """End it."""
        if self._link is not None:
            self._link.close()
        self.crc.close()


class FileSide:
    """Flat files in a folder."""

    def __init__(self, document: Document, ground: Ground) -> None:
        self.organisation, self._parties = subjects(document)
        home, head = ground.directory / "files" / self.organisation, self._parties[0]
        for name in ("inbox", "outbox/receipts", "done", "quarantine"):
            (home / name).mkdir(parents=True)
        keys, language = CrcKeys(PartnerKey.generate(), PartnerKey.generate()), DescribedLanguage(FlatFileAdapter())
        self.crc = FileCrc(_identity(head), keys, language, Answering(head.party, "Made,Up"), ground.journal(head.party), home)
        for one in self._parties[1:]:
            self.crc.serve(one.party, ground.journal(one.party))

    def terms(self) -> Terms:
        """Its keys: one, since it opens no door."""
        return Terms(jws_keys(self.crc.keys.sign, None, self._parties, None))

    def join(self, doors: Doors) -> None:
        """Go to work."""
        self.crc.connect(doors.keys)
        self.crc.start()

    def send(self, party: str, sample: str, values: Mapping[str, str]) -> None:
        """One batch of one message to nDelius."""
        reference, document = worded("flatfile", party, sample, values)
        self.crc.send(document, reference)

    def collect(self) -> None:
        """Receipts come as files."""

    def journals(self, party: str) -> Sequence[Journal]:
        """What a party did, and what its organisation sent and was told."""
        return tuple(dict.fromkeys((self.crc.journals[party], self.crc.journal)))

    def failures(self) -> Sequence[str]:
        """What its program stumbled over."""
        return self.crc.failures

    def close(self) -> None:
        """End it."""
        self.crc.close()


class _Older(UnsafeLegacyWssPackaging):
    """Signs as the real product does, in SOAP 1.1."""

    def seal(self, order: SealOrder, signer: Signer) -> WireMessage:
        """In the older envelope."""
        return super().seal(replace(order, soap_version="1.1"), signer)


class SpgSide:
    """SPG over SOAP: nDelius, and the CRCs that were built for it."""

    def __init__(self, document: Document, ground: Ground) -> None:
        self.organisation, self._parties = subjects(document)
        self._ground, self._auth = ground, PartnerKey.generate()
        self._sign = ground.authority.issue(self.organisation, CertificateUse.SIGN)
        packaging = _packaging(_mapping(document["outbound"]))
        self.parties = {one.party: self._made(one, packaging) for one in self._parties}
        for party in self.parties.values():
            party.siblings = self.parties
        self.head = next(iter(self.parties.values()))
        self.head.start()

    def _made(self, one: Subject, packaging: Packaging) -> SpgParty:
        identity = NdeliusIdentity(organisation=one.organisation, party=one.party, name=one.name, gateway_audience=AUDIENCE)
        keys = NdeliusKeys(self._sign.signer(), self._auth)
        return SpgParty(identity, keys, packaging, self._ground.journal(one.party), self._ground.authority.server_context(one.organisation))

    def terms(self) -> Terms:
        """Where it is reached, and its keys."""
        tls = self._ground.authority.issue(self.organisation, CertificateUse.CLIENT)
        signs: Document = {"use": "sign", "certificate": self._sign.certificate_pem, "speaks_for": sorted(self.parties)}
        return Terms([signs, {"use": "auth", "jwk": dict(self._auth.jwk)}, {"use": "tls", "certificate": tls.certificate_pem}], self.head.endpoint())

    def join(self, doors: Doors) -> None:
        """Go to work."""
        pinned = key_record_from_certificate(doors.certificate, organisation=OrganisationId("gateway"), use=KeyUse.SIGN, speaks_for=())
        for party in self.parties.values():
            party.connect(doors.base_url, self._ground.authority.client_context(self.organisation), pinned)

    def send(self, party: str, sample: str, values: Mapping[str, str]) -> None:
        """One interchange to nDelius."""
        answer = self.parties[party].send(sample, "N00", values)[1]
        assert answer.accepted, (party, sample, answer.code, answer.title)

    def collect(self) -> None:
        """Fetch receipts; every party of the organisation may, and one does."""
        self.head.collect_receipts()

    def journals(self, party: str) -> Sequence[Journal]:
        """Its own, and the head's for receipts."""
        return tuple(dict.fromkeys((self.parties[party].journal, self.head.journal)))

    def failures(self) -> Sequence[str]:
        """What their programs stumbled over."""
        return [failure for party in self.parties.values() for failure in party.failures]

    def close(self) -> None:
        """End it."""
        for party in self.parties.values():
            party.close()


def side_of(document: Document, ground: Ground) -> Side:
    """The simulated partner that a profile describes."""
    spoken = _mapping(document["outbound"])["dialect"]
    made: Mapping[object, Callable[[Document, Ground], Side]] = {"ndelius": SpgSide, "domain-events": EventSide, "flatfile": FileSide}
    return made.get(spoken, JsonSide)(document, ground)


def subjects(document: Document) -> tuple[str, Sequence[Subject]]:
    """An organisation and its parties."""
    organisation = str(_mapping(document["organisation"])["id"])
    parties = document["parties"]
    assert isinstance(parties, list)
    return organisation, [Subject(organisation=organisation, party=one["code"], name=one["name"]) for one in parties]


def jws_keys(sign: PartnerKey, auth: PartnerKey | None, parties: Sequence[Subject], tls: str | None) -> list[Document]:
    """Public keys as a profile pins them."""
    keys: list[Document] = [{"use": "sign", "jwk": dict(sign.jwk), "speaks_for": [one.party for one in parties]}]
    keys += [{"use": "auth", "jwk": dict(auth.jwk)}] if auth else []
    return keys + ([{"use": "tls", "certificate": tls}] if tls else [])


def _packaging(outbound: Mapping[str, object]) -> Packaging:
    if outbound.get("policy") != "legacy-spg":
        return WssPackaging()
    return _Older() if outbound.get("soap_version") == "1.1" else UnsafeLegacyWssPackaging()


def _identity(one: Subject) -> CrcIdentity:
    return CrcIdentity(organisation=one.organisation, party=one.party, name=one.name, gateway_audience=AUDIENCE)


def _collected(link: GatewayLink, cursor: int, letters: Correspondence) -> int:
    """Take what lies ready; the cursor after it."""
    for item in link.get(f"/v1/receipts?after={cursor}").raise_for_status().json()["receipts"]:
        try:
            letters.told(item["receipt"])
        except TooEarlyError:
            break
        cursor = int(item["cursor"])
    return cursor


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return value

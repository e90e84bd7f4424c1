"""A simulated nDelius: signed SPG interchanges over SOAP, both ways.

What it is: the sender of cases and updates, an endpoint that verifies what is pushed to it and answers at once with
SPGInterchangeResponse 200, and the signed InterchangeStatusNotification that it owes for every business message. What
it is not: the gateway's word: its journal holds only what it verified itself, under the gateway's published
certificate. Called by the demo and the scenario tests. Behaviour follows the SPG wire format §§3 to 6.
"""

import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from adapters.contract import WireMessage
from gateway.rehearsal import interchange
from gateway.rehearsal.case_system import BrokenError
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.interchange import Addressing, SpgInterchange, SpgMessage, SpgStatus
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, digest_of
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.listener import Answer, Listener, Place, Request
from gateway.rehearsal.naming import Numbers
from gateway.rehearsal.outgoing import WorkList
from gateway.rehearsal.receipt_book import ReceiptBook, Standing
from gateway.rehearsal.record_versions import Change, RecordVersions, Stale
from gateway.rehearsal.spg_office import SpgOffice
from gateway.rehearsal.troubles import Troubled
from gateway.trust.contract import ClaimedSender, Limits, Packaging, SenderTrust, Signer
from gateway.trust.keyring import KeyRecord
from gateway.trust.policy import STRICT
from schemas.faults import FaultCode, Refusal

ENDPOINT_PATH = "/cxf/nDelius"
STATUS_TYPE = "InterchangeStatusNotification"
PROCESSED = 202
RECEIVED = 200
CONFLICT = 409
FIRST_REFERENCE = 1_500_000_000_000
"""Control references of the real product look like a millisecond clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NdeliusIdentity:
    """Who it is, and to whom it speaks."""

    organisation: str
    party: str
    name: str
    gateway_audience: str
    message_statuses: bool = False
    """It writes an entry per message into its status notifications."""
    careful: bool = False
    """It checks each interchange against the published schema, and holds not every case."""


@dataclass(frozen=True, slots=True)
class NdeliusKeys:
    """Its own keys: the certificate that signs, and the key that opens doors."""

    sign: Signer
    auth: PartnerKey


@dataclass(frozen=True, slots=True)
class Letter:
    """One interchange as it was signed: kept, so that it can be sent again as it is."""

    reference: str
    content: bytes
    wire: WireMessage


@dataclass(frozen=True, slots=True)
class SoapAnswer:
    """What the gateway said on the same exchange."""

    code: str
    """`200`, or the fault code."""
    title: str = ""
    receipt: str = ""
    """A negative receipt, where the gateway knew who asks."""

    @property
    def accepted(self) -> bool:
        """True for a believed 200."""
        return self.code == str(RECEIVED)


class SimulatedNdelius:
    """The case system of the National Probation Service."""

    def __init__(
        self,
        identity: NdeliusIdentity,
        keys: NdeliusKeys,
        packaging: Packaging,
        journal_path: Path,
        tls: ssl.SSLContext,
        flaws: Flaws | None = None,
        place: Place | None = None,
    ) -> None:
        self.identity, self.keys = identity, keys
        self.journal = Journal(journal_path)
        self._packaging = packaging
        self._flaws = flaws or Flaws()
        self._listener = Listener(Troubled(self._handle, self._flaws), tls, place)
        self._work = WorkList(identity.organisation)
        self._work.start()
        self._link: GatewayLink | None = None
        self._gateway_keys: Mapping[str, KeyRecord] = {}
        self._office = SpgOffice(identity.party, keys.sign, packaging, self._flaws, careful=identity.careful)
        self._held: dict[str, tuple[SpgInterchange, bytes]] = {}
        self._received: set[str] = set()
        self._book: ReceiptBook | None = None
        self._submissions: set[str] = set()
        self._guard = threading.Lock()
        self._versions, self._numbers = RecordVersions(), Numbers()
        self.recall()
        self._next = FIRST_REFERENCE + int(datetime.now(UTC).timestamp() * 1000) % 100_000_000_000

    @property
    def failures(self) -> list[str]:
        """What its own programs stumbled over."""
        return self._work.failures

    def start(self) -> None:
        """Open the endpoint."""
        self._listener.start()
        self.journal.write(Noted.UP, port=self._listener.port)

    def stop(self) -> None:
        """Close the endpoint."""
        self._listener.stop()
        self.journal.write(Noted.DOWN)

    def recall(self) -> None:
        """Begin as after a restart: what is known is what the journal says."""
        if self._flaws.has(Flaw.FORGETS_DUPLICATES_AFTER_RESTART):
            self._received = set()
            return
        self._received = {entry.text("control_reference") for entry in self.journal.entries(Noted.RECEIVED)}
        self._versions.remember(self.journal.entries(Noted.APPLIED))
        self._numbers.remember(self.journal.entries(Noted.APPLIED))

    def restart(self) -> None:
        """Off, and on again: what it knows afterwards is what its journal says."""
        self.stop()
        self.recall()
        self.start()

    def connect(self, base_url: str, tls: ssl.SSLContext, gateway_key: KeyRecord) -> None:
        """Know the gateway: its address, and the certificate it signs with, which must be the one it publishes."""
        self._link = GatewayLink(base_url, Caller(self.identity.organisation, self.keys.auth, self.identity.gateway_audience), tls)
        if gateway_key.certificate not in self._link.published_certificates():
            raise NotBelievedError("the pinned certificate of the gateway is not the one that it publishes")
        self._gateway_keys = {gateway_key.key_id: gateway_key}

    def close(self) -> None:
        """End everything."""
        self._work.stop()
        self._listener.stop()
        if self._link is not None:
            self._link.close()
        self.journal.close()

    def endpoint(self) -> str:
        """Where interchanges are pushed to."""
        return self._listener.url(ENDPOINT_PATH)

    @property
    def link(self) -> GatewayLink:
        """Its way to the gateway."""
        if self._link is None:
            raise RuntimeError("connect first")
        return self._link

    def write(self, sample: str, receiver: str, values: Mapping[str, str], *, prepared_at: datetime | None = None, reference: str | None = None) -> bytes:
        """One interchange in its own words, not signed yet."""
        addressing = Addressing(
            sender=self.identity.party,
            receiver=receiver,
            reference=reference or self._draw_reference(),
            prepared_at=prepared_at or datetime.now(UTC),
        )
        return interchange.write(sample, addressing, values)

    def sign(self, content: bytes, *, now: datetime | None = None, key: Signer | None = None) -> Letter:
        """Sign an interchange; with another key or another clock where a test wants that."""
        return Letter(interchange.read(content).reference, content, self._office.seal(content, self.identity.gateway_audience, now=now, key=key))

    def send(self, sample: str, receiver: str, values: Mapping[str, str]) -> tuple[Letter, SoapAnswer]:
        """Write, note, sign and hand in one business interchange."""
        return self.send_content(self.write(sample, receiver, values))

    def send_together(self, sample: str, receiver: str, several: Sequence[Mapping[str, str]]) -> tuple[Letter, SoapAnswer]:
        """The same for an interchange of several messages."""
        return self.send_content(interchange.join([self.write(sample, receiver, values) for values in several]))

    def send_content(self, content: bytes) -> tuple[Letter, SoapAnswer]:
        """Note, sign and hand in an interchange."""
        letter = self.sign(content)
        self.note_sent(letter)
        return letter, self.hand_in(letter)

    def note_sent(self, letter: Letter) -> None:
        """Note what is about to be handed in."""
        content = interchange.read(letter.content)
        for message in content.messages:
            noted = {"reference": letter.reference, "receiver": content.receiver, "type": message.type}
            self.journal.write(Noted.SENT, **noted, case=message.case, key=message.key, named=message.named, digest=digest_of(letter.content))

    def hand_in(self, letter: Letter) -> SoapAnswer:
        """Post a signed interchange, verify the answer, and note it."""
        answer = self.post(letter.wire)
        if answer.accepted:
            known = any(entry.text("reference") == letter.reference for entry in self.journal.entries(Noted.ACCEPTED))
            self.journal.write(Noted.REPEATED if known else Noted.ACCEPTED, reference=letter.reference, code=answer.code)
        else:
            if answer.receipt:
                self._receipts().take(answer.receipt)
            self.journal.write(Noted.DECLINED, reference=letter.reference, code=answer.code, title=answer.title, receipt=answer.receipt)
        return answer

    def collect_receipts(self) -> int:
        """Fetch every signed receipt that lies ready for it, believe each, and note it. Says how many."""
        after, before = 0, len(self.journal.entries(Noted.RECEIPT))
        while page := self._page_of_receipts(after):
            for item in page:
                self._note_receipt(str(item["submission_id"]), str(item["receipt"]))
                after = int(str(item["cursor"]))
        return len(self.journal.entries(Noted.RECEIPT)) - before

    def _page_of_receipts(self, after: int) -> Sequence[Mapping[str, object]]:
        answer = self.link.get(f"/v1/receipts?after={after}")
        answer.raise_for_status()
        receipts: Sequence[Mapping[str, object]] = answer.json()["receipts"]
        return receipts

    def _note_receipt(self, submission_id: str, jws: str) -> None:
        if submission_id not in self._submissions:
            answer = self.link.get(f"/v1/messages/{submission_id}")
            answer.raise_for_status()
            self._submissions.add(submission_id)
            self._note_receipt(submission_id, str(answer.json()["receipt"]))
        held, standing = self._receipts().take(jws)
        if standing is Standing.NEW:
            receipt = held.receipt
            facts = {"reference": receipt.control_reference, "recipient": receipt.recipient, "subject": receipt.subject, "stage": receipt.stage.value}
            self.journal.write(Noted.RECEIPT, **facts, receipt=jws)

    def post(self, wire: WireMessage) -> SoapAnswer:
        """Post any envelope and read the answer, without noting it."""
        answer = self.link.post_soap(wire.body, wire.content_type)
        if answer.status_code == httpx.codes.OK:
            content = self._believe(WireMessage(answer.content, answer.headers.get("content-type", "")))
            return SoapAnswer(str(interchange.response_code(content)))
        told = interchange.fault(answer.content)
        return SoapAnswer(told.code or f"http-{answer.status_code}", told.title, told.receipt)

    def _receipts(self) -> ReceiptBook:
        if self._book is None:
            self._book = ReceiptBook(self.identity.organisation, self.link.published_keys())
        return self._book

    def _believe(self, wire: WireMessage) -> bytes:
        """Content that the gateway's certificate signed. Raises NotBelievedError."""
        try:
            return self._packaging.verify(wire, self._trust_of, audience=self.identity.organisation, now=self._office.now(), limits=Limits()).content
        except Refusal as refusal:
            forgiven = self._office.forgiven(wire, refusal.fault.code)
            if forgiven is not None:
                return forgiven
            raise NotBelievedError(f"{refusal.fault.code.value}: {refusal.cause}") from refusal

    def _trust_of(self, claimed: ClaimedSender) -> SenderTrust | None:
        key = self._gateway_keys.get(claimed.key_id)
        return SenderTrust(key, STRICT, max_age_seconds=3600) if key else None

    def _draw_reference(self) -> str:
        with self._guard:
            self._next += not self._flaws.has(Flaw.REUSES_MESSAGE_IDS)
            return str(self._next)

    def _handle(self, request: Request) -> Answer:
        try:
            content = self._believe(WireMessage(request.body, request.headers.get("content-type", "")))
            incoming = interchange.read(content)
            if not self._office.is_for_us(incoming):
                raise NotBelievedError("the interchange is for another party")
            self._take(incoming, content)
        except (NotBelievedError, BrokenError, Refusal, KeyError, ValueError) as error:
            self.journal.write(Noted.DISTRUSTED, reason=f"{type(error).__name__}: {error}")
            return Answer(500, body=b"not believed")
        signed = self._office.seal(interchange.response(RECEIVED), "")
        return Answer(200, signed.content_type, signed.body)

    def _take(self, incoming: SpgInterchange, content: bytes) -> None:
        with self._guard:
            again = incoming.reference in self._received
            self._received.add(incoming.reference)
        if again:
            self.journal.write(Noted.RECEIVED_AGAIN, control_reference=incoming.reference, digest=digest_of(content))
            if self._flaws.has(Flaw.BREAKS_ON_RESEND):
                raise BrokenError("duplicate key")
        if again and not self._flaws.has(Flaw.APPLIES_DUPLICATES_TWICE):
            return
        if incoming.messages[0].type == STATUS_TYPE:
            self._note_status(incoming)
        elif not self._held_back(incoming, content):
            self._apply(incoming, content)

    def _held_back(self, incoming: SpgInterchange, content: bytes) -> bool:
        """True where it lets the next message of the case go first."""
        case = incoming.messages[0].case
        if not self._flaws.has(Flaw.REORDERS_WITHIN_CASE) or not case:
            return False
        earlier = self._held.pop(case, None)
        if earlier is None:
            self._held[case] = (incoming, content)
            return True
        self._apply(incoming, content)
        self._apply(*earlier)
        return True

    def _note_status(self, incoming: SpgInterchange) -> None:
        (message, *_) = incoming.messages
        told = {"reference": incoming.answers, "status": message.values.get("StatusCode", ""), "control_reference": incoming.reference}
        entries = ",".join(f"{entry.number}:{entry.code}" for entry in message.statuses)
        current = next((entry.current for entry in message.statuses if entry.current), "")
        numbers = ",".join(f"{entry.number}:{entry.record}" for entry in message.statuses if entry.record)
        self.journal.write(Noted.NOTIFIED, **told, entries=entries, current=current, numbers=numbers)

    def _apply(self, incoming: SpgInterchange, content: bytes) -> None:
        ended = [self._do(number, message, incoming, content) for number, message in enumerate(incoming.messages, start=1)]
        self._work.add(lambda: self._notify(incoming, ended))

    def _do(self, number: int, message: SpgMessage, incoming: SpgInterchange, content: bytes) -> SpgStatus:
        noted = {"control_reference": incoming.reference, "sender": incoming.sender, "type": message.type, "case": message.case, "key": message.key}
        noted |= {"outcome": ",".join(filter(None, (message.values.get("OMTransferStatus"), message.values.get("OMTransferRejectedReason"))))}
        noted |= {"named": message.named, "digest": digest_of(content)}
        self.journal.write(Noted.RECEIVED, **noted)
        objection = self._office.objection(incoming, content, number)
        if objection is not None:
            self.journal.write(Noted.NOT_APPLIED, **noted, reason=f"status {objection.code}")
            return objection
        with self._guard:
            called = self._numbers.call(message.type, message.action, message.key)
            done = self._versions.apply(Change(message.case, message.type, called, message.action, message.named))
        if isinstance(done, Stale):
            self.journal.write(Noted.NOT_APPLIED, **noted, reason="The record was changed meanwhile.")
            return SpgStatus(number, CONFLICT, FaultCode.VERSION_CONFLICT.value, done.current)
        self.journal.write(Noted.APPLIED, **noted, called=called, version=done, kept=self._office.kept_digest(content))
        return SpgStatus(number, PROCESSED, record=called if called != message.key else "")

    def _notify(self, incoming: SpgInterchange, ended: Sequence[SpgStatus]) -> None:
        for told in self._office.told(incoming, ended):
            addressing = Addressing(
                sender=told.sender, receiver=incoming.sender, reference=self._draw_reference(), prepared_at=self._office.now(), answers=told.answers
            )
            letter = self.sign(interchange.status_notification(addressing, told.ended, detailed=self.identity.message_statuses))
            answer = self.post(letter.wire)
            if not answer.accepted:
                raise NotBelievedError(f"the status notification was answered {answer.code}")

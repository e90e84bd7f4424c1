"""The proving door: where a partner that is being proved finds the gateway.

What it is: the published keys, the doors for messages, receipts and SOAP, and the mailbox, as the gateway has them,
behind which the kit listens; every word of the partner is verified by the real packagings under its pinned keys. What
it is not: a gateway: nothing is stored, routed or delivered. Called by the kit. Paths: docs/protocol.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from adapters.contract import Adapter, WireMessage
from gateway.exchange import statements
from gateway.exchange.settle import Word
from gateway.partners.directory import Directory
from gateway.rehearsal.gateway_link import JOSE, KEYS_PATH, SOAP_PATH
from gateway.rehearsal.interchange import response
from gateway.rehearsal.listener import Answer, Request
from gateway.trust.caller import verify_caller
from gateway.trust.contract import ClaimedSender, Limits, Packaging, SealOrder, SenderTrust, Signer, VerifiedContent
from gateway.trust.jws import sign_receipt
from gateway.trust.policy import CLOCK_SKEW_SECONDS
from gateway.trust.signing import jwk_of
from schemas.envelope import Entry, Interchange, Misread
from schemas.faults import Refusal
from schemas.identifiers import Digest, OrganisationId
from schemas.receipts import MessageVerdict, Receipt, Stage, encode, from_claims

MAX_AGE_SECONDS = 90 * 24 * 3600
DETAILS_PATH = "/v1/deliveries/"
UNAVAILABLE = Answer(503, body=b"unavailable")
_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One statement of the partner about one message, believed."""

    subject: str
    """Our message id; for a status notification the control reference that it answers."""
    word: Word
    digest: str | None
    recipient: str | None
    id: str
    """What makes it this statement and no other: `jti`, or its own control reference."""
    issued_at: datetime | None
    audience: str
    fault_code: str
    raw: str
    at: float

    @property
    def stage(self) -> Stage:
        """What it says."""
        return self.word.stage


@dataclass(frozen=True, slots=True)
class Disbelieved:
    """Something that could not be believed, and why."""

    cause: str
    at: float


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the partner's own, believed: what its dialect makes of it."""

    entries: tuple[Entry | Misread, ...]
    reference: str
    answers: str | None
    digest: str
    fault: str
    """Why it could not be read at all; empty where it could."""
    at: float


Item = TypeVar("Item", Heard, Disbelieved, Sent)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A detail that the partner asked for."""

    path: str
    problem: str
    """Why its caller token is not believed; empty where it is."""
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the door needs of the gateway's own parts."""

    packagings: Mapping[str, Packaging]
    adapter: Adapter
    directory: Directory
    organisation: OrganisationId
    issuer: str
    new_id: Callable[[], str]


class ProvingDoor:
    """Hears one partner out. Any thread may call."""

    def __init__(self, tools: Tools, signer: Signer, wss_signer: Signer) -> None:
        self._tools = tools
        self.issuer = tools.issuer
        self.signer, self._wss_signer = signer, wss_signer
        self.published: list[Signer] = [signer, wss_signer]
        """The keys that the key set shows now."""
        self.refuse_next = 0
        """How many of the partner's calls are answered 503 from now on."""
        self.heard: list[Heard] = []
        self.disbelieved: list[Disbelieved] = []
        self.sent: list[Sent] = []
        self.broken: list[Disbelieved] = []
        """Batches of the partner's that are none."""
        self.fetched: list[Fetched] = []
        self.details: dict[str, Callable[[], bytes]] = {}
        """By path: the detail as it is signed at this moment."""
        self.refuse_details: list[int] = []
        """Statuses with which the next fetches are refused."""
        self.base_url = ""
        """Where the partner finds the door; details are fetched below it."""
        self._tokens: set[str] = set()
        self.mailbox: OrderedDict[str, tuple[str, WireMessage]] = OrderedDict()
        self.changed = threading.Condition()

    def wait_for(self, found: Callable[[], bool], seconds: float) -> bool:
        """Until something is so, or the time is up."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not found():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self.changed.wait(left)
        return True

    def shelve(self, delivery_id: str, wire: WireMessage) -> None:
        """Lay a message out for collection."""
        with self.changed:
            self.mailbox[delivery_id] = (delivery_id, wire)
            self.changed.notify_all()

    def clear_shelf(self) -> None:
        """Take away what nobody collected."""
        with self.changed:
            self.mailbox.clear()

    def handle(self, request: Request) -> Answer:
        """Answer one call of the partner."""
        path = urlsplit(request.path).path
        if path == KEYS_PATH:
            keys = {"keys": [jwk_of(signer) for signer in self.published]}
            return Answer(200, "application/json", json.dumps(keys).encode(), {"cache-control": "max-age=0"})
        if path.startswith(DETAILS_PATH) and path.endswith("/detail"):
            return self._detail(path, request)
        if self._refuses():
            return UNAVAILABLE
        if request.method == "GET":
            return self._shown(path, request)
        if path == SOAP_PATH:
            return self._soap(request)
        return self.take(WireMessage(request.body, JOSE))

    def take(self, wire: WireMessage) -> Answer:
        """A JWS of the partner, wherever it came from: a receipt, or a message of its own."""
        try:
            verified = self.verify("jws", wire)
            return self._take_receipt(verified, wire) if verified.kind == "receipt" else self._take_message(verified)
        except Refusal as refusal:
            self.distrust(refusal)
            return _problem(refusal)

    def take_batch(self, packaging: str, wire: WireMessage) -> Answer:
        """A whole batch of the partner's: as `take`, in the packaging that its files have."""
        if packaging == "jws":
            return self.take(wire)
        try:
            return self._take_message(self.verify(packaging, wire))
        except Refusal as refusal:
            self.distrust(refusal)
            return _problem(refusal)

    def break_batch(self, cause: str) -> None:
        """Remember that a batch of the partner's is none."""
        self._note(self.broken, Disbelieved(cause, time.monotonic()))

    def verify(self, packaging: str, wire: WireMessage) -> VerifiedContent:
        """What the partner signed under its pinned keys. Raises Refusal."""
        now = datetime.now(UTC)
        return self._tools.packagings[packaging].verify(wire, self._trust, audience=self._tools.issuer, now=now, limits=_LIMITS)

    def distrust(self, refusal: Refusal) -> None:
        """Remember that something could not be believed."""
        self._note(self.disbelieved, Disbelieved(f"{refusal.fault.code.value} ({refusal.cause or refusal.fault.detail})", time.monotonic()))

    def _take_receipt(self, verified: VerifiedContent, wire: WireMessage) -> Answer:
        statement, receipt = statements.of_receipt(verified, wire), from_claims(json.loads(verified.content))
        issued_at = datetime.fromtimestamp(receipt.issued_at, UTC)
        heard = Heard(
            subject=receipt.subject,
            word=statement.word,
            digest=receipt.sent_digest,
            recipient=receipt.recipient,
            id=receipt.receipt_id,
            issued_at=issued_at,
            audience=receipt.audience,
            fault_code=receipt.fault.code if receipt.fault else "",
            raw=wire.body.decode("ascii"),
            at=time.monotonic(),
        )
        self._note(self.heard, heard)
        return Answer(200, "application/json", b'{"settled":[],"repeated":false}')

    def _take_message(self, verified: VerifiedContent) -> Answer:
        try:
            interchange = self._tools.adapter.read(verified.content)
        except Refusal as refusal:
            self._note(self.sent, Sent((), "", None, verified.digest, f"{refusal.fault.code.value}: {refusal.fault.detail}", time.monotonic()))
            return _problem(refusal)
        self._note_sent(interchange, verified)
        return Answer(202, JOSE, self._acceptance(interchange, verified).encode())

    def _note_sent(self, interchange: Interchange, verified: VerifiedContent) -> None:
        sent = Sent(interchange.entries, interchange.control_reference, interchange.answers, verified.digest, "", time.monotonic())
        self._note(self.sent, sent)

    def _acceptance(self, interchange: Interchange, verified: VerifiedContent) -> str:
        now = datetime.now(UTC)
        receipt = Receipt(
            issuer=self._tools.issuer,
            audience=self._tools.organisation,
            receipt_id=self._tools.new_id(),
            issued_at=int(now.timestamp()),
            stage=Stage.ACCEPTED,
            subject=self._tools.new_id(),
            control_reference=interchange.control_reference,
            received_digest=Digest(verified.digest),
            messages=tuple(MessageVerdict(self._tools.new_id(), entry.sender_message_id, "accepted") for entry in interchange.entries),
        )
        return sign_receipt(encode(receipt), self.signer, self._tools.organisation, now)

    def _soap(self, request: Request) -> Answer:
        wire = WireMessage(request.body, request.headers.get("content-type", ""))
        try:
            verified = self.verify("wss", wire)
            interchange = self._tools.adapter.read(verified.content)
            said = statements.notification_in(interchange)
            if said is None:
                self._note_sent(interchange, verified)
            else:
                self._note(self.heard, _notified(statements.of_notification(said, interchange, verified, wire).word, interchange, wire))
        except Refusal as refusal:
            self.distrust(refusal)
            return Answer(500, "application/soap+xml", b"")
        order = SealOrder(document=response(200), kind="message", audience="", now=datetime.now(UTC), soap_version=verified.soap_version or "1.2")
        signed = self._tools.packagings["wss"].seal(order, self._wss_signer)
        return Answer(200, signed.content_type, signed.body)

    def _shown(self, path: str, request: Request) -> Answer:
        if path == "/v1/mailbox":
            wait = float(parse_qs(urlsplit(request.path).query).get("wait", ["0"])[0])
            self.wait_for(lambda: bool(self.mailbox), min(wait, 2.0))
            with self.changed:
                waiting = list(self.mailbox.values())
            items = [{"delivery_id": name, "message_id": name, "message": wire.body.decode("ascii", "replace")} for name, wire in waiting]
            return Answer(200, "application/json", json.dumps({"items": items, "next": 0}).encode())
        if path == "/v1/receipts":
            return Answer(200, "application/json", b'{"receipts":[],"next":0}')
        return Answer(404)

    def _detail(self, path: str, request: Request) -> Answer:
        """As the gateway answers: to a caller that proves who it is, once per token."""
        problem = self._token_problem(path, request.headers.get("authorization", ""))
        with self.changed:
            status = self.refuse_details.pop(0) if self.refuse_details else 0
            self.fetched.append(Fetched(path, problem, time.monotonic()))
            self.changed.notify_all()
        if status or problem:
            return Answer(status or 401, body=b"not now")
        return Answer(200, JOSE, self.details[path]()) if path in self.details else Answer(404)

    def _token_problem(self, path: str, authorization: str) -> str:
        try:
            token, now = authorization.removeprefix("Bearer "), datetime.now(UTC)
            find, url = self._tools.directory.keyring.find, self.base_url + path
            caller = verify_caller(token, find, audience=self._tools.issuer, method="GET", url=url, now=now)
        except Refusal as refusal:
            return refusal.cause or refusal.fault.code.value
        with self.changed:
            is_used = caller.token_id in self._tokens
            self._tokens.add(caller.token_id)
        return "the token was used before" if is_used else ""

    def _refuses(self) -> bool:
        with self.changed:
            refuses = self.refuse_next > 0
            self.refuse_next -= refuses
        return refuses

    def _trust(self, claimed: ClaimedSender) -> SenderTrust | None:
        key = self._tools.directory.keyring.find(claimed.key_id)
        if key is None or key.organisation != self._tools.organisation:
            return None
        agreed = [self._tools.directory.inbound(code) for code in key.speaks_for]
        policies = [agreement.policy for agreement in agreed if agreement is not None]
        return SenderTrust(key, policies[0], MAX_AGE_SECONDS) if policies else None

    def _note(self, kept: list[Item], item: Item) -> None:
        with self.changed:
            kept.append(item)
            if isinstance(item, Heard):
                self.mailbox.pop(item.subject, None)
            self.changed.notify_all()


def _notified(word: Word, interchange: Interchange, wire: WireMessage) -> Heard:
    return Heard(
        subject=interchange.answers or "",
        word=word,
        digest=None,
        recipient=interchange.sender,
        id=interchange.control_reference,
        issued_at=interchange.prepared_at,
        audience="",
        fault_code=word.fault.code if word.fault else "",
        raw=wire.body.decode("utf-8", "replace"),
        at=time.monotonic(),
    )


def is_fresh(heard: Heard, now: datetime) -> bool:
    """True where it was issued now, by a clock that may differ as far as agreed."""
    return heard.issued_at is not None and abs(heard.issued_at - now) <= timedelta(seconds=CLOCK_SKEW_SECONDS)


def _problem(refusal: Refusal) -> Answer:
    fault = refusal.fault
    body = {"title": fault.row.title, "code": fault.code.value, "detail": fault.detail}
    return Answer(422, "application/problem+json", json.dumps(body).encode())

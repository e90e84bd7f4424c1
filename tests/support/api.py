"""A doorway for tests: real callers and keys, a store of dictionaries, and an intake that does as it is told."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from adapters.contract import WireMessage
from gateway.api.app import create_app
from gateway.api.parts import ApiParts
from gateway.config import Settings, load_settings
from gateway.contract import StoreUnavailable
from gateway.exchange.results import Accepted, Declined, Settled, ShelfItem, SubmitResult
from gateway.exchange.submission import Submission
from gateway.partners.agreement import Agreement, Direction
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Party, Standing
from gateway.records import (
    Attempt,
    Delivery,
    DeliveryKind,
    DeliveryState,
    DuplicateKey,
    MessageRecord,
    ReceiptRecord,
    Sealed,
    SubmissionRecord,
    Verdict,
)
from gateway.telemetry import Telemetry
from gateway.trust.caller import make_caller_token
from gateway.trust.contract import Signer
from gateway.trust.keyring import KeyRecord, Keyring, KeyUse
from gateway.trust.minting import mint_ed25519
from gateway.trust.signing import public_record, signer_from_pem
from schemas.faults import Fault, FaultCode
from schemas.identifiers import DeliveryId, Digest, MessageId, OrganisationId, PartyCode, SubmissionId

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
BASE = "http://gateway.test"
AUDIENCE = "interagency-gateway.test"
NDELIUS, NORTH, SOUTH, GONE = (OrganisationId(name) for name in ("ndelius", "north", "south", "gone"))
RUNS = {NDELIUS: ("N00",), NORTH: ("C05",), SOUTH: ("C16", "C17"), GONE: ("C20",)}
JWS = b"eyJhbGciOiJFZERTQSJ9.e30.c2ln"
RECEIPT = "eyJ0eXAiOiJyZWNlaXB0K2p3cyJ9.e30.c2ln"
_SEALED = Sealed("k", b"", b"")
_DIGEST = Digest("sha-256:" + "0" * 64)


@cache
def signer(organisation: OrganisationId, use: KeyUse) -> Signer:
    """One key for each organisation and use, made once."""
    del organisation, use
    return signer_from_pem(mint_ed25519().private_pem)


def pinned(organisation: OrganisationId, use: KeyUse, **changed: Any) -> KeyRecord:
    """That key, as the keyring holds it."""
    codes = [PartyCode(code) for code in RUNS[organisation]]
    key = public_record(
        signer(organisation, use), organisation=organisation, use=use, speaks_for=codes, not_before=NOW - timedelta(days=9), not_after=NOW + timedelta(days=9)
    )
    return replace(key, **changed)


def directory(*more_keys: KeyRecord, bare: bool = False, standing: Standing = Standing.SUSPENDED) -> Directory:
    """Three live organisations and one that is not."""
    organisations = {name: Organisation(organisation_id=name, name=name, standing=Standing.LIVE) for name in RUNS}
    organisations[GONE] = replace(organisations[GONE], standing=standing)
    parties = {PartyCode(code): Party(code=PartyCode(code), name=code, organisation=name) for name, codes in RUNS.items() for code in codes}
    inbound = Agreement(party=PartyCode("N00"), direction=Direction.INBOUND, dialect="ndelius", version="0-9-14", packaging="wss", bare_response=bare)
    keys = [pinned(name, use) for name in RUNS for use in (KeyUse.AUTH, KeyUse.SIGN)]
    return Directory(
        organisations=MappingProxyType(organisations),
        parties=MappingProxyType(parties),
        agreements=MappingProxyType({(PartyCode("N00"), Direction.INBOUND): inbound}),
        keyring=Keyring.of([*keys, *more_keys]),
    )


_token_ids = itertools.count()


def bearer(organisation: OrganisationId, method: str, url: str, *, key: Signer | None = None, now: datetime = NOW, **changed: Any) -> dict[str, str]:
    """The Authorization header of one request."""
    given = {"audience": AUDIENCE, "token_id": f"t{next(_token_ids)}", **changed}
    token = make_caller_token(key or signer(organisation, KeyUse.AUTH), organisation, method=method, url=url if "://" in url else BASE + url, now=now, **given)
    return {"Authorization": f"Bearer {token}"}


class FakeIntake:
    """Answers what `answer` says and remembers what it was given."""

    def __init__(self) -> None:
        self.submitted: list[Submission] = []
        self.batches: list[int] = []
        self.acknowledged: list[tuple[OrganisationId, DeliveryId]] = []
        self.shelf: list[ShelfItem] = []
        self.collected: list[tuple[OrganisationId, int, int]] = []
        self.answered: list[tuple[int, str, bool]] = []
        self.detailed: Mapping[tuple[OrganisationId, str], WireMessage] = {}
        self.answer: Callable[[Submission], SubmitResult] = lambda _: accepted()
        self.error: Exception | None = None

    def submit(self, batch: Sequence[Submission]) -> Sequence[SubmitResult]:
        if self.error is not None:
            raise self.error
        self.submitted += batch
        self.batches.append(len(batch))
        return [self.answer(submission) for submission in batch]

    def collect(self, organisation: OrganisationId, after: int, limit: int) -> Sequence[ShelfItem]:
        if self.error is not None:
            raise self.error
        self.collected.append((organisation, after, limit))
        return [item for item in self.shelf if item.sequence > after][:limit]

    def acknowledge(self, organisation: OrganisationId, delivery_id: DeliveryId) -> SubmitResult:
        self.acknowledged.append((organisation, delivery_id))
        return Settled(message_ids=(MessageId("m1"),))

    def detail(self, organisation: OrganisationId, delivery_id: DeliveryId) -> WireMessage | Declined:
        if self.error is not None:
            raise self.error
        return self.detailed.get((organisation, delivery_id)) or Declined(fault=Fault(FaultCode.NOT_FOUND))

    def soap_answer(self, status: int, soap_version: str, bare: bool) -> WireMessage:
        self.answered.append((status, soap_version, bare))
        return WireMessage(b"<answer/>", "text/xml" if soap_version == "1.1" else "application/soap+xml")


def accepted(**changed: Any) -> Accepted:
    given: dict[str, Any] = {"submission_id": SubmissionId("s1"), "message_ids": (MessageId("m1"),), "receipt": RECEIPT, "sender": PartyCode("N00")}
    return Accepted(**{**given, **changed})


class FakeStore:
    """The reads of the doors, over dictionaries."""

    def __init__(self) -> None:
        self.messages_by_id: dict[str, MessageRecord] = {}
        self.submissions_by_id: dict[str, SubmissionRecord] = {}
        self.delivery_list: list[Delivery] = []
        self.receipt_list: list[ReceiptRecord] = []
        self.attempt_list: list[Attempt] = []
        self.tokens: set[tuple[str, str]] = set()
        self.down = False
        self.backlog = 0
        self.confirmed: datetime | None = None
        self.queries = self.outbox = self.leases = self

    def _check(self) -> None:
        if self.down:
            raise StoreUnavailable

    def ready(self) -> bool:
        return not self.down

    def depth(self) -> int:
        self._check()
        return self.backlog

    def last_confirmed(self) -> datetime | None:
        self._check()
        return self.confirmed

    def remember_token(self, organisation: OrganisationId, token_id: str, expires: datetime) -> bool:
        self._check()
        fresh = (organisation, token_id) not in self.tokens
        self.tokens.add((organisation, token_id))
        return fresh

    def messages(self, ids: Sequence[MessageId]) -> Mapping[MessageId, MessageRecord]:
        self._check()
        return {i: self.messages_by_id[i] for i in ids if i in self.messages_by_id}

    def submissions(self, ids: Sequence[SubmissionId]) -> Mapping[SubmissionId, SubmissionRecord]:
        return {i: self.submissions_by_id[i] for i in ids if i in self.submissions_by_id}

    def messages_of(self, submission: SubmissionId) -> Sequence[MessageRecord]:
        return [record for record in self.messages_by_id.values() if record.submission_id == submission]

    def deliveries(self, ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, Delivery]:
        return {d.delivery_id: d for d in self.delivery_list if d.delivery_id in ids}

    def deliveries_of_messages(self, ids: Sequence[MessageId]) -> Mapping[MessageId, Sequence[Delivery]]:
        return {i: found for i in ids if (found := [d for d in self.delivery_list if d.message_id == i])}

    def deliveries_of_submissions(self, ids: Sequence[SubmissionId]) -> Mapping[SubmissionId, Sequence[Delivery]]:
        return {i: [d for d in self.delivery_list if d.submission_id == i] for i in ids}

    def attempts(self, delivery: DeliveryId) -> Sequence[Attempt]:
        return [attempt for attempt in self.attempt_list if attempt.delivery_id == delivery]

    def receipts_of_submission(self, submission: SubmissionId) -> Sequence[ReceiptRecord]:
        return [receipt for receipt in self.receipt_list if receipt.submission_id == submission]

    def receipts_for(self, organisation: OrganisationId, after: int, limit: int) -> Sequence[tuple[int, ReceiptRecord]]:
        numbered = [(place, r) for place, r in enumerate(self.receipt_list, 1) if r.organisation == organisation and place > after]
        return numbered[:limit]


def tell_story(store: FakeStore) -> None:
    """One submission of N00 with a message to C05 and C16, one receipt for each eye."""
    key = DuplicateKey("spg", PartyCode("N00"), "C05", "1")
    store.submissions_by_id["s1"] = SubmissionRecord(
        submission_id=SubmissionId("s1"),
        organisation=NDELIUS,
        sender=PartyCode("N00"),
        channel="soap",
        packaging="wss",
        content_type="text/xml",
        key=key,
        content_digest=_DIGEST,
        control_reference="1",
        verdict=Verdict.ACCEPTED,
        fault=None,
        received_at=NOW,
        archive=_SEALED,
        receipt=RECEIPT,
        receipt_digest=_DIGEST,
    )
    store.messages_by_id["m1"] = MessageRecord(
        message_id=MessageId("m1"),
        submission_id=SubmissionId("s1"),
        reference=1,
        sender=PartyCode("N00"),
        sender_message_id="1/1",
        type="Contact",
        action="INS",
        version="0-9-14",
        control_reference="1",
        case_lookup="ab",
        in_reply_to=None,
        test=False,
        prepared_at=NOW,
        accepted_at=NOW,
        canonical=_SEALED,
    )
    for delivery, recipient, state in (("d1", "C05", DeliveryState.DELIVERED), ("d2", "C16", DeliveryState.RETRYING)):
        store.delivery_list.append(
            Delivery(
                delivery_id=DeliveryId(delivery),
                kind=DeliveryKind.MESSAGE,
                message_id=MessageId("m1"),
                submission_id=SubmissionId("s1"),
                sender=PartyCode("N00"),
                recipient=PartyCode(recipient),
                lane=f"{recipient}:x",
                sequence=1,
                state=state,
                left_out='[{"pointer": "/payload/notes", "reason": "no such field"}]',
                created_at=NOW,
                updated_at=NOW,
            )
        )
        store.attempt_list.append(Attempt(delivery_id=DeliveryId(delivery), number=1, at=NOW, outcome="delivered"))
    for place, (stage, delivery_id, owner) in enumerate((("accepted", None, NDELIUS), ("delivered", "d1", NDELIUS), ("delivered", "d1", NORTH))):
        store.receipt_list.append(
            ReceiptRecord(
                digest=Digest(f"sha-256:{place:064}"),
                submission_id=SubmissionId("s1"),
                message_id=MessageId("m1") if delivery_id else None,
                delivery_id=DeliveryId(delivery_id) if delivery_id else None,
                organisation=owner,
                stage=stage,
                jws=f"receipt-{place}",
                issued_at=NOW,
            )
        )


@dataclass
class House:
    """The application over fakes, and everything that a test may turn."""

    settings: Settings
    intake: FakeIntake = field(default_factory=FakeIntake)
    store: FakeStore = field(default_factory=FakeStore)
    people: Directory = field(default_factory=directory)
    telemetry: Telemetry = field(default_factory=Telemetry)
    now: datetime = NOW
    peer_certificate: bytes | None = None

    def app(self) -> FastAPI:
        return create_app(
            ApiParts(
                settings=self.settings,
                intake=self.intake,
                store=self.store,  # type: ignore[arg-type]
                directory=lambda: self.people,
                jwks=lambda: {"keys": [{"kty": "OKP", "kid": "k"}]},
                clock=lambda: self.now,
                telemetry=self.telemetry,
            )
        )

    @contextmanager
    def open(self) -> Iterator["Caller"]:
        """The application, started, behind a client in this process."""
        app = self.app()

        async def with_certificate(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and self.peer_certificate is not None:
                scope = {**scope, "extensions": {"gateway.peer_certificate": self.peer_certificate}}
            await app(scope, receive, send)

        with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
            transport = httpx.ASGITransport(with_certificate, raise_app_exceptions=False, client=("127.0.0.1", 50000))
            yield Caller(Client(httpx.AsyncClient(transport=transport, base_url=BASE, timeout=20), portal), app)


@dataclass
class Client:
    """httpx on the application's own loop, called from any thread."""

    client: httpx.AsyncClient
    portal: BlockingPortal

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        return self.portal.call(partial(self.client.request, method, path, **given))

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def delete(self, path: str, **given: Any) -> httpx.Response:
        return self.request("DELETE", path, **given)


@dataclass
class Caller:
    """A client that can authenticate."""

    http: Client
    app: FastAPI

    def send(self, organisation: OrganisationId, method: str, path: str, **given: Any) -> httpx.Response:
        """A request of this organisation with a fresh token."""
        headers = {**bearer(organisation, method, path.partition("?")[0]), **given.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **given)

    def post_jws(self, organisation: OrganisationId, path: str = "/v1/messages", body: Any = JWS, content_type: str = "application/jose") -> httpx.Response:
        return self.send(organisation, "POST", path, content=body, headers={"Content-Type": content_type})


def settings_for(**given: Any) -> Settings:
    """Settings as the tests need them."""
    return load_settings(**{"environment": "test", "public_url": BASE, "long_poll_look_seconds": 0.2, "batch_timeout_seconds": 5, **given})


def in_threads(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all at once; results in order. An exception stands for its own result."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
        return [future.exception(30) or future.result() for future in futures]

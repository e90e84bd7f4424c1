"""Any interleaving of inserts, receipts, updates and restarts finds the right record, or is a fault; no pair ever changes. In every
language that has own ids, written by hand or described."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.declarative.adapter import load as load_mapping
from adapters.catalogue import DIALECTS
from adapters.contract import Adapter, Outgoing
from gateway.exchange.results import Accepted, Declined
from gateway.exchange.submission import Submission
from gateway.pipeline import Pipeline
from gateway.records import Delivery
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import SealOrder
from gateway.trust.sealing import unseal
from schemas.catalogue import load
from schemas.envelope import Entry, Message
from schemas.faults import FaultCode
from schemas.identifiers import MessageId, OrganisationId, PartyCode
from schemas.receipts import Stage
from tests.support.routing import contact, deliveries, settle, world_at
from tests.support.tree import ROOT
from tests.support.world import AUDIENCE, World

DESCRIBED = {name: load_mapping((ROOT / f"partners/dialects/{name}.yaml").read_text(encoding="utf-8")) for name in ("caseflow", "flatfile")}
SPOKEN: dict[str, Adapter] = {name: DIALECTS[name] for name in ("canonical", "caseflow", "flatfile")} | {one.dialect: one for one in DESCRIBED.values()}
STANDS_FOR = "77"


def packaging_of(adapter: Adapter) -> str:
    """What is no JSON has its signature beside it."""
    return "jws" if adapter.media_type == "application/json" else "detached"


@pytest.fixture(scope="module", params=sorted(SPOKEN))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path: Path = tmp_path_factory.mktemp("own") / "gateway.db"
    made = world_at(path, both={"C05": {"own_ids": True, "dialect": request.param, "packaging": packaging_of(SPOKEN[request.param])}})
    made.pipeline = Pipeline(replace(made.pipeline._parts, adapters={**DIALECTS, **SPOKEN}))
    yield made
    made.store.close()
    assert made.bugs == []


STORIES = count(1)


@dataclass
class Story:
    """A few records of one partner, and what a reader of its messages would say of them."""

    world: World
    adapter: Adapter
    number: int
    waiting: dict[str, Delivery] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    def tell(self, what: str, own: str, record: int) -> None:
        name, given_number = f"{self.number}-{own}", f"25{self.number:08d}{record}"
        match what:
            case "insert":
                self._insert(name)
            case "update":
                self._update(name)
            case "restart":
                self.world.pipeline = Pipeline(self.world.pipeline._parts)
            case _:
                self._answer(name, given_number if what == "applied" else None)

    def _insert(self, name: str) -> None:
        result = self._send("INS", name)
        if name in self.waiting or name in self.known:
            assert isinstance(result, Declined)
            assert result.fault.code is FaultCode.IDENTIFIER_INVALID
        else:
            assert isinstance(result, Accepted)
            (self.waiting[name],) = deliveries(self.world, result)

    def _update(self, name: str) -> None:
        result = self._send("UPD", name)
        if name not in self.known:
            assert isinstance(result, Declined)
            assert result.fault.code is FaultCode.IDENTIFIER_UNKNOWN
            return
        assert isinstance(result, Accepted)
        record = self.world.store.queries.messages(result.message_ids)[result.message_ids[0]]
        payload = load(unseal(record.canonical, self.world.means.archive, record.message_id.encode())).payload
        assert payload.contact_id == self.known[name]  # type: ignore[attr-defined]

    def _answer(self, name: str, number: str | None) -> None:
        delivery = self.waiting.pop(name, None)
        if delivery is None:
            return
        settle(self.world, delivery, Stage.APPLIED if number else Stage.NOT_APPLIED, record_id=number)
        if number is not None and number not in self.known.values():
            self.known[name] = number

    def _send(self, action: str, name: str) -> Accepted | Declined:
        (read,) = CanonicalAdapter().read(contact("C05", "N00", crn=f"X{self.number:06d}", action=action, contact_id=STANDS_FOR)).entries
        assert isinstance(read, Entry)
        outgoing = Outgoing(
            sender=PartyCode("C05"),
            recipient=PartyCode("N00"),
            control_reference=uuid.uuid4().hex,
            answers=None,
            version="0-9-14",
            prepared_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
            own_ids={("contact", STANDS_FOR): name},
        )
        written = self.adapter.write(Message(MessageId(read.header.sender_message_id), read.header, read.payload), outgoing).content
        packaging, world = packaging_of(self.adapter), self.world
        order = SealOrder(document=written, kind="message", audience=AUDIENCE, now=world.now, media_type=self.adapter.media_type)
        wire = PACKAGINGS[packaging].seal(order, world.signers["alpha"])
        submission = Submission(wire=wire, packaging=packaging, channel="test", peer=OrganisationId("alpha"), received_at=world.now)
        result = world.pipeline.submit([submission])[0]
        assert isinstance(result, Accepted | Declined), result
        return result


steps = st.tuples(st.sampled_from(["insert", "update", "applied", "not-applied", "restart", "insert", "applied"]), st.sampled_from("AB"), st.integers(1, 2))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(steps, max_size=12))
def test_an_own_id_finds_its_record_or_is_a_fault(world: World, told: list[tuple[str, str, int]]) -> None:
    agreement = world.pipeline._parts.store.partners.directory().inbound(PartyCode("C05"))
    assert agreement is not None
    story = Story(world, SPOKEN[agreement.dialect], next(STORIES))
    for what, own, record in told:
        story.tell(what, own, record)

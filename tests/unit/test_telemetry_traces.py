"""One submission, one trace: ids that every process makes alike, and no word of a sender's in it."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from broker.memory import MemoryBroker
from broker.topology import gateway_topology, partners_topology
from gateway.config import ConfigurationInvalid, load_settings
from gateway.contract import MessageFilter
from gateway.records import OutboxEntry
from gateway.telemetry import Telemetry
from gateway.telemetry_facts import Window
from gateway.telemetry_traces import Traces, open_traces, root_of, trace_of
from gateway.workers.relay import Relay
from schemas.identifiers import SubmissionId
from schemas.receipts import Stage
from tests.support.world import NOW, contact, make_world
from tests.unit.road.test_deliver import accept, word
from tests.unit.road.test_submit import hand_in

CRN = "X424242"


class Road:
    """A world whose telemetry writes traces into memory."""

    def __init__(self, folder: Path, share: float = 1.0) -> None:
        self.exporter = InMemorySpanExporter()
        self.traces = Traces(self.exporter, process="gateway", environment="test", share=share)
        self.telemetry = Telemetry(traces=self.traces)
        self.world = make_world(f"sqlite:///{folder / 'gateway.db'}", telemetry=self.telemetry)

    def spans(self) -> list[ReadableSpan]:
        self.telemetry.close()
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.end_time or 0)

    def whole(self) -> None:
        """One message to C17, receipted as applied."""
        delivery = accept(self.world, "m1", crn=CRN)
        owed = [entry for entry in self.world.store.outbox.pending(NOW, 10) if entry.vhost == "gateway"]
        self.telemetry.published(Window(began=NOW, ended=NOW, confirmed=owed, left=[]))
        self.world.deliver("C17")
        word(self.world, delivery, Stage.APPLIED)


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    made = Road(tmp_path)
    yield made
    made.telemetry.close()
    made.world.store.close()


def ids(span: ReadableSpan) -> tuple[int, int, int | None]:
    return span.context.trace_id, span.context.span_id, span.parent.span_id if span.parent else None


def test_the_whole_road_is_one_trace(road: Road) -> None:
    road.whole()
    spans = {span.name: span for span in road.spans()}
    assert set(spans) == {"submit", "store", "publish", "deliver", "hand over", "receipt"}
    submission = str((spans["submit"].attributes or {})["gateway.submission"])
    trace_id = int(submission.replace("-", ""), 16)
    assert {span.context.trace_id for span in spans.values()} == {trace_id}
    assert ids(spans["submit"]) == (trace_id, root_of(trace_id), None)
    for name in ("store", "publish", "deliver", "receipt"):
        assert ids(spans[name])[2] == root_of(trace_id)
    assert ids(spans["hand over"])[2] == ids(spans["deliver"])[1]
    assert len({span.context.span_id for span in spans.values()}) == 6


def test_no_word_of_a_sender_is_in_a_trace(road: Road) -> None:
    road.whole()
    told = "\n".join(span.to_json() for span in road.spans())
    for word_of_theirs in (CRN, "ref-m1", '"m1"', "Made up.", "2500000001", "Made,Up"):
        assert word_of_theirs not in told
    lookups = {record.case_lookup for record in road.world.store.queries.find(MessageFilter(), 10)}
    assert lookups
    assert not any(str(lookup) in told for lookup in lookups)


def test_a_refusal_is_an_error_with_its_code(road: Road) -> None:
    hand_in(road.world, contact("m1", recipients=["C99"]))
    (refused,) = [span for span in road.spans() if span.name == "submit"]
    assert not refused.status.is_ok
    assert (refused.attributes or {})["gateway.fault"] == "unknown-recipient"


def test_a_share_is_chosen_by_the_id_alone(tmp_path: Path) -> None:
    none = Road(tmp_path, share=0.0)
    none.whole()
    assert none.spans() == []
    none.world.store.close()
    half = Traces(InMemorySpanExporter(), process="gateway", environment="test", share=0.5)
    low, high = SubmissionId("0190a000-0000-7000-8000-" + "0" * 11 + "1"), SubmissionId("0190a000-0000-7000-80ff-" + "f" * 12)
    assert (half._chosen(low), half._chosen(high)) == (trace_of(low), None)
    half.close()


def test_a_collector_that_is_away_holds_nothing_up(tmp_path: Path) -> None:
    traces = open_traces("http://127.0.0.1:9/v1/traces", process="gateway", environment="test", share=1.0)
    world = make_world(f"sqlite:///{tmp_path / 'gateway.db'}", telemetry=Telemetry(traces=traces))
    began = time.monotonic()
    accept(world, "m1")
    assert time.monotonic() - began < 2
    traces.close()
    assert time.monotonic() - began < 8
    world.store.close()


@pytest.mark.parametrize("address", ["collector:4318", "ftp://collector/v1/traces", "http://user:word@collector:4318/v1/traces"])
def test_an_address_that_is_none_or_holds_a_password_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationInvalid, match="traces_endpoint") as refused:
        load_settings(traces_endpoint=address)
    assert "word" not in str(refused.value).replace("password", "")


def test_an_empty_address_is_none() -> None:
    assert load_settings(traces_endpoint="").traces_endpoint is None


@pytest.mark.parametrize("text", ["", "s-1", "0" * 32, "not-a-uuid-not-a-uuid-not-a-uuid-no", "0190"])
def test_what_is_no_id_of_ours_has_no_trace(text: str) -> None:
    assert trace_of(SubmissionId(text)) is None


def test_what_is_no_parcel_is_passed_over(road: Road) -> None:
    entries = [
        OutboxEntry("partners", "to", "beta", b"aaaa.bbbb.cccc", "r-1", "application/jose"),
        OutboxEntry("gateway", "gateway", "outbound.C17", b"not a parcel", "d-1", "application/vnd.gateway.parcel"),
        OutboxEntry(
            *("gateway", "gateway", "outbound.C17"),
            b'{"v":1,"step":"deliver","delivery":"d","recipient":"C17","lane":"l","inline":false}\n',
            *("d-1", "application/vnd.gateway.parcel"),
        ),
    ]
    road.telemetry.published(Window(began=NOW, ended=NOW, confirmed=entries, left=[]))
    assert road.spans() == []


def test_the_relay_tells_what_the_broker_confirmed(road: Road) -> None:
    accept(road.world, "m1")
    told: list[Window] = []
    broker = MemoryBroker(gateway_topology(["C17"]) + partners_topology(["alpha"]))
    relay = Relay(road.world.store, broker, lambda: road.world.now, holder="test", published=told.append)
    _run_once(relay, told)
    assert [len(window.confirmed) for window in told] == [2]  # the parcel, and the sender's receipt
    assert told[0].left == []
    assert told[0].ended - told[0].began >= timedelta(0)


def _run_once(relay: Relay, told: list[Window]) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=relay.run, args=(stop,))
    thread.start()
    for _ in range(200):
        if told:
            break
        stop.wait(0.01)
    stop.set()
    thread.join(5)

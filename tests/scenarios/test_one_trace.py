"""A message through a whole gateway: one trace at the collector, and its figures on the process's own /metrics."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.audit.events import AuditCode
from schemas.identifiers import MessageId
from schemas.receipts import Stage
from tests.support.collector import Collector, collector
from tests.support.event_place import event_place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
CRN = "X777001"
ROADS = {"C17": "push", "C20": "queue"}


@dataclass
class Seen:
    """What is left of two messages, one pushed and one laid into a queue."""

    collected: Collector
    submissions: dict[str, str]
    metrics: str
    checkpoints: int


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with collector() as collected, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_TRACES_ENDPOINT", collected.endpoint)
        patch.setenv("GATEWAY_METRICS_PORT", "0")
        patch.setenv("GATEWAY_TIMERS_INTERVAL_SECONDS", "0.2")
        with event_place(tmp_path_factory.mktemp("traced")) as place:
            submissions = {}
            for recipient in ROADS:
                message_id = place.sender.send(f"traced-{recipient}", recipient, CRN)
                place.sender.told(message_id, Stage.APPLIED)
                record = place.gateway.store.queries.messages([MessageId(message_id)])[MessageId(message_id)]
                submissions[recipient] = record.submission_id
            assert place.gateway.metrics is not None
            metrics = httpx.get(place.gateway.metrics.url + "/metrics", trust_env=False, timeout=10).text
            checkpoints = [one for one in place.gateway.store.queries.audit(0, 1000) if one.event.code is AuditCode.CHECKPOINT_SIGNED]
        yield Seen(collected, submissions, metrics, len(checkpoints))


@pytest.mark.parametrize("recipient", ROADS)
def test_the_whole_road_is_one_trace(seen: Seen, recipient: str) -> None:
    spans = seen.collected.traces()[seen.submissions[recipient].replace("-", "")]
    names = [span.name for span in spans]
    assert {"submit", "store", "publish", "deliver", "hand over", "receipt"} <= set(names)
    (root,) = [span for span in spans if not span.parent_span_id]
    assert root.name == "submit"
    ids = {span.span_id for span in spans}
    assert all(span.parent_span_id in ids for span in spans if span is not root)
    assert {attribute.value.string_value for span in spans for attribute in span.attributes if attribute.key == "gateway.mode"} == {ROADS[recipient]}
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in spans)
    stages = {attribute.value.string_value for span in spans if span.name == "receipt" for attribute in span.attributes if attribute.key == "gateway.state"}
    assert "applied" in stages


def test_nothing_of_the_person_left_the_house(seen: Seen) -> None:
    sent = b"".join(seen.collected.requests)
    assert seen.collected.spans()
    for words in (CRN, "traced-C17", "Made up", "2500000001"):
        assert words.encode() not in sent


def test_the_figures_of_both_recipients(seen: Seen) -> None:
    samples = {(one.name, tuple(sorted(one.labels.items()))): one.value for family in text_string_to_metric_families(seen.metrics) for one in family.samples}

    def value(name: str, **labels: str) -> float | None:
        return samples.get((name, tuple(sorted(labels.items()))))

    for recipient in ROADS:
        assert value("gateway_deliveries_total", recipient=recipient, state="applied") == 1
        assert value("gateway_delivery_seconds_count", recipient=recipient, stage="applied") == 1
        assert value("gateway_attempts_total", recipient=recipient, outcome="handed-over") == 1
        assert value("gateway_waiting", recipient=recipient, state="set-aside") == 0
    assert value("gateway_submissions_total", organisation="alpha", outcome="accepted") == 2
    assert value("gateway_step_seconds_count", step="submit", partner="alpha") == 2
    assert value("gateway_relay_backlog") is not None
    assert not {labels for (_, labels), _ in samples.items() if "other" in dict(labels).values() and "partner" in dict(labels)}


def test_what_the_timers_sign_is_counted_like_everything_in_the_chain(seen: Seen) -> None:
    assert 'gateway_events_total{code="checkpoint.signed",fault=""}' in seen.metrics
    assert seen.checkpoints > 0

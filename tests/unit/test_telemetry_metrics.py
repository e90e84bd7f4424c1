"""What a message leaves in the metrics, and that no label can grow without end."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from adapters.contract import Refused, TryLater
from broker.parcel import Parcel, decode
from gateway.audit.events import AuditCode, AuditEvent
from gateway.exchange.accept import parcel_entry
from gateway.partners.agreement import DeliveryMode, RetryPolicy
from gateway.records import DeliveryState, OutboxEntry
from gateway.telemetry import Telemetry
from gateway.telemetry_facts import Figures, Waiting, Window
from gateway.telemetry_metrics import INSTRUMENTS, Instrument, Kind, Metrics, Names
from schemas.faults import Fault, FaultCode
from schemas.identifiers import OrganisationId, PartyCode
from schemas.receipts import Stage
from tests.support.world import NOW, World, both, contact, default_agreements, make_world
from tests.unit.road.test_deliver import accept, now_of, word
from tests.unit.road.test_submit import hand_in

PARTNERS = frozenset({"alpha", "beta", "gamma", "ndelius", "C05", "C17", "C20", "N00"})
DOWN = TryLater(Fault(FaultCode.RECIPIENT_UNREACHABLE, "connection refused"))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def telemetry() -> Telemetry:
    made = Telemetry()
    made.know(lambda: PARTNERS)
    return made


@pytest.fixture
def world(tmp_path: Path, telemetry: Telemetry) -> Iterator[World]:
    pushed = [
        replace(a, endpoint="https://c17.example/in", breaker_failures=2, retry=RetryPolicy(attempts=2))
        for a in both("C17", dialect="canonical", packaging="jws", mode=DeliveryMode.PUSH)
    ]
    made = make_world(f"sqlite:///{tmp_path / 'gateway.db'}", [*(a for a in default_agreements() if a.party != "C17"), *pushed], telemetry)
    yield made
    made.store.close()


def value(telemetry: Telemetry, name: str, **labels: str) -> float | None:
    return telemetry.registry.get_sample_value(name, labels)


def test_the_golden_signals_of_one_message(world: World, telemetry: Telemetry) -> None:
    delivery = accept(world, "m1")
    assert value(telemetry, "gateway_submissions_total", organisation="alpha", outcome="accepted") == 1
    assert value(telemetry, "gateway_messages_total", sender="C05", outcome="accepted") == 1
    assert value(telemetry, "gateway_deliveries_total", recipient="C17", state="accepted") == 1
    world.pass_time(seconds=4)
    world.deliver("C17")
    world.pass_time(seconds=3)
    word(world, delivery, Stage.APPLIED)
    assert value(telemetry, "gateway_attempts_total", recipient="C17", outcome="handed-over") == 1
    # the endpoint said 2xx, so what was handed over was delivered at once
    for stage in ("handed-over", "delivered"):
        assert value(telemetry, "gateway_delivery_seconds_sum", recipient="C17", stage=stage) == 4
    assert value(telemetry, "gateway_delivery_seconds_sum", recipient="C17", stage="applied") == 7
    assert value(telemetry, "gateway_deliveries_total", recipient="C17", state="applied") == 1
    for step, partner in (("submit", "alpha"), ("deliver", "C17"), ("hand-over", "C17")):
        assert value(telemetry, "gateway_step_seconds_count", step=step, partner=partner) == 1


def test_a_duplicate_and_a_refusal_are_told_apart(world: World, telemetry: Telemetry) -> None:
    hand_in(world, contact("m1"))
    hand_in(world, contact("m1"))
    hand_in(world, contact("m2", recipients=["C99"]))
    outcomes = {
        outcome: value(telemetry, "gateway_submissions_total", organisation="alpha", outcome=outcome) for outcome in ("accepted", "duplicate", "refused")
    }
    assert outcomes == {"accepted": 1, "duplicate": 1, "refused": 1}
    assert value(telemetry, "gateway_faults_total", step="submit", partner="alpha", fault="unknown-recipient") == 1


def test_failures_open_the_breaker_which_closes_by_the_clock(world: World, telemetry: Telemetry) -> None:
    accept(world, "m1")
    accept(world, "m2", crn="X000002")
    world.push.answers += [DOWN, DOWN]
    world.deliver("C17")
    assert value(telemetry, "gateway_attempts_total", recipient="C17", outcome="try-later") == 2
    assert value(telemetry, "gateway_faults_total", step="deliver", partner="C17", fault="recipient-unreachable") == 2
    assert value(telemetry, "gateway_breaker_open", organisation="beta") is not None


def test_an_open_breaker_is_open_no_longer_than_it_says() -> None:
    now = [1000.0]
    registry = CollectorRegistry()
    metrics = Metrics(registry, Names(), lambda: now[0])
    metrics._seen.breaker("beta", datetime.fromtimestamp(1060, UTC))
    assert registry.get_sample_value("gateway_breaker_open", {"organisation": "beta"}) == 1
    now[0] = 1061
    assert registry.get_sample_value("gateway_breaker_open", {"organisation": "beta"}) == 0


def test_a_refusal_by_the_recipient_counts_against_it(world: World, telemetry: Telemetry) -> None:
    accept(world, "m1")
    world.push.answers.append(Refused(Fault(FaultCode.RECIPIENT_REFUSED, "no")))
    world.deliver("C17")
    assert value(telemetry, "gateway_deliveries_total", recipient="C17", state="refused") == 1
    assert value(telemetry, "gateway_faults_total", step="deliver", partner="C17", fault="recipient-refused") == 1


def test_a_resend_into_a_queue_is_no_second_first_time(tmp_path: Path, telemetry: Telemetry) -> None:
    world = make_world(f"sqlite:///{tmp_path / 'queue.db'}", telemetry=telemetry)
    delivery = accept(world, "m1")
    world.pass_time(seconds=2)
    for _ in range(2):
        world.deliver("C17")
        world.pass_time(days=2)
        world.pipeline.deliver(PartyCode("C17"), [_again(world, delivery.message_id)])
    assert value(telemetry, "gateway_attempts_total", recipient="C17", outcome="handed-over") == 3
    assert value(telemetry, "gateway_delivery_seconds_count", recipient="C17", stage="handed-over") == 1
    assert value(telemetry, "gateway_delivery_seconds_sum", recipient="C17", stage="handed-over") == 2
    world.store.close()


def _again(world: World, message_id: object) -> Parcel:
    return decode(parcel_entry(now_of(world, message_id), None, world.means).body)


def test_names_that_are_none_of_ours_are_other_whoever_makes_them_up(telemetry: Telemetry) -> None:
    for number in range(30):
        facts = {"organisation": f"made-up-{number}", "sender": f"Z{number}", "recipient": f"Y{number}", "fault": f"F{number}", "messages": 1}
        for code in AuditCode:
            telemetry.observe(AuditEvent(code, NOW, f"subject-{number}", facts))
    text = telemetry.render()[0].decode()
    assert "made-up" not in text
    assert 'gateway_submissions_total{organisation="other",outcome="accepted"} 30.0' in text
    labels = {
        tuple(sorted(sample.labels.items())) for family in text_string_to_metric_families(text) for sample in family.samples if family.name == "gateway_faults"
    }
    assert len(labels) <= 6


def test_a_new_partner_is_asked_for_but_not_at_every_event() -> None:
    asked, known, seconds = [0], {"C05"}, [0.0]
    names = Names(lambda: seconds[0])

    def source() -> set[str]:
        asked[0] += 1
        return known

    names.source = source
    assert [names.label(name) for name in ("C05", "C17", "C17", "", None)] == ["C05", "other", "other", "other", "other"]
    assert asked == [1]
    known = {"C05", "C17"}
    seconds[0] = 31.0
    assert names.label("C17") == "C17"
    assert asked == [2]


def test_a_bug_in_counting_is_counted_and_stops_nothing(telemetry: Telemetry) -> None:
    telemetry.written([None], NOW, NOW)  # type: ignore[list-item]
    assert value(telemetry, "gateway_bugs_total", place="telemetry.written", type="AttributeError") == 1


def test_what_the_relay_published_and_left(telemetry: Telemetry) -> None:
    entry = OutboxEntry("gateway", "gateway", "outbound.C17", b"{}", "d-1", "text/plain")
    telemetry.published(Window(began=NOW, ended=NOW + timedelta(seconds=0.3), confirmed=[entry, entry], left=[entry]))
    assert value(telemetry, "gateway_published_total", outcome="confirmed") == 2
    assert value(telemetry, "gateway_published_total", outcome="left") == 1
    assert value(telemetry, "gateway_step_seconds_sum", step="publish", partner="") == pytest.approx(0.3)


def test_figures_stand_until_another_process_tells_them(telemetry: Telemetry) -> None:
    waiting = Waiting(recipient=PartyCode("C17"), counts={DeliveryState.WAITING: 4}, oldest_seconds=77.0)
    keys = {(OrganisationId("beta"), "sign"): 12.5}
    telemetry.figures(Figures(at=NOW, waiting=[waiting], backlog=9, silence_seconds=31.0, key_days=keys, alerts={"depth": 2}))
    assert value(telemetry, "gateway_waiting", recipient="C17", state="waiting") == 4
    assert value(telemetry, "gateway_oldest_waiting_seconds", recipient="C17") == 77
    assert value(telemetry, "gateway_relay_backlog") == 9
    assert value(telemetry, "gateway_relay_silence_seconds") == 31
    assert value(telemetry, "gateway_key_days_left", organisation="beta", use="sign") == 12.5
    assert value(telemetry, "gateway_alerts_firing", rule="depth") == 2
    assert value(telemetry, "gateway_figures_timestamp_seconds") == NOW.timestamp()
    telemetry.figures(None)
    assert value(telemetry, "gateway_waiting", recipient="C17", state="waiting") is None


def test_names_of_before_still_stand() -> None:
    before = {"gateway_events", "gateway_refusals", "gateway_request_seconds", "gateway_batch_items", "gateway_bugs", "gateway_level"}
    assert before <= {one.name for one in INSTRUMENTS}
    assert len({one.name for one in INSTRUMENTS}) == len(INSTRUMENTS)


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda one: one.name)
def test_every_instrument_is_exposed_as_declared(instrument: Instrument) -> None:
    """The page and the dashboards are drawn from the table: what it says must be what Prometheus reads."""
    telemetry = Telemetry()
    telemetry.figures(Figures(at=NOW, waiting=[], backlog=0, silence_seconds=0, key_days={}, alerts={}))
    families = {family.name: family for family in text_string_to_metric_families(telemetry.render()[0].decode())}
    found = families[instrument.name]
    assert (found.type, found.documentation) == (instrument.kind.value, instrument.text)
    assert bool(instrument.buckets) is (instrument.kind is Kind.HISTOGRAM)

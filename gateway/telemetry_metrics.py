"""Metrics: what Prometheus reads of one process, with every label out of a closed list.

What it is: the table of instruments (`INSTRUMENTS`), which docs and dashboards are checked against, and the rules from
an event or a fact to a number. What it is not: logs or traces. Called by `gateway.telemetry` alone. A label names a
party or organisation of the directory, a step, a state, a fault: anything else is `other`.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.records import DeliveryKind, DeliveryState
from gateway.telemetry_facts import OTHER, Figures, Round, Window, fault_label

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 65.0)
_HOURS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 28800.0, 86400.0)
_ASK_SECONDS = 30.0
"""How often, at most, the directory is asked for names that are not known yet."""


class Kind(StrEnum):
    """What Prometheus calls it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One metric, as it is declared, documented and drawn."""

    name: str
    """Without the suffixes that Prometheus adds to counters and histograms."""
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def exposed(self) -> frozenset[str]:
        """The names under which queries find it."""
        match self.kind:
            case Kind.COUNTER:
                return frozenset({f"{self.name}_total"})
            case Kind.HISTOGRAM:
                return frozenset(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
            case Kind.GAUGE:
                return frozenset({self.name})


EVENTS = Instrument("gateway_events", Kind.COUNTER, "Audit events, by code and fault.", ("code", "fault"))
REFUSALS = Instrument("gateway_refusals", Kind.COUNTER, "Refusals of callers that were not known, by door and fault.", ("door", "fault"))
REQUESTS = Instrument("gateway_request_seconds", Kind.HISTOGRAM, "Requests by door and status.", ("door", "status"), _SECONDS)
BATCHES = Instrument("gateway_batch_items", Kind.HISTOGRAM, "Items that shared one commit, by step.", ("step",), (1, 2, 5, 10, 20, 50, 100))
BUGS = Instrument("gateway_bugs", Kind.COUNTER, "Errors that nobody expected, by place and type.", ("place", "type"))
LEVELS = Instrument("gateway_level", Kind.GAUGE, "Levels that were last seen: backlog, age of the last confirm.", ("name",))
SUBMISSIONS = Instrument(
    "gateway_submissions",
    Kind.COUNTER,
    "Submissions by the organisation that signed them: `accepted`, `refused`, `duplicate`.",
    ("organisation", "outcome"),
)
MESSAGES = Instrument("gateway_messages", Kind.COUNTER, "Messages by sender, of submissions that were accepted: `accepted`, `refused`.", ("sender", "outcome"))
DELIVERIES = Instrument(
    "gateway_deliveries", Kind.COUNTER, "What became of deliveries, by recipient: each state as often as it was reached.", ("recipient", "state")
)
ATTEMPTS = Instrument("gateway_attempts", Kind.COUNTER, "Tries to hand over, by recipient and outcome.", ("recipient", "outcome"))
FAULTS = Instrument(
    "gateway_faults",
    Kind.COUNTER,
    "Refusals and failures, by step, by the party or organisation that they concern, and by fault.",
    ("step", "partner", "fault"),
)
DELIVERY = Instrument(
    "gateway_delivery_seconds",
    Kind.HISTOGRAM,
    "From acceptance to a stage, by recipient: the first `handed-over`, `delivered`, `applied`, `not-applied`.",
    ("recipient", "stage"),
    _HOURS,
)
STEPS = Instrument(
    "gateway_step_seconds",
    Kind.HISTOGRAM,
    "How long a step took, by partner where it is one partner's: `submit` (from arrival to durable), `commit`, `publish` (a window of confirms), "
    "`deliver` (a round of a courier), `hand-over` (the partner's answer).",
    ("step", "partner"),
    _SECONDS,
)
PUBLISHED = Instrument("gateway_published", Kind.COUNTER, "Publications by the relay: `confirmed`, or `left` for later.", ("outcome",))
WAITING = Instrument("gateway_waiting", Kind.GAUGE, "Unfinished deliveries in the store, by recipient and state.", ("recipient", "state"))
OLDEST = Instrument("gateway_oldest_waiting_seconds", Kind.GAUGE, "Age of the oldest unfinished delivery, by recipient; 0 where there is none.", ("recipient",))
BACKLOG = Instrument("gateway_relay_backlog", Kind.GAUGE, "Publications that are owed to the broker.")
SILENCE = Instrument("gateway_relay_silence_seconds", Kind.GAUGE, "How long there has been a backlog without a confirm by the broker.")
LOOKED = Instrument("gateway_figures_timestamp_seconds", Kind.GAUGE, "When the store was last looked at for these gauges, Unix time.")
KEY_DAYS = Instrument("gateway_key_days_left", Kind.GAUGE, "Days until an organisation has no valid key for a use any more.", ("organisation", "use"))
ALERTS = Instrument("gateway_alerts_firing", Kind.GAUGE, "Alerts that fire, by rule, as the console has them.", ("rule",))
BREAKERS = Instrument("gateway_breaker_open", Kind.GAUGE, "1 while an organisation's endpoint is left alone by this courier.", ("organisation",))

INSTRUMENTS = (
    *(EVENTS, REFUSALS, REQUESTS, BATCHES, BUGS, LEVELS, SUBMISSIONS, MESSAGES, DELIVERIES, ATTEMPTS, FAULTS, DELIVERY, STEPS, PUBLISHED),
    *(WAITING, OLDEST, BACKLOG, SILENCE, LOOKED, KEY_DAYS, ALERTS, BREAKERS),
)
"""Every metric of ours. `process_…` (memory, CPU, files of the process) comes besides."""

_SUBMITTED = {AuditCode.SUBMISSION_ACCEPTED: "accepted", AuditCode.SUBMISSION_REFUSED: "refused", AuditCode.SUBMISSION_DUPLICATE: "duplicate"}
_REACHED = {
    code: code.value.removeprefix("delivery.")
    for code in (
        *(AuditCode.DELIVERY_HANDED_OVER, AuditCode.DELIVERY_DELAYED, AuditCode.DELIVERY_REFUSED, AuditCode.DELIVERY_DELIVERED, AuditCode.DELIVERY_APPLIED),
        *(AuditCode.DELIVERY_NOT_APPLIED, AuditCode.DELIVERY_SET_ASIDE, AuditCode.DELIVERY_RETRIED, AuditCode.DELIVERY_DISCARDED),
    )
}
_LATER = {AuditCode.DELIVERY_DELIVERED: "delivered", AuditCode.DELIVERY_APPLIED: "applied", AuditCode.DELIVERY_NOT_APPLIED: "not-applied"}
_STEP_OF = {"submission": "submit", "message": "submit", "delivery": "deliver", "receipt": "settle"}


class Names:
    """Which names may stand in labels: those of the directory, asked for again when a new one comes, but not too often."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._asked_at = float("-inf")
        self._known: frozenset[str] = frozenset()
        self.source: Callable[[], Collection[str]] = frozenset

    def label(self, name: object) -> str:
        """The name itself where it is known."""
        if name in self._known:
            return str(name)
        now = self._monotonic()
        if name and now - self._asked_at >= _ASK_SECONDS:
            self._asked_at = now
            self._known = frozenset(self.source())
        return str(name) if name in self._known else OTHER


class Metrics:
    """The instruments of one process, over one registry. Safe from any thread."""

    def __init__(self, registry: CollectorRegistry, names: Names, now: Callable[[], float] = time.time) -> None:
        self._names = names
        self._counters = {one: Counter(one.name, one.text, one.labels, registry=registry) for one in INSTRUMENTS if one.kind is Kind.COUNTER}
        self._histograms = {
            one: Histogram(one.name, one.text, one.labels, buckets=one.buckets, registry=registry) for one in INSTRUMENTS if one.kind is Kind.HISTOGRAM
        }
        # What `labels()` looks up under a lock at every call: labels are bounded, and so are these.
        self._counts: dict[tuple[Instrument, tuple[str, ...]], Counter] = {}
        self._times: dict[tuple[Instrument, tuple[str, ...]], Histogram] = {}
        self._levels = Gauge(LEVELS.name, LEVELS.text, LEVELS.labels, registry=registry)
        self._seen = _Seen(now)
        registry.register(self._seen)
        ProcessCollector(registry=registry)

    def count(self, instrument: Instrument, *labels: str, by: float = 1) -> None:
        """One more, or so many."""
        found = self._counts.get((instrument, labels))
        if found is None:
            found = self._counts[instrument, labels] = self._counters[instrument].labels(*labels)
        found.inc(by)

    def took(self, instrument: Instrument, value: float, *labels: str) -> None:
        """One observation. A clock that was put back took no time."""
        found = self._times.get((instrument, labels))
        if found is None:
            found = self._times[instrument, labels] = self._histograms[instrument].labels(*labels)
        found.observe(max(value, 0.0))

    def level(self, name: str, value: float) -> None:
        """The last seen height of something."""
        self._levels.labels(name).set(value)

    def event(self, event: AuditEvent) -> None:
        """What an audit event adds to the counters."""
        code, facts = event.code, event.facts
        fault = fault_label(facts.get("fault"))
        self.count(EVENTS, code.value, fault)
        if code in _SUBMITTED:
            self.count(SUBMISSIONS, self._names.label(facts.get("organisation")), _SUBMITTED[code])
        if code in _REACHED:
            self.count(DELIVERIES, self._names.label(facts.get("recipient")), _REACHED[code])
        if code is AuditCode.SUBMISSION_ACCEPTED:
            self._messages(event)
        if fault:
            partner = facts.get("recipient") or facts.get("organisation")
            self.count(FAULTS, _STEP_OF.get(code.value.partition(".")[0], OTHER), self._names.label(partner), fault)

    def _messages(self, event: AuditEvent) -> None:
        sender = self._names.label(event.facts.get("sender"))
        for outcome, fact in (("accepted", "messages"), ("refused", "refused")):
            number = event.facts.get(fact, 0)
            if isinstance(number, int) and number > 0:
                self.count(MESSAGES, sender, outcome, by=number)

    def written(self, batch: Sequence[Changes], began: datetime, ended: datetime) -> None:
        """What a commit adds that no event says: how long things took, and who got a delivery."""
        self.took(STEPS, (ended - began).total_seconds(), "commit", "")
        for changes in batch:
            if (submission := changes.submission) is not None:
                self.took(STEPS, (ended - submission.received_at).total_seconds(), "submit", self._names.label(submission.organisation))
            for delivery in changes.new_deliveries:
                if delivery.kind is DeliveryKind.MESSAGE:
                    self.count(DELIVERIES, self._names.label(delivery.recipient), "accepted")
            self._stages(changes)

    def _stages(self, changes: Changes) -> None:
        """Deliveries that the events say something of; others may be written along unchanged."""
        for event in changes.events:
            if event.code not in _LATER:
                continue
            for delivery in changes.deliveries:
                if delivery.delivery_id == event.subject:
                    self.took(DELIVERY, (event.at - delivery.created_at).total_seconds(), self._names.label(delivery.recipient), _LATER[event.code])

    def round(self, done: Round) -> None:
        """What a courier's round adds."""
        recipient = self._names.label(done.recipient)
        self.took(STEPS, (done.ended - done.began).total_seconds(), "deliver", recipient)
        self._seen.breaker(self._names.label(done.organisation), done.breaker_until)
        if not done.handed:
            return
        self.took(STEPS, (done.acted - done.acting).total_seconds(), "hand-over", recipient)
        for before, attempt in done.handed:
            self.count(ATTEMPTS, recipient, attempt.outcome)
            if attempt.outcome == "handed-over" and before.kind is DeliveryKind.MESSAGE and before.state is not DeliveryState.HANDED_OVER:
                self.took(DELIVERY, (done.acted - before.created_at).total_seconds(), recipient, "handed-over")

    def published(self, window: Window) -> None:
        """What a window of confirms adds."""
        self.took(STEPS, (window.ended - window.began).total_seconds(), "publish", "")
        for outcome, entries in (("confirmed", window.confirmed), ("left", window.left)):
            if entries:
                self.count(PUBLISHED, outcome, by=len(entries))

    def figures(self, figures: Figures | None) -> None:
        """How things stand from now on; None: another process says."""
        self._seen.figures = figures


class _Seen(Collector):
    """Gauges of the last look, all of one moment: what is gone from the store is gone from here too."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._open_until: dict[str, float] = {}
        self.figures: Figures | None = None

    def breaker(self, organisation: str, until: datetime | None) -> None:
        """An organisation's breaker, as it stands after a round."""
        if until is not None or organisation in self._open_until:
            self._open_until[organisation] = until.timestamp() if until is not None else 0.0

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """At every scrape. A breaker closes by the clock, so it is asked now."""
        now = self._now()
        yield _gauge(BREAKERS, [((name,), float(until > now)) for name, until in list(self._open_until.items())])
        if (figures := self.figures) is None:
            return
        yield _gauge(WAITING, [((one.recipient, state.value), float(count)) for one in figures.waiting for state, count in one.counts.items()])
        yield _gauge(OLDEST, [((one.recipient,), one.oldest_seconds) for one in figures.waiting])
        yield _gauge(BACKLOG, [((), float(figures.backlog))])
        yield _gauge(SILENCE, [((), figures.silence_seconds)])
        yield _gauge(LOOKED, [((), figures.at.timestamp())])
        yield _gauge(KEY_DAYS, [(key, days) for key, days in figures.key_days.items()])
        yield _gauge(ALERTS, [((rule,), float(number)) for rule, number in figures.alerts.items()])


def _gauge(instrument: Instrument, rows: Iterable[tuple[Sequence[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(instrument.name, instrument.text, labels=instrument.labels)
    for labels, value in rows:
        family.add_metric(list(labels), value)
    return family

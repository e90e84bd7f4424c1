"""Traces: one for each submission, across every process that it passes, told to an OpenTelemetry collector.

What it is: spans made afterwards, from what was written and when. What it is not: a context that travels: the trace id
is the submission's own id, which every row and parcel has, and every span hangs below the door's span, whose id is made
from it too. So no process waits for another, and a resend years later finds its trace. Nothing of it goes to partners.

    submit          door: from arrival to durable
      store         the commit that it shared
      publish       relay: from the outbox to the broker's confirm
      deliver       courier: from the parcel to the durable outcome
        hand over   the partner's answer
      receipt       the recipient's word, and ours to the sender, made durable

Attributes are ids, codes and counts of our own. No case, no name, no reference that a sender chose.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, set_span_in_context

from broker.parcel import ParcelUnreadable, decode
from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.records import Delivery, SubmissionRecord
from gateway.telemetry_facts import Round, Window, fault_label
from schemas.identifiers import SubmissionId

_NAMESPACE = "interagency-gateway"
_PARCEL = "application/vnd.gateway.parcel"
_SEND_SECONDS = 3.0
"""With every retry: a collector that is away must not hold up the end of a process."""
_LOW_64, _LOW_56 = (1 << 64) - 1, (1 << 56) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS = frozenset({AuditCode.DELIVERY_DELIVERED, AuditCode.DELIVERY_APPLIED, AuditCode.DELIVERY_NOT_APPLIED})
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_ATTRIBUTES = ("basis", "state")
_Attributes = Mapping[str, str | int]


def trace_of(submission: SubmissionId) -> int | None:
    """The trace of a submission: its id, which is 128 bits as well. None for what is no such id."""
    digits = submission.replace("-", "")
    try:
        return (int(digits, 16) or None) if len(digits) == 32 else None
    except ValueError:
        return None


def root_of(trace_id: int) -> int:
    """The span of the door: the random half of the same id."""
    return trace_id & _LOW_64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """One span as it is told."""

    name: str
    began: datetime
    ended: datetime
    kind: SpanKind = SpanKind.INTERNAL
    attributes: _Attributes
    fault: str | None = None


class _Ids(RandomIdGenerator):
    """Random ids of spans, but for the door's, which is asked for by name."""

    def __init__(self) -> None:
        self._wanted = threading.local()

    def want(self, trace_id: int | None) -> None:
        """The next root made by this thread is the door's of this trace."""
        self._wanted.trace_id = trace_id

    def generate_trace_id(self) -> int:
        """See the base class."""
        return getattr(self._wanted, "trace_id", None) or super().generate_trace_id()

    def generate_span_id(self) -> int:
        """See the base class."""
        wanted = getattr(self._wanted, "trace_id", None)
        return root_of(wanted) if wanted else super().generate_span_id()


class Traces:
    """Tells spans to an exporter from a thread of its own; where it cannot keep up, spans are dropped, never messages."""

    def __init__(self, exporter: SpanExporter, *, process: str, environment: str, share: float = 1.0) -> None:
        self._ids, self._limit = _Ids(), int(share * (_LOW_56 + 1))
        resource = Resource({"service.namespace": _NAMESPACE, "service.name": process, "deployment.environment.name": environment})
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("gateway")

    def written(self, batch: Sequence[Changes], began: datetime, ended: datetime) -> None:
        """The door's span and the store's for what was handed in; the receipt's for what a recipient said."""
        for changes in batch:
            if changes.submission is not None:
                self._submitted(changes.submission, changes, began, ended)
            for event in changes.events:
                if event.code in _WORDS:
                    self._said(event, changes.deliveries, ended)

    def round(self, done: Round) -> None:
        """The courier's spans, one for each delivery of the round."""
        for delivery, attempt in done.handed:
            if (trace_id := self._chosen(delivery.submission_id)) is None:
                continue
            about: _Attributes = {**_about(delivery), "gateway.mode": done.mode, "gateway.attempt": attempt.number, "gateway.outcome": attempt.outcome}
            fault = attempt.fault
            courier = self._child(
                trace_id,
                root_of(trace_id),
                _Span(name="deliver", began=done.began, ended=done.ended, kind=SpanKind.CONSUMER, attributes=about, fault=fault),
            )
            self._child(trace_id, courier, _Span(name="hand over", began=done.acting, ended=done.acted, kind=SpanKind.CLIENT, attributes=about, fault=fault))

    def published(self, window: Window) -> None:
        """The relay's spans, one for each parcel that the broker confirmed."""
        for entry in window.confirmed:
            if entry.content_type != _PARCEL:
                continue
            try:
                parcel = decode(entry.body)
            except ParcelUnreadable:
                continue  # none of ours, or of before parcels named their submission
            if (trace_id := self._chosen(SubmissionId(parcel.submission))) is None:
                continue
            about = {"gateway.recipient": parcel.recipient, "gateway.delivery": parcel.delivery_id, "messaging.destination.name": entry.routing_key}
            self._child(trace_id, root_of(trace_id), _Span(name="publish", began=window.began, ended=window.ended, kind=SpanKind.PRODUCER, attributes=about))

    def close(self) -> None:
        """Send what waits, within the exporter's own time, and stop."""
        self._provider.shutdown()

    def _submitted(self, record: SubmissionRecord, changes: Changes, began: datetime, ended: datetime) -> None:
        trace_id = self._chosen(record.submission_id)
        if trace_id is None:
            return
        about: _Attributes = {
            "gateway.submission": record.submission_id,
            "gateway.organisation": record.organisation,
            "gateway.door": record.channel,
            "gateway.packaging": record.packaging,
            "gateway.verdict": record.verdict.value,
            "gateway.messages": len(changes.messages),
        }
        self._root(trace_id, _Span(name="submit", began=record.received_at, ended=ended, kind=SpanKind.SERVER, attributes=about, fault=record.fault))
        self._child(trace_id, root_of(trace_id), _Span(name="store", began=began, ended=ended, attributes={"gateway.deliveries": len(changes.new_deliveries)}))

    def _said(self, event: AuditEvent, written: Sequence[Delivery], ended: datetime) -> None:
        for delivery in written:
            if delivery.delivery_id == event.subject and (trace_id := self._chosen(delivery.submission_id)) is not None:
                about = {**_about(delivery), **{f"gateway.{name}": str(event.facts.get(name, "")) for name in _ATTRIBUTES}}
                self._child(trace_id, root_of(trace_id), _Span(name="receipt", began=event.at, ended=ended, attributes=about, fault=delivery.fault))

    def _chosen(self, submission: SubmissionId) -> int | None:
        """The trace, where it is among those told: every process chooses alike, for the id chooses."""
        trace_id = trace_of(submission)
        return trace_id if trace_id is not None and trace_id & _LOW_56 < self._limit else None

    def _root(self, trace_id: int, span: _Span) -> None:
        self._ids.want(trace_id)
        try:
            self._tell(span, Context())
        finally:
            self._ids.want(None)

    def _child(self, trace_id: int, parent: int, span: _Span) -> int:
        context = SpanContext(trace_id, parent, is_remote=True, trace_flags=_SAMPLED)
        return self._tell(span, set_span_in_context(NonRecordingSpan(context), Context()))

    def _tell(self, told: _Span, context: Context) -> int:
        began = _nanoseconds(told.began)
        span = self._tracer.start_span(told.name, context, told.kind, dict(told.attributes), start_time=began)
        if fault := fault_label(told.fault):
            span.set_attribute("gateway.fault", fault)
            span.set_status(Status(StatusCode.ERROR, fault))
        span.end(max(began, _nanoseconds(told.ended)))
        return span.get_span_context().span_id


def open_traces(endpoint: str, *, process: str, environment: str, share: float) -> Traces:
    """Traces that go to an OTLP/HTTP collector."""
    return Traces(OTLPSpanExporter(endpoint, timeout=_SEND_SECONDS), process=process, environment=environment, share=share)


def _about(delivery: Delivery) -> dict[str, str | int]:
    """What a delivery is called; its lane is made from a case, and stays at home."""
    return {"gateway.delivery": delivery.delivery_id, "gateway.message": delivery.message_id or "", "gateway.recipient": delivery.recipient}


def _nanoseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000

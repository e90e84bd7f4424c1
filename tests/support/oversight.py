"""What tests of watching and steering share: deliveries of every state, made-up operators, and events with their facts."""

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.changes import Changes
from gateway.contract import Store
from gateway.oversight.access import Role
from gateway.oversight.records import Alert, AlertState, Operator, OperatorSession, Order, OrderKind, SessionKind
from gateway.records import Delivery, DeliveryState, MessageRecord
from schemas.identifiers import MessageId, PartyCode
from tests.support.store import at, delivery, digest, event, message

ANNE, BERT = Operator("op-anne", "Anne Example"), Operator("op-bert", "Bert Example")


def place(store: Store, *placed: Delivery | MessageRecord) -> None:
    """Commit these as they are, in this order."""
    changes = [
        Changes(new_deliveries=(item,), events=(event(AuditCode.MESSAGE_ACCEPTED, item.delivery_id),))
        if isinstance(item, Delivery)
        else Changes(messages=(item,), events=(event(AuditCode.MESSAGE_ACCEPTED, item.message_id),))
        for item in placed
    ]
    assert store.unit_of_work.commit(changes).stale == frozenset()


def leg(
    name: str,
    state: DeliveryState,
    *,
    recipient: str = "C05",
    seconds: float = 0,
    changed: float | None = None,
    fault: str | None = None,
    due: float | None = None,
    of: str | None = None,
    sender: str = "N00",
) -> Delivery:
    """A delivery in this state, made at one moment and changed at another."""
    made = delivery(name, recipient=recipient, state=state, due=due)
    moments = {"created_at": at(seconds), "updated_at": at(seconds if changed is None else changed)}
    return replace(made, fault=fault, sender=PartyCode(sender), message_id=MessageId(f"m-{of or name}"), **moments)


def head(name: str, *, seconds: float = 0, sender: str = "N00", type: str = "Contact", case: str | None = None) -> MessageRecord:  # noqa: A002
    """A message, accepted at this moment."""
    return replace(message(name, seconds=seconds), sender=PartyCode(sender), type=type, case_lookup=case)


def session(name: str, *, operator: Operator = ANNE, created: float = 0, expires: float = 36_000) -> OperatorSession:
    """A browser's session."""
    return OperatorSession(
        session=digest(name),
        kind=SessionKind.BROWSER,
        operator=operator,
        roles=(Role.OPERATOR, Role.REVEAL),
        csrf=f"csrf-{name}",
        created_at=at(created),
        seen_at=at(created),
        expires_at=at(expires),
    )


def alert(name: str, *, rule: str = "queue-age", subject: str = "C05", raised: float = 0) -> Alert:
    """A new alert that fires."""
    return Alert(
        alert_id=name,
        rule=rule,
        subject=subject,
        state=AlertState.FIRING,
        value="43 minutes",
        threshold="30 minutes",
        raised_at=at(raised),
        seen_at=at(raised),
    )


def order(name: str, *, subject: str = "d-one", kind: OrderKind = OrderKind.DISCARD, asked: float = 0, by: Operator = ANNE) -> Order:
    """A new order."""
    return Order(order_id=name, kind=kind, subject=subject, facts={"reason": "duplicate", "text": "sent twice"}, by=by, asked_at=at(asked))


def deed(code: AuditCode, subject: str, **facts: Fact) -> AuditEvent:
    """What Anne did."""
    return AuditEvent(code, at(2), subject, {"by": ANNE.subject, **facts})


def impossible(code: AuditCode, subject: str) -> AuditEvent:
    """An event that cannot be linked: what it says is no fact."""
    return AuditEvent(code, at(2), subject, {"share": 0.5})  # type: ignore[dict-item]


def codes(store: Store) -> list[AuditCode]:
    """Everything in the chain, in order."""
    return [record.event.code for record in store.queries.audit(0, 1000)]


def happened(store: Store, *events: AuditEvent) -> None:
    """Link these events, and nothing else."""
    store.unit_of_work.commit([Changes(events=(one,)) for one in events])


def occurred(code: AuditCode, subject: str, when: datetime | timedelta | float, **facts: Fact) -> AuditEvent:
    """An event at a moment of the test's day."""
    moment = when if isinstance(when, datetime) else at(when.total_seconds() if isinstance(when, timedelta) else when)
    return AuditEvent(code, moment, subject, facts)

"""By hand: what a person does to a delivery, decided without I/O.

What it is: the rules behind retry and the end of a notice, for the command line and the console alike. What it is not:
a discard of a message, which owes its sender a signed receipt (`settle`). Order and ids stay as they are: a retry only
says when the next attempt is.
"""

from dataclasses import replace
from datetime import datetime

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.exchange.delivery import Event, next_state
from gateway.records import Delivery


def retried(delivery: Delivery, by: str, now: datetime, at: datetime | None = None) -> Changes:
    """Back on the road, with its next attempt at a time, by default now. Raises ImpossibleTransition, for what its recipient acknowledged too."""
    after = replace(
        delivery,
        state=next_state(delivery.state, Event.RETRY),
        failures=0,
        next_attempt_at=at or now,
        fault=None,
        fault_detail=None,
        updated_at=now,
    )
    return _by_hand(after, AuditCode.DELIVERY_RETRIED, delivery, by, now)


def ended(delivery: Delivery, by: str, now: datetime) -> Changes:
    """A notice that nobody will be given. Raises ImpossibleTransition."""
    after = replace(delivery, state=next_state(delivery.state, Event.DISCARD), next_attempt_at=None, updated_at=now)
    return _by_hand(after, AuditCode.DELIVERY_DISCARDED, delivery, by, now)


def _by_hand(after: Delivery, code: AuditCode, before: Delivery, by: str, now: datetime) -> Changes:
    facts = {"message": after.message_id or "", "recipient": after.recipient, "before": before.state.value, "state": after.state.value, "by": by}
    return Changes(lane=after.lane, deliveries=(after,), events=(AuditEvent(code, now, after.delivery_id, facts),))

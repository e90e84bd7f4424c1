"""Dead letters: deliveries that were refused or set aside, put back on the road or ended by a person.

What it is: retry and discard of one, of several, of a whole group. What it is not: the signature under a discard's
receipt: the console has no key, so a discard is an order that a worker carries out under the person's name. Order and
ids never change, and what its recipient acknowledged is never sent again. Called by the console.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.contract import StoreUnavailable
from gateway.control.desk import CountDiffers, Desk, Done, NotPossible, NotThere
from gateway.exchange import by_hand
from gateway.exchange.delivery import Event, may_follow
from gateway.oversight.reasons import DISCARD_REASONS, checked
from gateway.oversight.records import Operator, Order, OrderKind
from gateway.oversight.views import LetterFilter
from gateway.records import Delivery, DeliveryState
from schemas.identifiers import DeliveryId

MOST_AT_ONCE: Final = 2000
"""Deliveries that one action takes; a larger group is worked off in several."""
PER_SECOND: Final = 20
"""Retries of one action are spread out, so that a partner that has just come back is not flooded."""
ACKNOWLEDGED: Final = frozenset({DeliveryState.DELIVERED, DeliveryState.APPLIED, DeliveryState.NOT_APPLIED})
_READINGS: Final = 5


class DeadLetterActions:
    """What operators do with them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ids_of(self, wanted: LetterFilter, expected: int) -> Sequence[DeliveryId]:
        """The deliveries of a group, oldest first. Raises CountDiffers where it is not the number that was shown."""
        found = self._desk.store.watch.count_letters(wanted)
        if found != expected:
            raise CountDiffers(expected, found)
        return self._desk.store.watch.letter_ids(wanted, MOST_AT_ONCE)

    def retry(self, ids: Sequence[DeliveryId], by: Operator) -> Done:
        """Put them back on the road, spread over time, in their order. All that can be is done in one transaction
        with one audit record each and, for several, one for the whole. Raises NotThere for one that does not exist."""
        return self._all(ids, by, AuditCode.GROUP_RETRIED, self._retries)

    def ask_discard(self, ids: Sequence[DeliveryId], code: str, text: str, by: Operator) -> Done:
        """Ask a worker to end them: their senders get a signed negative receipt that says why. Raises ReasonInvalid."""
        code, text = checked(code, text, DISCARD_REASONS)
        deliveries, now = self._load(ids), self._desk.clock()
        possible = [one for one in deliveries if may_follow(one.state, Event.DISCARD)]
        if not possible:
            return Done(refused={one.delivery_id: _why(one) for one in deliveries})
        orders = [
            Order(
                order_id=self._desk.new_id(),
                kind=OrderKind.DISCARD,
                subject=one.delivery_id,
                facts={"reason": code, "text": text},
                by=by,
                asked_at=now,
            )
            for one in possible
        ]
        facts = {"by": by.subject, "reason": code}
        events = [AuditEvent(AuditCode.DISCARD_ASKED, now, one.delivery_id, {**facts, "recipient": one.recipient}) for one in possible]
        whole = [AuditEvent(AuditCode.GROUP_DISCARD_ASKED, now, "several", {**facts, "count": len(possible)})] if len(possible) > 1 else []
        self._desk.store.oversight.put_orders(orders, [*whole, *events])
        return Done(done=tuple(one.delivery_id for one in possible), refused={one.delivery_id: _why(one) for one in deliveries if one not in possible})

    def _all(self, ids: Sequence[DeliveryId], by: Operator, code: AuditCode, decide: Callable[[Sequence[Delivery], Operator, datetime], list[Changes]]) -> Done:
        for _ in range(_READINGS):
            deliveries, now = self._load(ids), self._desk.clock()
            refused = {one.delivery_id: _why(one) for one in deliveries if not may_follow(one.state, Event.RETRY)}
            possible = [one for one in deliveries if one.delivery_id not in refused]
            if not possible:
                return Done(refused=refused)
            whole = AuditEvent(code, now, "several", {"by": by.subject, "count": len(possible)})
            # Either all of them or none: what changed meanwhile is read again, with everything else.
            together = _joined(decide(possible, by, now), [whole] if len(possible) > 1 else [])
            if not self._desk.store.unit_of_work.commit([together]).stale:
                return Done(done=tuple(one.delivery_id for one in possible), refused=refused)
        raise StoreUnavailable("the deliveries change too often now")

    def _retries(self, deliveries: Sequence[Delivery], by: Operator, now: datetime) -> list[Changes]:
        gap = timedelta(seconds=1 / PER_SECOND)
        return [by_hand.retried(one, by.subject, now, now + place * gap) for place, one in enumerate(deliveries)]

    def _load(self, ids: Sequence[DeliveryId]) -> list[Delivery]:
        if len(ids) > MOST_AT_ONCE:
            raise NotPossible(f"At most {MOST_AT_ONCE} at one time.")
        found = self._desk.store.queries.deliveries(list(ids))
        if missing := [one for one in ids if one not in found]:
            raise NotThere(f"There is no delivery {missing[0]}.")
        return sorted(found.values(), key=lambda one: one.sequence)


def _joined(changes: Sequence[Changes], events: Sequence[AuditEvent]) -> Changes:
    return Changes(
        deliveries=tuple(one for change in changes for one in change.deliveries),
        events=(*events, *(event for change in changes for event in change.events)),
    )


def _why(delivery: Delivery) -> str:
    if delivery.state in ACKNOWLEDGED:
        return "The recipient has acknowledged it already; sending it again would do it twice."
    if delivery.state is DeliveryState.DISCARDED:
        return "It was discarded; its sender holds a receipt that says so."
    return "It is on the road already."

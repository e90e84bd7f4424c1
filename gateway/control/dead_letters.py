"""Dead letters: deliveries that were refused or set aside, put back on the road or ended by a person.

What it is: retry and discard of one, of several, of a whole group. What it is not: the signature under a discard's
receipt: the console has no key, so a discard is an order that a worker carries out under the person's name. Order and
ids never change, and what its recipient acknowledged is never sent again. Called by the console.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.contract import StoreUnavailable
from gateway.control.desk import CountDiffers, Desk, Done, NotPossible, NotThere
from gateway.exchange import by_hand
from gateway.exchange.delivery import Event, may_follow
from gateway.oversight.reasons import DISCARD_REASONS, checked
from gateway.oversight.records import Operator, Order, OrderKind, OrderState
from gateway.oversight.views import LetterFilter
from gateway.records import Delivery, DeliveryState
from schemas.identifiers import DeliveryId

MOST_AT_ONCE: Final = 2000
"""Deliveries that one action takes; a larger group is worked off in several."""
PER_SECOND: Final = 20
"""Retries of one action are spread out, so that a partner that has just come back is not flooded."""
ACKNOWLEDGED: Final = frozenset({DeliveryState.DELIVERED, DeliveryState.APPLIED, DeliveryState.NOT_APPLIED})
ASKED: Final = "A discard was asked for, and a worker is about to carry it out."
"""Why it is neither retried nor asked for again."""
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
        ids = self._desk.store.watch.letter_ids(wanted, MOST_AT_ONCE)
        if len(ids) != min(found, MOST_AT_ONCE):
            raise CountDiffers(expected, len(ids))
        return ids

    def retry(self, ids: Sequence[DeliveryId], by: Operator) -> Done:
        """Put them back on the road, spread over time, in their order, but for those whose discard was asked for. All
        that can be is done in one transaction with one audit record each and, for several, one for the whole. Raises
        NotThere for one that does not exist."""
        return self._all(ids, by, AuditCode.GROUP_RETRIED, self._retries)

    def ask_discard(self, ids: Sequence[DeliveryId], code: str, text: str, by: Operator) -> Done:
        """Ask a worker to end them: their senders get a signed negative receipt that says why. What was asked for
        already is left alone, with the reason that was given first. Raises ReasonInvalid, NotThere."""
        code, text = checked(code, text, DISCARD_REASONS)
        deliveries, now = self._load(ids), self._desk.clock()
        refused = self._refused(deliveries, Event.DISCARD)
        possible = [one for one in deliveries if one.delivery_id not in refused]
        if not possible:
            return Done(refused=refused)
        # The worker compares the state: an order to end a dead letter is no order to end what is on the road again.
        orders = [self._order(one, {"reason": code, "text": text, "state": one.state.value}, by, now) for one in possible]
        facts = {"by": by.subject, "reason": code}
        events = [AuditEvent(AuditCode.DISCARD_ASKED, now, one.delivery_id, {**facts, "recipient": one.recipient}) for one in possible]
        whole = [AuditEvent(AuditCode.GROUP_DISCARD_ASKED, now, "several", {**facts, "count": len(possible)})] if len(possible) > 1 else []
        if self._desk.store.oversight.put_orders(orders, [*whole, *events]) < len(orders):
            # Somebody asked in the same moment: theirs stands.
            own, kept = {one.order_id for one in orders}, self._waiting(ids)
            refused |= {one.delivery_id: ASKED for one in possible if kept.get(one.delivery_id) not in own}
        return Done(done=tuple(one.delivery_id for one in possible if one.delivery_id not in refused), refused=refused)

    def _order(self, delivery: Delivery, facts: Mapping[str, str], by: Operator, now: datetime) -> Order:
        return Order(order_id=self._desk.new_id(), kind=OrderKind.DISCARD, subject=delivery.delivery_id, facts=facts, by=by, asked_at=now)

    def _refused(self, deliveries: Sequence[Delivery], event: Event) -> dict[DeliveryId, str]:
        """Why not, for those for which it is not possible."""
        waiting = self._waiting([one.delivery_id for one in deliveries])
        impossible = {one.delivery_id: _why(one) for one in deliveries if not may_follow(one.state, event)}
        return {DeliveryId(subject): ASKED for subject in waiting} | impossible

    def _waiting(self, ids: Sequence[DeliveryId]) -> Mapping[str, str]:
        """Discards that were asked for and are not carried out yet: order by delivery."""
        orders = self._desk.store.oversight.orders_about(ids, OrderKind.DISCARD)
        return {one.subject: one.order_id for one in orders if one.state is OrderState.WAITING}

    def _all(self, ids: Sequence[DeliveryId], by: Operator, code: AuditCode, decide: Callable[[Sequence[Delivery], Operator, datetime], list[Changes]]) -> Done:
        for _ in range(_READINGS):
            deliveries, now = self._load(ids), self._desk.clock()
            refused = self._refused(deliveries, Event.RETRY)
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

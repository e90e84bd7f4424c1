"""Orders: what people ask for at the console and only a holder of the keys can do.

What it is: the worker that ends deliveries with a signed negative receipt, and sends test messages, each under the
name of the person who asked. What it is not: a judge of who may ask: the console decided that before it wrote the order.
Each is done once, also when the worker dies between doing it and saying so.
"""

import threading
from collections.abc import Callable
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import Clock, Store
from gateway.exchange.means import Means
from gateway.exchange.testing import TestMessage, key_of, test_message
from gateway.operations import NotFoundError, NotPossibleError, Operations
from gateway.oversight.reasons import DISCARD_REASONS
from gateway.oversight.records import Order, OrderKind, OrderState
from gateway.records import DeliveryState
from gateway.steps.deliver import leg_to
from gateway.workers.loop import UNAVAILABLE
from schemas.identifiers import DeliveryId, PartyCode

_LEASE: Final = "orders"
_AT_ONCE: Final = 100
_DEAD: Final = frozenset({DeliveryState.REFUSED.value, DeliveryState.SET_ASIDE.value})
_ON_THE_ROAD: Final = frozenset({DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER})
Outcome = tuple[OrderState, str]


class OrderWorker:
    """One active; the lease keeps it so."""

    name = "orders"

    def __init__(self, store: Store, clock: Clock, means: Means, operations: Operations, *, holder: str, interval_seconds: float = 1.0) -> None:
        self._store, self._clock, self._means, self._operations = store, clock, means, operations
        self._holder, self._interval_seconds = holder, interval_seconds
        self._does: dict[OrderKind, Callable[[Order], Outcome]] = {OrderKind.DISCARD: self._discard, OrderKind.TEST_MESSAGE: self._test}

    def run(self, stop: threading.Event) -> None:
        """Carry out what was asked until told to stop."""
        try:
            while not stop.is_set():
                done = self.look() if self._store.leases.acquire(_LEASE, self._holder, self._clock(), 10 * self._interval_seconds + 10) else 0
                if done < _AT_ONCE:
                    stop.wait(self._interval_seconds)
        finally:
            self._store.leases.release(_LEASE, self._holder)

    def look(self) -> int:
        """Carry out what waits now; how many. One that cannot be carried out for a bug of ours keeps no other from it."""
        waiting, bugs = self._store.oversight.waiting_orders(_AT_ONCE), list[Exception]()
        for order in waiting:
            try:
                self._carry_out(order)
            except UNAVAILABLE:
                raise
            except Exception as bug:  # noqa: BLE001 (raised again, after the others had their turn)
                bugs.append(bug)
        if bugs:
            raise bugs[0]
        return len(waiting)

    def _carry_out(self, order: Order) -> None:
        state, outcome = self._does[order.kind](order)
        code = AuditCode.ORDER_DONE if state is OrderState.DONE else AuditCode.ORDER_REFUSED
        now = self._clock()
        event = AuditEvent(code, now, order.subject, {"by": order.by.subject, "order": order.order_id, "kind": order.kind.value})
        self._store.oversight.settle_order(order.order_id, state, outcome, now, event)

    def _discard(self, order: Order) -> Outcome:
        if self._went_on(order):
            return OrderState.REFUSED, "It was put back on the road after this was asked for."
        code, text = order.facts.get("reason", "other"), order.facts.get("text", "")
        words = f"{DISCARD_REASONS.get(code, code)}. {text}".strip()
        try:
            self._operations.discard(DeliveryId(order.subject), words, order.by.subject)
        except NotPossibleError as impossible:
            if self._state(order) is DeliveryState.DISCARDED:
                # By this worker, which died before it could say so, or at the command line.
                return OrderState.DONE, "Discarded; its sender has the receipt."
            return OrderState.REFUSED, str(impossible)
        except NotFoundError as missing:
            return OrderState.REFUSED, str(missing)
        return OrderState.DONE, "Discarded; its sender has the receipt."

    def _went_on(self, order: Order) -> bool:
        """Asked for as a dead letter, and none any more: whoever put it back decided later."""
        return order.facts.get("state") in _DEAD and self._state(order) in _ON_THE_ROAD

    def _state(self, order: Order) -> DeliveryState | None:
        found = self._store.queries.deliveries([DeliveryId(order.subject)]).get(DeliveryId(order.subject))
        return found.state if found else None

    def _test(self, order: Order) -> Outcome:
        leg = leg_to(PartyCode(order.subject), self._store.partners.directory(), self._clock())
        if leg is None:
            return OrderState.REFUSED, "Nothing may be handed to this party now: it is paused, suspended, or nothing is agreed."
        made = test_message(leg, order.order_id, order.by.subject, self._means, self._clock())
        if self._store.unit_of_work.commit([made.changes]).stale:
            return OrderState.DONE, self._sent_before(order)
        return OrderState.DONE, _sent(made)

    def _sent_before(self, order: Order) -> str:
        """Under the same duplicate key: it was sent by this worker, which died before it could say so."""
        key = key_of(order.order_id)
        submission = self._store.queries.submissions_by_key([key])[key]
        return f"Sent as message {self._store.queries.messages_of(submission.submission_id)[0].message_id}."


def _sent(made: TestMessage) -> str:
    return f"Sent as message {made.message_id}."

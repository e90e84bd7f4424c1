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
from schemas.identifiers import DeliveryId, PartyCode

_LEASE: Final = "orders"
_AT_ONCE: Final = 100
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
        """Carry out what waits now; how many."""
        waiting = self._store.oversight.waiting_orders(_AT_ONCE)
        for order in waiting:
            state, outcome = self._does[order.kind](order)
            code = AuditCode.ORDER_DONE if state is OrderState.DONE else AuditCode.ORDER_REFUSED
            now = self._clock()
            event = AuditEvent(code, now, order.subject, {"by": order.by.subject, "order": order.order_id, "kind": order.kind.value})
            self._store.oversight.settle_order(order.order_id, state, outcome, now, event)
        return len(waiting)

    def _discard(self, order: Order) -> Outcome:
        code, text = order.facts.get("reason", "other"), order.facts.get("text", "")
        words = f"{DISCARD_REASONS.get(code, code)}. {text}".strip()
        try:
            self._operations.discard(DeliveryId(order.subject), words, order.by.subject)
        except NotPossibleError as impossible:
            if self._ended(order):
                return OrderState.DONE, "Discarded; its sender has the receipt."
            return OrderState.REFUSED, str(impossible)
        except NotFoundError as missing:
            return OrderState.REFUSED, str(missing)
        return OrderState.DONE, "Discarded; its sender has the receipt."

    def _ended(self, order: Order) -> bool:
        """It was discarded already: by this worker, which died before it could say so, or at the command line."""
        found = self._store.queries.deliveries([DeliveryId(order.subject)]).get(DeliveryId(order.subject))
        return found is not None and found.state is DeliveryState.DISCARDED

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

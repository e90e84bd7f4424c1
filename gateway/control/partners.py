"""Partners: pause and resume one, and send one a test message.

What it is: these actions, each with its reason and under the person's name, and what became of the tests. What it is not:
the test message itself, which a worker with the keys makes. Called by the console.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import StoreUnavailable
from gateway.control.desk import Desk, NotPossible, NotThere
from gateway.exchange.testing import key_of
from gateway.oversight.reasons import PAUSE_REASONS, checked
from gateway.oversight.records import Operator, Order, OrderKind
from gateway.partners import pausing
from gateway.partners.history import DirectoryChanges
from gateway.partners.party import Organisation, Pause
from gateway.records import Delivery
from gateway.steps.deliver import leg_to
from schemas.identifiers import OrganisationId, PartyCode

_READINGS: Final = 5
Written = tuple[Organisation, AuditEvent]


class PartnerActions:
    """What operators do with a partner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def pause(self, organisation_id: OrganisationId, until: datetime, code: str, text: str, by: Operator) -> Organisation:
        """Hand nothing over until then. Raises ReasonInvalid, NotPossible, NotThere."""
        code, text = checked(code, text, PAUSE_REASONS)
        now = self._desk.clock()
        wanted = Pause(since=now.isoformat(), until=until.isoformat(), reason=code, text=text, by=by.subject, by_name=by.name)
        return self._written(organisation_id, lambda known: pausing.pause(known, wanted, now))

    def resume(self, organisation_id: OrganisationId, by: Operator) -> Organisation:
        """Go on now. Raises NotPossible, NotThere."""
        return self._written(organisation_id, lambda known: pausing.resume(known, by.subject, self._desk.clock()))

    def ask_test(self, party: PartyCode, by: Operator) -> Order:
        """Ask a worker to send a ConnectionNotification. Raises NotPossible where none can be sent or one is under way, NotThere."""
        directory, now = self._desk.store.partners.directory(), self._desk.clock()
        if party not in directory.parties:
            raise NotThere(f"There is no party {party}.")
        if directory.outbound(party) is None:
            raise NotPossible("Nothing is agreed about what this party is sent.")
        if leg_to(party, directory, now) is None:
            raise NotPossible("Nothing is handed to this partner now: it is paused, suspended, or not connected yet.")
        order = Order(order_id=self._desk.new_id(), kind=OrderKind.TEST_MESSAGE, subject=party, facts={}, by=by, asked_at=now)
        event = AuditEvent(AuditCode.TEST_ASKED, now, party, {"by": by.subject, "order": order.order_id})
        if not self._desk.store.oversight.put_orders([order], [event]):
            raise NotPossible("A test message to this party has been asked for already.")
        return order

    def tests(self, parties: Sequence[PartyCode], limit: int) -> Sequence[Order]:
        """Test messages that were asked for, newest first."""
        found = self._desk.store.oversight.orders_about(parties, OrderKind.TEST_MESSAGE) if parties else ()
        return list(reversed(found))[:limit]

    def sent(self, orders: Sequence[Order]) -> Mapping[str, Delivery]:
        """How far the test messages have come, by order; those not sent are absent."""
        keys = {order.order_id: key_of(order.order_id) for order in orders}
        submissions = self._desk.store.queries.submissions_by_key(list(keys.values()))
        wanted = [submissions[key].submission_id for key in keys.values() if key in submissions]
        deliveries = self._desk.store.queries.deliveries_of_submissions(wanted)
        return {order: deliveries[submissions[key].submission_id][0] for order, key in keys.items() if key in submissions}

    def _written(self, organisation_id: OrganisationId, decide: Callable[[Organisation], Written]) -> Organisation:
        """Decide over what is there, and write it unless it is not there any more: then decide again."""
        for _ in range(_READINGS):
            directory = self._desk.store.partners.directory()
            known = directory.organisations.get(organisation_id)
            if known is None:
                raise NotThere(f"There is no partner {organisation_id}.")
            try:
                organisation, event = decide(known)
            except pausing.PauseRefused as refused:
                raise NotPossible(str(refused)) from refused
            if self._desk.store.partners.apply(DirectoryChanges(organisations=(organisation,), events=(event,)), directory.version):
                return organisation
        raise StoreUnavailable("the directory changes too often now")

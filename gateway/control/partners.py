"""Partners: pause and resume one, and send one a test message.

What it is: these actions, each with its reason and under the person's name. What it is not: the test message itself,
which a worker with the keys makes. Called by the console.
"""

from datetime import datetime

from gateway.audit.events import AuditCode, AuditEvent
from gateway.control.desk import Desk, NotPossible, NotThere
from gateway.oversight.reasons import PAUSE_REASONS, checked
from gateway.oversight.records import Operator, Order, OrderKind
from gateway.partners import pausing
from gateway.partners.party import Organisation, Pause
from schemas.identifiers import OrganisationId, PartyCode


class PartnerActions:
    """What operators do with a partner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def pause(self, organisation_id: OrganisationId, until: datetime, code: str, text: str, by: Operator) -> Organisation:
        """Hand nothing over until then. Raises ReasonInvalid, NotPossible, NotThere."""
        code, text = checked(code, text, PAUSE_REASONS)
        now = self._desk.clock()
        wanted = Pause(since=now.isoformat(), until=until.isoformat(), reason=code, text=text, by=by.subject, by_name=by.name)
        try:
            written = pausing.pause(self._known(organisation_id), wanted, now)
        except pausing.PauseRefused as refused:
            raise NotPossible(str(refused)) from refused
        self._desk.store.partners.put_organisation(*written)
        return written[0]

    def resume(self, organisation_id: OrganisationId, by: Operator) -> Organisation:
        """Go on now. Raises NotPossible, NotThere."""
        try:
            written = pausing.resume(self._known(organisation_id), by.subject, self._desk.clock())
        except pausing.PauseRefused as refused:
            raise NotPossible(str(refused)) from refused
        self._desk.store.partners.put_organisation(*written)
        return written[0]

    def ask_test(self, party: PartyCode, by: Operator) -> Order:
        """Ask a worker to send a ConnectionNotification. Raises NotPossible where one is under way, NotThere."""
        directory, now = self._desk.store.partners.directory(), self._desk.clock()
        if party not in directory.parties:
            raise NotThere(f"There is no party {party}.")
        if directory.outbound(party) is None:
            raise NotPossible("Nothing is agreed about what this party is sent.")
        order = Order(order_id=self._desk.new_id(), kind=OrderKind.TEST_MESSAGE, subject=party, facts={}, by=by, asked_at=now)
        event = AuditEvent(AuditCode.TEST_ASKED, now, party, {"by": by.subject, "order": order.order_id})
        if not self._desk.store.oversight.put_orders([order], [event]):
            raise NotPossible("A test message to this party has been asked for already.")
        return order

    def _known(self, organisation_id: OrganisationId) -> Organisation:
        known = self._desk.store.partners.directory().organisations.get(organisation_id)
        if known is None:
            raise NotThere(f"There is no partner {organisation_id}.")
        return known

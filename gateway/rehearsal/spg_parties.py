"""Several parties that speak SPG behind one endpoint: an organisation that runs more than one.

What it is: the simulated system of `ndelius`, once for each party with a journal of its own; the endpoint is the first one's, which
hands an interchange on to whom it is for. What it is not: another reading of SPG. Called by `gateway simulate`.
"""

import re
from collections.abc import Mapping

from gateway.rehearsal.journal import Noted
from gateway.rehearsal.listener import Answer, Request
from gateway.rehearsal.ndelius import SimulatedNdelius

_RECEIVER = re.compile(rb"ReceiverIdentity>\s*([A-Z0-9]{3})\s*<")


class SpgParty(SimulatedNdelius):
    """One party, beside others."""

    siblings: Mapping[str, "SpgParty"]
    """All of the organisation, by code; itself too."""

    def _handle(self, request: Request) -> Answer:
        """By whom the interchange names; the signature is checked by whoever it is handed on to."""
        found = _RECEIVER.search(request.body)
        party = self.siblings.get(found[1].decode()) if found is not None else None
        if party is None:
            self.journal.write(Noted.DISTRUSTED, reason="an interchange for somebody else")
            return Answer(500)
        return SimulatedNdelius._handle(party, request)

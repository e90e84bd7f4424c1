"""ConsolidatedTransferRequest: one master, one or more parts, all of one case.

Source: the public payload template `TransferRequest` of the Strategic Partner Gateway.
"""

from typing import Annotated

from pydantic import Field

from schemas.canonical.case import CaseRecord
from schemas.canonical.transfer import TransferRequestPart
from schemas.canonical.values import CivilDate, Text
from schemas.identifiers import EntityIdField


class ConsolidatedTransferRequest(CaseRecord):
    """A provider asks another to take over a case or parts of it. `version` is that of the transfer."""

    transfer_id: EntityIdField
    """nDelius's number of the transfer; the response names the same."""
    transfer_date: CivilDate
    """When it was asked or answered (our reading)."""
    transfer_user: Text
    """Who asked or answered; nDelius writes `SURNAME,FORENAME` (our reading)."""
    parts: Annotated[tuple[TransferRequestPart, ...], Field(min_length=1, max_length=1000)]
    """What is to move: one entry for each part, or one for the whole case."""

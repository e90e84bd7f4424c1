"""ConsolidatedTransferResponse: the receiver's answer to a transfer request, part by part.

Source: the public payload template `TransferResponse` of the Strategic Partner Gateway.
"""

from typing import Annotated

from pydantic import Field

from schemas.canonical.case import CaseRecord
from schemas.canonical.transfer import TransferResponsePart
from schemas.canonical.values import CivilDate, Text
from schemas.identifiers import EntityIdField


class ConsolidatedTransferResponse(CaseRecord):
    """A provider accepts or rejects. `transfer_id` joins it to the request."""

    transfer_id: EntityIdField
    """nDelius's number of the transfer; the response names the same."""
    transfer_date: CivilDate
    """When it was asked or answered (our reading)."""
    transfer_user: Text
    """Who asked or answered; nDelius writes `SURNAME,FORENAME` (our reading)."""
    parts: Annotated[tuple[TransferResponsePart, ...], Field(min_length=1, max_length=1000)]
    """The answer on each part."""

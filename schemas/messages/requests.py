"""Requests of a partner: prison location data (OFFLOC), and the list of a case's documents.

Source: the public payload templates `OfflocRequest`, `OfflocRequestV2` and `GetDocumentList` of the Strategic
Partner Gateway. They change no record and have no version. How they are answered is not in any public source.
"""

from typing import Annotated

from pydantic import StringConstraints

from schemas.canonical.case import CaseRequest
from schemas.canonical.values import Text
from schemas.classes import FieldClass
from schemas.identifiers import SEARCH_FORM

SearchId = Annotated[str, StringConstraints(pattern=SEARCH_FORM), FieldClass.REFERENCE]
"""A number that the asking provider chose for its search."""


class OFFLOCRequest(CaseRequest):
    """Where is this offender in prison? SPG writes OFFLOC in upper case."""

    search_id: SearchId
    """The number that the asker chose for its question."""
    requested_by: Text
    """Who asks; nDelius writes `SURNAME,FORENAME`."""


class OFFLOCRequest2(CaseRequest):
    """The second edition of the same question: nothing differs but its name."""

    search_id: SearchId
    """The number that the asker chose for its question."""
    requested_by: Text
    """Who asks; nDelius writes `SURNAME,FORENAME`."""


class GetDocumentList(CaseRequest):
    """Which documents does this case have? Always names the interchange that it belongs to."""

    search_id: SearchId
    """The number that the asker chose for its question."""
    requested_by: Text
    """Who asks; nDelius writes `SURNAME,FORENAME`."""

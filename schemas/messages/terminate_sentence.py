"""TerminateSentence: a sentence came to its end.

Source: the public payload template `TerminateSentence` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.values import CivilDate, CivilDateTime, Coded, Text
from schemas.identifiers import EntityIdField


class TerminateSentence(CaseRecord):
    """The end of one event's sentence. It has no id of its own."""

    event_id: EntityIdField
    """The event that it belongs to."""
    terminated_by: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    termination_date: CivilDate
    """When it came to its end."""
    termination_reason: Coded
    """Why it came to its end."""
    recorded_at: CivilDateTime
    """When the end was recorded (our reading). Local civil time. SPG carries both a date and a date with time of termination."""

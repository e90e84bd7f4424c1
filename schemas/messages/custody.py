"""Custody: key dates, releases and recalls, and corrections of the last two.

Source: the public payload templates `CustodyKeyDate`, `CustodyRelease` and `CustodyRecall` of the Strategic
Partner Gateway. All hang on the event, and so does their version: nDelius counts a release as a change of it.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.values import CivilDate, Coded, Text
from schemas.identifiers import EntityIdField


class CustodyDate(CaseRecord):
    """One key date of a custodial sentence."""

    key_date_id: EntityIdField
    """nDelius's number of the key date; `0` on an insert without one."""
    event_id: EntityIdField
    key_date_type: Coded
    key_date: CivilDate


class CustodyRelease(CaseRecord):
    """An offender was released. It has no id of its own."""

    event_id: EntityIdField
    release_user: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    release_date: CivilDate
    release_type: Coded


class CustodyReleaseChange(CaseRecord):
    """A release was recorded wrongly: this is how it was."""

    event_id: EntityIdField
    release_user: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    release_date: CivilDate
    release_type: Coded


class CustodyRecall(CaseRecord):
    """An offender was recalled to custody. It has no id of its own."""

    event_id: EntityIdField
    recall_user: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    recall_date: CivilDate
    recall_reason: Coded
    recall_location: Coded


class CustodyRecallChange(CaseRecord):
    """A recall was recorded wrongly: this is how it was."""

    event_id: EntityIdField
    recall_user: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    recall_date: CivilDate
    recall_reason: Coded
    recall_location: Coded

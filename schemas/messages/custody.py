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
    """The event that it belongs to."""
    key_date_type: Coded
    """Which of the key dates."""
    key_date: CivilDate
    """The date itself."""


class CustodyRelease(CaseRecord):
    """An offender was released. It has no id of its own."""

    event_id: EntityIdField
    """The event that it belongs to."""
    release_user: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    release_date: CivilDate
    """When the person was released."""
    release_type: Coded
    """What kind of release."""


class CustodyReleaseChange(CaseRecord):
    """A release was recorded wrongly: this is how it was."""

    event_id: EntityIdField
    """The event that it belongs to."""
    release_user: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    release_date: CivilDate
    """When the person was released."""
    release_type: Coded
    """What kind of release."""


class CustodyRecall(CaseRecord):
    """An offender was recalled to custody. It has no id of its own."""

    event_id: EntityIdField
    """The event that it belongs to."""
    recall_user: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    recall_date: CivilDate
    """When the person was recalled."""
    recall_reason: Coded
    """Why the person was recalled."""
    recall_location: Coded
    """Where to, mostly a prison."""


class CustodyRecallChange(CaseRecord):
    """A recall was recorded wrongly: this is how it was."""

    event_id: EntityIdField
    """The event that it belongs to."""
    recall_user: Text
    """Who recorded it; nDelius writes `SURNAME,FORENAME`."""
    recall_date: CivilDate
    """When the person was recalled."""
    recall_reason: Coded
    """Why the person was recalled."""
    recall_location: Coded
    """Where to, mostly a prison."""

"""CustodyRelease: an offender was released from custody."""

from schemas.canonical.case import CasePayload
from schemas.canonical.values import CivilDate, Coded, Text
from schemas.identifiers import EntityIdField


class CustodyRelease(CasePayload):
    """One release. It has no id of its own: it hangs on the event, and so does its version."""

    event_id: EntityIdField
    release_user: Text
    release_date: CivilDate
    release_type: Coded

"""CustodyRelease: an offender was released from custody."""

import datetime

from schemas.canonical.case import CasePayload
from schemas.canonical.values import Coded, Text
from schemas.identifiers import EntityIdField


class CustodyRelease(CasePayload):
    """One release. It has no id of its own: it hangs on the event, and so does its version."""

    event_id: EntityIdField
    release_user: Text
    release_date: datetime.date
    release_type: Coded

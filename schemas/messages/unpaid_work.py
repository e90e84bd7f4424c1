"""Unpaid work: the appointments of an offender on projects, and the hours ordered.

Source: the public payload templates `UpwAppointment` and `UpwDetails` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.responsibility import Responsibility
from schemas.canonical.values import CivilDate, CivilTime, Coded, LongText, Minutes, Text
from schemas.identifiers import EntityIdField


class UPWContact(CaseRecord):
    """One appointment."""

    appointment_id: EntityIdField
    """nDelius's number of the appointment; `0` on an insert without one."""
    event_id: EntityIdField
    project_name: Text
    project_type: Coded
    appointment_date: CivilDate
    start_time: CivilTime
    """Local civil time."""
    end_time: CivilTime
    minutes_offered: Minutes
    high_visibility_vest: bool | None = None
    notes: LongText | None = None
    responsible: Responsibility
    contact_id: EntityIdField | None = None
    """nDelius's contact for this appointment (`NDCUPAContactID`, our reading)."""
    sensitive: bool | None = None
    alert: bool | None = None


class UPWDetails(CaseRecord):
    """How many minutes of unpaid work the court ordered, and how it stands."""

    details_id: EntityIdField
    """nDelius's number of the record; `0` on an insert without one."""
    event_id: EntityIdField
    length_minutes: Minutes
    status: Coded

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
    """The event that it belongs to."""
    project_name: Text
    """Name of the project that the work is done for."""
    project_type: Coded
    """What kind of project."""
    appointment_date: CivilDate
    """The day of the work."""
    start_time: CivilTime
    """When the work begins. Local civil time."""
    end_time: CivilTime
    """When the work ends. Local civil time."""
    minutes_offered: Minutes
    """Minutes of work that the person is offered."""
    high_visibility_vest: bool | None = None
    """The person is to wear one."""
    notes: LongText | None = None
    """What an officer wrote."""
    responsible: Responsibility
    """Who is responsible."""
    contact_id: EntityIdField | None = None
    """nDelius's contact for this appointment (`NDCUPAContactID`, our reading)."""
    sensitive: bool | None = None
    """Not to be shown to everybody."""
    alert: bool | None = None
    """Whoever is responsible is to be told of it (our reading)."""


class UPWDetails(CaseRecord):
    """How many minutes of unpaid work the court ordered, and how it stands."""

    details_id: EntityIdField
    """nDelius's number of the record; `0` on an insert without one."""
    event_id: EntityIdField
    """The event that it belongs to."""
    length_minutes: Minutes
    """Minutes of work that the court ordered."""
    status: Coded
    """How the hours stand: being worked, completed and so on."""

"""Contact: something that happened, or is to happen, with an offender.

Source: the public payload template `Contact` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.responsibility import Location, Responsibility
from schemas.canonical.values import CivilDate, CivilTime, Coded, LongText
from schemas.identifiers import EntityIdField


class Contact(CaseRecord):
    """One contact. It hangs on whichever parents are named; on none, it is the offender's own."""

    contact_id: EntityIdField
    """nDelius's number of the contact; `0` on an insert without one."""
    event_id: EntityIdField | None = None
    licence_condition_id: EntityIdField | None = None
    nsi_id: EntityIdField | None = None
    pss_requirement_id: EntityIdField | None = None
    """`PSSRqmntID` here; elsewhere SPG spells it `PSSRequirementID`."""
    requirement_id: EntityIdField | None = None
    alert: bool
    contact_type: Coded
    contact_date: CivilDate
    start_time: CivilTime
    """Local civil time, as the officer wrote it."""
    responsible: Responsibility
    location: Location | None = None
    outcome: Coded | None = None
    enforcement_action: Coded | None = None
    sensitive: bool
    notes: LongText | None = None
    rar: bool | None = None
    """Counts towards a rehabilitation activity requirement."""

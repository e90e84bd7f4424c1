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
    """The event that it belongs to."""
    licence_condition_id: EntityIdField | None = None
    """The licence condition that it belongs to."""
    nsi_id: EntityIdField | None = None
    """The non-statutory intervention that it belongs to."""
    pss_requirement_id: EntityIdField | None = None
    """The requirement of post-sentence supervision that it belongs to. `PSSRqmntID` here; elsewhere SPG spells it `PSSRequirementID`."""
    requirement_id: EntityIdField | None = None
    """The requirement that it belongs to."""
    alert: bool
    """Whoever is responsible is to be told of it (our reading)."""
    contact_type: Coded
    """What kind of contact: a visit, a call, a letter and so on."""
    contact_date: CivilDate
    """The day on which it happened or is to happen."""
    start_time: CivilTime
    """When it begins: local civil time, as the officer wrote it."""
    responsible: Responsibility
    """Who is responsible."""
    location: Location | None = None
    """The office where it takes place."""
    outcome: Coded | None = None
    """How it ended: came, stayed away, completed and so on."""
    enforcement_action: Coded | None = None
    """What is done about a failure to comply: a warning, a breach and so on."""
    sensitive: bool
    """Not to be shown to everybody."""
    notes: LongText | None = None
    """What an officer wrote."""
    rar: bool | None = None
    """Counts towards a rehabilitation activity requirement."""

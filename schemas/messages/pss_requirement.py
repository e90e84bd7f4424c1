"""PSSRequirement: one requirement of the post-sentence supervision that follows a short custodial sentence.

Source: the public payload template `PssRequirement` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.responsibility import Responsibility
from schemas.canonical.values import CivilDate, Coded, Count, LongText
from schemas.identifiers import EntityIdField


class PSSRequirement(CaseRecord):
    """One requirement. SPG spells the same words three ways in this message: PSSRequirement, PSSRqmnt, PS."""

    pss_requirement_id: EntityIdField
    """nDelius's number of the requirement; `0` on an insert without one."""
    event_id: EntityIdField
    """The event that it belongs to."""
    main_category: Coded
    """What kind it is."""
    sub_category: Coded | None = None
    """What kind it is, in more detail."""
    imposed_date: CivilDate
    """When the court imposed it."""
    notes: LongText | None = None
    """What an officer wrote."""
    length: Count | None = None
    """How long it lasts, in the unit of the main category (our reading)."""
    actual_end_date: CivilDate | None = None
    """When it ended."""
    termination_reason: Coded | None = None
    """Why it came to its end."""
    attendance_count: Count | None = None
    """How often the person came."""
    responsible: Responsibility
    """Who is responsible."""

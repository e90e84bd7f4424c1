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
    main_category: Coded
    sub_category: Coded | None = None
    imposed_date: CivilDate
    notes: LongText | None = None
    length: Count | None = None
    """In the unit of the main category (our reading)."""
    actual_end_date: CivilDate | None = None
    termination_reason: Coded | None = None
    attendance_count: Count | None = None
    responsible: Responsibility

"""CommunityRequirement: one requirement of a community sentence.

Source: the public payload template `CommunityRequirement` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.responsibility import Responsibility
from schemas.canonical.values import CivilDate, Coded, Count
from schemas.identifiers import EntityIdField


class CommunityRequirement(CaseRecord):
    """One requirement. Not every category has a sub-category or a length; SPG then writes empty elements."""

    requirement_id: EntityIdField
    """nDelius's number of the requirement; `0` on an insert without one."""
    event_id: EntityIdField
    main_category: Coded
    sub_category: Coded | None = None
    imposed_date: CivilDate
    length: Count | None = None
    """In the unit of the main category (our reading)."""
    actual_end_date: CivilDate | None = None
    termination_reason: Coded | None = None
    responsible: Responsibility

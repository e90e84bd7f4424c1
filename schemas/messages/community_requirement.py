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
    """The event that it belongs to."""
    main_category: Coded
    """What kind it is."""
    sub_category: Coded | None = None
    """What kind it is, in more detail."""
    imposed_date: CivilDate
    """When the court imposed it."""
    length: Count | None = None
    """How long it lasts, in the unit of the main category (our reading)."""
    actual_end_date: CivilDate | None = None
    """When it ended."""
    termination_reason: Coded | None = None
    """Why it came to its end."""
    responsible: Responsibility
    """Who is responsible."""

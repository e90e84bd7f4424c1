"""LicenceCondition: one condition of a licence after release.

Source: the public payload template `LicCondition` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.responsibility import Responsibility
from schemas.canonical.values import CivilDate, Coded, LongText
from schemas.identifiers import EntityIdField


class LicenceCondition(CaseRecord):
    """One licence condition."""

    licence_condition_id: EntityIdField
    """nDelius's number of the condition; `0` on an insert without one."""
    event_id: EntityIdField
    """The event that it belongs to."""
    main_category: Coded
    """What kind it is."""
    sub_category: Coded | None = None
    """What kind it is, in more detail."""
    sentence_date: CivilDate
    """When the court sentenced."""
    expected_start_date: CivilDate | None = None
    """When it is to start."""
    actual_start_date: CivilDate | None = None
    """When it started."""
    notes: LongText | None = None
    """What an officer wrote."""
    expected_end_date: CivilDate | None = None
    """When it is to end."""
    actual_end_date: CivilDate | None = None
    """When it ended."""
    termination_reason: Coded | None = None
    """Why it came to its end."""
    responsible: Responsibility
    """Who is responsible."""

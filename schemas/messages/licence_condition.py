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
    main_category: Coded
    sub_category: Coded | None = None
    sentence_date: CivilDate
    expected_start_date: CivilDate | None = None
    actual_start_date: CivilDate | None = None
    notes: LongText | None = None
    expected_end_date: CivilDate | None = None
    actual_end_date: CivilDate | None = None
    termination_reason: Coded | None = None
    responsible: Responsibility

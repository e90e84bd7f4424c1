"""Interventions outside the sentence: process contacts and rate card interventions.

Source: the public payload templates `ProcessContact` and `RateCardIntervention` of the Strategic Partner
Gateway. Both are non-statutory interventions (NSI) in nDelius, our reading of their fields.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.responsibility import Responsibility
from schemas.canonical.values import CivilDate, CivilDateTime, Coded, Count, LongText
from schemas.identifiers import EntityIdField, ProviderField


class ProcessContact(CaseRecord):
    """One process (a breach, for example) and the stage that it has reached."""

    process_id: EntityIdField
    """nDelius's number of the process; `0` on an insert without one."""
    event_id: EntityIdField | None = None
    requirement_id: EntityIdField | None = None
    process_type: Coded
    process_sub_type: Coded | None = None
    referral_date: CivilDate
    start_date: CivilDate | None = None
    expected_end_date: CivilDate | None = None
    end_date: CivilDate | None = None
    stage: Coded
    stage_reached_at: CivilDateTime
    """Local civil time."""
    notes: LongText | None = None
    outcome: Coded | None = None
    attendance_count: Count | None = None
    """Attendances at its end."""
    intended_provider: ProviderField | None = None
    managed_by: Responsibility


class RateCardIntervention(CaseRecord):
    """One intervention that a provider buys from another's rate card."""

    intervention_id: EntityIdField
    """nDelius's number of the intervention; `0` on an insert without one."""
    event_id: EntityIdField | None = None
    requirement_id: EntityIdField | None = None
    main_category: Coded
    sub_category: Coded | None = None
    referral_date: CivilDate | None = None
    expected_start_date: CivilDate | None = None
    actual_start_date: CivilDate | None = None
    length: Count | None = None
    notes: LongText | None = None
    status: Coded
    status_reached_at: CivilDateTime
    """Local civil time."""
    expected_end_date: CivilDate | None = None
    actual_end_date: CivilDate | None = None
    outcome: Coded | None = None
    """SPG spells it `InterventionOutCome`."""
    attendance_count: Count | None = None
    intended_provider: ProviderField | None = None
    responsible: Responsibility

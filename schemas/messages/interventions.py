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
    """The event that it belongs to."""
    requirement_id: EntityIdField | None = None
    """The requirement that it belongs to."""
    process_type: Coded
    """What kind of process."""
    process_sub_type: Coded | None = None
    """What kind of process, in more detail."""
    referral_date: CivilDate
    """When it was referred."""
    start_date: CivilDate | None = None
    """When the process started."""
    expected_end_date: CivilDate | None = None
    """When it is to end."""
    end_date: CivilDate | None = None
    """When the process ended."""
    stage: Coded
    """The stage that it has reached."""
    stage_reached_at: CivilDateTime
    """When it reached that stage. Local civil time."""
    notes: LongText | None = None
    """What an officer wrote."""
    outcome: Coded | None = None
    """How the process ended."""
    attendance_count: Count | None = None
    """How often the person came, counted at its end."""
    intended_provider: ProviderField | None = None
    """The provider that is to do the work."""
    managed_by: Responsibility
    """Who manages the process."""


class RateCardIntervention(CaseRecord):
    """One intervention that a provider buys from another's rate card."""

    intervention_id: EntityIdField
    """nDelius's number of the intervention; `0` on an insert without one."""
    event_id: EntityIdField | None = None
    """The event that it belongs to."""
    requirement_id: EntityIdField | None = None
    """The requirement that it belongs to."""
    main_category: Coded
    """What kind it is."""
    sub_category: Coded | None = None
    """What kind it is, in more detail."""
    referral_date: CivilDate | None = None
    """When it was referred."""
    expected_start_date: CivilDate | None = None
    """When it is to start."""
    actual_start_date: CivilDate | None = None
    """When it started."""
    length: Count | None = None
    """How long it lasts, in the unit of its type (our reading)."""
    notes: LongText | None = None
    """What an officer wrote."""
    status: Coded
    """How it stands."""
    status_reached_at: CivilDateTime
    """When it came to stand so. Local civil time."""
    expected_end_date: CivilDate | None = None
    """When it is to end."""
    actual_end_date: CivilDate | None = None
    """When it ended."""
    outcome: Coded | None = None
    """How it ended. SPG spells it `InterventionOutCome`."""
    attendance_count: Count | None = None
    """How often the person came."""
    intended_provider: ProviderField | None = None
    """The provider that is to do the work."""
    responsible: Responsibility
    """Who is responsible."""

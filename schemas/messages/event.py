"""Event: an offence, its conviction and sentence, and what was assessed and decided on them.

Source: the public payload template `Event` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.responsibility import Responsibility
from schemas.canonical.values import CivilDate, Coded, Count, LongText, Money, RiskScore, Score
from schemas.identifiers import EntityIdField, ProviderField


class Event(CaseRecord):
    """One event of a case. Whoever supervises its order is responsible for it."""

    event_id: EntityIdField
    """nDelius's number of the event; `0` on an insert without one."""
    referral_date: CivilDate
    event_number: Count
    """Counts the events of one case."""
    notes: LongText | None = None
    conviction_date: CivilDate | None = None
    responsible: Responsibility
    """Order supervisor. Here alone SPG writes team and officer before the provider."""
    offence_date: CivilDate
    offence_count: Count
    taken_into_consideration: Count | None = None
    """Further offences that the court took into consideration (`TICS`)."""
    offence_code: Coded
    sentence_date: CivilDate | None = None
    order_type: Coded | None = None
    value: Money | None = None
    """A fine or compensation."""
    length: Count | None = None
    length_unit: Coded | None = None
    entered_length: Count | None = None
    """As the court said it, before it was converted to `length`."""
    entered_length_unit: Coded | None = None
    length_days: Count | None = None
    second_length: Count | None = None
    second_length_unit: Coded | None = None
    expected_end_date: CivilDate | None = None
    termination_date: CivilDate | None = None
    termination_reason: Coded | None = None
    rsr_score: RiskScore | None = None
    """Risk of serious recidivism."""
    rsr_date: CivilDate | None = None
    rsr_provider: ProviderField | None = None
    allocation_decision: Coded | None = None
    allocation_date: CivilDate | None = None
    decision_provider: ProviderField | None = None
    allocated_provider: ProviderField | None = None
    ogrs2_score: Score | None = None
    """Offender group reconviction scale, second edition."""
    ogrs3_score1: Score | None = None
    """Third edition, first figure (one year, our reading)."""
    ogrs3_score2: Score | None = None
    """Third edition, second figure (two years, our reading)."""

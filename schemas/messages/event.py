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
    """When it was referred."""
    event_number: Count
    """Counts the events of one case."""
    notes: LongText | None = None
    """What an officer wrote."""
    conviction_date: CivilDate | None = None
    """When a court convicted."""
    responsible: Responsibility
    """Who is responsible. It is the supervisor of the order; here alone SPG writes team and officer before the provider."""
    offence_date: CivilDate
    """When the offence was done."""
    offence_count: Count
    """How many offences."""
    taken_into_consideration: Count | None = None
    """Further offences that the court took into consideration (`TICS`)."""
    offence_code: Coded
    """What was done, by code."""
    sentence_date: CivilDate | None = None
    """When the court sentenced."""
    order_type: Coded | None = None
    """What the court ordered."""
    value: Money | None = None
    """A fine or compensation."""
    length: Count | None = None
    """How long the sentence lasts, in the unit that follows."""
    length_unit: Coded | None = None
    """Unit of the length."""
    entered_length: Count | None = None
    """How long the sentence lasts, as the court said it, before it was converted to `length`."""
    entered_length_unit: Coded | None = None
    """Unit of the entered length."""
    length_days: Count | None = None
    """The length in days."""
    second_length: Count | None = None
    """Length of a second part of the sentence (our reading)."""
    second_length_unit: Coded | None = None
    """Unit of the second length."""
    expected_end_date: CivilDate | None = None
    """When it is to end."""
    termination_date: CivilDate | None = None
    """When it came to its end."""
    termination_reason: Coded | None = None
    """Why it came to its end."""
    rsr_score: RiskScore | None = None
    """Risk of serious recidivism."""
    rsr_date: CivilDate | None = None
    """When the score was worked out."""
    rsr_provider: ProviderField | None = None
    """The provider that worked it out."""
    allocation_decision: Coded | None = None
    """Which side is to supervise: the National Probation Service or a CRC (our reading)."""
    allocation_date: CivilDate | None = None
    """When that was decided."""
    decision_provider: ProviderField | None = None
    """The provider that decided on the allocation."""
    allocated_provider: ProviderField | None = None
    """The provider that the case was given to."""
    ogrs2_score: Score | None = None
    """Offender group reconviction scale, second edition."""
    ogrs3_score1: Score | None = None
    """Offender group reconviction scale, third edition, first figure (one year, our reading)."""
    ogrs3_score2: Score | None = None
    """Offender group reconviction scale, third edition, second figure (two years, our reading)."""

"""ApprovedPremisesReferral: an offender is put forward for a place in approved premises.

Source: the public payload template `approvedPremisesReferral` of the Strategic Partner Gateway.
"""

from schemas.canonical.case import CaseRecord
from schemas.canonical.responsibility import Responsibility
from schemas.canonical.values import CivilDate, Coded
from schemas.identifiers import EntityIdField


class ApprovedPremisesReferral(CaseRecord):
    """One referral and what was decided on it."""

    referral_id: EntityIdField
    """nDelius's number of the referral; `0` on an insert without one."""
    event_id: EntityIdField
    """The event that it belongs to."""
    referral_date: CivilDate
    """When it was referred."""
    referring: Responsibility
    """Who refers."""
    category: Coded
    """What kind of referral."""
    decision: Coded
    """What was decided on the referral."""
    group: Coded
    """The group that the referral is filed under (our reading)."""
    referral_source: Coded
    """Where the referral came from (`APReferralSource`)."""
    source_type: Coded
    """What kind of place the referral came from (our reading)."""

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
    referral_date: CivilDate
    referring: Responsibility
    """Who refers."""
    category: Coded
    decision: Coded
    group: Coded
    referral_source: Coded
    """Where the referral came from (`APReferralSource`)."""
    source_type: Coded

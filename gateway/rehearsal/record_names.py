"""By which number a simulated partner knows the record of each message type, in each language that it may speak.

What it is: read off the pages by hand, as a supplier would. What it is not: the gateway's tables, which a partner does
not have. Called by `languages` and `interchange`. A type that stands here with an empty name is about no record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RecordName:
    """One type's number: in SPG XML, in the canonical form, and in Caseflow with its prefix."""

    element: str = ""
    canonical: str = ""
    caseflow: str = ""
    prefix: str = ""


NO_RECORD: Final = RecordName()
_TRANSFER: Final = RecordName("TransferID", "transfer_id", "transferRef", "CF-TRF-")
_SENTENCE: Final = RecordName("EventID", "event_id", "sentenceRef", "CF-SEN-")

RECORD_NAMES: Final[Mapping[str, RecordName]] = {
    "Address": RecordName("OffenderAddressID", "address_id", "addressRef", "CF-ADR-"),
    "ApprovedPremisesReferral": RecordName("APReferralID", "referral_id", "placementRef", "CF-PLA-"),
    "CommunityRequirement": RecordName("RequirementID", "requirement_id", "requirementRef", "CF-REQ-"),
    "ConnectionNotification": NO_RECORD,
    "ConsolidatedTransferRequest": _TRANSFER,
    "ConsolidatedTransferResponse": _TRANSFER,
    "Contact": RecordName("ContactID", "contact_id", "entryRef", "CF-ENT-"),
    "CustodyDate": RecordName("KeyDateID", "key_date_id", "keyDateRef", "CF-KEY-"),
    "CustodyRecall": _SENTENCE,
    "CustodyRecallChange": _SENTENCE,
    "CustodyRelease": _SENTENCE,
    "CustodyReleaseChange": _SENTENCE,
    "Event": _SENTENCE,
    "GetDocumentList": NO_RECORD,
    "InterchangeStatusNotification": NO_RECORD,
    "LicenceCondition": RecordName("LicConditionID", "licence_condition_id", "conditionRef", "CF-CON-"),
    "OFFLOCRequest": NO_RECORD,
    "OFFLOCRequest2": NO_RECORD,
    "PSSRequirement": RecordName("PSSRequirementID", "pss_requirement_id", "supervisionRef", "CF-SUP-"),
    "ProcessContact": RecordName("ProcessID", "process_id", "processRef", "CF-PRO-"),
    "RateCardIntervention": RecordName("InterventionID", "intervention_id", "interventionRef", "CF-INT-"),
    "TerminateSentence": _SENTENCE,
    "UPWContact": RecordName("UPWAppointmentID", "appointment_id", "workRef", "CF-WRK-"),
    "UPWDetails": RecordName("UPWDetailsID", "details_id", "hoursRef", "CF-HRS-"),
}

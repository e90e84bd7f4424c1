"""Records and requests of a case, as tables: one block each.

What it is: element names, order and optionality, each with its place in the canonical model. What it is not:
transfers, which have parts (see `transfers`). Source: the public payload templates of the Strategic Partner
Gateway (docs/protocol/spg-xml.md); an element that no template writes is not here.
"""

from typing import Final

from adapters.agencies.ndelius.codes import CODED, COUNT, DATE, DATE_TIME, DECIMAL, FLAG, TIME
from adapters.agencies.ndelius.documents import Block, block, request
from adapters.agencies.ndelius.elements import EVENT_ID, OFFENDER_ID, blank, may, must, responsible

ADDRESS: Final = block(
    "Address",
    "OffenderAddress",
    must("OffenderAddressID", "address_id"),
    OFFENDER_ID,
    must("Status", "status", CODED),
    blank("HouseNumber", "house_number"),
    blank("StreetName", "street_name"),
    blank("District", "district"),
    blank("TownCity", "town_city"),
    blank("County", "county"),
    blank("Postcode", "postcode"),
    must("StartDate", "start_date", DATE),
    must("NoFixedAbode", "no_fixed_abode", FLAG),
)
APPROVED_PREMISES_REFERRAL: Final = block(
    "ApprovedPremisesReferral",
    "ApprovedPremisesReferral",
    must("APReferralID", "referral_id"),
    EVENT_ID,
    OFFENDER_ID,
    must("ReferralDate", "referral_date", DATE),
    *responsible("ReferringProvider", "ReferringTeam", "ReferringOfficer", "referring"),
    must("ReferralCategory", "category", CODED),
    must("ReferralDecision", "decision", CODED),
    must("ReferralGroup", "group", CODED),
    must("APReferralSource", "referral_source", CODED),
    must("SourceType", "source_type", CODED),
)
COMMUNITY_REQUIREMENT: Final = block(
    "CommunityRequirement",
    "CommunityRequirement",
    must("RequirementID", "requirement_id"),
    EVENT_ID,
    OFFENDER_ID,
    must("RequirementTypeMainCategory", "main_category", CODED),
    blank("RequirementTypeSubCategory", "sub_category", CODED),
    must("ImposedDate", "imposed_date", DATE),
    blank("Length", "length", COUNT),
    may("ActualEndDate", "actual_end_date", DATE),
    may("TerminationReason", "termination_reason", CODED),
    *responsible("RQProvider", "RQResponsibleTeam", "RQResponsibleOfficer", "responsible"),
)
CONTACT: Final = block(
    "Contact",
    "Contact",
    must("ContactID", "contact_id"),
    OFFENDER_ID,
    may("EventID", "event_id"),
    may("LicConditionID", "licence_condition_id"),
    may("NSIID", "nsi_id"),
    may("PSSRqmntID", "pss_requirement_id"),
    may("RequirementID", "requirement_id"),
    must("Alert", "alert", FLAG),
    must("ContactType", "contact_type", CODED),
    must("ContactDate", "contact_date", DATE),
    must("ContactStartTime", "start_time", TIME),
    *responsible("Provider", "Team", "ContactOfficer", "responsible"),
    may("Location", "location", CODED),
    may("ContactOutcome", "outcome", CODED),
    may("EnforcementAction", "enforcement_action", CODED),
    must("SensitiveContact", "sensitive", FLAG),
    may("Notes", "notes"),
    may("RARContact", "rar", FLAG),
)
CUSTODY_DATE: Final = block(
    "CustodyDate",
    "CustodyKeyDate",
    must("KeyDateID", "key_date_id"),
    EVENT_ID,
    OFFENDER_ID,
    must("KeyDateType", "key_date_type", CODED),
    must("KeyDate", "key_date", DATE),
)


def _release(name: str) -> Block:
    return block(
        name,
        name,
        EVENT_ID,
        OFFENDER_ID,
        must("ReleaseUser", "release_user"),
        must("ActualReleaseDate", "release_date", DATE),
        must("ReleaseType", "release_type", CODED),
    )


def _recall(name: str) -> Block:
    return block(
        name,
        name,
        EVENT_ID,
        OFFENDER_ID,
        must("RecallUser", "recall_user"),
        must("RecallDate", "recall_date", DATE),
        must("RecallReason", "recall_reason", CODED),
        must("RecallLocation", "recall_location", CODED),
    )


_PROVIDER, _TEAM, _OFFICER = responsible("OSProvider", "OSResponsibleTeam", "OSResponsibleOfficer", "responsible")
EVENT: Final = block(
    "Event",
    "Event",
    EVENT_ID,
    OFFENDER_ID,
    must("ReferralDate", "referral_date", DATE),
    must("EventNumber", "event_number", COUNT),
    may("Notes", "notes"),
    may("ConvictionDate", "conviction_date", DATE),
    # Here alone the provider comes third.
    _TEAM,
    _OFFICER,
    _PROVIDER,
    must("OffenceDate", "offence_date", DATE),
    must("OffenceCount", "offence_count", COUNT),
    may("TICS", "taken_into_consideration", COUNT),
    must("OffenceCode", "offence_code", CODED),
    may("SentenceDate", "sentence_date", DATE),
    may("OrderType", "order_type", CODED),
    may("Value", "value", DECIMAL),
    may("Length", "length", COUNT),
    may("LengthUnit", "length_unit", CODED),
    may("EnteredLength", "entered_length", COUNT),
    may("EnteredLengthUnit", "entered_length_unit", CODED),
    may("LengthDays", "length_days", COUNT),
    may("SecondLength", "second_length", COUNT),
    may("SecondLengthUnit", "second_length_unit", CODED),
    may("ExpectedEndDate", "expected_end_date", DATE),
    may("TerminationDate", "termination_date", DATE),
    may("TerminationReason", "termination_reason", CODED),
    may("RSRScore", "rsr_score", DECIMAL),
    may("RSRDate", "rsr_date", DATE),
    may("RSRProvider", "rsr_provider"),
    may("AllocationDecision", "allocation_decision", CODED),
    may("AllocationDate", "allocation_date", DATE),
    may("DecisionProvider", "decision_provider"),
    may("AllocatedProvider", "allocated_provider"),
    may("OGRS2Score", "ogrs2_score", COUNT),
    may("OGRS3Score1", "ogrs3_score1", COUNT),
    may("OGRS3Score2", "ogrs3_score2", COUNT),
)
LICENCE_CONDITION: Final = block(
    "LicenceCondition",
    "LicCondition",
    must("LicConditionID", "licence_condition_id"),
    EVENT_ID,
    OFFENDER_ID,
    must("LicCondTypeMainCategory", "main_category", CODED),
    may("LicCondTypeSubCategory", "sub_category", CODED),
    must("SentenceDate", "sentence_date", DATE),
    may("ExpectedStartDate", "expected_start_date", DATE),
    may("ActualStartDate", "actual_start_date", DATE),
    may("Notes", "notes"),
    may("ExpectedEndDate", "expected_end_date", DATE),
    may("ActualEndDate", "actual_end_date", DATE),
    may("TerminationReason", "termination_reason", CODED),
    *responsible("LCProvider", "LCResponsibleTeam", "LCResponsibleOfficer", "responsible"),
)
PROCESS_CONTACT: Final = block(
    "ProcessContact",
    "ProcessContact",
    must("ProcessID", "process_id"),
    OFFENDER_ID,
    may("EventID", "event_id"),
    may("RequirementID", "requirement_id"),
    must("ProcessType", "process_type", CODED),
    may("ProcessSubType", "process_sub_type", CODED),
    must("ProcessRefDate", "referral_date", DATE),
    may("ProcessStartDate", "start_date", DATE),
    may("ProcessExpEndDate", "expected_end_date", DATE),
    may("ProcessEndDate", "end_date", DATE),
    must("ProcessStage", "stage", CODED),
    must("ProcessStageDateTime", "stage_reached_at", DATE_TIME),
    may("ProcessNotes", "notes"),
    may("ProcessOutcome", "outcome", CODED),
    may("ProcessEndAttCount", "attendance_count", COUNT),
    may("IntendedProvider", "intended_provider"),
    *responsible("ProcessManagerProvider", "ProcessManagerTeam", "ProcessManagerOfficer", "managed_by"),
)
PSS_REQUIREMENT: Final = block(
    "PSSRequirement",
    "PSSRequirement",
    must("PSSRequirementID", "pss_requirement_id"),
    EVENT_ID,
    OFFENDER_ID,
    must("PSSRqmntTypeMainCategory", "main_category", CODED),
    may("PSSRqmntTypeSubCategory", "sub_category", CODED),
    must("ImposedDate", "imposed_date", DATE),
    may("Notes", "notes"),
    may("Length", "length", COUNT),
    may("ActualEndDate", "actual_end_date", DATE),
    may("TerminationReason", "termination_reason", CODED),
    may("AttendanceCount", "attendance_count", COUNT),
    *responsible("PSProvider", "PSResponsibleTeam", "PSResponsibleOfficer", "responsible"),
)
RATE_CARD_INTERVENTION: Final = block(
    "RateCardIntervention",
    "RateCardIntervention",
    must("InterventionID", "intervention_id"),
    may("EventID", "event_id"),
    may("RequirementID", "requirement_id"),
    OFFENDER_ID,
    must("InterventionTypeMainCategory", "main_category", CODED),
    may("InterventionTypeSubCategory", "sub_category", CODED),
    may("ReferralDate", "referral_date", DATE),
    may("ExpectedStartDate", "expected_start_date", DATE),
    may("ActualStartDate", "actual_start_date", DATE),
    may("Length", "length", COUNT),
    may("Notes", "notes"),
    must("InterventionStatus", "status", CODED),
    must("InterventionStatusDateTime", "status_reached_at", DATE_TIME),
    may("ExpectedEndDate", "expected_end_date", DATE),
    may("ActualEndDate", "actual_end_date", DATE),
    # The capital C is the real schema's.
    may("InterventionOutCome", "outcome", CODED),
    may("AttendanceCount", "attendance_count", COUNT),
    may("IntendedProvider", "intended_provider"),
    *responsible("InterventionProvider", "InterventionResponsibleTeam", "InterventionResponsibleOfficer", "responsible"),
)
TERMINATE_SENTENCE: Final = block(
    "TerminateSentence",
    "TerminateSentence",
    EVENT_ID,
    OFFENDER_ID,
    must("TerminateUser", "terminated_by"),
    must("TerminationDate", "termination_date", DATE),
    must("TerminationReason", "termination_reason", CODED),
    must("TerminationDateTime", "recorded_at", DATE_TIME),
)
UPW_CONTACT: Final = block(
    "UPWContact",
    "UPWAppointment",
    must("UPWAppointmentID", "appointment_id"),
    EVENT_ID,
    OFFENDER_ID,
    must("ProjectName", "project_name"),
    must("ProjectType", "project_type", CODED),
    must("AppointmentDate", "appointment_date", DATE),
    must("StartTime", "start_time", TIME),
    must("EndTime", "end_time", TIME),
    must("MinutesOffered", "minutes_offered", COUNT),
    may("HighVisibilityVest", "high_visibility_vest", FLAG),
    may("Notes", "notes"),
    *responsible("Provider", "UPWTeam", "UPWContactOfficer", "responsible"),
    may("NDCUPAContactID", "contact_id"),
    may("SensitiveContact", "sensitive", FLAG),
    may("Alert", "alert", FLAG),
)
UPW_DETAILS: Final = block(
    "UPWDetails",
    "UPWDetails",
    must("UPWDetailsID", "details_id"),
    EVENT_ID,
    OFFENDER_ID,
    must("UPWLengthMinutes", "length_minutes", COUNT),
    must("UPWStatus", "status", CODED),
)

RECORDS: Final = (
    ADDRESS,
    APPROVED_PREMISES_REFERRAL,
    COMMUNITY_REQUIREMENT,
    CONTACT,
    CUSTODY_DATE,
    _recall("CustodyRecall"),
    _recall("CustodyRecallChange"),
    _release("CustodyRelease"),
    _release("CustodyReleaseChange"),
    EVENT,
    LICENCE_CONDITION,
    PROCESS_CONTACT,
    PSS_REQUIREMENT,
    RATE_CARD_INTERVENTION,
    TERMINATE_SENTENCE,
    UPW_CONTACT,
    UPW_DETAILS,
)
"""Each is named as its message, and its key is the first element."""

_ASKED = (OFFENDER_ID, must("CRCSearchID", "search_id"))
OFFLOC_REQUEST: Final = request("OFFLOCRequest", *_ASKED, must("OFFLOCRequestUser", "requested_by"))
OFFLOC_REQUEST_2: Final = request("OFFLOCRequest2", *_ASKED, must("OFFLOCRequestUser", "requested_by"))
GET_DOCUMENT_LIST: Final = request("GetDocumentList", *_ASKED, must("RefreshRequestUser", "requested_by"))

"""The lines of records of a case, as tables: columns in order, each with its place in the canonical model.

What it is: one record type per message type. What it is not: transfers, requests and system messages (see `tables`).
The key of a record is its fifth column, after case, person and version. The whole list is in docs/partners/flatfile.md.
"""

from collections.abc import Mapping
from typing import Final

from adapters.agencies.flatfile.codes import ADDRESS_STATUSES, CONTACT_OUTCOMES, CONTACT_TYPES, ENFORCEMENT_ACTIONS, RELEASE_TYPES
from adapters.agencies.flatfile.shapes import (
    CASE,
    EVENT_REF,
    EVENT_REF_IF_ANY,
    REQUIREMENT_REF_IF_ANY,
    Column,
    Record,
    listed,
    may,
    must,
    named,
    perhaps_named,
    responsible,
)
from adapters.agencies.flatfile.values import COUNT, DATE, DATE_TIME, DECIMAL, FLAG, MINUTES, MONEY, TIME, coded, reference

_NOTES: Final = may("Notes", "notes")


def _record(tag: str, *columns: Column) -> Record:
    return Record(tag, (*CASE, *columns))


def _release(tag: str) -> Record:
    return _record(
        tag,
        EVENT_REF,
        must("RecordedBy", "release_user"),
        must("ReleaseDate", "release_date", DATE),
        listed("ReleaseType", "release_type.code", RELEASE_TYPES),
    )


def _recall(tag: str) -> Record:
    return _record(
        tag,
        EVENT_REF,
        must("RecordedBy", "recall_user"),
        must("RecallDate", "recall_date", DATE),
        *named("RecallReason", "recall_reason"),
        *named("RecallLocation", "recall_location"),
    )


_ADDRESS: Final = _record(
    "ADR",
    must("AddressRef", "address_id", reference("ADR")),
    listed("Status", "status.code", ADDRESS_STATUSES),
    may("House", "house_number"),
    may("Street", "street_name"),
    may("District", "district"),
    may("Town", "town_city"),
    may("County", "county"),
    may("Postcode", "postcode"),
    must("StartDate", "start_date", DATE),
    must("NoFixedAbode", "no_fixed_abode", FLAG),
)
_REFERRAL: Final = _record(
    "APR",
    must("ReferralRef", "referral_id", reference("APR")),
    EVENT_REF,
    must("ReferralDate", "referral_date", DATE),
    *responsible("Referring", "referring"),
    *named("Category", "category"),
    *named("Decision", "decision"),
    *named("Group", "group"),
    *named("Source", "referral_source"),
    *named("SourceType", "source_type"),
)
_REQUIREMENT: Final = _record(
    "CRQ",
    must("RequirementRef", "requirement_id", reference("REQ")),
    EVENT_REF,
    *named("MainCategory", "main_category"),
    *perhaps_named("SubCategory", "sub_category"),
    must("ImposedDate", "imposed_date", DATE),
    may("Length", "length", COUNT),
    may("EndDate", "actual_end_date", DATE),
    *perhaps_named("EndReason", "termination_reason"),
    *responsible("", "responsible"),
)
_CONTACT: Final = _record(
    "CON",
    must("ContactRef", "contact_id", reference("CON")),
    EVENT_REF_IF_ANY,
    may("ConditionRef", "licence_condition_id", reference("LIC")),
    may("InterventionRef", "nsi_id", reference("NSI")),
    may("PssRef", "pss_requirement_id", reference("PSS")),
    REQUIREMENT_REF_IF_ANY,
    must("Alert", "alert", FLAG),
    listed("Type", "contact_type.code", CONTACT_TYPES),
    must("Date", "contact_date", DATE),
    must("StartTime", "start_time", TIME),
    *responsible("", "responsible"),
    *perhaps_named("Location", "location"),
    may("Outcome", "outcome.code", coded(CONTACT_OUTCOMES)),
    may("Enforcement", "enforcement_action.code", coded(ENFORCEMENT_ACTIONS)),
    must("Sensitive", "sensitive", FLAG),
    may("RarDay", "rar", FLAG),
    _NOTES,
)
_KEY_DATE: Final = _record(
    "KDT",
    must("KeyDateRef", "key_date_id", reference("KDT")),
    EVENT_REF,
    *named("Type", "key_date_type"),
    must("Date", "key_date", DATE),
)
_EVENT: Final = _record(
    "EVT",
    EVENT_REF,
    must("EventNo", "event_number", COUNT),
    must("ReferralDate", "referral_date", DATE),
    may("ConvictionDate", "conviction_date", DATE),
    must("OffenceDate", "offence_date", DATE),
    must("OffenceCount", "offence_count", COUNT),
    may("Tics", "taken_into_consideration", COUNT),
    *named("Offence", "offence_code"),
    may("SentenceDate", "sentence_date", DATE),
    *perhaps_named("Order", "order_type"),
    may("Value", "value", MONEY),
    may("Length", "length", COUNT),
    *perhaps_named("LengthUnit", "length_unit"),
    may("EnteredLength", "entered_length", COUNT),
    *perhaps_named("EnteredUnit", "entered_length_unit"),
    may("LengthDays", "length_days", COUNT),
    may("SecondLength", "second_length", COUNT),
    *perhaps_named("SecondUnit", "second_length_unit"),
    may("ExpectedEndDate", "expected_end_date", DATE),
    may("EndDate", "termination_date", DATE),
    *perhaps_named("EndReason", "termination_reason"),
    may("RsrScore", "rsr_score", DECIMAL),
    may("RsrDate", "rsr_date", DATE),
    may("RsrProvider", "rsr_provider"),
    *perhaps_named("Allocation", "allocation_decision"),
    may("AllocationDate", "allocation_date", DATE),
    may("DecisionProvider", "decision_provider"),
    may("AllocatedProvider", "allocated_provider"),
    may("Ogrs2Score", "ogrs2_score", COUNT),
    may("Ogrs3Score1", "ogrs3_score1", COUNT),
    may("Ogrs3Score2", "ogrs3_score2", COUNT),
    *responsible("", "responsible"),
    _NOTES,
)
_CONDITION: Final = _record(
    "LIC",
    must("ConditionRef", "licence_condition_id", reference("LIC")),
    EVENT_REF,
    *named("MainCategory", "main_category"),
    *perhaps_named("SubCategory", "sub_category"),
    must("SentenceDate", "sentence_date", DATE),
    may("ExpectedStartDate", "expected_start_date", DATE),
    may("StartDate", "actual_start_date", DATE),
    may("ExpectedEndDate", "expected_end_date", DATE),
    may("EndDate", "actual_end_date", DATE),
    *perhaps_named("EndReason", "termination_reason"),
    *responsible("", "responsible"),
    _NOTES,
)
_PROCESS: Final = _record(
    "PRO",
    must("ProcessRef", "process_id", reference("PRO")),
    EVENT_REF_IF_ANY,
    REQUIREMENT_REF_IF_ANY,
    *named("Type", "process_type"),
    *perhaps_named("SubType", "process_sub_type"),
    must("ReferralDate", "referral_date", DATE),
    may("StartDate", "start_date", DATE),
    may("ExpectedEndDate", "expected_end_date", DATE),
    may("EndDate", "end_date", DATE),
    *named("Stage", "stage"),
    must("StageReached", "stage_reached_at", DATE_TIME),
    *perhaps_named("Outcome", "outcome"),
    may("Attendances", "attendance_count", COUNT),
    may("IntendedProvider", "intended_provider"),
    *responsible("Manager", "managed_by"),
    _NOTES,
)
_PSS: Final = _record(
    "PSS",
    must("PssRef", "pss_requirement_id", reference("PSS")),
    EVENT_REF,
    *named("MainCategory", "main_category"),
    *perhaps_named("SubCategory", "sub_category"),
    must("ImposedDate", "imposed_date", DATE),
    may("Length", "length", COUNT),
    may("EndDate", "actual_end_date", DATE),
    *perhaps_named("EndReason", "termination_reason"),
    may("Attendances", "attendance_count", COUNT),
    *responsible("", "responsible"),
    _NOTES,
)
_INTERVENTION: Final = _record(
    "RCI",
    must("InterventionRef", "intervention_id", reference("RCI")),
    EVENT_REF_IF_ANY,
    REQUIREMENT_REF_IF_ANY,
    *named("MainCategory", "main_category"),
    *perhaps_named("SubCategory", "sub_category"),
    may("ReferralDate", "referral_date", DATE),
    may("ExpectedStartDate", "expected_start_date", DATE),
    may("StartDate", "actual_start_date", DATE),
    may("Length", "length", COUNT),
    *named("Status", "status"),
    must("StatusReached", "status_reached_at", DATE_TIME),
    may("ExpectedEndDate", "expected_end_date", DATE),
    may("EndDate", "actual_end_date", DATE),
    *perhaps_named("Outcome", "outcome"),
    may("Attendances", "attendance_count", COUNT),
    may("IntendedProvider", "intended_provider"),
    *responsible("", "responsible"),
    _NOTES,
)
_TERMINATION: Final = _record(
    "TER",
    EVENT_REF,
    must("EndedBy", "terminated_by"),
    must("EndDate", "termination_date", DATE),
    *named("EndReason", "termination_reason"),
    must("RecordedAt", "recorded_at", DATE_TIME),
)
_APPOINTMENT: Final = _record(
    "UPA",
    must("AppointmentRef", "appointment_id", reference("UPA")),
    EVENT_REF,
    must("Project", "project_name"),
    *named("ProjectType", "project_type"),
    must("Date", "appointment_date", DATE),
    must("StartTime", "start_time", TIME),
    must("EndTime", "end_time", TIME),
    must("Minutes", "minutes_offered", MINUTES),
    may("Vest", "high_visibility_vest", FLAG),
    *responsible("", "responsible"),
    may("ContactRef", "contact_id", reference("CON")),
    may("Sensitive", "sensitive", FLAG),
    may("Alert", "alert", FLAG),
    _NOTES,
)
_DETAILS: Final = _record(
    "UPD",
    must("DetailsRef", "details_id", reference("UPD")),
    EVENT_REF,
    must("Minutes", "length_minutes", MINUTES),
    *named("Status", "status"),
)

RECORDS: Final[Mapping[str, Record]] = {
    "Address": _ADDRESS,
    "ApprovedPremisesReferral": _REFERRAL,
    "CommunityRequirement": _REQUIREMENT,
    "Contact": _CONTACT,
    "CustodyDate": _KEY_DATE,
    "CustodyRecall": _recall("RCL"),
    "CustodyRecallChange": _recall("RCX"),
    "CustodyRelease": _release("REL"),
    "CustodyReleaseChange": _release("RLX"),
    "Event": _EVENT,
    "LicenceCondition": _CONDITION,
    "PSSRequirement": _PSS,
    "ProcessContact": _PROCESS,
    "RateCardIntervention": _INTERVENTION,
    "TerminateSentence": _TERMINATION,
    "UPWContact": _APPOINTMENT,
    "UPWDetails": _DETAILS,
}
"""Message type to its line."""

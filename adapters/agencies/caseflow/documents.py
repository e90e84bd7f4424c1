"""Every Caseflow document, as tables: its names, and what each stands for in the canonical model.

What it is: one shape per message type. What it is not: code that reads or writes (see `translation`). What no
member carries is left out by design and told as such; the whole list is in docs/partners/caseflow.md. The records of
a sentence stand in `sentences`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.agencies.caseflow import codes
from adapters.agencies.caseflow.sentences import CASE, SENTENCES, VERSION
from adapters.agencies.caseflow.shapes import Shape, maybe, one, record, responsible
from adapters.agencies.caseflow.values import DATE, FLAG, MOMENT, NUMBER, TIME, coded, reference

_TRANSFER: Final = (
    *CASE,
    one("transferRef", "transfer_id", reference("TRF")),
    one("transferDate", "transfer_date", DATE),
    one("requestedBy", "transfer_user"),
)
_PART: Final = (
    one("component", "kind", coded(codes.TRANSFER_KINDS)),
    maybe("subjectRef", "entity_id", reference("SUB")),
    *VERSION,
    one("state", "status", coded(codes.TRANSFER_STATUSES)),
)
_REQUEST: Final = Shape(
    (one("caseNo", "crn"), one("personRef", "offender_id", reference("PER")), one("searchNo", "search_id"), one("requestedBy", "requested_by"))
)

SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "ConsolidatedTransferRequest": Shape(
            _TRANSFER,
            "components",
            (
                *_PART,
                one("reason", "reason.code", coded(codes.TRANSFER_REASONS)),
                *responsible("from", "transferring"),
                *responsible("to", "receiving"),
            ),
        ),
        "ConsolidatedTransferResponse": Shape(
            _TRANSFER,
            "components",
            (
                *_PART,
                maybe("declineReason", "rejected_reason.code", coded(codes.REJECTION_REASONS)),
                one("fromProvider", "transferring_provider"),
                *responsible("to", "receiving"),
            ),
        ),
        "Contact": record(
            "contact_id",
            (
                *CASE,
                one("entryRef", "contact_id", reference("ENT")),
                maybe("sentenceRef", "event_id", reference("SEN")),
                maybe("conditionRef", "licence_condition_id", reference("CON")),
                maybe("requirementRef", "requirement_id", reference("REQ")),
                one("alert", "alert", FLAG),
                one("entryType", "contact_type.code", coded(codes.CONTACT_TYPES)),
                one("entryDate", "contact_date", DATE),
                one("entryTime", "start_time", TIME),
                *responsible("", "responsible"),
                maybe("site", "location.code"),
                maybe("outcome", "outcome.code", coded(codes.CONTACT_OUTCOMES)),
                maybe("enforcement", "enforcement_action.code", coded(codes.ENFORCEMENT_ACTIONS)),
                one("restricted", "sensitive", FLAG),
                maybe("narrative", "notes"),
            ),
        ),
        "Address": record(
            "address_id",
            (
                *CASE,
                one("addressRef", "address_id", reference("ADR")),
                one("usage", "status.code", coded(codes.ADDRESS_STATUSES)),
                maybe("house", "house_number"),
                maybe("street", "street_name"),
                maybe("town", "town_city"),
                maybe("county", "county"),
                maybe("postcode", "postcode"),
                one("livedFrom", "start_date", DATE),
                one("noFixedAbode", "no_fixed_abode", FLAG),
            ),
        ),
        "ApprovedPremisesReferral": record(
            "referral_id",
            (
                *CASE,
                one("placementRef", "referral_id", reference("PLA")),
                one("sentenceRef", "event_id", reference("SEN")),
                one("referredOn", "referral_date", DATE),
                *responsible("referring", "referring"),
                one("category", "category.code", coded(codes.PLACEMENT_CATEGORIES)),
                one("decision", "decision.code", coded(codes.PLACEMENT_DECISIONS)),
                one("group", "group.code", coded(codes.PLACEMENT_GROUPS)),
                one("source", "referral_source.code", coded(codes.PLACEMENT_SOURCES)),
                one("sourceKind", "source_type.code", coded(codes.PLACEMENT_SOURCE_KINDS)),
            ),
        ),
        "ProcessContact": record(
            "process_id",
            (
                *CASE,
                one("processRef", "process_id", reference("PRO")),
                maybe("sentenceRef", "event_id", reference("SEN")),
                maybe("requirementRef", "requirement_id", reference("REQ")),
                one("processType", "process_type.code", coded(codes.PROCESS_TYPES)),
                maybe("processDetail", "process_sub_type.code", coded(codes.PROCESS_DETAILS)),
                one("referredOn", "referral_date", DATE),
                maybe("startedOn", "start_date", DATE),
                maybe("expectedEnd", "expected_end_date", DATE),
                maybe("endedOn", "end_date", DATE),
                one("stage", "stage.code", coded(codes.PROCESS_STAGES)),
                one("stageSince", "stage_reached_at", MOMENT),
                maybe("narrative", "notes"),
                maybe("result", "outcome.code", coded(codes.PROCESS_OUTCOMES)),
                maybe("attendances", "attendance_count", NUMBER),
                maybe("intendedProvider", "intended_provider"),
                *responsible("managing", "managed_by"),
            ),
        ),
        "RateCardIntervention": record(
            "intervention_id",
            (
                *CASE,
                one("interventionRef", "intervention_id", reference("INT")),
                maybe("sentenceRef", "event_id", reference("SEN")),
                maybe("requirementRef", "requirement_id", reference("REQ")),
                one("interventionType", "main_category.code", coded(codes.INTERVENTION_TYPES)),
                maybe("interventionDetail", "sub_category.code", coded(codes.INTERVENTION_DETAILS)),
                maybe("referredOn", "referral_date", DATE),
                maybe("expectedStart", "expected_start_date", DATE),
                maybe("startedOn", "actual_start_date", DATE),
                maybe("length", "length", NUMBER),
                maybe("narrative", "notes"),
                one("standing", "status.code", coded(codes.INTERVENTION_STANDINGS)),
                one("standingSince", "status_reached_at", MOMENT),
                maybe("expectedEnd", "expected_end_date", DATE),
                maybe("endedOn", "actual_end_date", DATE),
                maybe("result", "outcome.code", coded(codes.INTERVENTION_OUTCOMES)),
                maybe("attendances", "attendance_count", NUMBER),
                maybe("intendedProvider", "intended_provider"),
                *responsible("", "responsible"),
            ),
        ),
        "UPWContact": record(
            "appointment_id",
            (
                *CASE,
                one("workRef", "appointment_id", reference("WRK")),
                one("sentenceRef", "event_id", reference("SEN")),
                one("project", "project_name"),
                one("projectType", "project_type.code", coded(codes.PROJECT_TYPES)),
                one("workDate", "appointment_date", DATE),
                one("workFrom", "start_time", TIME),
                one("workUntil", "end_time", TIME),
                one("minutesOffered", "minutes_offered", NUMBER),
                maybe("vest", "high_visibility_vest", FLAG),
                maybe("narrative", "notes"),
                *responsible("", "responsible"),
                maybe("entryRef", "contact_id", reference("ENT")),
                maybe("restricted", "sensitive", FLAG),
                maybe("alert", "alert", FLAG),
            ),
        ),
        "UPWDetails": record(
            "details_id",
            (
                *CASE,
                one("hoursRef", "details_id", reference("HRS")),
                one("sentenceRef", "event_id", reference("SEN")),
                one("minutesOrdered", "length_minutes", NUMBER),
                one("standing", "status.code", coded(codes.HOURS_STANDINGS)),
            ),
        ),
        **SENTENCES,
        "GetDocumentList": _REQUEST,
        "OFFLOCRequest": _REQUEST,
        "OFFLOCRequest2": _REQUEST,
        "ConnectionNotification": Shape((maybe("pingCode", "code", NUMBER),)),
        "InterchangeStatusNotification": Shape(
            (one("processingStatus", "status_code", NUMBER),),
            "messageStatuses",
            (
                one("messageNo", "reference", NUMBER),
                one("processingStatus", "status_code", NUMBER),
                maybe("fault", "fault"),
                maybe("currentVersion", "current_version"),
                maybe("recordNo", "record_id"),
            ),
            parts_field="messages",
            parts_required=False,
        ),
    }
)
"""Message type to its document."""

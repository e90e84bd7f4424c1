"""The Caseflow documents about a sentence: the event itself, custody, requirements and conditions.

What it is: tables as in `documents`, which has the rest. What it is not: code that reads or writes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.agencies.caseflow import codes
from adapters.agencies.caseflow.codes import CodeList
from adapters.agencies.caseflow.shapes import Member, Shape, maybe, one, record, responsible
from adapters.agencies.caseflow.values import AMOUNT, DATE, MOMENT, NUMBER, coded, reference

VERSION: Final = (maybe("recordVersion", "version.version"), one("changedBy", "version.updated_by"))
CASE: Final = (one("caseNo", "crn"), one("personRef", "offender_id", reference("PER")), *VERSION)
_SENTENCE: Final = one("sentenceRef", "event_id", reference("SEN"))


def _sorts(prefix: str, types: CodeList, details: CodeList) -> tuple[Member, ...]:
    return one(f"{prefix}Type", "main_category.code", coded(types)), maybe(f"{prefix}Detail", "sub_category.code", coded(details))


def _ended(endings: CodeList) -> tuple[Member, ...]:
    return maybe("endedOn", "actual_end_date", DATE), maybe("endReason", "termination_reason.code", coded(endings))


_RELEASE: Final = record(
    "event_id",
    (
        *CASE,
        _SENTENCE,
        one("recordedBy", "release_user"),
        one("releasedOn", "release_date", DATE),
        one("releaseRoute", "release_type.code", coded(codes.RELEASE_TYPES)),
    ),
)
_RECALL: Final = record(
    "event_id",
    (
        *CASE,
        _SENTENCE,
        one("recordedBy", "recall_user"),
        one("recalledOn", "recall_date", DATE),
        one("recallReason", "recall_reason.code", coded(codes.RECALL_REASONS)),
        one("recallPlace", "recall_location.code", coded(codes.RECALL_PLACES)),
    ),
)
_EVENT: Final = record(
    "event_id",
    (
        *CASE,
        _SENTENCE,
        one("referredOn", "referral_date", DATE),
        one("sentenceNo", "event_number", NUMBER),
        maybe("narrative", "notes"),
        maybe("convictedOn", "conviction_date", DATE),
        *responsible("", "responsible"),
        one("offenceDate", "offence_date", DATE),
        one("offenceCount", "offence_count", NUMBER),
        maybe("furtherOffences", "taken_into_consideration", NUMBER),
        one("offenceCode", "offence_code.code"),
        maybe("sentencedOn", "sentence_date", DATE),
        maybe("order", "order_type.code", coded(codes.SENTENCE_ORDERS)),
        maybe("amount", "value", AMOUNT),
        maybe("length", "length", NUMBER),
        maybe("lengthUnit", "length_unit.code", coded(codes.LENGTH_UNITS)),
        maybe("lengthAsSaid", "entered_length", NUMBER),
        maybe("lengthAsSaidUnit", "entered_length_unit.code", coded(codes.LENGTH_UNITS)),
        maybe("lengthInDays", "length_days", NUMBER),
        maybe("secondLength", "second_length", NUMBER),
        maybe("secondLengthUnit", "second_length_unit.code", coded(codes.LENGTH_UNITS)),
        maybe("expectedEnd", "expected_end_date", DATE),
        maybe("endedOn", "termination_date", DATE),
        maybe("endReason", "termination_reason.code", coded(codes.SENTENCE_ENDINGS)),
        maybe("rsrScore", "rsr_score", AMOUNT),
        maybe("rsrOn", "rsr_date", DATE),
        maybe("rsrBy", "rsr_provider"),
        maybe("allocation", "allocation_decision.code", coded(codes.ALLOCATIONS)),
        maybe("allocatedOn", "allocation_date", DATE),
        maybe("allocatedBy", "decision_provider"),
        maybe("allocatedTo", "allocated_provider"),
        maybe("ogrs2", "ogrs2_score", NUMBER),
        maybe("ogrs3First", "ogrs3_score1", NUMBER),
        maybe("ogrs3Second", "ogrs3_score2", NUMBER),
    ),
)

SENTENCES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "Event": _EVENT,
        "TerminateSentence": record(
            "event_id",
            (
                *CASE,
                _SENTENCE,
                one("recordedBy", "terminated_by"),
                one("endedOn", "termination_date", DATE),
                one("endReason", "termination_reason.code", coded(codes.SENTENCE_ENDINGS)),
                one("recordedAt", "recorded_at", MOMENT),
            ),
        ),
        "CustodyDate": record(
            "key_date_id",
            (
                *CASE,
                one("keyDateRef", "key_date_id", reference("KEY")),
                _SENTENCE,
                one("keyDateType", "key_date_type.code", coded(codes.KEY_DATE_TYPES)),
                one("keyDate", "key_date", DATE),
            ),
        ),
        "CustodyRelease": _RELEASE,
        "CustodyReleaseChange": _RELEASE,
        "CustodyRecall": _RECALL,
        "CustodyRecallChange": _RECALL,
        "CommunityRequirement": record(
            "requirement_id",
            (
                *CASE,
                one("requirementRef", "requirement_id", reference("REQ")),
                _SENTENCE,
                *_sorts("requirement", codes.REQUIREMENT_TYPES, codes.REQUIREMENT_DETAILS),
                one("imposedOn", "imposed_date", DATE),
                maybe("length", "length", NUMBER),
                *_ended(codes.REQUIREMENT_ENDINGS),
                *responsible("", "responsible"),
            ),
        ),
        "LicenceCondition": record(
            "licence_condition_id",
            (
                *CASE,
                one("conditionRef", "licence_condition_id", reference("CON")),
                _SENTENCE,
                *_sorts("condition", codes.CONDITION_TYPES, codes.CONDITION_DETAILS),
                one("sentencedOn", "sentence_date", DATE),
                maybe("expectedStart", "expected_start_date", DATE),
                maybe("startedOn", "actual_start_date", DATE),
                maybe("narrative", "notes"),
                maybe("expectedEnd", "expected_end_date", DATE),
                *_ended(codes.CONDITION_ENDINGS),
                *responsible("", "responsible"),
            ),
        ),
        "PSSRequirement": record(
            "pss_requirement_id",
            (
                *CASE,
                one("supervisionRef", "pss_requirement_id", reference("SUP")),
                _SENTENCE,
                *_sorts("supervision", codes.SUPERVISION_TYPES, codes.SUPERVISION_DETAILS),
                one("imposedOn", "imposed_date", DATE),
                maybe("narrative", "notes"),
                maybe("length", "length", NUMBER),
                *_ended(codes.SUPERVISION_ENDINGS),
                maybe("attendances", "attendance_count", NUMBER),
                *responsible("", "responsible"),
            ),
        ),
    }
)
"""Message type to its document."""

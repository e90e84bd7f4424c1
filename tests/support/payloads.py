"""Payloads of every type by hypothesis, read off the canonical models. All people and numbers are made up.

What it is: one strategy per type, with values at the edges of what a field may hold; what is optional is absent,
stated as empty (None) or there. What it is not: the header around a payload (see `tests.support.dialects`).
"""

import datetime
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache

from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from adapters.agencies.caseflow import codes
from adapters.agencies.caseflow.documents import SHAPES as CASEFLOW
from schemas.canonical.case import Deletion
from schemas.canonical.transfer import TransferKind, TransferPart, TransferRequestPart, TransferResponsePart, TransferStatus
from schemas.catalogue import CATALOGUE, KEYS
from schemas.identifiers import CODE_FORM, CRN_FORM, ENTITY_FORM, OFFICER_FORM, PROVIDER_FORM, SEARCH_FORM, SPG_VERSION_FORM, TEAM_FORM
from schemas.messages.address import Address
from schemas.messages.approved_premises_referral import ApprovedPremisesReferral
from schemas.messages.community_requirement import CommunityRequirement
from schemas.messages.contact import Contact
from schemas.messages.custody import CustodyDate, CustodyRecall, CustodyRecallChange, CustodyRelease, CustodyReleaseChange
from schemas.messages.event import Event
from schemas.messages.interventions import ProcessContact, RateCardIntervention
from schemas.messages.licence_condition import LicenceCondition
from schemas.messages.pss_requirement import PSSRequirement
from schemas.messages.terminate_sentence import TerminateSentence
from schemas.messages.unpaid_work import UPWContact, UPWDetails
from schemas.payload import Payload

Strategy = st.SearchStrategy[typing.Any]


class _Nothing(Enum):
    """Stands for a member that is not there at all: None would say that it is stated as empty."""

    ABSENT = "absent"


ABSENT = _Nothing.ABSENT

CASEFLOW_CODES: Mapping[tuple[type[BaseModel], str], codes.CodeList] = {
    (Contact, "contact_type"): codes.CONTACT_TYPES,
    (Contact, "outcome"): codes.CONTACT_OUTCOMES,
    (Contact, "enforcement_action"): codes.ENFORCEMENT_ACTIONS,
    (Address, "status"): codes.ADDRESS_STATUSES,
    (CustodyRelease, "release_type"): codes.RELEASE_TYPES,
    (TransferRequestPart, "reason"): codes.TRANSFER_REASONS,
    (TransferResponsePart, "rejected_reason"): codes.REJECTION_REASONS,
    (ApprovedPremisesReferral, "category"): codes.PLACEMENT_CATEGORIES,
    (ApprovedPremisesReferral, "decision"): codes.PLACEMENT_DECISIONS,
    (ApprovedPremisesReferral, "group"): codes.PLACEMENT_GROUPS,
    (ApprovedPremisesReferral, "referral_source"): codes.PLACEMENT_SOURCES,
    (ApprovedPremisesReferral, "source_type"): codes.PLACEMENT_SOURCE_KINDS,
    (CommunityRequirement, "main_category"): codes.REQUIREMENT_TYPES,
    (CommunityRequirement, "sub_category"): codes.REQUIREMENT_DETAILS,
    (CommunityRequirement, "termination_reason"): codes.REQUIREMENT_ENDINGS,
    (CustodyDate, "key_date_type"): codes.KEY_DATE_TYPES,
    (CustodyRecall, "recall_reason"): codes.RECALL_REASONS,
    (CustodyRecall, "recall_location"): codes.RECALL_PLACES,
    (CustodyRecallChange, "recall_reason"): codes.RECALL_REASONS,
    (CustodyRecallChange, "recall_location"): codes.RECALL_PLACES,
    (CustodyReleaseChange, "release_type"): codes.RELEASE_TYPES,
    (Event, "order_type"): codes.SENTENCE_ORDERS,
    (Event, "length_unit"): codes.LENGTH_UNITS,
    (Event, "entered_length_unit"): codes.LENGTH_UNITS,
    (Event, "second_length_unit"): codes.LENGTH_UNITS,
    (Event, "termination_reason"): codes.SENTENCE_ENDINGS,
    (Event, "allocation_decision"): codes.ALLOCATIONS,
    (LicenceCondition, "main_category"): codes.CONDITION_TYPES,
    (LicenceCondition, "sub_category"): codes.CONDITION_DETAILS,
    (LicenceCondition, "termination_reason"): codes.CONDITION_ENDINGS,
    (PSSRequirement, "main_category"): codes.SUPERVISION_TYPES,
    (PSSRequirement, "sub_category"): codes.SUPERVISION_DETAILS,
    (PSSRequirement, "termination_reason"): codes.SUPERVISION_ENDINGS,
    (ProcessContact, "process_type"): codes.PROCESS_TYPES,
    (ProcessContact, "process_sub_type"): codes.PROCESS_DETAILS,
    (ProcessContact, "stage"): codes.PROCESS_STAGES,
    (ProcessContact, "outcome"): codes.PROCESS_OUTCOMES,
    (RateCardIntervention, "main_category"): codes.INTERVENTION_TYPES,
    (RateCardIntervention, "sub_category"): codes.INTERVENTION_DETAILS,
    (RateCardIntervention, "status"): codes.INTERVENTION_STANDINGS,
    (RateCardIntervention, "outcome"): codes.INTERVENTION_OUTCOMES,
    (TerminateSentence, "termination_reason"): codes.SENTENCE_ENDINGS,
    (UPWContact, "project_type"): codes.PROJECT_TYPES,
    (UPWDetails, "status"): codes.HOURS_STANDINGS,
}
"""Coded fields for which Caseflow has a list of its own."""

_PIECES = st.one_of(
    st.sampled_from("&<>\"'/\\[] \n\r\t\x7f\x85\u2028\u00a0Ŵ–£"),
    st.sampled_from([r"\n", "/n", "]]>", "<![CDATA[", "&amp;", "&#10;", "<!--", "𝔘", "🦉", "e\u0301", "\r\n", "SURNAME,FORENAME"]),
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
    st.sampled_from("abcXYZ019"),
)


def texts(limit: int = 500) -> st.SearchStrategy[str]:
    """Texts as the canonical model keeps them: trimmed, not empty; once in a while as long as they may be."""
    short = st.lists(_PIECES, min_size=1, max_size=12).map(lambda pieces: "".join(pieces)[:limit].strip()).filter(bool)
    longest = st.sampled_from(["x", "é", "&", "𝔘", "<"]).map(lambda letter: letter * limit)
    return st.integers(0, 24).flatmap(lambda dice: longest if dice == 24 else short)


def _plates(length: int) -> st.SearchStrategy[str]:
    return st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=length, max_size=length)


def _begun(rest: str, limit: int) -> st.SearchStrategy[str]:
    """A letter or digit, then up to `limit - 1` of these and of `rest`."""
    plain = "abcxyzABCXYZ0189"
    short = st.builds(lambda first, more: (first + more).strip(), st.sampled_from(plain), st.text(plain + rest, max_size=11))
    return st.one_of(short, short, short, st.just("Z" * limit))


entity_ids = st.one_of(st.just("0"), st.just("007"), st.just("9" * 18), st.integers(1, 10**18 - 1).map(str))
crns = st.builds(lambda letter, number: letter + number, st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ"), st.text("0123456789", min_size=6, max_size=6))
record_versions = st.text("0123456789ABCDEF", min_size=32, max_size=32).filter(lambda text: text != "0" * 32)
civil_dates = st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31))
civil_times = st.one_of(
    st.times(), st.sampled_from([datetime.time(0), datetime.time(23, 59, 59, 999999), datetime.time(9, 0, 0, 5000), datetime.time(9, 0, 0, 500000)])
)
control_references = st.one_of(st.integers(10**12, 10**13 - 1).map(str), _begun("._:-", 64))
_amounts = st.one_of(st.sampled_from(["0", "0.00", "150.00", "150", "7.5", "0.05"]), st.decimals(0, 999, places=2).map(str))

_BY_PATTERN: Mapping[str, st.SearchStrategy[str]] = {
    PROVIDER_FORM: _plates(3),
    TEAM_FORM: _plates(6),
    OFFICER_FORM: _plates(7),
    CRN_FORM: crns,
    ENTITY_FORM: entity_ids,
    SPG_VERSION_FORM: record_versions,
    CODE_FORM: _begun(" ._-", 100),
    SEARCH_FORM: _begun("._-", 64),
}
_BY_TYPE: Mapping[object, Strategy] = {
    bool: st.booleans(),
    datetime.date: civil_dates,
    datetime.time: civil_times,
    datetime.datetime: st.builds(datetime.datetime.combine, civil_dates, civil_times),
    Decimal: _amounts.map(Decimal),
}


def payloads(*, caseflow_codes: bool = False) -> st.SearchStrategy[Payload]:
    """Whole payloads of every type. With `caseflow_codes`, only the types and codes that Caseflow has."""
    return st.sampled_from(sorted(CASEFLOW if caseflow_codes else CATALOGUE)).flatmap(lambda kind: payloads_of(kind, caseflow_codes=caseflow_codes))


@cache
def payloads_of(kind: str, *, caseflow_codes: bool = False) -> st.SearchStrategy[Payload]:
    """Whole payloads of one type."""
    return _members(CATALOGUE[kind], caseflow_codes).map(CATALOGUE[kind].model_validate)


@cache
def deletions() -> st.SearchStrategy[Payload]:
    """Reduced deletes, for any of the types in `KEYS`."""
    assert KEYS
    return _members(Deletion, False).map(Deletion.model_validate)


@cache
def _members(model: type[BaseModel], caseflow: bool) -> Strategy:
    """The fields of a model as a dict, without those that are absent."""
    if issubclass(model, TransferPart):
        return _part(model, caseflow)
    return _chosen({name: _field(model, name, caseflow) for name in model.model_fields})


def _chosen(members: Mapping[str, Strategy]) -> Strategy:
    return st.fixed_dictionaries(dict(members)).map(lambda found: {name: value for name, value in found.items() if value is not ABSENT})


def _part(model: type[TransferPart], caseflow: bool) -> Strategy:
    """What is valid alone need not be together: only a whole case has no id, and only a rejection has a reason."""
    free = {name: _field(model, name, caseflow) for name in model.model_fields}
    unsaid = st.sampled_from([ABSENT, None])

    def around(kind: TransferKind, status: TransferStatus) -> Strategy:
        fixed = {"kind": st.just(kind.value), "status": st.just(status.value), "entity_id": unsaid if kind is TransferKind.CASE else entity_ids}
        if "rejected_reason" in free:
            reason = _coded(model, "rejected_reason", caseflow)
            fixed["rejected_reason"] = reason if status is TransferStatus.REJECTED else unsaid
        return _chosen(free | fixed)

    return st.tuples(st.sampled_from(TransferKind), st.sampled_from(TransferStatus)).flatmap(lambda both: around(*both))


def _field(model: type[BaseModel], name: str, caseflow: bool) -> Strategy:
    field = model.model_fields[name]
    value = _coded(model, name, caseflow)
    if field.is_required():
        return value
    empty = st.just(None) if field.default is None else st.just(ABSENT)
    return st.one_of(st.just(ABSENT), empty, value, value)


def _coded(model: type[BaseModel], name: str, caseflow: bool) -> Strategy:
    """The value of a field where there is one."""
    hint = typing.get_type_hints(model, include_extras=True)[name]
    known = CASEFLOW_CODES.get((model, name)) if caseflow else None
    if known is None:
        return _value(hint, (), caseflow)
    return _chosen({"code": st.sampled_from(sorted(known.theirs)), "description": st.one_of(st.just(ABSENT), texts())})


def _value(hint: object, metadata: tuple[object, ...], caseflow: bool) -> Strategy:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _value(inner[0], (*metadata, *inner[1:]), caseflow)
    if origin in (typing.Union, types.UnionType):
        (one,) = (kind for kind in inner if kind is not type(None))
        return _value(one, metadata, caseflow)
    if origin is tuple:
        return st.lists(_value(inner[0], (), caseflow), min_size=1, max_size=3).map(tuple)
    if isinstance(hint, typing.NewType):
        return _value(hint.__supertype__, metadata, caseflow)
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _members(hint, caseflow)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from([member.value for member in hint])
    return _text(metadata) if hint is str else _number(hint, metadata)


def _text(metadata: tuple[object, ...]) -> Strategy:
    (rule,) = (found for found in metadata if isinstance(found, StringConstraints))
    pattern = str(rule.pattern)
    if pattern in _BY_PATTERN:
        return _BY_PATTERN[pattern]
    return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(max_codepoint=127)) if rule.max_length is None else texts(rule.max_length)


def _number(hint: object, metadata: tuple[object, ...]) -> Strategy:
    assert hint is int, hint
    limits = [limit for found in metadata if isinstance(found, FieldInfo) for limit in found.metadata]
    low = next(limit.ge for limit in limits if hasattr(limit, "ge"))
    high = next(limit.le for limit in limits if hasattr(limit, "le"))
    return st.one_of(st.sampled_from([low, high]), st.integers(low, high))

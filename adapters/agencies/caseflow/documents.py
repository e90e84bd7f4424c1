"""Every Caseflow document, as tables: its names, and what each stands for in the canonical model.

What it is: one shape per message type. What it is not: code that reads or writes (see `translation`). What no
member carries is left out by design and told as such; the whole list is in docs/partners/caseflow.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.agencies.caseflow.codes import (
    ADDRESS_STATUSES,
    CONTACT_OUTCOMES,
    CONTACT_TYPES,
    ENFORCEMENT_ACTIONS,
    REJECTION_REASONS,
    RELEASE_TYPES,
    TRANSFER_KINDS,
    TRANSFER_REASONS,
    TRANSFER_STATUSES,
)
from adapters.agencies.caseflow.values import DATE, FLAG, NUMBER, TEXT, TIME, WORKER, Kind, coded, reference
from schemas.leaves import Path


@dataclass(frozen=True, slots=True)
class Member:
    """One name of a document and the places of the canonical model that it holds."""

    key: str
    paths: tuple[Path, ...]
    kind: Kind = TEXT
    required: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """One document: its members, and under `parts_key` a list of parts, each with members of its own."""

    members: tuple[Member, ...]
    parts_key: str | None = None
    parts: tuple[Member, ...] = ()


def _one(key: str, path: str, kind: Kind = TEXT) -> Member:
    return Member(key, (tuple(path.split(".")),), kind)


def _maybe(key: str, path: str, kind: Kind = TEXT) -> Member:
    return Member(key, (tuple(path.split(".")),), kind, required=False)


def _responsible(prefix: str, path: str) -> tuple[Member, ...]:
    def name(last: str) -> str:
        return prefix + last if prefix else last[0].lower() + last[1:]

    return (
        _one(name("Provider"), f"{path}.provider"),
        Member(name("Worker"), ((path, "team", "code"), (path, "officer", "code")), WORKER),
        _maybe(name("WorkerName"), f"{path}.officer.description"),
    )


_VERSION: Final = (_maybe("recordVersion", "version.version"), _one("changedBy", "version.updated_by"))
_CASE: Final = (_one("caseNo", "crn"), _one("personRef", "offender_id", reference("PER")), *_VERSION)
_TRANSFER: Final = (
    *_CASE,
    _one("transferRef", "transfer_id", reference("TRF")),
    _one("transferDate", "transfer_date", DATE),
    _one("requestedBy", "transfer_user"),
)
_PART: Final = (
    _one("component", "kind", coded(TRANSFER_KINDS)),
    _maybe("subjectRef", "entity_id", reference("SUB")),
    *_VERSION,
    _one("state", "status", coded(TRANSFER_STATUSES)),
)

SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "ConsolidatedTransferRequest": Shape(
            _TRANSFER,
            "components",
            (
                *_PART,
                _one("reason", "reason.code", coded(TRANSFER_REASONS)),
                *_responsible("from", "transferring"),
                *_responsible("to", "receiving"),
            ),
        ),
        "ConsolidatedTransferResponse": Shape(
            _TRANSFER,
            "components",
            (
                *_PART,
                _maybe("declineReason", "rejected_reason.code", coded(REJECTION_REASONS)),
                _one("fromProvider", "transferring_provider"),
                *_responsible("to", "receiving"),
            ),
        ),
        "Contact": Shape(
            (
                *_CASE,
                _one("entryRef", "contact_id", reference("ENT")),
                _maybe("sentenceRef", "event_id", reference("SEN")),
                _maybe("conditionRef", "licence_condition_id", reference("CON")),
                _maybe("requirementRef", "requirement_id", reference("REQ")),
                _one("alert", "alert", FLAG),
                _one("entryType", "contact_type.code", coded(CONTACT_TYPES)),
                _one("entryDate", "contact_date", DATE),
                _one("entryTime", "start_time", TIME),
                *_responsible("", "responsible"),
                _maybe("site", "location.code"),
                _maybe("outcome", "outcome.code", coded(CONTACT_OUTCOMES)),
                _maybe("enforcement", "enforcement_action.code", coded(ENFORCEMENT_ACTIONS)),
                _one("restricted", "sensitive", FLAG),
                _maybe("narrative", "notes"),
            )
        ),
        "Address": Shape(
            (
                *_CASE,
                _one("addressRef", "address_id", reference("ADR")),
                _one("usage", "status.code", coded(ADDRESS_STATUSES)),
                _maybe("house", "house_number"),
                _maybe("street", "street_name"),
                _maybe("town", "town_city"),
                _maybe("county", "county"),
                _maybe("postcode", "postcode"),
                _one("livedFrom", "start_date", DATE),
                _one("noFixedAbode", "no_fixed_abode", FLAG),
            )
        ),
        "CustodyRelease": Shape(
            (
                *_CASE,
                _one("sentenceRef", "event_id", reference("SEN")),
                _one("recordedBy", "release_user"),
                _one("releasedOn", "release_date", DATE),
                _one("releaseRoute", "release_type.code", coded(RELEASE_TYPES)),
            )
        ),
        "ConnectionNotification": Shape((_maybe("pingCode", "code", NUMBER),)),
        "InterchangeStatusNotification": Shape((_one("processingStatus", "status_code", NUMBER),)),
    }
)
"""Message type to its document."""

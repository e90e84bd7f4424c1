"""Every SPG message that this dialect speaks, as tables.

What it is: element names, order and optionality, each with its place in the canonical model. A further
message is an entry here and a model in `schemas.messages`. Source: the public payload templates of the
Strategic Partner Gateway (docs/protocol/spg-xml.md).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.agencies.ndelius.codes import CODED, DATE, FLAG, NUMBER, TIME
from adapters.agencies.ndelius.documents import Leaf, Part, Path, Record, Shape, block

_APPLICATION, _TEST, _ANSWERS, _CONTROL_DATA = "ApplicationReference", "TestIndicator", "ReceiverControlReference", "TestControlData"
_BUSINESS_HEADER: Final = frozenset({_APPLICATION, _TEST})

_OFFENDER_ID: Final = Leaf(element="OffenderID", path=("offender_id",))
_EVENT_ID: Final = Leaf(element="EventID", path=("event_id",))

_ENTITY_IDS: Final[Mapping[str, str | None]] = {
    "OM": None,
    "OS": "EventID",
    "RQ": "RequirementID",
    "LC": "LicConditionID",
    "PSS": "PSSRequirementID",
    "NSI": "NSIID",
    "CR": "CourtReportID",
    "IR": "InstReportID",
}


def _optional(element: str, name: str) -> Leaf:
    return Leaf(element=element, path=(name,), required=False)


def _optional_code(element: str, name: str) -> Leaf:
    return Leaf(element=element, path=(name,), kind=CODED, required=False)


def _line(element: str, name: str) -> Leaf:
    return Leaf(element=element, path=(name,), empty=True)


def _responsible(provider: str, team: str, officer: str, *path: str) -> tuple[Leaf, ...]:
    return (
        Leaf(element=provider, path=(*path, "provider")),
        Leaf(element=team, path=(*path, "team"), kind=CODED),
        Leaf(element=officer, path=(*path, "officer"), kind=CODED),
    )


def _transferring(kind: str, direction: str, *path: str) -> tuple[Leaf, ...]:
    stem = f"{kind}Transfer{direction}"
    return _responsible(f"{stem}Provider", f"{stem}ResponsibleTeam", f"{stem}ResponsibleOfficer", *path)


def _part_head(kind: str) -> tuple[Leaf, ...]:
    entity = _ENTITY_IDS[kind]
    of_entity = (Leaf(element=entity, path=("entity_id",)),) if entity else ()
    return (
        Leaf(element="TransferID", path=("transfer_id",), shared=True),
        *of_entity,
        Leaf(element="OffenderID", path=("offender_id",), shared=True),
    )


def _request_part(kind: str) -> Part:
    # The status of an NSI request has no prefix: a deliberate correction of the real schema. Its response has one.
    status = "TransferStatus" if kind == "NSI" else f"{kind}TransferStatus"
    name = f"{kind}TransferRequest"
    leaves = (
        *_part_head(kind),
        Leaf(element=f"{kind}TransferReason", path=("reason",), kind=CODED),
        Leaf(element=status, path=("status",)),
        *_transferring(kind, "From", "transferring"),
        *_transferring(kind, "To", "receiving"),
    )
    return Part(kind, block(name, name, *leaves, shared=True))


def _response_part(kind: str) -> Part:
    name = f"{kind}TransferResponse"
    leaves = (
        *_part_head(kind),
        Leaf(element=f"{kind}TransferStatus", path=("status",)),
        _optional_code(f"{kind}TransferRejectedReason", "rejected_reason"),
        Leaf(element=f"{kind}TransferFromProvider", path=("transferring_provider",)),
        *_transferring(kind, "To", "receiving"),
    )
    return Part(kind, block(name, name, *leaves, shared=True))


def _master(name: str) -> tuple[str, str, Leaf, Leaf, Leaf, Leaf]:
    return (
        name,
        name,
        Leaf(element="TransferID", path=("transfer_id",)),
        _OFFENDER_ID,
        Leaf(element="TransferDate", path=("transfer_date",), kind=DATE),
        Leaf(element="TransferUser", path=("transfer_user",)),
    )


_CONTACT: Final = (
    Leaf(element="ContactID", path=("contact_id",)),
    _OFFENDER_ID,
    _optional("EventID", "event_id"),
    _optional("LicConditionID", "licence_condition_id"),
    _optional("NSIID", "nsi_id"),
    _optional("PSSRqmntID", "pss_requirement_id"),
    _optional("RequirementID", "requirement_id"),
    Leaf(element="Alert", path=("alert",), kind=FLAG),
    Leaf(element="ContactType", path=("contact_type",), kind=CODED),
    Leaf(element="ContactDate", path=("contact_date",), kind=DATE),
    Leaf(element="ContactStartTime", path=("start_time",), kind=TIME),
    *_responsible("Provider", "Team", "ContactOfficer", "responsible"),
    _optional_code("Location", "location"),
    _optional_code("ContactOutcome", "outcome"),
    _optional_code("EnforcementAction", "enforcement_action"),
    Leaf(element="SensitiveContact", path=("sensitive",), kind=FLAG),
    _optional("Notes", "notes"),
    Leaf(element="RARContact", path=("rar",), kind=FLAG, required=False),
)
_ADDRESS: Final = (
    Leaf(element="OffenderAddressID", path=("address_id",)),
    _OFFENDER_ID,
    Leaf(element="Status", path=("status",), kind=CODED),
    _line("HouseNumber", "house_number"),
    _line("StreetName", "street_name"),
    _line("District", "district"),
    _line("TownCity", "town_city"),
    _line("County", "county"),
    _line("Postcode", "postcode"),
    Leaf(element="StartDate", path=("start_date",), kind=DATE),
    Leaf(element="NoFixedAbode", path=("no_fixed_abode",), kind=FLAG),
)
_CUSTODY_RELEASE: Final = (
    _EVENT_ID,
    _OFFENDER_ID,
    Leaf(element="ReleaseUser", path=("release_user",)),
    Leaf(element="ActualReleaseDate", path=("release_date",), kind=DATE),
    Leaf(element="ReleaseType", path=("release_type",), kind=CODED),
)

_SHAPES: Final = (
    Shape(type="Contact", block=block("Contact", "Contact", *_CONTACT), header=_BUSINESS_HEADER),
    Shape(type="Address", block=block("Address", "OffenderAddress", *_ADDRESS), header=_BUSINESS_HEADER),
    Shape(type="CustodyRelease", block=block("CustodyRelease", "CustodyRelease", *_CUSTODY_RELEASE), header=_BUSINESS_HEADER),
    Shape(
        type="ConsolidatedTransferRequest",
        block=block(*_master("TransferRequest")),
        parts=tuple(_request_part(kind) for kind in _ENTITY_IDS),
        header=_BUSINESS_HEADER,
    ),
    Shape(
        type="ConsolidatedTransferResponse",
        block=block(*_master("TransferResponse")),
        parts=tuple(_response_part(kind) for kind in _ENTITY_IDS),
        header=_BUSINESS_HEADER,
    ),
    Shape(
        type="ConnectionNotification",
        plain=Record("ConnectionNotification", (Leaf(element="NotificationCode", path=("code",), kind=NUMBER, required=False),)),
        header=frozenset({_APPLICATION, _TEST, _ANSWERS, _CONTROL_DATA}),
        schema_location=False,
    ),
    Shape(
        type="InterchangeStatusNotification",
        plain=Record("InterchangeStatusNotification", (Leaf(element="StatusCode", path=("status_code",), kind=NUMBER),)),
        header=frozenset({_APPLICATION, _ANSWERS}),
        schema_location=False,
    ),
)
SHAPES: Final[Mapping[str, Shape]] = MappingProxyType({shape.type: shape for shape in _SHAPES})
"""Message type to its shape."""


def leaf_paths(shape: Shape) -> frozenset[Path]:
    """Every place of the canonical payload that the shape carries; parts under `parts`."""
    own = shape.plain.leaves if shape.plain else tuple(leaf for record in shape.block.records for leaf in record.leaves) if shape.block else ()
    of_parts = [leaf for part in shape.parts for record in part.block.records for leaf in record.leaves if not leaf.shared]
    return frozenset(leaf.path for leaf in own) | frozenset(("parts", *leaf.path) for leaf in of_parts)

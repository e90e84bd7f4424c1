"""Transfers as tables: a master block, then a block for each thing that moves.

What it is: the eight kinds of part in request and response. Source: the public payload templates
`TransferRequest` and `TransferResponse` of the Strategic Partner Gateway. The notes that nDelius knows on
transfers are in no template, so their place is unknown and they are not here.
"""

from collections.abc import Mapping
from typing import Final

from adapters.agencies.ndelius.codes import CODED, DATE
from adapters.agencies.ndelius.documents import Block, Leaf, Part, block
from adapters.agencies.ndelius.elements import OFFENDER_ID, may, must, responsible

ENTITY_IDS: Final[Mapping[str, str | None]] = {
    "OM": None,
    "OS": "EventID",
    "RQ": "RequirementID",
    "LC": "LicConditionID",
    "PSS": "PSSRequirementID",
    "NSI": "NSIID",
    "CR": "CourtReportID",
    "IR": "InstReportID",
}
"""Kind of transfer to the element that names what moves; a whole case has none."""


def _transferring(kind: str, direction: str, *path: str) -> tuple[Leaf, ...]:
    stem = f"{kind}Transfer{direction}"
    return responsible(f"{stem}Provider", f"{stem}ResponsibleTeam", f"{stem}ResponsibleOfficer", *path)


def _part_head(kind: str) -> tuple[Leaf, ...]:
    entity = ENTITY_IDS[kind]
    return (
        Leaf(element="TransferID", path=("transfer_id",), shared=True),
        *((must(entity, "entity_id"),) if entity else ()),
        Leaf(element="OffenderID", path=("offender_id",), shared=True),
    )


def _request_part(kind: str) -> Part:
    # The status of an NSI request has no prefix: a deliberate correction of the real schema. Its response has one.
    status = "TransferStatus" if kind == "NSI" else f"{kind}TransferStatus"
    name = f"{kind}TransferRequest"
    leaves = (
        *_part_head(kind),
        must(f"{kind}TransferReason", "reason", CODED),
        must(status, "status"),
        *_transferring(kind, "From", "transferring"),
        *_transferring(kind, "To", "receiving"),
    )
    return Part(kind, block(name, name, *leaves, shared=True))


def _response_part(kind: str) -> Part:
    name = f"{kind}TransferResponse"
    leaves = (
        *_part_head(kind),
        must(f"{kind}TransferStatus", "status"),
        may(f"{kind}TransferRejectedReason", "rejected_reason", CODED),
        must(f"{kind}TransferFromProvider", "transferring_provider"),
        *_transferring(kind, "To", "receiving"),
    )
    return Part(kind, block(name, name, *leaves, shared=True))


def master(name: str) -> Block:
    """The block that all parts belong to."""
    return block(
        name,
        name,
        must("TransferID", "transfer_id"),
        OFFENDER_ID,
        must("TransferDate", "transfer_date", DATE),
        must("TransferUser", "transfer_user"),
    )


REQUEST_PARTS: Final = tuple(_request_part(kind) for kind in ENTITY_IDS)
RESPONSE_PARTS: Final = tuple(_response_part(kind) for kind in ENTITY_IDS)

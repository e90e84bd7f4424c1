"""Every SPG message that this dialect speaks, as tables.

What it is: message type to shape. A further message is an entry here, a block in `records` and a model in
`schemas.messages`. What it is not: code that reads or writes. Source: docs/protocol/spg-xml.md.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.agencies.ndelius.codes import COUNT, NUMBER, VERSION
from adapters.agencies.ndelius.documents import Block, Group, Leaf, Path, Record, Shape, reduced
from adapters.agencies.ndelius.elements import may, must
from adapters.agencies.ndelius.records import GET_DOCUMENT_LIST, OFFLOC_REQUEST, OFFLOC_REQUEST_2, RECORDS
from adapters.agencies.ndelius.transfers import REQUEST_PARTS, RESPONSE_PARTS, master

APPLICATION, TEST, ANSWERS, CONTROL_DATA = "ApplicationReference", "TestIndicator", "ReceiverControlReference", "TestControlData"
_BUSINESS_HEADER: Final = frozenset({APPLICATION, TEST})
_WITHOUT_LOCATION: Final = frozenset({"ApprovedPremisesReferral", "OFFLOCRequest2", "GetDocumentList"})
"""Their templates write no xsi:schemaLocation."""


def _record(block: Block) -> Shape:
    return Shape(type=block.top, block=block, reduced=reduced(block), header=_BUSINESS_HEADER, schema_location=block.top not in _WITHOUT_LOCATION)


def _request(block: Block, header: frozenset[str] = _BUSINESS_HEADER) -> Shape:
    return Shape(type=block.top, block=block, header=header, schema_location=block.top not in _WITHOUT_LOCATION)


_CONNECTION: Final = Record("ConnectionNotification", (may("NotificationCode", "code", COUNT),))
_STATUS: Final = Record("InterchangeStatusNotification", (must("StatusCode", "status_code", COUNT),))
_MESSAGE_STATUS: Final = Record(
    "MessageStatus",
    (
        must("MessageReferenceNumber", "reference", NUMBER),
        must("StatusCode", "status_code", COUNT),
        may("FaultCode", "fault"),
        may("CurrentVersion", "current_version", VERSION),
        may("RecordID", "record_id"),
    ),
)
"""This gateway's own: no public source shows how a real answer said more than its StatusCode."""

_SHAPES: Final = (
    *(_record(block) for block in RECORDS),
    _request(OFFLOC_REQUEST),
    _request(OFFLOC_REQUEST_2),
    _request(GET_DOCUMENT_LIST, frozenset({APPLICATION, ANSWERS})),
    Shape(type="ConsolidatedTransferRequest", block=master("TransferRequest"), parts=REQUEST_PARTS, header=_BUSINESS_HEADER),
    Shape(type="ConsolidatedTransferResponse", block=master("TransferResponse"), parts=RESPONSE_PARTS, header=_BUSINESS_HEADER),
    Shape(type="ConnectionNotification", plain=_CONNECTION, header=frozenset({APPLICATION, TEST, ANSWERS, CONTROL_DATA}), schema_location=False),
    Shape(
        type="InterchangeStatusNotification",
        plain=_STATUS,
        group=Group("messages", _MESSAGE_STATUS),
        header=frozenset({APPLICATION, ANSWERS}),
        schema_location=False,
    ),
)
SHAPES: Final[Mapping[str, Shape]] = MappingProxyType({shape.type: shape for shape in _SHAPES})
"""Message type to its shape."""


def own_leaves(shape: Shape) -> tuple[Leaf, ...]:
    """The leaves outside parts and groups, in order."""
    if shape.plain is not None:
        return shape.plain.leaves
    return tuple(leaf for record in shape.block.records for leaf in record.leaves) if shape.block else ()


def leaf_paths(shape: Shape) -> frozenset[Path]:
    """Every place of the canonical payload that the shape carries; parts under `parts`."""
    of_parts = [leaf for part in shape.parts for record in part.block.records for leaf in record.leaves if not leaf.shared]
    of_group = {(shape.group.field, *leaf.path) for leaf in shape.group.record.leaves} if shape.group else set()
    return frozenset({leaf.path for leaf in own_leaves(shape)} | {("parts", *leaf.path) for leaf in of_parts} | of_group)

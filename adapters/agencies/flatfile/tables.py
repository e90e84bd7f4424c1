"""Every message type that the flat file speaks, and the lines around them.

What it is: message type to shape, and the lines that open a batch, open a message and close a batch. What it is not:
code that reads or writes. Transfers are a master line and a line per part, a status notification a line and one per
message that it tells of.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from adapters.agencies.flatfile.codes import REJECTION_REASONS, TRANSFER_KINDS, TRANSFER_REASONS, TRANSFER_STATUSES
from adapters.agencies.flatfile.records import RECORDS
from adapters.agencies.flatfile.shapes import ASKED, CASE, VERSION, Record, Shape, listed, may, must, responsible
from adapters.agencies.flatfile.values import (
    COUNT,
    DATE,
    FILE_FORMAT,
    FLAG,
    OWN_ID,
    SCHEMA_VERSION,
    TIME,
    TOTAL,
    Total,
    coded,
    reference,
)
from schemas.envelope import Action

HEADER: Final = Record(
    "H",
    (
        must("Format", "format", FILE_FORMAT),
        must("Sender", "sender"),
        may("Recipient", "recipient"),
        must("ControlRef", "reference"),
        may("Answers", "answers"),
        must("PreparedDate", "date", DATE),
        must("PreparedTime", "time", TIME),
        must("SchemaVersion", "version", SCHEMA_VERSION),
        may("Test", "test", FLAG),
        may("Application", "application"),
    ),
)
MESSAGE: Final = Record("M", (must("MessageNo", "number", COUNT), must("Type", "type"), must("Action", "action"), must("OwnId", "own_id", OWN_ID)))
TRAILER: Final = Record(
    "T",
    (
        must("Messages", "messages", TOTAL),
        must("Lines", "lines", TOTAL),
        must("IdTotal", Total.IDS, TOTAL),
        must("MinuteTotal", Total.MINUTES, TOTAL),
        must("PenceTotal", Total.PENCE, TOTAL),
    ),
)
ACTIONS: Final[Mapping[str, Action]] = MappingProxyType({"I": Action.INSERT, "U": Action.UPDATE, "D": Action.DELETE, "S": Action.SYSTEM, "R": Action.RESPONSE})
"""Letter of a line M to the action."""

_TRANSFER: Final = (
    *CASE,
    must("TransferRef", "transfer_id", reference("TRF")),
    must("TransferDate", "transfer_date", DATE),
    must("TransferUser", "transfer_user"),
)
_PART: Final = (
    listed("Kind", "kind", TRANSFER_KINDS),
    may("SubjectRef", "entity_id", reference("SUB")),
    *VERSION,
    listed("Status", "status", TRANSFER_STATUSES),
)
_REQUEST_PART: Final = Record(
    "TQP",
    (*_PART, listed("Reason", "reason.code", TRANSFER_REASONS), *responsible("From", "transferring"), *responsible("To", "receiving")),
)
_RESPONSE_PART: Final = Record(
    "TSP",
    (
        *_PART,
        may("RejectReason", "rejected_reason.code", coded(REJECTION_REASONS)),
        must("FromProvider", "transferring_provider"),
        *responsible("To", "receiving"),
    ),
)
_MESSAGE_STATUS: Final = Record(
    "STM",
    (must("MessageNo", "reference", COUNT), must("Status", "status_code", COUNT), may("Fault", "fault"), may("CurrentVersion", "current_version")),
)


def _key(record: Record) -> Record:
    """Case, version, and the key of the record: the column after them."""
    case, _, *version, key = record.columns[:5]
    return Record("KEY", (case, *version, replace(key, name="RecordRef", paths=(("record_id",),))))


def _request(kind: str, tag: str) -> Shape:
    return Shape(kind, Record(tag, (*ASKED, must("SearchId", "search_id"), must("RequestedBy", "requested_by"))))


_SHAPES: Final = (
    *(Shape(kind, record, key=_key(record)) for kind, record in RECORDS.items()),
    _request("OFFLOCRequest", "OF1"),
    _request("OFFLOCRequest2", "OF2"),
    _request("GetDocumentList", "DOC"),
    Shape("ConsolidatedTransferRequest", Record("TRQ", _TRANSFER), more=_REQUEST_PART, field="parts"),
    Shape("ConsolidatedTransferResponse", Record("TRS", _TRANSFER), more=_RESPONSE_PART, field="parts"),
    Shape("ConnectionNotification", Record("PNG", (may("Code", "code", COUNT),))),
    Shape("InterchangeStatusNotification", Record("STA", (must("Status", "status_code", COUNT),)), more=_MESSAGE_STATUS, field="messages"),
)
SHAPES: Final[Mapping[str, Shape]] = MappingProxyType({shape.type: shape for shape in _SHAPES})
"""Message type to its shape."""
BY_CODE: Final[Mapping[str, Shape]] = MappingProxyType({shape.code: shape for shape in _SHAPES})
"""Short code of a message type to its shape."""
LINES: Final[Mapping[str, Record]] = MappingProxyType({record.tag: record for shape in _SHAPES for record in (shape.record, shape.more) if record is not None})
"""Tag of a line to what stands on it; the line KEY differs from type to type and is not here."""

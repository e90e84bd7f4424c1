"""The dialect `caseflow`: the JSON of a fictional CRC case system.

What it is: the port of `adapters.contract` over the JSON form and `translation`. Pure; holds nothing.
"""

import json

from pydantic import JsonValue

from adapters.agencies.caseflow.documents import SHAPES
from adapters.agencies.caseflow.translation import is_deletion, read_deletion, read_document, reduced, write_deletion, write_document
from adapters.contract import MAX_MESSAGES, Document, LeftOut, Outgoing, no_whole_record
from adapters.json_form import MEDIA_TYPE, FormHeader, read_form, write_form
from adapters.names import Dialect
from schemas.canonical.case import CaseRecord, Deletion
from schemas.envelope import Action, Interchange, Message, Said
from schemas.faults import FaultCode, refuse
from schemas.record_ids import with_own_ids


class CaseflowAdapter:
    """Caseflow's own names, codes, ids and dates."""

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return Dialect.CASEFLOW.value

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return MEDIA_TYPE

    def read(self, content: bytes, _max_messages: int = MAX_MESSAGES, /) -> Interchange:
        """A Caseflow document, which is one message, to canonical."""
        return read_form(content, _payload)

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as a Caseflow document, and what Caseflow cannot carry of it."""
        kind = message.header.type
        if kind not in SHAPES:
            raise refuse(FaultCode.NOT_TRANSLATABLE, f"Caseflow has no document for the type {kind}.")
        document, lost = _written(kind, message, outgoing)
        return write_form(message, outgoing, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), lost)


def _written(kind: str, message: Message, outgoing: Outgoing) -> tuple[dict[str, object], tuple[LeftOut, ...]]:
    """The document, in the form of delete that the recipient's agreement names."""
    payload = message.payload
    if isinstance(payload, Deletion):
        if not outgoing.reduced_deletes:
            raise no_whole_record()
        return write_deletion(kind, with_own_ids(payload, kind, outgoing.own_ids)), ()
    if message.header.action is Action.DELETE and outgoing.reduced_deletes and SHAPES[kind].deletion and isinstance(payload, CaseRecord):
        deletion, lost = reduced(kind, payload)
        return write_deletion(kind, with_own_ids(deletion, kind, outgoing.own_ids)), lost
    return write_document(kind, with_own_ids(payload, kind, outgoing.own_ids), outgoing)


def _payload(header: FormHeader, document: dict[str, JsonValue]) -> Said:
    if header.type not in SHAPES:
        raise refuse(FaultCode.TYPE_UNKNOWN, "Caseflow has no document for this type.", pointer="/header/type")
    if header.action is Action.DELETE and SHAPES[header.type].deletion and is_deletion(header.type, document):
        return read_deletion(header.type, document)
    return read_document(header.type, document)

"""The dialect `caseflow`: the JSON of a fictional CRC case system.

What it is: the port of `adapters.contract` over the JSON form and `translation`. Pure; holds nothing.
"""

import json

from pydantic import JsonValue

from adapters.agencies.caseflow.documents import SHAPES
from adapters.agencies.caseflow.translation import read_document, write_document
from adapters.contract import Document, Outgoing
from adapters.json_form import MEDIA_TYPE, FormHeader, read_form, write_form
from schemas.canonical.case import Deletion
from schemas.envelope import Interchange, Message
from schemas.faults import FaultCode, refuse
from schemas.payload import Payload


class CaseflowAdapter:
    """Caseflow's own names, codes, ids and dates."""

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return "caseflow"

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return MEDIA_TYPE

    def read(self, content: bytes) -> Interchange:
        """A Caseflow document to canonical."""
        return read_form(content, _payload)

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as a Caseflow document, and what Caseflow cannot carry of it."""
        kind = message.header.type
        if kind not in SHAPES:
            raise refuse(FaultCode.NOT_TRANSLATABLE, f"Caseflow has no document for the type {kind}.")
        if isinstance(message.payload, Deletion):
            raise refuse(FaultCode.NOT_TRANSLATABLE, "Caseflow deletes a whole document, not a key.")
        document, lost = write_document(kind, message.payload)
        return write_form(message, outgoing, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), lost)


def _payload(header: FormHeader, document: dict[str, JsonValue]) -> Payload:
    if header.type not in SHAPES:
        raise refuse(FaultCode.TYPE_UNKNOWN, "Caseflow has no document for this type.", pointer="/header/type")
    return read_document(header.type, document)

"""The dialect `canonical`: the canonical form itself, for partners that have no language of their own.

What it is: the JSON form whose document is the payload as `schemas.messages` models it; nothing of a payload
is lost. What it is not: the stored form (see `schemas.catalogue`). Header and document are checked in one
pass of the parser, since this dialect carries the most traffic.
"""

from typing import Final

from pydantic import ValidationError, create_model

from adapters.contract import Document, Outgoing
from adapters.json_form import MEDIA_TYPE, Form, FormHeader, check_json, interchange_of, write_form
from schemas.catalogue import CATALOGUE
from schemas.envelope import Interchange, Message
from schemas.faults import Fault, FaultCode, Refusal
from schemas.payload import Concept, Payload
from schemas.validation import fault_of, json_pointer


class WholeForm(Concept):
    """Header and payload together; a subclass per type knows the payload."""

    header: FormHeader
    document: Payload


_FORMS: Final[dict[str, type[WholeForm]]] = {
    name: create_model(f"{name}Form", __base__=WholeForm, document=(payload, ...)) for name, payload in CATALOGUE.items()
}


class CanonicalAdapter:
    """Our canonical form as a partner's language."""

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return "canonical"

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return MEDIA_TYPE

    def read(self, content: bytes) -> Interchange:
        """A JSON document to canonical. A wrong payload under a right header becomes an entry with its fault."""
        form = _FORMS.get(_claimed_type(check_json(content)))
        fault = Fault(FaultCode.TYPE_UNKNOWN, reference=1)
        if form is not None:
            try:
                whole = form.model_validate_json(content, strict=True)
                return interchange_of(whole.header, whole.document)
            except ValidationError as error:
                fault = fault_of(error, json_pointer, reference=1)
        return _with_fault(content, fault)

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as a JSON document. Names that hold no value are absent."""
        return write_form(message, outgoing, message.payload.model_dump_json(exclude_none=True).encode())


def _claimed_type(value: object) -> str:
    header = value.get("header") if isinstance(value, dict) else None
    claimed = header.get("type") if isinstance(header, dict) else None
    return claimed if isinstance(claimed, str) else ""


def _with_fault(content: bytes, fault: Fault) -> Interchange:
    try:
        return interchange_of(Form.model_validate_json(content, strict=True).header, fault)
    except ValidationError as error:
        raise Refusal(fault_of(error, json_pointer)) from None

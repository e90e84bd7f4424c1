"""The dialect `canonical`: the canonical form itself, for partners that have no language of their own.

What it is: the JSON form whose document is the payload as `schemas.messages` models it; nothing of a payload
is lost but what a delete by key alone, where that is agreed, does not say. What it is not: the stored form
(see `schemas.catalogue`). Header and document are checked in one pass of the parser, since this dialect
carries the most traffic.
"""

from typing import Final

from pydantic import ValidationError, create_model

from adapters.agencies.canonical.own_ids import OWN_MARK, put_in, taken_out
from adapters.contract import KEY_ALONE, MAX_MESSAGES, Document, LeftOut, Outgoing, no_whole_record
from adapters.json_form import MEDIA_TYPE, Form, FormHeader, check_json, interchange_of, write_form
from adapters.names import Dialect
from schemas.canonical.case import CaseRecord, Deletion
from schemas.catalogue import CATALOGUE, KEYS
from schemas.envelope import Action, Interchange, Message, Said
from schemas.faults import Fault, refusal_of
from schemas.leaves import Path, leaves
from schemas.payload import Concept, Payload
from schemas.validation import faults_of, json_pointer


class WholeForm(Concept):
    """Header and payload together; a subclass per type knows the payload."""

    header: FormHeader
    document: Payload


_FORMS: Final[dict[str, type[WholeForm]]] = {
    name: create_model(f"{name}Form", __base__=WholeForm, document=(payload, ...)) for name, payload in CATALOGUE.items()
}
_REDUCED: Final[type[WholeForm]] = create_model("ReducedForm", __base__=WholeForm, document=(Deletion, ...))


class CanonicalAdapter:
    """Our canonical form as a partner's language."""

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return Dialect.CANONICAL.value

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return MEDIA_TYPE

    def read(self, content: bytes, _max_messages: int = MAX_MESSAGES, /) -> Interchange:
        """A JSON document, which is one message, to canonical. A wrong payload under a right header becomes an entry with its fault."""
        value = check_json(content)
        form = _form(value)
        if form is None:
            return _misread(content, ())
        content, own = taken_out(content, value, form) if OWN_MARK in content else (content, ())
        try:
            whole = form.model_validate_json(content, strict=True)
        except ValidationError as error:
            return _misread(content, faults_of(error, json_pointer, reference=1, model=form))
        return interchange_of(whole.header, Said(whole.document, own))

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as a JSON document. A name that is there and null says that the sender gave no value."""
        payload, lost = _agreed(message, outgoing)
        document = payload.model_dump_json(exclude_unset=True).encode()
        known = outgoing.own_ids
        return write_form(message, outgoing, put_in(document, type(payload), message.header.type, known) if known else document, lost)


def _agreed(message: Message, outgoing: Outgoing) -> tuple[Payload, list[LeftOut]]:
    """The payload in the form of delete that the recipient's agreement names."""
    payload, kind = message.payload, message.header.type
    if isinstance(payload, Deletion) and not outgoing.reduced_deletes:
        raise no_whole_record()
    if message.header.action is not Action.DELETE or not outgoing.reduced_deletes or kind not in KEYS or not isinstance(payload, CaseRecord):
        return payload, []
    kept = {("crn",), (KEYS[kind],), *leaves(Deletion)}
    lost = [LeftOut("/payload" + json_pointer(path), KEY_ALONE) for path in sorted(leaves(type(payload)) - kept) if _says(payload, path)]
    return Deletion(crn=payload.crn, version=payload.version, record_id=getattr(payload, KEYS[kind])), lost


def _says(concept: object, path: Path) -> bool:
    """There is something at this place, be it only that it is empty."""
    for step in path:
        if not isinstance(concept, Concept) or step not in concept.model_fields_set:
            return False
        concept = getattr(concept, step)
    return True


def _form(value: object) -> type[WholeForm] | None:
    """The form of the type that the document claims."""
    header = value.get("header") if isinstance(value, dict) else None
    kind = header.get("type") if isinstance(header, dict) else None
    document = value.get("document") if isinstance(value, dict) else None
    if not isinstance(kind, str) or not isinstance(header, dict):
        return None
    return _REDUCED if kind in KEYS and isinstance(document, dict) and _is_reduced(header, document) else _FORMS.get(kind)


def _is_reduced(header: dict[str, object], document: dict[str, object]) -> bool:
    """It names a `record_id`; or it is a delete that holds nothing but what the reduced form has."""
    return "record_id" in document or (header.get("action") == Action.DELETE and document.keys() <= Deletion.model_fields.keys())


def _misread(content: bytes, faults: tuple[Fault, ...]) -> Interchange:
    """The header must stand for itself; what is wrong with the document is the entry's."""
    try:
        header = Form.model_validate_json(content, strict=True).header
    except ValidationError as error:
        raise refusal_of(faults_of(error, json_pointer, model=Form)) from None
    return interchange_of(header, faults)

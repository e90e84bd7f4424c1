"""The JSON form of every message type as a JSON Schema (draft 2020-12), read off the models.

What it is: one schema per version of the message schema, with the titles and sentences that stand beside the
fields. What it is not: a check of its own: the adapter judges by the models, and some of its rules no schema
can say (check letters, that header and document name one case, dates that do not exist where formats are not
asserted). Text is described as it stands without the blanks around it, which the adapter drops. Called by
whoever publishes schemas (`docs/published.py`).
"""

import json
import typing
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, StringConstraints
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from adapters.json_form import FormHeader
from schemas.canonical.case import CasePayload, Deletion
from schemas.canonical.transfer import TransferKind, TransferPart, TransferRequestPart, TransferResponsePart, TransferStatus
from schemas.canonical.values import Text
from schemas.catalogue import ACTIONS, ANSWERING, CATALOGUE, KEYS
from schemas.classes import class_of
from schemas.envelope import Action
from schemas.identifiers import FORMS, SPG_VERSION_FORM, ZERO_VERSION
from schemas.leaves import parts_of_type
from schemas.versions import VERSIONS

Schema = dict[str, object]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
CLASS_KEYWORD: Final = "x-class"
"""Our own: how careful to be with a value (`schemas.classes`)."""

_DATE: Final = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"
_ZONE: Final = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_BLANKS: Final = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
_UNPRINTABLE: Final = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff"
_TEXT: Final = f"^[{_BLANKS}]*[^{_UNPRINTABLE}{_BLANKS}][^{_UNPRINTABLE}]*$"
"""Something besides blanks, of characters that XML can carry. Reads a text once: no way back to try again."""
_PRINTABLE: Final = next(found.pattern for found in typing.get_args(Text) if isinstance(found, StringConstraints))
_NULL: Final[Schema] = {"type": "null"}

_OF_WHOLE_CASE: Final[Schema] = {"properties": {"kind": {"const": TransferKind.CASE.value}}}
_OF_REJECTED: Final[Schema] = {"properties": {"status": {"const": TransferStatus.REJECTED.value}}}
_ENTITY: Final[Schema] = {
    "if": _OF_WHOLE_CASE,
    "then": {"properties": {"entity_id": _NULL}},
    "else": {"required": ["entity_id"], "properties": {"entity_id": {"type": "string"}}},
}
_REASON: Final[Schema] = {
    "if": _OF_REJECTED,
    "then": {"required": ["rejected_reason"], "properties": {"rejected_reason": {"type": "object"}}},
    "else": {"properties": {"rejected_reason": _NULL}},
}
CONDITIONS: Final[Mapping[type[BaseModel], tuple[Schema, ...]]] = MappingProxyType(
    {TransferPart: (_ENTITY,), TransferRequestPart: (_ENTITY,), TransferResponsePart: (_ENTITY, _REASON)}
)
"""What a model's own validator demands, as far as it can be said here; every validator needs its line."""


class _Forms(GenerateJsonSchema):
    """Where the models' types say less, or something else, than what is read."""

    schema_dialect = DIALECT

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """A text that is trimmed before it is measured; a version that is never all zeros."""
        found = super().str_schema(schema)
        if found.get("pattern") == _PRINTABLE:
            return found | {"pattern": _TEXT}
        return found | {"not": {"const": ZERO_VERSION}} if found.get("pattern") == SPG_VERSION_FORM else found

    def date_schema(self, schema: core_schema.DateSchema) -> JsonSchemaValue:
        """RFC 3339 `full-date`."""
        return super().date_schema(schema) | {"pattern": f"^{_DATE}$"}

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        """Civil: the format `time` of JSON Schema would demand a zone."""
        found = super().time_schema(schema) | {"pattern": f"^{_TIME}$"}
        del found["format"]
        return found

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        """An instant has a zone, a civil time has none."""
        if schema.get("tz_constraint") == "aware":
            return super().datetime_schema(schema) | {"pattern": f"^{_DATE}T{_TIME}{_ZONE}$"}
        return {"type": "string", "pattern": f"^{_DATE}T{_TIME}$"}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Without the default: a field that is absent and one that is null do not say the same."""
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """`type: [x, null]` where that says it."""
        inner = self.generate_inner(schema["schema"])
        if isinstance(inner.get("type"), str) and "enum" not in inner:
            return inner | {"type": [inner["type"], "null"]}
        return {"anyOf": [inner, _NULL]}


def json_schema(version: str) -> bytes:
    """The schema of one version as it is published. Raises KeyError for a version that does not exist."""
    return (json.dumps(schema_of(version), ensure_ascii=True, indent=2) + "\n").encode()


def schema_of(version: str) -> Schema:
    """The schema of one version as JSON members."""
    dated = VERSIONS[version]
    forms = dict(_forms())
    return {
        "$schema": DIALECT,
        "$id": f"urn:interagency-gateway:schema:messages:{version}",
        "title": f"Messages of version {version}, JSON form",
        "description": (
            f"One message of the message schema {version} ({dated.isoformat()}) as header and document. A member that is null was stated "
            "and is empty; an absent one was not stated. Blanks around a text are dropped when it is read, and are not described here."
        ),
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in forms],
        "$defs": {**forms, **_concepts(version)},
    }


def _forms() -> Iterator[tuple[str, Schema]]:
    for name in CATALOGUE:
        yield f"{name}Message", _message(name, sorted(ACTIONS[name]), name)
        if name in KEYS:
            yield f"{name}Deletion", _message(name, [Action.DELETE], Deletion.__name__)


def _message(name: str, actions: list[Action], document: str) -> Schema:
    what = f"A delete of {name} by its key alone." if document == Deletion.__name__ else f"A message of type {name}."
    return {
        "title": name,
        "description": what,
        "type": "object",
        "properties": {"header": {"allOf": [{"$ref": "#/$defs/Header"}, _header_of(name, actions)]}, "document": {"$ref": f"#/$defs/{document}"}},
        "required": ["header", "document"],
        "additionalProperties": False,
    }


def _header_of(name: str, actions: list[Action]) -> Schema:
    """What the type demands of its header."""
    members: Schema = {"type": {"const": name}, "action": {"enum": [action.value for action in actions]}}
    found: Schema = {"properties": members}
    if not issubclass(CATALOGUE[name], CasePayload):
        members["case_reference"] = _NULL
    if name in ANSWERING:
        members["in_reply_to"] = {"type": "string"}
        found["required"] = ["in_reply_to"]
    return found


def _concepts(version: str) -> Schema:
    """Every model that a message is made of, by its name, the header among them."""
    outermost: tuple[type[BaseModel], ...] = (FormHeader, Deletion, *CATALOGUE.values())
    models = list(dict.fromkeys(inner for outer in outermost for inner in _within(outer)))
    _, made = models_json_schema([(model, "validation") for model in models], schema_generator=_Forms)
    found: dict[str, Schema] = made["$defs"]
    for model in models:
        _explain(found[model.__name__], model)
    header = found.pop(FormHeader.__name__)
    header["title"], header["description"] = "Header", "Who says what to whom."
    _members(header)["version"] = {"title": "Version", "description": "Version of the message schema.", "const": version, CLASS_KEYWORD: "code"}
    return {"Header": header, **dict(sorted(found.items()))}


def _within(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for inner in parts_of_type(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _within(inner)


def _explain(schema: Schema, model: type[BaseModel]) -> None:
    """Conditions, the class of each leaf, and a sentence on its form."""
    if model in CONDITIONS:
        schema["allOf"] = list(CONDITIONS[model])
    for name, member in _members(schema).items():
        form = member.get("pattern")
        if isinstance(form, str) and form in FORMS:
            member["description"] = f"{member.get('description', '')} {FORMS[form]}".strip()
        if not any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in parts_of_type(model.model_fields[name].annotation)):
            member[CLASS_KEYWORD] = class_of(model, (name,)).value


def _members(schema: Schema) -> dict[str, Schema]:
    members = schema["properties"]
    return members if isinstance(members, dict) else {}

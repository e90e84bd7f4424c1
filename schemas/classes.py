"""What kind of thing a field holds, so that everybody knows what may be repeated and to whom.

What it is: three classes, written beside the type of a field, and the lookup. What it is not: the rule of who
sees what (a fault repeats values of `CODE` alone; a console hides `PERSONAL`). A field that says nothing of
itself is personal.
"""

import re
import typing
from enum import StrEnum
from typing import Final

from pydantic import BaseModel

from schemas.leaves import Path, parts_of_type

_VERSIONS: Final = r"[0-9A-Fa-f]{32}|0([.-][0-9]{1,2}){1,3}"
"""Of a record; of the schema."""
_NO_CODE: Final = r"(?!.*[A-Za-z]{4})(?!.*[0-9]{5})(?![A-Za-z][0-9]{4}[A-Za-z]{2}$)(?![A-Za-z]{1,2}[0-9][A-Za-z0-9]?[0-9][A-Za-z]{2}$)"
"""Four letters in a row may be a name; five digits a date, a telephone, or the number of a case or a person; then the
forms of a prison number and of a postcode, in letters of either case."""
_REPEATABLE: Final = re.compile(rf"{_VERSIONS}|{_NO_CODE}[A-Za-z0-9]{{1,12}}", re.ASCII)


class FieldClass(StrEnum):
    """How careful to be with a value."""

    CODE = "code"
    """A value of a list, a flag, a version, a count: says nothing of a person by itself."""
    REFERENCE = "reference"
    """A number that a system gave to a record or an exchange: whoever has that system can tell the person."""
    PERSONAL = "personal"
    """Everything else: who, when, where, and whatever somebody wrote."""


def class_of(model: type[BaseModel], path: Path) -> FieldClass:
    """The class of the field at this path of a model; list positions are no steps."""
    field = model.model_fields.get(path[0]) if path else None
    if field is None:
        return FieldClass.PERSONAL
    if len(path) == 1:
        return _declared(field.metadata) or _class_of_type(field.annotation)
    inner = next((kind for kind in parts_of_type(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    return class_of(inner, path[1:]) if inner else FieldClass.PERSONAL


def repeatable(value: object, kind: FieldClass) -> str:
    """The value as a fault may tell it to its sender; empty where its class or its looks forbid that: what stands in
    the field of a code, and is wrong there, may be a person's name or number that slipped into it."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if kind is FieldClass.CODE and _REPEATABLE.fullmatch(text) else ""


def _class_of_type(annotation: object) -> FieldClass:
    if typing.get_origin(annotation) is typing.Annotated:
        return _declared(typing.get_args(annotation)[1:]) or _class_of_type(typing.get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, bool | StrEnum):
        return FieldClass.CODE
    inner = [_class_of_type(kind) for kind in typing.get_args(annotation) if kind not in (type(None), Ellipsis)]
    return inner[0] if inner and len(set(inner)) == 1 else FieldClass.PERSONAL


def _declared(metadata: typing.Iterable[object]) -> FieldClass | None:
    return next((found for found in metadata if isinstance(found, FieldClass)), None)

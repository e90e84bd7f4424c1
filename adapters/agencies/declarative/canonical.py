"""What the canonical model has at a path: its kind, whether it must be there, what it may hold.

What it is: facts read off the pydantic models, for the checks of a mapping. What it is not: a mapping. Paths have no
steps for list positions; those of an item begin at the item.
"""

import datetime
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from schemas.leaves import Path, leaves

_CLASSES = re.compile(r"\[[^\]]*\]")


class LeafKind(StrEnum):
    """What a leaf holds."""

    TEXT = "text"
    NUMBER = "number"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "date-time"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of a model."""

    path: Path
    kind: LeafKind
    mandatory: bool
    """True where every value of the model has it."""
    nullable: Path | None
    """What is None where the leaf is stated as empty: itself, or the smallest thing around it that may be."""
    words: frozenset[str]
    """All values, where they are listed; else empty."""
    pattern: str | None

    def may_hold(self, character: str) -> bool:
        """True unless the form of the leaf rules the character out."""
        found = _CLASSES.findall(self.pattern or "")
        return not found or any(re.match(one, character) for one in found)


_KINDS: tuple[tuple[type, LeafKind], ...] = (
    (bool, LeafKind.FLAG),
    (int, LeafKind.NUMBER),
    (Decimal, LeafKind.DECIMAL),
    (datetime.datetime, LeafKind.DATE_TIME),
    (datetime.date, LeafKind.DATE),
    (datetime.time, LeafKind.TIME),
    (str, LeafKind.TEXT),
)


@cache
def leaves_of(model: type[BaseModel]) -> dict[Path, Leaf]:
    """Every leaf outside lists."""
    lists = lists_of(model)
    return {path: _leaf(model, path) for path in sorted(leaves(model)) if path[0] not in lists}


@cache
def lists_of(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The lists of a model, each with the model of its items."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        if typing.get_origin(field.annotation) is tuple:
            (item, *_) = typing.get_args(field.annotation)
            if isinstance(item, type) and issubclass(item, BaseModel):
                found[name] = item
    return found


def is_mandatory(model: type[BaseModel], name: str) -> bool:
    """True where every value of the model has this field."""
    return model.model_fields[name].is_required()


def meant_by(model: type[BaseModel], path: Path, said: object) -> object:
    """A value written in a mapping as the canonical one. Raises ValueError for what the leaf cannot hold."""
    field = _field(model, path)
    checked: typing.Any = field.annotation
    for rule in field.metadata:
        checked = typing.Annotated[checked, rule]
    adapter: TypeAdapter[object] = TypeAdapter(checked)
    try:
        return adapter.validate_python(said)
    except ValidationError as error:
        raise ValueError(error.errors()[0]["msg"]) from None


def _leaf(model: type[BaseModel], path: Path) -> Leaf:
    mandatory, nullable, holder = True, None, model
    for number in range(len(path)):
        field = holder.model_fields[path[number]]
        mandatory = mandatory and field.is_required()
        if _may_be_none(field):
            nullable = path[: number + 1]
        holder = next((kind for kind, _ in _flat(field) if isinstance(kind, type) and issubclass(kind, BaseModel)), holder)
    kind, rules = next((kind, rules) for kind, rules in _flat(_field(model, path)) if kind is not type(None))
    pattern = next((str(rule.pattern) for rule in rules if isinstance(rule, StringConstraints) and rule.pattern), None)
    plain = getattr(kind, "__supertype__", kind)
    words = frozenset(member.value for member in plain) if isinstance(plain, type) and issubclass(plain, StrEnum) else frozenset()
    return Leaf(path, next(leaf for base, leaf in _KINDS if issubclass(plain, base)), mandatory, nullable, words, pattern)


def _field(model: type[BaseModel], path: Path) -> FieldInfo:
    field = model.model_fields[path[0]]
    for step in path[1:]:
        holder = next(kind for kind, _ in _flat(field) if isinstance(kind, type) and issubclass(kind, BaseModel))
        field = holder.model_fields[step]
    return field


def _may_be_none(field: FieldInfo) -> bool:
    return any(kind is type(None) for kind, _ in _flat(field))


def _flat(field: FieldInfo) -> Iterator[tuple[typing.Any, tuple[object, ...]]]:
    return _parts(field.annotation, tuple(field.metadata))


def _parts(annotation: object, rules: tuple[object, ...]) -> Iterator[tuple[typing.Any, tuple[object, ...]]]:
    """The plain types of an annotation, each with the rules around it."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from _parts(inner[0], (*rules, *inner[1:]))
    elif origin in (typing.Union, types.UnionType):
        for one in inner:
            yield from _parts(one, rules)
    else:
        yield annotation, rules

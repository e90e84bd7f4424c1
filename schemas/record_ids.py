"""Record ids: where a payload names records, and what kind of record each names.

What it is: a walk over a payload as plain data, guided by its model, and the form of a sender's own id. What it is not:
the crosswalk between ids (`gateway.exchange.crosswalk`). Called by dialects that let a partner use its own ids, and by
the rules that put nDelius's in their place.
"""

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel, StringConstraints

from schemas.catalogue import KEYS
from schemas.envelope import OwnName
from schemas.identifiers import ENTITY_FORM
from schemas.leaves import parts_of_type
from schemas.payload import Payload

OWN_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
"""Of a partner's own id of a record."""
OWN: Final = re.compile(f"~({OWN_FORM.pattern})", re.ASCII)
"""The sender's own id of a record, where a number of nDelius would stand."""
NONE_YET: Final = "0"
_Payload = TypeVar("_Payload", bound=Payload)
Place = tuple[str | int, ...]
"""Names of fields and positions in lists, from the outside in."""

_SAME_KIND: Final[Mapping[str, str]] = {"process": "nsi"}
_OF_PARTS: Final[Mapping[str, str]] = {
    "OS": "event",
    "RQ": "requirement",
    "LC": "licence_condition",
    "PSS": "pss_requirement",
    "NSI": "nsi",
    "CR": "court_report",
    "IR": "institutional_report",
}


class OwnReference(str):
    """A partner's own id on its way between a document and a payload: to whoever does not look at it, nDelius's number,
    or `0` where that is not known."""

    __slots__ = ("own_id",)
    own_id: str

    def __new__(cls, own_id: str, number: str = NONE_YET) -> "OwnReference":
        made = super().__new__(cls, number)
        made.own_id = own_id
        return made


KINDS: Final = frozenset(
    {*_OF_PARTS.values(), "offender", "transfer"} | {_SAME_KIND.get(kind, kind) for kind in (key.removesuffix("_id") for key in KEYS.values())}
)
"""Kinds of record that an id may name."""


def ids_in(model: type[BaseModel], document: Mapping[str, object], message_type: str) -> Iterator[tuple[Place, str, object]]:
    """Every record id that stands there, with its place and the kind of record that it names."""
    for name, inner in _fields(model):
        value = document.get(name)
        if value is None:
            continue
        if inner is None:
            yield (name,), _kind(name, document, message_type), value
        else:
            for place, part in _parts(name, value):
                yield from ((place + below, kind, found) for below, kind, found in ids_in(inner, part, message_type))


def key_of(message_type: str) -> str | None:
    """The kind of record that a type is about; None where it is about none of its own."""
    key = KEYS.get(message_type)
    return None if key is None else _named(key)


def key_place(message_type: str, *, reduced: bool) -> Place | None:
    """Where the id of that record stands."""
    key = KEYS.get(message_type)
    return None if key is None else ("record_id" if reduced else key,)


def put(document: dict[str, object], place: Place, value: str) -> None:
    """Write an id at its place."""
    inside: Any = document
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value


def names_in(tree: Mapping[str, object], locate: Callable[[Place], str]) -> tuple[OwnName, ...]:
    """The own ids among the values that a document was read to, before they become a payload."""
    return tuple(OwnName(place, found.own_id, locate(place), str(found)) for place, found in _own_in(tree, ()))


def _own_in(value: object, place: Place) -> Iterator[tuple[Place, OwnReference]]:
    if isinstance(value, OwnReference):
        yield place, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _own_in(inner, (*place, name))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _own_in(inner, (*place, number))


def with_own_ids(payload: _Payload, message_type: str, known: Mapping[tuple[str, str], str]) -> _Payload:
    """The payload as it is written for somebody who knows these records, by kind and number, by ids of its own. It is
    for the tables of a dialect alone: nothing else asks what an id is beyond its text."""
    if not known:
        return payload
    for place, kind, said in list(ids_in(type(payload), payload.model_dump(mode="json", exclude_unset=True), message_type)):
        own = known.get((kind, str(said)))
        payload = payload if own is None else _replaced(payload, place, OwnReference(own, str(said)))
    return payload


def _replaced(model: Any, place: Place, value: str) -> Any:
    first, *rest = place
    if isinstance(model, tuple):
        return tuple(_replaced(one, tuple(rest), value) if number == first else one for number, one in enumerate(model))
    inner = _replaced(getattr(model, str(first)), tuple(rest), value) if rest else value
    return model.model_copy(update={first: inner})


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, type[BaseModel] | None], ...]:
    """Fields that are an id, and fields that may hold some further in, with their model."""
    found: list[tuple[str, type[BaseModel] | None]] = []
    hints = typing.get_type_hints(model, include_extras=True)
    for name in model.model_fields:
        inner = next((kind for kind in parts_of_type(model.model_fields[name].annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if inner is not None and _fields(inner):
            found.append((name, inner))
        elif inner is None and _is_id(hints[name]):
            found.append((name, None))
    return tuple(found)


def _is_id(hint: object) -> bool:
    if typing.get_origin(hint) is typing.Annotated:
        return any(isinstance(mark, StringConstraints) and mark.pattern == ENTITY_FORM for mark in typing.get_args(hint)[1:])
    return any(_is_id(inner) for inner in typing.get_args(hint))


def _parts(name: str, value: object) -> Iterator[tuple[Place, Mapping[str, object]]]:
    if isinstance(value, dict):
        yield (name,), value
    elif isinstance(value, list | tuple):
        yield from (((name, number), part) for number, part in enumerate(value) if isinstance(part, dict))


def _kind(name: str, document: Mapping[str, object], message_type: str) -> str:
    if name == "record_id":
        return key_of(message_type) or "record"
    if name == "entity_id":
        return _OF_PARTS.get(str(document.get("kind")), "entity")
    return _named(name)


def _named(field: str) -> str:
    kind = field.removesuffix("_id")
    return _SAME_KIND.get(kind, kind)

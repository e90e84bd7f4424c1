"""Every place of a payload that can hold a value, read off its model.

What it is: what lets a dialect prove that it carries, or names as left out, everything. What it is not: a
walk over one message: the answer depends on the class alone.
"""

import types
import typing

from pydantic import BaseModel

Path = tuple[str, ...]
"""Field names from the outside in. A list adds no step: `parts`, `reason`, `code`."""


def leaves(model: type[BaseModel]) -> frozenset[Path]:
    """The paths of all fields that hold no further fields."""
    return frozenset(path for name, field in model.model_fields.items() for path in _below((name,), field.annotation))


def _below(path: Path, annotation: object) -> frozenset[Path]:
    for inner in parts_of_type(annotation):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return frozenset(path + rest for rest in leaves(inner))
    return frozenset({path})


def parts_of_type(annotation: object) -> tuple[object, ...]:
    """The types inside `X | None` and `tuple[X, ...]`; anything else is itself."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return parts_of_type(typing.get_args(annotation)[0])
    if origin is tuple or origin is typing.Union or origin is types.UnionType:
        return tuple(found for inner in typing.get_args(annotation) for found in parts_of_type(inner))
    return (annotation,)

"""What the canonical models say of each field: form, length, range, list of codes, and what it means.

What it is: a typed view of a model's JSON Schema, walked by the path of a leaf. What it is not: a schema of the
wire (see `schema`). Called by the generator of the XSD alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Said

from adapters.agencies.ndelius.documents import Path


class Field(BaseModel):
    """One node of a JSON Schema, as far as an XSD can say the same."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str = Said("", alias="type")
    title: str = ""
    description: str = ""
    pattern: str = ""
    longest: int = Said(0, alias="maxLength")
    least: int | None = Said(None, alias="minimum")
    most: int | None = Said(None, alias="maximum")
    most_items: int = Said(0, alias="maxItems")
    codes: tuple[str, ...] = Said((), alias="enum")
    members: Mapping[str, "Field"] = Said(default_factory=dict, alias="properties")
    items: "Field | None" = None
    alternatives: tuple["Field", ...] = Said((), alias="anyOf")
    reference: str = Said("", alias="$ref")
    definitions: Mapping[str, "Field"] = Said(default_factory=dict, alias="$defs")


@dataclass(frozen=True, slots=True)
class Place:
    """One field, with everything that was said on the way to it, from the outside in."""

    field: Field
    notes: tuple[str, ...] = ()

    def member(self, name: str) -> Field:
        """A field of this one; raises KeyError where it has none of that name."""
        return self.field.members[name]


@dataclass(frozen=True, slots=True)
class Fields:
    """All fields of one model."""

    top: Field

    def at(self, path: Path) -> Place:
        """The field at a path; list positions are no steps. Raises KeyError where there is none."""
        place = Place(self.top)
        for step in path:
            said = place.member(step)
            inner = self._resolved(said.items if said.items is not None else said)
            notes = (*place.notes, said.description) if said.description else place.notes
            place = Place(inner, notes)
        return Place(self._flat(place.field), place.notes)

    def _resolved(self, field: Field) -> Field:
        """Itself, without `| None` and without the detour over the definitions."""
        chosen = next((one for one in field.alternatives if one.kind != "null"), field)
        return self.top.definitions[chosen.reference.rpartition("/")[2]] if chosen.reference else chosen

    def _flat(self, field: Field) -> Field:
        """With its own members resolved too, so that it can be judged without the model."""
        return field.model_copy(update={"members": {name: self._resolved(member) for name, member in field.members.items()}})


@cache
def fields_of(model: type[BaseModel]) -> Fields:
    """The fields of a model."""
    return Fields(Field.model_validate(model.model_json_schema()))

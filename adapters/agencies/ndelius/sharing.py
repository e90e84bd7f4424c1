"""Less memory for many messages: what is the same in all of them is held once.

What it is: for the payloads of one interchange, one object for each code, team, officer and location that comes
again, and one set for each combination of fields that senders stated, which pydantic keeps per object: together
two thirds of what payloads take. What it is not: a change of any value. Safe because the canonical model is frozen.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.canonical.responsibility import Location, Officer, Team
from schemas.canonical.values import Coded
from schemas.payload import Concept

_STATED = "__pydantic_fields_set__"
_REPEATED = (Coded, Team, Officer, Location)


@dataclass(slots=True)
class Shared:
    """What the payloads read so far have given, by value."""

    _stated: dict[frozenset[str], set[str]] = field(default_factory=dict)
    _codes: dict[tuple[type, str, object, int], Concept] = field(default_factory=dict)

    def take(self, concept: Concept) -> None:
        """Give a payload, and all that it holds, what other payloads have already."""
        stated = concept.model_fields_set
        object.__setattr__(concept, _STATED, self._stated.setdefault(frozenset(stated), stated))
        values = concept.__dict__
        for name, value in values.items():
            if isinstance(value, _REPEATED):
                values[name] = self._the_same(value)
            elif isinstance(value, Concept):
                self.take(value)
            elif isinstance(value, tuple):
                for item in _concepts(value):
                    self.take(item)

    def _the_same(self, coded: Coded | Team | Officer | Location) -> Concept:
        # Stated as empty and not stated are equal values, and not the same.
        key = (type(coded), coded.code, coded.description, len(coded.model_fields_set))
        return self._codes.setdefault(key, coded)


def _concepts(values: tuple[object, ...]) -> Iterator[Concept]:
    return (value for value in values if isinstance(value, Concept))

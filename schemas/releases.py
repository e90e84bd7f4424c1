"""The schemas of the last release as facts, and the breaking changes that were announced since.

What it is: the form of schemas/published/baseline.json and announced.json, and the question which changes nobody
announced. What it is not: a comparison (see `compatibility`) nor the files. Called by `docs/published.py` and by the
check of what is published.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from schemas.compatibility import Change, Facts, Kind, Path, compare, dump_facts, load_facts

Released = Mapping[str, Mapping[str, Facts]]
"""Form (`json`, `xml`) and version to facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """One breaking change that partners were told of."""

    form: str
    versions: tuple[str, ...]
    path: Path
    kind: Kind
    reason: str

    def covers(self, form: str, version: str, change: Change) -> bool:
        """Whether this is the change that was announced."""
        return (form, change.path, change.kind) == (self.form, self.path, self.kind) and version in self.versions


@dataclass(frozen=True, slots=True)
class Found:
    """A change, and in which form and version it was found."""

    form: str
    version: str
    change: Change


_ANNOUNCED: Final = TypeAdapter(tuple[Announced, ...])


def load_announced(content: bytes) -> tuple[Announced, ...]:
    """The list as it is kept. Raises ValueError for anything else."""
    return _ANNOUNCED.validate_json(content)


def dump_release(released: Released) -> bytes:
    """Facts of all forms and versions; what is equal is written once."""
    known: dict[str, int] = {}

    def number(fact: dict[str, object]) -> int:
        return known.setdefault(json.dumps(fact, sort_keys=True), len(known))

    forms: dict[str, dict[str, object]] = {}
    for form, versions in released.items():
        forms[form] = {}
        for version, facts in versions.items():
            equal = next((other for other in forms[form] if released[form][other] == facts), None)
            forms[form][version] = equal or {path: number(fact) for path, fact in dump_facts(facts).items()}
    lines = ",\n".join(known)
    return f'{{"facts": [\n{lines}\n],\n"forms": {json.dumps(forms, indent=0)}}}\n'.encode()


def load_release(content: bytes) -> Released:
    """Inverse of `dump_release`, for what it wrote."""
    read = json.loads(content)
    released: dict[str, dict[str, Facts]] = {}
    for form, versions in read["forms"].items():
        released[form] = {}
        for version, told in versions.items():
            facts = released[form][told] if isinstance(told, str) else load_facts({path: read["facts"][number] for path, number in told.items()})
            released[form][version] = facts
    return released


def breaking_since(last: Released, now: Released) -> Iterator[Found]:
    """Every breaking change since the last release, announced or not. A version that is gone breaks as a whole."""
    for form, versions in last.items():
        for version, facts in versions.items():
            changes = compare(facts, now.get(form, {}).get(version, {}))
            yield from (Found(form, version, change) for change in changes if change.breaking)


def unannounced(found: Iterable[Found], announced: Iterable[Announced]) -> tuple[Found, ...]:
    """What partners were not told of."""
    told = tuple(announced)
    return tuple(one for one in found if not any(entry.covers(one.form, one.version, one.change) for entry in told))


def idle(found: Iterable[Found], announced: Iterable[Announced]) -> tuple[Announced, ...]:
    """Announcements of what did not change."""
    seen = tuple(found)
    return tuple(entry for entry in announced if not any(entry.covers(one.form, one.version, one.change) for one in seen))

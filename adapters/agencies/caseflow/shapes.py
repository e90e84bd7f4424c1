"""What a table of a Caseflow document is made of.

What it is: members, documents, and the few ways of naming them. What it is not: the tables (see `documents`) or the
walk over them (see `translation`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from adapters.agencies.caseflow.values import TEXT, WORKER, Kind
from schemas.leaves import Path


@dataclass(frozen=True, slots=True)
class Member:
    """One name of a document and the places of the canonical model that it holds."""

    key: str
    paths: tuple[Path, ...]
    kind: Kind = TEXT
    required: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """One document: its members, and under `parts_key` a list of parts, each with members of its own."""

    members: tuple[Member, ...]
    parts_key: str | None = None
    parts: tuple[Member, ...] = ()
    parts_field: str = "parts"
    """The list of the canonical model that the parts stand for."""
    parts_required: bool = True
    deletion: tuple[Member, ...] = ()
    """The members of a delete that names the record alone; none where the type has no such form."""


def one(key: str, path: str, kind: Kind = TEXT) -> Member:
    """A member that has to be there."""
    return Member(key, (tuple(path.split(".")),), kind)


def maybe(key: str, path: str, kind: Kind = TEXT) -> Member:
    """A member that may be absent, or null."""
    return Member(key, (tuple(path.split(".")),), kind, required=False)


def responsible(prefix: str, path: str) -> tuple[Member, ...]:
    """Provider, worker and the worker's name, as one chain of responsibility is written."""

    def name(last: str) -> str:
        return prefix + last if prefix else last[0].lower() + last[1:]

    return (
        one(name("Provider"), f"{path}.provider"),
        Member(name("Worker"), ((path, "team", "code"), (path, "officer", "code")), WORKER),
        maybe(name("WorkerName"), f"{path}.officer.description"),
    )


def record(key: str, members: Iterable[Member]) -> Shape:
    """The document of a record whose number stands at `key` of the model.

    Caseflow deletes a record with its `recordRef` and nothing of its content.
    """
    whole = tuple(members)
    number = next(member for member in whole if member.paths == ((key,),))
    kept = {("crn",), ("version", "version"), ("version", "updated_by")}
    case = tuple(member for member in whole if member.paths[0] in kept)
    return Shape(whole, deletion=(*case, one("recordRef", "record_id", number.kind)))

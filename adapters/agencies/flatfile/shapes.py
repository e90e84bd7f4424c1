"""What a line of a flat file looks like: its tag, then fixed columns in order.

What it is: the words in which `records` and `tables` describe lines, and short ways to say a column. What it is not:
code that reads or writes. Every line has all of its columns, empty ones too.
"""

from dataclasses import dataclass
from typing import Final

from adapters.agencies.flatfile.codes import CodeTable
from adapters.agencies.flatfile.csv_lines import where
from adapters.agencies.flatfile.values import TEXT, WORKER, Kind, coded, reference
from schemas.leaves import Path


@dataclass(frozen=True, slots=True)
class Column:
    """One column and the places of the canonical model that it holds."""

    name: str
    paths: tuple[Path, ...]
    kind: Kind = TEXT
    required: bool = True

    @property
    def emptied(self) -> Path:
        """The place that is None where the column is stated as empty: a coded value is not there without its code."""
        path = self.paths[0]
        return path[:-1] if len(path) > 1 and path[-1] == "code" else path


@dataclass(frozen=True, slots=True)
class Record:
    """One kind of line."""

    tag: str
    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        """How many columns the line has, with its tag."""
        return 1 + len(self.columns)

    def place(self, line: int, path: tuple[str | int, ...]) -> str:
        """Where on a line a place of the canonical model stands: the column, or the line where there is none."""
        for number, column in enumerate(self.columns, 2):
            for its in column.paths:
                shorter = min(len(its), len(path))
                if path and its[:shorter] == path[:shorter]:
                    return where(line, number, column.name)
        return where(line)


@dataclass(frozen=True, slots=True)
class Shape:
    """One message type: a line, and perhaps more lines of another kind that fill a list of the payload."""

    type: str
    record: Record
    key: Record | None = None
    """The line of a delete that carries the key alone."""
    more: Record | None = None
    field: str = ""
    """Name of the list that `more` fills."""

    @property
    def code(self) -> str:
        """The short code of the type: the tag of its line."""
        return self.record.tag


def must(name: str, path: str, kind: Kind = TEXT) -> Column:
    """A column that has a value."""
    return Column(name, (tuple(path.split(".")),), kind)


def may(name: str, path: str, kind: Kind = TEXT) -> Column:
    """A column that may be empty."""
    return Column(name, (tuple(path.split(".")),), kind, required=False)


def named(name: str, path: str) -> tuple[Column, Column]:
    """A code that is passed on as it is, and its name: no list of the flat file could give that back."""
    return must(name, f"{path}.code"), may(f"{name}Name", f"{path}.description")


def perhaps_named(name: str, path: str) -> tuple[Column, Column]:
    """The same where there may be none."""
    return may(name, f"{path}.code"), may(f"{name}Name", f"{path}.description")


def listed(name: str, path: str, codes: CodeTable) -> Column:
    """A code of a list of the flat file, whose names stand in that list."""
    return must(name, path, coded(codes))


def responsible(prefix: str, path: str) -> tuple[Column, ...]:
    """Provider, then team and officer in one column, then their names."""
    return (
        must(f"{prefix}Provider", f"{path}.provider"),
        Column(f"{prefix}Worker", ((path, "team", "code"), (path, "officer", "code")), WORKER),
        may(f"{prefix}TeamName", f"{path}.team.description"),
        may(f"{prefix}WorkerName", f"{path}.officer.description"),
    )


VERSION: Final = (may("Version", "version.version"), must("ChangedBy", "version.updated_by"))
ASKED: Final = (must("CaseNo", "crn"), must("PersonRef", "offender_id", reference("PER")))
CASE: Final = (*ASKED, *VERSION)
EVENT_REF: Final = must("EventRef", "event_id", reference("EVT"))
EVENT_REF_IF_ANY: Final = may("EventRef", "event_id", reference("EVT"))
REQUIREMENT_REF_IF_ANY: Final = may("RequirementRef", "requirement_id", reference("REQ"))

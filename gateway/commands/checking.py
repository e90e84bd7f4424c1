"""Files read through, and everything found wrong with them.

What it is: the work of `gateway check`, and its report. What it is not: a judgement that needs an agreement.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.commands.documents import read_bytes
from gateway.commands.explaining import Placed, lines, members, plain
from gateway.commands.languages import Form, Language
from gateway.commands.output import Answer, CommandError, Exit, Table
from gateway.commands.payloads import MAX_BYTES, documents_in, find, read
from schemas.envelope import Entry, Interchange, Misread
from schemas.faults import Fault, Refusal

STANDARD_INPUT = Path("-")
NOT_CHECKED = "Signatures were not checked: only what the SOAP envelope or the JWS holds was read."
_NAMED = frozenset({Form.JSON, Form.XML, Form.CSV})
"""Forms that several languages are written in."""
_COLUMNS = ("file", "form", "version", "messages", "types", "faults", "verdict")


@dataclass(slots=True)
class Checked:
    """One file: what it holds and what is wrong with it."""

    name: str
    documents: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    """Message types, as they were named, with how many messages there are of each."""
    wrong: int = 0
    """Messages that have faults."""
    faults: list[Placed] = field(default_factory=list)
    wrapped: bool = False
    """True where SOAP or a JWS was around something."""
    unreadable: CommandError | None = None

    @property
    def valid(self) -> bool:
        """True where nothing at all is wrong."""
        return not self.faults and self.unreadable is None

    @property
    def messages(self) -> int:
        """How many there are; those of a document refused as a whole cannot be counted."""
        return self.types.total()


def contents(files: Iterable[Path]) -> Iterator[tuple[str, bytes | CommandError]]:
    """Each file by its name, with its bytes or why there are none. Raises CommandError for a second `-`."""
    wanted = list(files)
    if wanted.count(STANDARD_INPUT) > 1:
        raise CommandError(Exit.USAGE, "usage", "Standard input can be read once: name - once.")
    for file in wanted:
        name = "standard input" if file == STANDARD_INPUT else str(file)
        try:
            yield name, read_bytes(file, MAX_BYTES)
        except CommandError as error:
            yield name, error


def check_file(name: str, content: bytes | CommandError, language: Language) -> Checked:
    """Everything about one file. Never raises for what stands in it."""
    if isinstance(content, CommandError):
        return Checked(name, unreadable=content)
    checked = Checked(name)
    for number, document in enumerate(documents_in(content, language), 1):
        checked.documents = number
        try:
            _look(checked, number, document, language)
        except Refusal as refusal:
            checked.faults += [Placed(fault, number) for fault in (refusal.fault, *refusal.also)]
    return checked


def report(found: Sequence[Checked]) -> Answer:
    """A summary of each file, and every fault."""
    wrapped = any(one.wrapped for one in found)
    told = {"valid": all(one.valid for one in found), "signatures": "not-checked" if wrapped else "none", "files": [_members(one) for one in found]}
    explained = [line for one in found for line in _explained(one)]
    return Answer("check/1", told, (Table(_COLUMNS, tuple(_row(one) for one in found)),), (*explained, *([NOT_CHECKED] if wrapped else [])))


def _members(checked: Checked) -> dict[str, object]:
    error = checked.unreadable
    return {
        "file": plain(checked.name),
        "valid": checked.valid,
        "documents": checked.documents,
        "forms": dict(checked.forms),
        "versions": dict(checked.versions),
        "messages": checked.messages,
        "wrong": checked.wrong,
        "types": {plain(kind): count for kind, count in checked.types.items()},
        "faults": [members(placed) for placed in checked.faults],
        "error": {"code": error.code, "title": plain(error.title)} if error else None,
    }


def _row(checked: Checked) -> tuple[str, ...]:
    verdict = "unreadable" if checked.unreadable else "valid" if checked.valid else "NOT VALID"
    messages, faults = str(checked.messages or ""), str(len(checked.faults) or "")
    return plain(checked.name), _counted(checked.forms), ", ".join(checked.versions), messages, _counted(checked.types), faults, verdict


def _counted(counter: Counter[str]) -> str:
    """Each name once, with its number where it is not one."""
    return ", ".join(plain(name) or "?" if count == 1 else f"{plain(name) or '?'} ({count})" for name, count in counter.items())


def _explained(checked: Checked) -> list[str]:
    if checked.unreadable:
        return ["", plain(checked.unreadable.title)]
    explained = [line for placed in checked.faults for line in lines(placed, several=checked.documents > 1)]
    return ["", plain(checked.name), *explained] if explained else []


def _look(checked: Checked, number: int, document: bytes, language: Language) -> None:
    found = find(document, language)
    kind = f"{found.form.value} ({language.name})" if found.form in _NAMED else found.form.value
    checked.forms[f"{kind} in {found.envelope}" if found.envelope else kind] += 1
    checked.wrapped |= bool(found.envelope)
    said = read(found, language)
    if not isinstance(said, Interchange):
        return
    checked.versions[said.version] += 1
    for entry in said.entries:
        checked.types[type_of(entry)] += 1
        checked.wrong += isinstance(entry, Misread)
        checked.faults += [Placed(fault, number, type_of(entry)) for fault in faults_in(entry)]


def type_of(entry: Entry | Misread) -> str:
    """The type of a message, as its sender named it."""
    return entry.type if isinstance(entry, Misread) else entry.header.type


def faults_in(entry: Entry | Misread) -> tuple[Fault, ...]:
    """What is wrong with one message."""
    return entry.faults if isinstance(entry, Misread) else ()

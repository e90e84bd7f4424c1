"""Described languages tried out, and the account of it.

What it is: the work of `gateway dialect`, and its report. What it is not: the checks of a mapping or the proof
(`adapters.agencies.declarative`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adapters.agencies.declarative.adapter import DescribedAdapter, load
from adapters.agencies.declarative.mistakes import MappingError
from adapters.agencies.declarative.proof import prove
from adapters.agencies.declarative.published import schema_text as schema_text
from adapters.agencies.declarative.samples import outgoing_of, samples
from adapters.names import Dialect
from gateway.commands.documents import read_bytes
from gateway.commands.output import Answer, CommandError, Exit, Table
from schemas.canonical.case import Deletion
from schemas.faults import Refusal

_COLUMNS = ("type", "carried", "left out", "tried", "refused", "verdict")


@dataclass(slots=True)
class Tried:
    """One type: what the mapping does with it."""

    type: str
    carried: int
    way: str
    """`both`, `read` or `written`."""
    messages: int = 0
    failures: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Pointer to reason, over all messages that were tried."""


def loaded(file: Path) -> DescribedAdapter:
    """The adapter of a file. Raises CommandError with every mistake."""
    try:
        adapter = load(read_bytes(file).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CommandError(Exit.USAGE, "mapping-invalid", f"{file} is not UTF-8.") from None
    except MappingError as error:
        raise _invalid(file, tuple(str(mistake) for mistake in error.mistakes)) from None
    if adapter.dialect in set(Dialect):
        raise _invalid(file, (f"the mapping: dialect: there is a dialect {adapter.dialect} already",))
    return adapter


def _invalid(file: Path, told: tuple[str, ...]) -> CommandError:
    return CommandError(Exit.USAGE, "mapping-invalid", f"{file} has {len(told)} mistake{'s' if len(told) > 1 else ''}.", details=told)


def tried(adapter: DescribedAdapter) -> list[Tried]:
    """Every type with messages made for it. A type that goes one way is not read back, so not tried."""
    return [_tried(adapter, kind) for kind in adapter.tables.messages]


def _tried(adapter: DescribedAdapter, kind: str) -> Tried:
    table = adapter.tables.messages[kind]
    carried = sum(len(one.paths) for record in (table.record, *(one.record for one in table.record.lists)) for one in record.fields)
    found = Tried(kind, carried, "both" if table.reads and table.writes else "read" if table.reads else "written")
    if found.way != "both":
        found.left_out = {f"/payload/{'/'.join(path)}": reason for path, reason in table.record.uncarried}
        return found
    for trial in prove(adapter, samples(kind, adapter.tables)):
        found.messages += 1
        found.failures |= set(trial.failures)
        found.refused |= dict(trial.refused)
        found.left_out |= {_without_numbers(pointer): reason for pointer, reason in trial.left_out}
    return found


def _without_numbers(pointer: str) -> str:
    return "/".join("n" if step.isdigit() else step for step in pointer.split("/"))


def report(adapter: DescribedAdapter, found: Sequence[Tried]) -> Answer:
    """What is carried, what is left out and why, and whether it was proved."""
    members = {"dialect": adapter.dialect, "media_type": adapter.media_type, "proved": not any(one.failures for one in found)}
    types = [_members(one) for one in found]
    rows = tuple((one.type, str(one.carried), str(len(one.left_out)), str(one.messages), str(len(one.refused)), _verdict(one)) for one in found)
    head = f"{adapter.dialect}: {len(found)} message types"
    return Answer("dialect-check/1", {**members, "types": types}, (Table(_COLUMNS, rows, head),), tuple(line for one in found for line in _lines(one)))


def _members(one: Tried) -> dict[str, object]:
    return {
        "type": one.type,
        "way": one.way,
        "carried": one.carried,
        "messages": one.messages,
        "failures": sorted(one.failures),
        "refused": [{"pointer": pointer, "reason": reason} for pointer, reason in sorted(one.refused.items())],
        "left_out": [{"pointer": pointer, "reason": reason} for pointer, reason in sorted(one.left_out.items())],
    }


def _verdict(one: Tried) -> str:
    if one.failures:
        return "NOT PROVED"
    return "proved" if one.way == "both" else f"only {one.way}: not tried"


def _lines(one: Tried) -> list[str]:
    failures = [f"  wrong: {failure}" for failure in sorted(one.failures)]
    refused = [f"  refused: {pointer}: {reason}" for pointer, reason in sorted(one.refused.items())]
    lost = [f"  left out: {pointer}: {reason}" for pointer, reason in sorted(one.left_out.items())]
    return ["", one.type, *failures, *refused, *lost] if failures or refused or lost else []


def example_of(adapter: DescribedAdapter, kind: str, *, deletion: bool) -> bytes:
    """A document of this type. Raises CommandError where the mapping has none."""
    table = adapter.tables.messages.get(kind)
    if table is None or not table.writes:
        known = ", ".join(name for name, one in adapter.tables.messages.items() if one.writes)
        raise CommandError(Exit.NOT_FOUND, "type-unknown", f"{adapter.dialect} is not sent {kind}.", f"one of {known}")
    wanted = (message for message in samples(kind, adapter.tables) if isinstance(message.payload, Deletion) == deletion)
    message = next(wanted, None)
    if message is None:
        raise CommandError(Exit.NOT_FOUND, "deletion-unknown", f"{kind} has no short form of delete in {adapter.dialect}.")
    try:
        return adapter.write(message, outgoing_of(message)).content
    except Refusal as refusal:
        fault = refusal.fault
        raise CommandError(Exit.CHECKS_FAILED, fault.code.value, f"The example cannot be said: {fault.pointer}: {fault.detail}") from None

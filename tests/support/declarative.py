"""Mappings for tests: one that carries everything of every type, in any form; and the proof by chance.

What it is: mappings made from the models, as JSON, which is YAML. What it is not: a partner's real language.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from adapters.agencies.declarative.adapter import DescribedAdapter, load
from adapters.agencies.declarative.canonical import LeafKind, leaves_of, lists_of
from adapters.agencies.declarative.mistakes import MappingError, Mistake
from adapters.agencies.declarative.proof import prove
from adapters.contract import Adapter, Document, Outgoing
from schemas.canonical.case import Deletion
from schemas.catalogue import CATALOGUE, KEYS
from schemas.envelope import Interchange, Message, Misread
from schemas.faults import Fault, Refusal
from tests.support.dialects import outgoing_for

Json = dict[str, Any]

_VALUES: Json = {
    "day": {"is": "date", "pattern": "DD.MM.YYYY"},
    "clock": {"is": "time", "pattern": "hhmmssffffff"},
    "moment": {"is": "date-time", "pattern": "DD-Mon-YYYY' at 'hh:mm:ss.ffffff"},
    "instant": {"is": "date-time", "pattern": "YYYYMMDD'T'hhmmss.ffffff"},
    "sum": {"is": "decimal", "point": ","},
    "yes-no": {"is": "flag", "yes": "J", "no": "N"},
    "number": {"is": "reference", "prefix": "R", "new": "?"},
}
_BY_KIND = {
    LeafKind.DATE: "day",
    LeafKind.TIME: "clock",
    LeafKind.DATE_TIME: "moment",
    LeafKind.DECIMAL: "sum",
    LeafKind.FLAG: "yes-no",
}
_HEADER: Json = {
    "message_id": "MessageId",
    "sender": "From",
    "recipients": "To",
    "type": "Kind",
    "action": "Action",
    "version": "Version",
    "control_reference": "Control",
    "prepared_at": {"place": "At", "value": "instant"},
    "case_reference": "Case",
    "in_reply_to": "Answers",
    "test": {"place": "Test", "value": "yes-no"},
    "application": "Program",
}

_CSV: Json = {
    "delimiter": ";",
    "line_end": "lf",
    "quoting": "all",
    "header": {
        "word": "HEAD",
        "columns": ["Form", "From", "To", "Version", "Control", "At", "Answers", "Test", "Program"],
        "edition": {"Form": "2"},
    },
    "message": {"word": "OPEN", "columns": ["No", "Kind", "Action", "MessageId"], "number": "No"},
    "deletion": "GONE",
    "trailer": {"word": "END", "totals": {"Lines": {"counts": "lines"}, "Ids": {"sums": ["number"], "digits": 3}}},
}


def whole_mapping(form: str, kinds: Iterable[str] = CATALOGUE, **changes: object) -> Json:
    """A mapping that carries every leaf of every type, or of these. JSON and XML put things inside one another, CSV does not."""
    mapping: Json = {
        "dialect": f"whole-{form}",
        "title": "The whole",
        "form": form,
        "values": dict(_VALUES),
        "messages": {kind: _message(kind, CATALOGUE[kind], form) for kind in kinds},
    }
    if form == "json":
        mapping["empty"] = "stated"
    else:
        mapping["header"] = {name: fact for name, fact in _HEADER.items() if form == "xml" or name != "case_reference"}
    if form == "xml":
        mapping["xml"] = {"root": "Letter", "namespace": "urn:example:whole"}
    if form == "csv":
        mapping |= {"csv": _CSV, "empty": "absent", "empty_word": "NONE"}
    said = json.dumps([mapping["messages"], mapping.get("header"), mapping.get("csv")])
    mapping["values"] = {name: value for name, value in mapping["values"].items() if f'"{name}"' in said}
    return mapping | changes


def _message(kind: str, model: type[BaseModel], form: str) -> Json:
    said: Json = {"members": _members(model, form)}
    lists = [
        {"place": name if form == "csv" else f"{name}/one" if form == "xml" else name, "of": name, "members": _members(item, form)}
        for name, item in lists_of(model).items()
    ]
    if lists:
        said["lists"] = lists
    if kind in KEYS:
        said["deletion"] = _members(Deletion, form)
    return said


def _members(model: type[BaseModel], form: str) -> list[Json]:
    found = []
    for path, leaf in leaves_of(model).items():
        steps = ".".join(path) if form == "csv" else "/".join(path)
        if form == "xml" and path[-1] in {"alert", "provider"}:
            steps = "/".join((*path[:-1], f"@{path[-1]}"))
        value = "number" if path[-1].endswith("_id") and path[-1] not in {"search_id"} else _BY_KIND.get(leaf.kind)
        found.append({"place": steps, "of": ".".join(path)} | ({"value": value} if value else {}))
    return found


def compiled(mapping: Mapping[str, object]) -> DescribedAdapter:
    """The adapter of a mapping."""
    return load(json.dumps(mapping, ensure_ascii=False))


def mistakes(text: str | Mapping[str, object]) -> tuple[Mistake, ...]:
    """What is wrong with a mapping; nothing where nothing is."""
    try:
        load(text if isinstance(text, str) else json.dumps(text))
    except MappingError as error:
        return error.mistakes
    return ()


def assert_proved(adapter: DescribedAdapter, *messages: Message) -> set[str]:
    """Hold that messages come back or are named; gives the pointers of what was left out."""
    trials = list(prove(adapter, messages))
    assert [(trial.failures, trial.refused) for trial in trials] == [((), ()) for _ in messages]
    return {pointer for trial in trials for pointer, _ in trial.left_out}


def outcome(adapter: Adapter, message: Message, outgoing: Outgoing | None = None) -> Document | tuple[Fault, ...]:
    """What an adapter writes, or why not."""
    try:
        return adapter.write(message, outgoing or outgoing_for(message))
    except Refusal as refusal:
        return (refusal.fault, *refusal.also)


def read(adapter: Adapter, content: bytes) -> Interchange | tuple[Fault, ...]:
    """What an adapter reads, or why not."""
    try:
        return adapter.read(content)
    except Refusal as refusal:
        return (refusal.fault, *refusal.also)


def faults(found: Interchange | tuple[Fault, ...]) -> Sequence[Fault]:
    """Everything found wrong, with the whole or with its messages."""
    if isinstance(found, Interchange):
        return [fault for entry in found.entries if isinstance(entry, Misread) for fault in entry.faults]
    return found


def told(faults: Sequence[Fault]) -> list[tuple[str, str, int | None]]:
    """Faults without their words."""
    return [(fault.code, fault.pointer, fault.reference) for fault in faults]

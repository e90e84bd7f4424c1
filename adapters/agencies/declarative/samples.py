"""Messages made from the models alone, to try a mapping with. Nobody in them is real.

What it is: for one type, messages that hold everything, as little as may be, and everything stated as empty, and one for
each code that the mapping knows. What it is not: chance: the same mapping gives the same messages.
"""

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from pydantic import BaseModel

from adapters.agencies.declarative.canonical import Leaf, LeafKind, leaves_of, lists_of
from adapters.agencies.declarative.tables import Record, Tables
from adapters.contract import Outgoing
from schemas.canonical.case import Deletion
from schemas.canonical.transfer import TransferKind, TransferPart, TransferStatus
from schemas.catalogue import ACTIONS, ANSWERING, CATALOGUE, case_of
from schemas.envelope import Action, Header, Message
from schemas.identifiers import (
    CODE_FORM,
    CRN_FORM,
    ENTITY_FORM,
    OFFICER_FORM,
    PROVIDER_FORM,
    SEARCH_FORM,
    SPG_VERSION_FORM,
    TEAM_FORM,
    MessageId,
    PartyCode,
)
from schemas.leaves import Path
from schemas.payload import Payload
from schemas.versions import VERSIONS

_PREPARED: Final = datetime.datetime(2020, 7, 1, 9, 30, tzinfo=datetime.UTC)
_BY_FORM: Final[Mapping[str, tuple[str, ...]]] = {
    CRN_FORM: ("X123456", "A000001"),
    ENTITY_FORM: ("2500000001", "0", "7"),
    PROVIDER_FORM: ("C05", "N03"),
    TEAM_FORM: ("C05T01", "N03T99"),
    OFFICER_FORM: ("C05T010", "N03A999"),
    SPG_VERSION_FORM: ("0123456789ABCDEF0123456789ABCDEF",),
    CODE_FORM: ("A1", "TR 01", "a.b_c-d"),
    SEARCH_FORM: ("S-1", "123"),
}
_BY_KIND: Final[Mapping[LeafKind, tuple[object, ...]]] = {
    LeafKind.NUMBER: (200, 101, 999),
    LeafKind.DECIMAL: (Decimal("150.00"), Decimal("0.05"), Decimal("7.5")),
    LeafKind.DATE: (datetime.date(2020, 2, 29), datetime.date(1999, 12, 31)),
    LeafKind.TIME: (datetime.time(9, 5), datetime.time(23, 59, 59, 123456)),
    LeafKind.DATE_TIME: (datetime.datetime.combine(datetime.date(2020, 7, 1), datetime.time(8, 0)),),
    LeafKind.FLAG: (True, False),
    LeafKind.TEXT: ("TESTER,ANNE", 'A fictional "text", with; marks & <signs>', "Two\nlines: ünd mehr"),
}
_FAULT_NAME: Final = "element-missing"
_LEAST: Final = 4
"""Variants of each type, however few codes it has."""


def samples(kind: str, tables: Tables) -> Iterator[Message]:
    """Messages of one type that the mapping writes, deletes by key among them."""
    table = tables.messages[kind]
    actions = [action for action in Action if action in ACTIONS[kind]]
    for number, payload in enumerate(_payloads(CATALOGUE[kind], table.record)):
        yield _around(kind, payload, actions[number % len(actions)], number)
    if table.deletion is not None:
        for number, payload in enumerate(_payloads(Deletion, table.deletion)):
            yield _around(kind, payload, Action.DELETE, number)


def example(kind: str, tables: Tables) -> Message:
    """The first of them: it holds everything."""
    return next(iter(samples(kind, tables)))


def outgoing_of(message: Message) -> Outgoing:
    """A delivery that keeps what the message says of itself."""
    header = message.header
    return Outgoing(
        sender=header.sender,
        recipient=header.recipients[0],
        control_reference=header.control_reference,
        answers=header.in_reply_to,
        version=header.version,
        prepared_at=header.prepared_at,
        reduced_deletes=isinstance(message.payload, Deletion),
        message_statuses=True,
    )


def _around(kind: str, payload: Payload, action: Action, number: int) -> Message:
    message_id = MessageId(f"01902d3a-0000-7000-8000-{number:012d}")
    header = Header(
        sender=PartyCode("N00"),
        recipients=(PartyCode("C05"),),
        type=kind,
        action=action,
        version=list(VERSIONS)[-1 - number % 2],
        sender_message_id=message_id,
        control_reference=f"15697869{number:05d}",
        case_reference=case_of(payload),
        in_reply_to="1569786981737" if kind in ANSWERING or number % 2 else None,
        prepared_at=_PREPARED,
        test=(True, False, None)[number % 3],
    )
    return Message(message_id, header, payload)


def _payloads(model: type[Payload], record: Record) -> Iterator[Payload]:
    needed = {path for field in record.fields if field.required for path in field.paths[:1]}
    known = _words(record) | {(one.name, *path): words for one in record.lists for path, words in _words(one.record).items()}
    variants = max(_LEAST, *(len(words) for words in known.values()), 0) if known else _LEAST
    for number in range(variants):
        yield model.model_validate(_tree(model, known, number, (), "full"))
    for what in ("least", "emptied"):
        full = _tree(model, known, 0, (), "full")
        tree = _tree(model, known, 0, (), what)
        for path in needed:
            _put(tree, path, _at(full, path))
        yield model.model_validate(tree)


def _words(record: Record) -> dict[Path, tuple[str, ...]]:
    return {field.paths[0]: field.kind.words for field in record.fields if field.kind.words}


def _tree(model: type[BaseModel], known: Mapping[Path, tuple[str, ...]], number: int, above: Path, what: str) -> dict[str, object]:
    """One value of a model, as plain data."""
    tree: dict[str, object] = {}
    emptied: list[Path] = []
    for path, leaf in leaves_of(model).items():
        if leaf.mandatory or what == "full":
            words = known.get((*above, *path)) or tuple(sorted(leaf.words))
            _put(tree, path, words[number % len(words)] if words else _value(leaf, number))
        elif what == "emptied" and leaf.nullable is not None:
            emptied.append(leaf.nullable)
    for path in emptied:
        if len(path) == 1 or isinstance(tree.get(path[0]), dict):
            _put(tree, path, None)
    for name, item in lists_of(model).items():
        if what == "full" or model.model_fields[name].is_required():
            tree[name] = tuple(_item(item, known, number + place, (*above, name), what) for place in range(2))
    return tree


def _item(model: type[BaseModel], known: Mapping[Path, tuple[str, ...]], number: int, above: Path, what: str) -> dict[str, object]:
    tree = _tree(model, known, number, above, what)
    return _coherent(tree, model) if issubclass(model, TransferPart) else tree


def _coherent(tree: dict[str, object], model: type[BaseModel]) -> dict[str, object]:
    """What is valid alone need not be together: only a whole case has no id, and only a rejection has a reason."""
    if tree["kind"] == TransferKind.CASE:
        tree.pop("entity_id", None)
    else:
        tree["entity_id"] = tree.get("entity_id") or _BY_FORM[ENTITY_FORM][0]
    if "rejected_reason" in model.model_fields and tree.get("rejected_reason") is None and tree["status"] == TransferStatus.REJECTED:
        tree["status"] = TransferStatus.PENDING.value
    elif tree.get("rejected_reason") is not None and tree["status"] != TransferStatus.REJECTED:
        tree["status"] = TransferStatus.REJECTED.value
    return tree


def _value(leaf: Leaf, number: int) -> object:
    if leaf.path[-1] == "fault":
        return _FAULT_NAME
    forms = _BY_FORM.get(leaf.pattern or "") if leaf.kind is LeafKind.TEXT else None
    values = forms or _BY_KIND[leaf.kind]
    return values[number % len(values)]


def _at(tree: object, path: Path) -> object:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def _put(tree: dict[str, object], path: Path, value: object) -> None:
    for step in path[:-1]:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    if tree.get(path[-1]) is None:
        tree[path[-1]] = value

"""Messages for tests of the dialects: made by hand, and by hypothesis. All people and numbers are made up."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from lxml import etree

from adapters.agencies.caseflow.documents import SHAPES as CASEFLOW
from adapters.agencies.ndelius.tables import SHAPES
from adapters.contract import Outgoing
from schemas.canonical.case import Deletion
from schemas.catalogue import ACTIONS, ANSWERING, CATALOGUE, KEYS, case_of
from schemas.envelope import Action, Entry, Header, Message, Misread
from schemas.faults import Fault
from schemas.identifiers import MessageId, PartyCode
from schemas.messages.connection_notification import ConnectionNotification
from schemas.payload import Payload
from schemas.versions import VERSIONS
from tests.support.payloads import control_references, deletions, payloads, payloads_of, texts

__all__ = [
    "PREPARED",
    "SPG",
    "VECTORS",
    "Letter",
    "first_fault",
    "flat",
    "infoset",
    "interchanges",
    "message",
    "messages",
    "messages_of",
    "outgoing",
    "outgoing_for",
    "payloads",
    "payloads_of",
    "taken",
    "vector",
]

VECTORS = Path(__file__).parent.parent / "vectors" / "spg"
PREPARED = datetime.datetime(2020, 7, 1, 9, 30, 0, 5000, tzinfo=datetime.UTC)
SPG = "{http://www.justice.gsi.gov.uk/SPG/}"


def vector(name: str) -> bytes:
    """One sample by its path below the vectors."""
    return (VECTORS / name).read_bytes()


def outgoing(**changes: object) -> Outgoing:
    """Facts of one delivery."""
    facts: dict[str, object] = {
        "sender": PartyCode("N00"),
        "recipient": PartyCode("C05"),
        "control_reference": "1569786981737",
        "answers": None,
        "version": "0-9-14",
        "prepared_at": PREPARED,
    }
    return Outgoing(**(facts | changes))


def message(payload: Payload, **changes: object) -> Message:
    """A message around a payload. A reduced delete must be told its `type`."""
    kind = str(changes.get("type", type(payload).__name__))
    facts: dict[str, object] = {
        "sender": PartyCode("N00"),
        "recipients": (PartyCode("C05"),),
        "type": kind,
        "action": Action.DELETE if isinstance(payload, Deletion) else sorted(ACTIONS[kind])[0],
        "version": "0-9-14",
        "sender_message_id": "1569786981737/1",
        "control_reference": "1569786981737",
        "case_reference": case_of(payload),
        "prepared_at": PREPARED,
    }
    return Message(MessageId("01902d3a-0000-7000-8000-000000000001"), Header(**(facts | changes)), payload)


def taken(found: Entry | Misread) -> Payload:
    """The payload of a message that was read without fault."""
    assert isinstance(found, Entry), found.faults
    return found.payload


def first_fault(found: Entry | Misread) -> Fault:
    """The fault that a short answer would tell of a message that cannot be taken."""
    assert isinstance(found, Misread), found
    return found.faults[0]


def infoset(content: bytes) -> object:
    """Elements, attributes and trimmed texts, without regard to order of attributes or blanks between."""

    def of(element: etree._Element) -> object:
        return element.tag, (element.text or "").strip(), sorted(element.items()), [of(child) for child in element]

    return of(etree.fromstring(content))


def flat(value: object, where: str = "/payload") -> Iterator[tuple[str, object]]:
    """Every leaf of a dumped payload with its JSON pointer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, f"{where}/{name}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from flat(inner, f"{where}/{place}")
    else:
        yield where, value


@dataclass(frozen=True, slots=True)
class Letter:
    """Messages that fit one SPG interchange, and the facts of its delivery."""

    messages: tuple[Message, ...]
    outgoing: Outgoing


def messages(*, caseflow_codes: bool = False) -> st.SearchStrategy[Message]:
    """Messages of every type with every header that goes with it; of the types in `KEYS`, also deletes by key
    alone. With `caseflow_codes`, only the types and codes that Caseflow has."""
    kinds = CASEFLOW if caseflow_codes else CATALOGUE
    return st.sampled_from(sorted(kinds)).flatmap(lambda kind: messages_of(kind, caseflow_codes=caseflow_codes))


@cache
def messages_of(kind: str, *, caseflow_codes: bool = False, reduced: bool | None = None) -> st.SearchStrategy[Message]:
    """Messages of one type. `reduced`: True only deletes by key alone, False none of them, None both."""
    whole = st.builds(_around, payloads_of(kind, caseflow_codes=caseflow_codes), st.just(kind), st.sampled_from(sorted(ACTIONS[kind])), _headers(kind))
    short = st.builds(_around, deletions(), st.just(kind), st.just(Action.DELETE), _headers(kind))
    if reduced is None:
        return st.one_of(whole, whole, short) if kind in KEYS else whole
    return short if reduced else whole


def _headers(kind: str) -> st.SearchStrategy[dict[str, object]]:
    """What one interchange says of all its messages."""
    reference = control_references if kind in ANSWERING else st.one_of(st.none(), control_references)
    return st.fixed_dictionaries(
        {
            "version": st.sampled_from(sorted(VERSIONS)),
            "test": st.sampled_from([None, False, True]),
            "application": st.one_of(st.none(), st.sampled_from(["SPG", "nDelius"]), texts(40)),
            "in_reply_to": reference,
        }
    )


def _around(payload: Payload, kind: str, action: Action, header: dict[str, object]) -> Message:
    return message(payload, **{"type": kind, "action": action, **header})


def outgoing_for(made: Message, **changes: object) -> Outgoing:
    """Facts of a delivery that keeps everything of this message: its version, what it answers, its form of delete."""
    header = made.header
    facts: dict[str, object] = {
        "sender": header.sender,
        "recipient": header.recipients[0] if header.recipients else PartyCode("C05"),
        "control_reference": header.control_reference,
        "answers": header.in_reply_to,
        "version": header.version,
        "prepared_at": header.prepared_at,
        "reduced_deletes": isinstance(made.payload, Deletion),
        "message_statuses": True,
    }
    return outgoing(**(facts | changes))


def interchanges(*, most: int = 4) -> st.SearchStrategy[Letter]:
    """One to `most` messages of types that share an interchange header, numbered, with all that they must share."""
    families: dict[object, list[str]] = {}
    for kind, shape in sorted(SHAPES.items()):
        families.setdefault((shape.header, shape.schema_location), []).append(kind)
    return st.tuples(st.sampled_from(sorted(SHAPES)), st.booleans()).flatmap(
        lambda drawn: _letters(families[(SHAPES[drawn[0]].header, SHAPES[drawn[0]].schema_location)], drawn[0], reduced=drawn[1], most=most)
    )


def _letters(family: list[str], first: str, *, reduced: bool, most: int) -> st.SearchStrategy[Letter]:
    def of(kind: str) -> st.SearchStrategy[Message]:
        whole = messages_of(kind, reduced=False).filter(lambda made: not (reduced and kind in KEYS and made.header.action is Action.DELETE))
        return st.one_of(whole, messages_of(kind, reduced=True)) if reduced and kind in KEYS else whole

    more = st.lists(st.sampled_from(family).flatmap(of), max_size=most - 1)
    return st.builds(lambda one, others: _letter((one, *others), reduced=reduced), of(first), more)


def _letter(made: tuple[Message, ...], *, reduced: bool) -> Letter:
    """The messages under the header of the first. Where the header carries test control data, all say the same."""
    first = made[0]
    agreed = []
    for number, one in enumerate(made, 1):
        header = replace(first.header, type=one.header.type, action=one.header.action, case_reference=case_of(one.payload))
        header = replace(header, reference=number, sender_message_id=f"{header.control_reference}/{number}")
        agreed.append(Message(one.message_id, header, _with_control_data(one.payload, first.payload)))
    return Letter(tuple(agreed), outgoing_for(first, reduced_deletes=reduced))


def _with_control_data(payload: Payload, first: Payload) -> Payload:
    if not isinstance(payload, ConnectionNotification) or not isinstance(first, ConnectionNotification):
        return payload
    said = payload.model_dump(exclude_unset=True, exclude={"test_control_data"})
    shared = {} if first.test_control_data is None else {"test_control_data": first.test_control_data}
    return ConnectionNotification.model_validate(said | shared)

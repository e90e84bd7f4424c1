"""SPG interchanges of every type: nothing that is said, or said to be empty, is lost on the way, in any bytes."""

import typing
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.agencies.ndelius import parsing
from adapters.agencies.ndelius.interchange import read_interchange
from adapters.agencies.ndelius.tables import SHAPES, own_leaves
from adapters.agencies.ndelius.writing import write_interchange
from schemas.canonical.case import Deletion
from schemas.catalogue import CATALOGUE
from schemas.envelope import Entry, Interchange, Message
from schemas.faults import Refusal
from schemas.identifiers import MessageId
from schemas.payload import Payload
from tests.support.dialects import VECTORS, Letter, infoset, interchanges, messages_of, outgoing, outgoing_for, taken
from tests.support.dressing import dressed

_FEW = settings(max_examples=12, deadline=None)
_RELAXED = settings(max_examples=60, deadline=None)
_TYPES = pytest.mark.parametrize("kind", sorted(CATALOGUE))
_SAMPLES = sorted(path for path in (VECTORS / "plain").glob("*.xml") if not path.name.startswith("SPGInterchangeResponse"))
_DAMAGES = [b"", b"<", b"x", b"<a/>", b"</", b"&b;", b"<!-- -->", b"\n", b"\xff", b"<?a?>"]
_BLANK = {kind: {leaf.path[0] for leaf in own_leaves(shape) if leaf.empty} for kind, shape in SHAPES.items()}
"""Elements that are always there: what is not said is written, and read, as empty."""
_NOT_SAID = {"description", "test_control_data", "entity_id"}
"""Fields that SPG has no empty form for: a code's own name, the header's free text, the id of a whole case."""


def _in_spg(kind: str, payload: Payload) -> object:
    """What a payload says, in so far as SPG tells empty from absent."""
    blank = {} if isinstance(payload, Deletion) else dict.fromkeys(_BLANK[kind])
    return blank | _kept(payload.model_dump(exclude_unset=True))


def _kept(value: typing.Any) -> typing.Any:
    if isinstance(value, tuple):
        return tuple(_kept(one) for one in value)
    if not isinstance(value, Mapping):
        return value
    said = {name: _kept(inner) for name, inner in value.items() if inner is not None or name not in _NOT_SAID}
    # 32 zeros say that there is no version: SPG has no other way.
    return {"version": None, **said} if "updated_by" in said else said


def _again(interchange: Interchange) -> bytes:
    """Written back under the header that was read."""
    facts = outgoing(
        sender=interchange.sender,
        recipient=interchange.recipients[0],
        control_reference=interchange.control_reference,
        answers=interchange.answers,
        version=interchange.version,
        prepared_at=interchange.prepared_at,
        reduced_deletes=any(isinstance(taken(entry), Deletion) for entry in interchange.entries),
        message_statuses=True,
    )
    return write_interchange([_message(entry) for entry in interchange.entries if isinstance(entry, Entry)], facts).content


def _message(entry: Entry) -> Message:
    return Message(MessageId("m"), entry.header, entry.payload)


def _same(letter: Letter, content: bytes) -> Interchange:
    found = read_interchange(content)
    assert len(found.entries) == len(letter.messages)
    for number, (message, entry) in enumerate(zip(letter.messages, found.entries, strict=True), 1):
        payload, kind = taken(entry), message.header.type
        assert payload == message.payload
        assert payload.model_dump(exclude_unset=True) == _in_spg(kind, message.payload)
        assert isinstance(entry, Entry)
        assert (entry.reference, entry.header.type, entry.header.action) == (number, kind, message.header.action)
    return found


@_TYPES
def test_a_message_comes_back_as_it_was(kind: str) -> None:
    @given(messages_of(kind))
    @_FEW
    def holds(message: Message) -> None:
        letter = Letter((message,), outgoing_for(message))
        document = write_interchange(letter.messages, letter.outgoing)
        assert _again(_same(letter, document.content)) == document.content
        assert not [item for item in document.left_out if item.pointer.startswith("/payload")]

    holds()


@given(interchanges())
@_RELAXED
def test_an_interchange_comes_back_as_it_was(letter: Letter) -> None:
    document = write_interchange(letter.messages, letter.outgoing)
    assert _again(_same(letter, document.content)) == document.content


@_TYPES
def test_the_same_document_in_other_bytes_says_the_same(kind: str) -> None:
    @given(messages_of(kind), st.integers(0, 2**32))
    @_FEW
    def holds(message: Message, seed: int) -> None:
        letter = Letter((message,), outgoing_for(message))
        content = write_interchange(letter.messages, letter.outgoing).content
        other = dressed(content, seed)
        assert infoset(other) == infoset(content)
        assert _again(_same(letter, other)) == content

    holds()


@given(interchanges(), st.integers(0, 2**32))
@_RELAXED
def test_the_same_interchange_in_other_bytes_says_the_same(letter: Letter, seed: int) -> None:
    content = write_interchange(letter.messages, letter.outgoing).content
    assert _again(_same(letter, dressed(content, seed))) == content


@given(interchanges(), st.integers(0, 2**32), st.integers(1, 300), st.integers(0, 20_000), st.sampled_from(_DAMAGES))
@_RELAXED
def test_a_document_read_in_pieces_is_read_as_in_one(letter: Letter, seed: int, size: int, place: int, damage: bytes) -> None:
    """Also where it is damaged: the same messages, or a refusal. Which of several faults comes first may differ."""
    content = dressed(write_interchange(letter.messages, letter.outgoing).content, seed)
    place %= len(content)
    content = content[:place] + damage + content[place:]
    whole = _outcome(content)
    assert damage or whole is not None
    with mock.patch.multiple(parsing, _WHOLE_BYTES=0, _CHUNK_BYTES=size):
        assert _outcome(content) == whole


def _outcome(content: bytes) -> Interchange | None:
    try:
        return read_interchange(content)
    except Refusal:
        return None


@pytest.mark.parametrize("path", _SAMPLES, ids=lambda path: path.stem)
def test_samples_in_other_bytes_come_back_with_the_same_infoset(path: Path) -> None:
    sample = path.read_bytes()
    for seed in range(6):
        other = dressed(sample, seed)
        assert infoset(other) == infoset(sample)
        assert infoset(_again(read_interchange(other))) == infoset(sample)

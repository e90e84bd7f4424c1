"""A mapping can say what the flat file in Python says: equal batches, messages, losses and faults."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.agencies.declarative.adapter import load
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.agencies.flatfile.csv_lines import Cell, lines_of, written
from adapters.agencies.flatfile.tables import SHAPES
from adapters.agencies.flatfile.writing import write_batch
from adapters.contract import Document
from schemas.catalogue import CATALOGUE
from schemas.envelope import Entry, Interchange, Message
from tests.support.declarative import faults, outcome, read, told
from tests.support.dialects import messages_of, outgoing_for
from tests.support.flatfile import batches, flat_messages
from tests.support.tree import ROOT

DESCRIBED = load((ROOT / "partners/dialects/flatfile.yaml").read_text(encoding="utf-8"))
BY_HAND = FlatFileAdapter()
_KINDS = st.sampled_from(sorted(CATALOGUE))
_SOME = settings(max_examples=25, deadline=None)


def _assert_read_alike(content: bytes) -> None:
    by_hand, described = read(BY_HAND, content), read(DESCRIBED, content)
    assert sorted(told(faults(described))) == sorted(told(faults(by_hand)))
    if isinstance(by_hand, Interchange):
        assert isinstance(described, Interchange)
        assert replace(described, entries=()) == replace(by_hand, entries=())
        good = [[one for one in found.entries if isinstance(one, Entry)] for found in (described, by_hand)]
        assert good[0] == good[1]
        said = [[one.payload.model_dump(exclude_unset=True) for one in found] for found in good]
        assert said[0] == said[1]


def test_it_speaks_of_the_same_messages() -> None:
    assert set(DESCRIBED.tables.messages) == set(SHAPES)


@given(_KINDS.flatmap(flat_messages), st.booleans(), st.booleans())
@_SOME
def test_batches_and_losses_are_equal(message: Message, reduced: bool, statuses: bool) -> None:
    outgoing = replace(outgoing_for(message), reduced_deletes=reduced, message_statuses=statuses)
    by_hand, described = outcome(BY_HAND, message, outgoing), outcome(DESCRIBED, message, outgoing)
    if isinstance(by_hand, Document):
        assert isinstance(described, Document)
        assert described.content == by_hand.content
        assert sorted(one.pointer for one in described.left_out) == sorted(one.pointer for one in by_hand.left_out)
        _assert_read_alike(by_hand.content)
    else:
        assert isinstance(described, tuple)
        assert told(described) == told(by_hand)


@given(_KINDS.flatmap(messages_of))
@_SOME
def test_whatever_cannot_be_said_is_refused_alike(message: Message) -> None:
    by_hand, described = outcome(BY_HAND, message), outcome(DESCRIBED, message)
    assert isinstance(described, Document) == isinstance(by_hand, Document)
    if not isinstance(by_hand, Document):
        assert isinstance(described, tuple)
        assert told(described) == told(by_hand)


_WRONG: tuple[Cell, ...] = (
    None,
    "x",
    "0",
    "1",
    "007",
    "-1",
    "X123456",
    "PER#0",
    "EVT#12",
    "31/02/2020",
    "01/02/2020",
    "250000",
    "093000.5",
    "a/b",
    "C05T01",
    " ",
)
_CHANGE = st.tuples(st.sampled_from(["put", "put", "put", "add", "drop", "line", "gone"]), st.integers(0, 10**6), st.sampled_from(_WRONG))


def _changed(lines: list[list[Cell]], how: str, number: int, wrong: Cell) -> None:
    line = lines[number % len(lines)]
    column = (number // 7) % len(line)
    if how == "put":
        line[column] = wrong
    elif how == "add":
        line.append(wrong)
    elif how == "drop" and len(line) > 1:
        line.pop()
    elif how == "line":
        lines.insert(number % len(lines), list(lines[(number // 5) % len(lines)]))
    elif how == "gone" and len(lines) > 1:
        lines.remove(line)


@given(st.tuples(_KINDS, _KINDS).flatmap(lambda both: batches(*both)), st.lists(_CHANGE, max_size=2))
@settings(max_examples=60, deadline=None)
def test_faults_of_changed_batches_are_equal(messages: list[Message], changes: list[tuple[str, int, Cell]]) -> None:
    content = write_batch(messages, outgoing_for(messages[0])).content
    lines = [list(line.cells) for line in lines_of(content)]
    for change in changes:
        _changed(lines, *change)
    if [None] not in lines:
        _assert_read_alike("".join(written(line) for line in lines).encode())


@pytest.mark.parametrize("content", [b"", b"H", b"H,1\r\n", b"\r\n", b'H,"1\r\n', b"X\r\n", b"H,\xff\r\n", b"H,1,\n", b'H,1"\r\n', b"H,\x00\r\n"])
def test_what_is_no_batch_is_refused_alike(content: bytes) -> None:
    by_hand, described = faults(read(BY_HAND, content)), faults(read(DESCRIBED, content))
    assert [one.code for one in described] == [one.code for one in by_hand]

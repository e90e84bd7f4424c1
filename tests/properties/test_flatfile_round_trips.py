"""Whatever the canonical model can hold survives a flat file, or is named as left out; damaged batches are told, not believed."""

import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.agencies.flatfile.csv_lines import lines_of, written
from adapters.agencies.flatfile.writing import write_batch
from schemas.catalogue import CATALOGUE
from schemas.envelope import Entry, Interchange, Message, Misread
from schemas.faults import Refusal
from schemas.payload import Payload
from tests.support.dialects import flat, outgoing_for
from tests.support.flatfile import FLATFILE, batches, flat_messages

_ADAPTER = FlatFileAdapter()
_FEW = settings(max_examples=12, deadline=None)
_RELAXED = settings(max_examples=60, deadline=None)
_SEEDS = [path.read_bytes() for path in sorted(FLATFILE.glob("*/*.csv"))]
_each_type = pytest.mark.parametrize("kind", sorted(CATALOGUE))


def _said(payload: Payload) -> dict[str, object]:
    """What is there, and what is there as empty."""
    return dict(flat(payload.model_dump(exclude_unset=True)))


@_each_type
def test_a_message_comes_back_but_for_what_is_named(kind: str) -> None:
    @given(flat_messages(kind))
    @_FEW
    def holds(message: Message) -> None:
        document = _ADAPTER.write(message, outgoing_for(message))
        (entry,) = _ADAPTER.read(document.content).entries
        assert isinstance(entry, Entry), entry.faults
        before, after = _said(message.payload), _said(entry.payload)
        gone = {pointer for pointer, value in before.items() if pointer not in after or after[pointer] != value}
        assert gone == {item.pointer for item in document.left_out}
        assert set(after) <= set(before)
        ours, theirs = message.header, entry.header
        assert (theirs.sender, theirs.recipients, theirs.type, theirs.action) == (ours.sender, ours.recipients, ours.type, ours.action)
        assert (theirs.version, theirs.prepared_at, theirs.case_reference) == (ours.version, ours.prepared_at, ours.case_reference)
        assert (theirs.in_reply_to, theirs.test, theirs.application) == (ours.in_reply_to, ours.test, ours.application)
        assert theirs.sender_message_id == message.message_id

    holds()


@_each_type
def test_bytes_are_stable(kind: str) -> None:
    """What was read is written as it stood: nothing that a batch says is held in two ways."""

    @given(flat_messages(kind))
    @_FEW
    def holds(message: Message) -> None:
        facts = outgoing_for(message)
        content = _ADAPTER.write(message, facts).content
        (entry,) = _ADAPTER.read(content).entries
        assert isinstance(entry, Entry), entry.faults
        assert _ADAPTER.write(Message(message.message_id, entry.header, entry.payload), facts).content == content

    holds()


@given(st.tuples(st.sampled_from(sorted(CATALOGUE)), st.sampled_from(sorted(CATALOGUE))).flatmap(lambda kinds: batches(*kinds)))
@_RELAXED
def test_many_messages_go_into_one_batch(messages: Sequence[Message]) -> None:
    answers = messages[0].header.in_reply_to or "1"
    content = write_batch(messages, outgoing_for(messages[0], answers=answers)).content
    entries = _ADAPTER.read(content).entries
    assert [entry.reference for entry in entries] == list(range(1, len(messages) + 1))
    for message, entry in zip(messages, entries, strict=True):
        alone = _ADAPTER.write(message, outgoing_for(messages[0], answers=answers)).content
        assert isinstance(entry, Entry), entry.faults
        assert entry.payload == _payload(_ADAPTER.read(alone))
        assert (entry.header.type, entry.sender_message_id) == (message.header.type, message.message_id)


def _payload(interchange: Interchange) -> Payload:
    (entry,) = interchange.entries
    assert isinstance(entry, Entry)
    return entry.payload


_CELLS = st.one_of(st.none(), st.just(""), st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=8))


@given(st.lists(st.lists(_CELLS.filter(lambda cell: not cell or cell.strip(" ")), min_size=1, max_size=6).filter(lambda cells: cells != [None]), min_size=1))
@_RELAXED
def test_lines_come_back_cell_by_cell(lines: list[list[str | None]]) -> None:
    content = "".join(map(written, lines)).encode()
    if content.startswith(b"\xef\xbb\xbf"):
        content = b"x\r\n" + content
        lines = [["x"], *lines]
    assert [list(line.cells) for line in lines_of(content)] == lines


@given(
    seed=st.sampled_from(_SEEDS),
    start=st.integers(0, 2_000),
    length=st.integers(0, 60),
    replacement=st.binary(max_size=12) | st.sampled_from([b",", b'"', b'""', b"\r\n", b"\n", b"#", b"/", b"M,2,", b"T,"]),
)
@settings(max_examples=300, deadline=None)
def test_damaged_batches_are_told(seed: bytes, start: int, length: int, replacement: bytes) -> None:
    start %= len(seed)
    with contextlib.suppress(Refusal):
        for entry in _ADAPTER.read(seed[:start] + replacement + seed[start + length :]).entries:
            if isinstance(entry, Misread):
                assert entry.faults
                assert all(fault.pointer.startswith("line ") and fault.reference == entry.reference for fault in entry.faults)


@given(seed=st.sampled_from([path.read_bytes() for path in sorted((FLATFILE / "plain").glob("*.csv"))]), data=st.data())
@_RELAXED
def test_a_batch_that_lost_lines_is_never_taken_whole(seed: bytes, data: st.DataObject) -> None:
    """Whichever lines are cut out, counts or structure say so."""
    lines = list(lines_of(seed))
    first = data.draw(st.integers(0, len(lines) - 1))
    last = data.draw(st.integers(first, len(lines) - 1))
    left = "".join(written(line.cells) for line in [*lines[:first], *lines[last + 1 :]]).encode()
    with pytest.raises(Refusal):
        _ADAPTER.read(left)

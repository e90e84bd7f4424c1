"""Whatever the canonical model can hold survives each dialect, or is named as left out."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from lxml import etree

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.contract import Adapter, Document
from schemas.catalogue import CATALOGUE, dump, load
from schemas.envelope import Entry, Message
from schemas.payload import Payload
from tests.support.dialects import PREPARED, flat, messages, messages_of, outgoing_for

_RELAXED = settings(max_examples=60, deadline=None)
_FEW = settings(max_examples=10, deadline=None)


def _written(adapter: Adapter, message: Message) -> Document:
    return adapter.write(message, outgoing_for(message))


def _read_back(adapter: Adapter, message: Message) -> Entry:
    document = _written(adapter, message)
    (entry,) = adapter.read(document.content).entries
    assert isinstance(entry, Entry), entry.faults
    assert document == _written(adapter, message)
    return entry


def _same_header(entry: Entry, message: Message) -> None:
    ours, theirs = message.header, entry.header
    assert (theirs.sender, theirs.recipients, theirs.type) == ("N00", ("C05",), ours.type)
    assert (theirs.action, theirs.version, theirs.case_reference, theirs.prepared_at) == (ours.action, ours.version, ours.case_reference, PREPARED)


def _said(payload: Payload) -> Mapping[str, object]:
    """What is there, and what is there as empty."""
    return payload.model_dump(exclude_unset=True)


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_canonical_loses_nothing(kind: str) -> None:
    @given(messages_of(kind))
    @_FEW
    def holds(message: Message) -> None:
        entry = _read_back(CanonicalAdapter(), message)
        assert entry.payload == message.payload
        assert _said(entry.payload) == _said(message.payload)
        lost = {"/header/application"} if message.header.application else set()
        assert {item.pointer for item in _written(CanonicalAdapter(), message).left_out} == lost
        assert (entry.header.test, entry.header.in_reply_to) == (message.header.test, message.header.in_reply_to)
        _same_header(entry, message)

    holds()


@given(messages())
@_RELAXED
def test_ndelius_loses_no_header_silently(message: Message) -> None:
    document = _written(NdeliusAdapter(), message)
    entry = _read_back(NdeliusAdapter(), message)
    lost = {item.pointer for item in document.left_out}
    assert bool(entry.header.test) == bool(message.header.test) or "/header/test" in lost
    assert entry.header.in_reply_to == message.header.in_reply_to or "/header/in_reply_to" in lost
    assert message.header.application in (None, entry.header.application)
    _same_header(entry, message)


@given(messages())
@_RELAXED
def test_ndelius_writes_exclusive_canonical_xml(message: Message) -> None:
    content = _written(NdeliusAdapter(), message).content
    assert etree.tostring(etree.fromstring(content), method="c14n", exclusive=True) == content


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_caseflow_carries_or_names_every_leaf(kind: str) -> None:
    @given(messages_of(kind, caseflow_codes=True))
    @_FEW
    def holds(message: Message) -> None:
        document = _written(CaseflowAdapter(), message)
        entry = _read_back(CaseflowAdapter(), message)
        before, after = dict(flat(_said(message.payload))), dict(flat(_said(entry.payload)))
        lost = {item.pointer for item in document.left_out if item.pointer.startswith("/payload")}
        assert {pointer for pointer, value in before.items() if pointer not in after or after[pointer] != value} == lost
        assert set(after) <= set(before)
        assert type(entry.payload) is type(message.payload)
        _same_header(entry, message)

    holds()


@given(messages())
@_RELAXED
def test_stored_form_gives_back_an_equal_message(message: Message) -> None:
    again = load(dump(message))
    assert again == message
    assert _said(again.payload) == _said(message.payload)

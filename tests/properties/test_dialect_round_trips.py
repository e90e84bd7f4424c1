"""Whatever the canonical model can hold survives each dialect, or is named as left out."""

from hypothesis import given, settings
from lxml import etree

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.caseflow.adapter import CaseflowAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.contract import Adapter, Document
from schemas.catalogue import dump, load
from schemas.envelope import Entry, Message
from schemas.payload import Payload
from tests.support.dialects import PREPARED, flat, messages, outgoing

_RELAXED = settings(max_examples=60, deadline=None)


def _written(adapter: Adapter, message: Message) -> Document:
    return adapter.write(message, outgoing(answers="1500000000001", version=message.header.version))


def _read_back(adapter: Adapter, message: Message) -> Entry:
    document = _written(adapter, message)
    (entry,) = adapter.read(document.content).entries
    assert isinstance(entry.content, Payload), entry.content
    assert document == _written(adapter, message)
    return entry


def _same_header(entry: Entry, message: Message) -> None:
    ours, theirs = message.header, entry.header
    assert (theirs.sender, theirs.recipients, theirs.type) == ("N00", ("C05",), ours.type)
    assert (theirs.action, theirs.version, theirs.case_reference, theirs.prepared_at) == (ours.action, ours.version, ours.case_reference, PREPARED)


@given(messages())
@_RELAXED
def test_canonical_loses_nothing(message: Message) -> None:
    entry = _read_back(CanonicalAdapter(), message)
    assert entry.content == message.payload
    assert _written(CanonicalAdapter(), message).left_out == ()
    assert entry.header.test == message.header.test
    assert entry.header.in_reply_to == "1500000000001"
    _same_header(entry, message)


@given(messages())
@_RELAXED
def test_ndelius_loses_no_payload(message: Message) -> None:
    document = _written(NdeliusAdapter(), message)
    entry = _read_back(NdeliusAdapter(), message)
    assert entry.content == message.payload
    lost = {item.pointer for item in document.left_out}
    assert entry.header.test == message.header.test or "/header/test" in lost
    assert entry.header.in_reply_to == "1500000000001" or "/header/in_reply_to" in lost
    _same_header(entry, message)


@given(messages())
@_RELAXED
def test_ndelius_writes_exclusive_canonical_xml(message: Message) -> None:
    content = _written(NdeliusAdapter(), message).content
    assert etree.tostring(etree.fromstring(content), method="c14n", exclusive=True) == content


@given(messages(caseflow_codes=True))
@_RELAXED
def test_caseflow_carries_or_names_every_leaf(message: Message) -> None:
    document = _written(CaseflowAdapter(), message)
    entry = _read_back(CaseflowAdapter(), message)
    assert isinstance(entry.content, Payload)
    before = dict(flat(message.payload.model_dump(exclude_none=True)))
    after = dict(flat(entry.content.model_dump(exclude_none=True)))
    lost = {item.pointer for item in document.left_out}
    assert {pointer for pointer, value in before.items() if after.get(pointer) != value} == lost
    assert set(after) <= set(before)
    _same_header(entry, message)


@given(messages())
@_RELAXED
def test_stored_form_gives_back_an_equal_message(message: Message) -> None:
    assert load(dump(message)) == message

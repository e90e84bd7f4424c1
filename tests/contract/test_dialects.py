"""What every dialect owes of `adapters.contract.Adapter.read`: no more messages than it may, and no more memory."""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.agencies.declarative.adapter import DescribedAdapter, load
from adapters.agencies.flatfile.writing import write_batch
from adapters.agencies.ndelius.writing import write_interchange
from adapters.catalogue import DIALECTS, POINTING
from adapters.contract import MAX_MESSAGES, Adapter
from schemas.envelope import Entry, Message
from schemas.faults import Fault, FaultCode, Refusal
from schemas.identifiers import MessageId
from schemas.messages.connection_notification import ConnectionNotification
from tests.support.declarative import compiled, whole_mapping
from tests.support.dialects import message, outgoing, vector

_MAPPINGS = Path(__file__).parents[2] / "partners" / "dialects"
_CONTACT = DIALECTS["ndelius"].read(vector("plain/Contact-ins-full.xml")).entries[0]
_TEST = message(ConnectionNotification())


@dataclass(frozen=True, slots=True)
class Kept:
    """One dialect under the contract."""

    adapter: Adapter
    many: Callable[[int], bytes] | None = None
    """A document of so many messages, where the dialect has those."""
    place: str = ""
    """Where the third message begins, as partners are told."""


def _contacts(count: int) -> list[Message]:
    assert isinstance(_CONTACT, Entry)
    one = message(_CONTACT.payload)
    return [replace(one, message_id=MessageId(f"m-{number}")) for number in range(1, count + 1)]


def _interchange(count: int) -> bytes:
    return write_interchange(_contacts(count), outgoing()).content


def _batch(count: int) -> bytes:
    return write_batch(_contacts(count), outgoing()).content


def _plain_batch(count: int) -> bytes:
    """Batches of the described language without flourish, from one of them."""
    lines = _PLAIN.write(_TEST, outgoing()).content.split(b"\n")
    opened = next(number for number, line in enumerate(lines) if line.startswith(b'"OPEN"'))
    told = [line.replace(b'"OPEN";"1"', b'"OPEN";"%d"' % number, 1) for number in range(1, count + 1) for line in lines[opened:-1]]
    own = [line.replace(_TEST.message_id.encode(), b"m-%d" % number) for number, line in enumerate(told)]
    return b"\n".join([*lines[:opened], *own, b""])


def _without_trailer() -> DescribedAdapter:
    mapping = whole_mapping("csv", ["ConnectionNotification"])
    del mapping["values"]["number"]
    return compiled(mapping | {"csv": {name: said for name, said in mapping["csv"].items() if name != "trailer"}})


_PLAIN = _without_trailer()
_EVERY = {
    **{name: Kept(adapter) for name, adapter in DIALECTS.items() if name not in POINTING},
    "ndelius": Kept(DIALECTS["ndelius"], _interchange, "/SPGInterchange"),
    "flatfile": Kept(DIALECTS["flatfile"], _batch, "line 6"),
    "described: JSON": Kept(compiled(whole_mapping("json", ["ConnectionNotification"]))),
    "described: XML": Kept(compiled(whole_mapping("xml", ["ConnectionNotification"]))),
    "described: CSV": Kept(_PLAIN, _plain_batch, "line 6"),
    "described: the flat file": Kept(load((_MAPPINGS / "flatfile.yaml").read_text()), _batch, "line 6"),
}
_ALL = pytest.mark.parametrize("kept", _EVERY.values(), ids=list(_EVERY))
_OF_MANY = pytest.mark.parametrize("kept", [kept for kept in _EVERY.values() if kept.many], ids=[name for name, kept in _EVERY.items() if kept.many])


def _document(kept: Kept, count: int) -> bytes:
    assert kept.many is not None
    return kept.many(count)


def _refused(adapter: Adapter, content: bytes, limit: int) -> Fault:
    with pytest.raises(Refusal) as caught:
        adapter.read(content, limit)
    return caught.value.fault


@_ALL
def test_one_message_is_always_read(kept: Kept) -> None:
    content = kept.adapter.write(_TEST, outgoing()).content
    assert kept.adapter.read(content, 1) == kept.adapter.read(content) == kept.adapter.read(content, MAX_MESSAGES)
    assert len(kept.adapter.read(content, 1).entries) == 1


@_OF_MANY
def test_as_many_as_agreed_are_read(kept: Kept) -> None:
    content = _document(kept, 3)
    assert [type(entry) for entry in kept.adapter.read(content, 3).entries] == [Entry] * 3
    assert kept.adapter.read(content, 3) == kept.adapter.read(content)


@_OF_MANY
def test_reading_stops_with_a_fault_that_names_the_limit(kept: Kept) -> None:
    fault = _refused(kept.adapter, _document(kept, 3), 2)
    assert (fault.code, fault.pointer) == (FaultCode.TOO_COMPLEX, kept.place)
    assert "limit is 2" in fault.detail


@_OF_MANY
def test_what_follows_the_limit_is_not_looked_at(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken beyond the limit: whoever looked would say so."""
    monkeypatch.setattr("adapters.agencies.ndelius.parsing._WHOLE_BYTES", 0)
    whole = _document(kept, 300)
    broken = whole[: len(whole) // 2] + b'"<broken'
    assert _refused(kept.adapter, broken, MAX_MESSAGES).code is not FaultCode.TOO_COMPLEX
    assert _refused(kept.adapter, broken, 2).code is FaultCode.TOO_COMPLEX


@_OF_MANY
def test_what_is_not_to_be_read_takes_no_memory(kept: Kept) -> None:
    """Ten times as many messages beyond the limit cost their bytes (once as text), and nothing besides."""
    some, more = _document(kept, 300), _document(kept, 3000)
    kept.adapter.read(_document(kept, 2), 2)
    assert _peak(kept.adapter, more) - _peak(kept.adapter, some) < 1.2 * (len(more) - len(some))
    assert _peak(kept.adapter, more) < len(more) + 500_000


def _peak(adapter: Adapter, content: bytes) -> int:
    tracemalloc.start()
    try:
        assert _refused(adapter, content, 2).code is FaultCode.TOO_COMPLEX
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["flatfile", "described: the flat file"])
def test_lines_and_columns_of_one_message_are_bounded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, content = _EVERY[name].adapter, _batch(1)
    lines = content.split(b"\r\n")
    wide = b"\r\n".join([lines[0], lines[1] + b"," * 2000, *lines[2:]])
    fault = _refused(adapter, wide, 1)
    assert (fault.code, fault.pointer) == (FaultCode.TOO_COMPLEX, "line 2")
    module = "adapters.agencies.flatfile.batch" if name == "flatfile" else "adapters.agencies.declarative.csv_walk"
    monkeypatch.setattr(f"{module}.MAX_LINES_OF_MESSAGE", 3)
    fault = _refused(adapter, b"\r\n".join([*lines[:2], *[lines[2]] * 4, *lines[3:]]), 1)
    assert (fault.code, fault.pointer) == (FaultCode.TOO_COMPLEX, "line 6")

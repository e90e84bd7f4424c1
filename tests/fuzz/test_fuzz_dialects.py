"""Any bytes give an interchange or a refusal, in every dialect, and nothing else."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.agencies.ndelius.answers import read_interchange_response
from adapters.catalogue import DIALECTS
from schemas.envelope import Entry, Interchange, Message, Misread
from schemas.faults import Fault, FaultCode, Refusal
from schemas.identifiers import MessageId
from tests.support.dialects import VECTORS, messages, outgoing_for

_SEEDS = [path.read_bytes() for path in sorted(VECTORS.glob("*/*.xml"))]
_RELAXED = settings(max_examples=150, deadline=None)
_DIALECTS = pytest.mark.parametrize("name", sorted(DIALECTS))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def _read(name: str, content: bytes) -> None:
    try:
        interchange = DIALECTS[name].read(content)
    except Refusal as refusal:
        _is_told(refusal.fault)
        return
    assert isinstance(interchange, Interchange)
    for entry in interchange.entries:
        if isinstance(entry, Misread):
            assert entry.faults
            for fault in entry.faults:
                _is_told(fault)
        else:
            _write_to_all(entry)


def _is_told(fault: Fault, code: FaultCode | None = None) -> None:
    assert fault.row.title
    assert code is None or fault.code is code


def _write_to_all(entry: Entry) -> None:
    made = Message(MessageId("m"), entry.header, entry.payload)
    for adapter in DIALECTS.values():
        try:
            adapter.write(made, outgoing_for(made, answers="1"))
        except Refusal as refusal:
            _is_told(refusal.fault, FaultCode.NOT_TRANSLATABLE)


def _cut(content: bytes, start: int, end: int, replacement: bytes) -> bytes:
    first, last = sorted((start % (len(content) + 1), end % (len(content) + 1)))
    return content[:first] + replacement + content[min(last, first + 200) :]


@_DIALECTS
@given(content=st.binary(max_size=300))
@_RELAXED
def test_any_bytes(name: str, content: bytes) -> None:
    _read(name, content)
    with contextlib.suppress(Refusal):
        assert isinstance(read_interchange_response(content), int)


@given(
    seed=st.sampled_from(_SEEDS),
    start=st.integers(0, 10_000),
    end=st.integers(0, 10_000),
    replacement=st.binary(max_size=20) | st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
@_RELAXED
def test_damaged_interchanges(seed: bytes, start: int, end: int, replacement: bytes) -> None:
    _read("ndelius", _cut(seed, start, end, replacement))


@given(seed=st.sampled_from(_SEEDS), place=st.integers(0, 200), text=st.text(max_size=12))
@_RELAXED
def test_interchanges_with_other_texts(seed: bytes, place: int, text: str) -> None:
    pieces = seed.decode("utf-8", "replace").split("</")
    place %= len(pieces)
    pieces[place] = pieces[place].rpartition(">")[0] + ">" + text.replace("&", "&amp;").replace("<", "&lt;")
    _read("ndelius", "</".join(pieces).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", ["canonical", "caseflow"])
@given(made=messages(caseflow_codes=True), start=st.integers(0, 10_000), end=st.integers(0, 10_000), replacement=st.binary(max_size=12))
@_RELAXED
def test_damaged_json(name: str, made: object, start: int, end: int, replacement: bytes) -> None:
    _read(name, _cut(DIALECTS[name].write(made, outgoing_for(made, answers="1")).content, start, end, replacement))


@pytest.mark.parametrize("name", ["canonical", "caseflow"])
@given(made=messages(caseflow_codes=True), key=st.integers(0, 100), value=_JSON)
@_RELAXED
def test_json_with_other_values(name: str, made: object, key: int, value: object) -> None:
    form = json.loads(DIALECTS[name].write(made, outgoing_for(made, answers="1")).content)
    target = form["document"] if key % 2 and form["document"] else form["header"]
    target[sorted(target)[key % len(target)]] = value
    _read(name, json.dumps(form).encode("utf-8", "surrogatepass"))
    _read(name, json.dumps(form, ensure_ascii=False).encode("utf-8", "surrogatepass"))

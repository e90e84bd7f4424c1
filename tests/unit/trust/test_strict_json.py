"""JSON with two meanings, or none, is refused; plain JSON is read as everybody reads it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.contract import Limits
from gateway.trust.strict_json import parse, parse_object
from schemas.faults import FaultCode, Refusal

LIMITS = Limits()
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_plain_json_is_read_as_it_is(value: object, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode(), LIMITS) == value


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'[{"a":1,"\\u0061":2}]',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b'["\\u0000"]',
        b'"\x01"',
        b'"\xc0\x80"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"{'a':1}",
        b"[1,]",
        b"01",
        b"{} x",
        b"",
        b"9" * 5000,
    ],
)
def test_anything_else_is_malformed(raw: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        parse(raw, LIMITS)
    assert caught.value.fault.code is FaultCode.MALFORMED


def test_a_whole_surrogate_pair_and_an_escaped_backslash_are_plain() -> None:
    assert parse(b'"\\ud83d\\ude00"', LIMITS) == "\U0001f600"
    assert parse(b'"\\\\u0000"', LIMITS) == "\\u0000"


@pytest.mark.parametrize("raw", [b"[]", b'"x"', b"null", b"1"])
def test_only_an_object_will_do(raw: bytes) -> None:
    with pytest.raises(Refusal):
        parse_object(raw, LIMITS)


def test_brackets_in_texts_are_not_nesting() -> None:
    text = "[{" * 5000 + '\\"' * 50
    assert parse(json.dumps([text]).encode(), Limits(max_depth=3)) == [text]


@pytest.mark.parametrize("raw", [b"[" * 41, b'{"a":' * 41, b"[" * 2_000_000, b'["' + b'\\"' * 1_000_000 + b"[" * 100, b'{"a":[' + b"[]," * 200_000 + b"[]]}"])
def test_nesting_and_size_are_bounded_in_linear_time(raw: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        parse(raw, Limits(max_elements=100_000))
    assert caught.value.fault.code in {FaultCode.TOO_COMPLEX, FaultCode.MALFORMED}

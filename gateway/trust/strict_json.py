"""JSON read so that it can mean one thing only (RFC 8259 §4, RFC 7493).

What it is: a bounded parse that refuses duplicate names, numbers that are none, lone surrogates and NUL. What
it is not: a schema. Called before any JOSE header is believed, and on every payload once its signature holds;
so that whoever parses verified content later, with any parser, reads the same.
"""

import json
import math
import re

from gateway.trust.contract import Limits
from schemas.faults import FaultCode, Refusal, refuse

_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{},]', re.DOTALL)
"""Strings as one token, terminated or not, so that a scan is linear whatever the bytes."""
_SUSPICIOUS = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")


class _NotStrict(ValueError):
    """Valid to some parsers, not to us."""


def parse(raw: bytes, limits: Limits) -> object:
    """The one value in `raw`. Refuses with `too-complex` or `malformed`; details never quote the content."""
    _check_complexity(raw, limits)
    try:
        value: object = _DECODER.decode(raw.decode("utf-8"))
        if _SUSPICIOUS.search(raw):
            _check_texts(value)
    except _NotStrict as error:
        raise _malformed(str(error)) from error
    except json.JSONDecodeError as error:
        raise _malformed(f"not JSON at character {error.pos}") from error
    except (ValueError, RecursionError) as error:
        raise _malformed("not JSON in UTF-8") from error
    return value


def parse_object(raw: bytes, limits: Limits) -> dict[str, object]:
    """As `parse`, where only an object will do."""
    value = parse(raw, limits)
    if not isinstance(value, dict):
        raise _malformed("not a JSON object")
    return value


def _check_complexity(raw: bytes, limits: Limits) -> None:
    """Bound nesting and size before the parser builds anything: a cheap count first, an exact scan if need be."""
    openings = raw.count(b"{") + raw.count(b"[")
    if openings <= limits.max_depth and openings + raw.count(b",") <= limits.max_elements:
        return
    depth = elements = 0
    for token in _STRUCTURE.finditer(raw):
        match token.group():
            case b"{" | b"[":
                depth, elements = depth + 1, elements + 1
            case b"}" | b"]":
                depth -= 1
            case b",":
                elements += 1
        if depth > limits.max_depth or elements > limits.max_elements:
            raise refuse(FaultCode.TOO_COMPLEX, "The JSON is nested or repeated beyond the limits.", cause="json-complexity")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotStrict("a name stands twice in one object")
    return members


def _constant(_: str) -> object:
    raise _NotStrict("a number is not a number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _NotStrict("a number is out of range")
    return value


def _check_texts(value: object) -> None:
    """No half surrogate pairs, which cannot be encoded again, and no NUL, which stores cannot hold."""
    pending = [value]
    while pending:
        match pending.pop():
            case str() as text:
                if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
                    raise _NotStrict("a text holds NUL or half a surrogate pair")
            case list() as items:
                pending.extend(items)
            case dict() as members:
                pending.extend(members.keys())
                pending.extend(members.values())


def _malformed(reason: str) -> Refusal:
    return refuse(FaultCode.MALFORMED, f"The JSON was refused: {reason}.", cause="json")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)

"""What pydantic found, told as a fault.

What it is: the one translation of a `ValidationError` into a row of the fault table. What it is not: a
place that shows values: input never reaches a detail. Called by adapters, which know how a place in a
model is called in what the sender sent.
"""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.classes import class_of, repeatable
from schemas.faults import Fault, FaultCode
from schemas.identifiers import CODE_FORM, FORMS

Location = tuple[str | int, ...]
"""Where in a model: names and positions, from the outside in."""

_CODES: Final[Mapping[str, FaultCode]] = {
    "missing": FaultCode.ELEMENT_MISSING,
    "extra_forbidden": FaultCode.ELEMENT_UNKNOWN,
    "unexpected_keyword_argument": FaultCode.ELEMENT_UNKNOWN,
    "enum": FaultCode.CODE_UNKNOWN,
    "literal_error": FaultCode.CODE_UNKNOWN,
    "model_type": FaultCode.STRUCTURE_INVALID,
    "model_attributes_type": FaultCode.STRUCTURE_INVALID,
    "dict_type": FaultCode.STRUCTURE_INVALID,
    "tuple_type": FaultCode.STRUCTURE_INVALID,
    "too_short": FaultCode.ELEMENT_MISSING,
    "too_long": FaultCode.TOO_COMPLEX,
    "string_too_long": FaultCode.VALUE_TOO_LONG,
    "recursion_loop": FaultCode.TOO_COMPLEX,
    "json_invalid": FaultCode.MALFORMED,
}
_DETAILS: Final[Mapping[FaultCode, str]] = {
    FaultCode.ELEMENT_MISSING: "It is mandatory here.",
    FaultCode.ELEMENT_UNKNOWN: "The message type does not have it.",
    FaultCode.CODE_UNKNOWN: "The code is not in its list.",
    FaultCode.STRUCTURE_INVALID: "Another structure was expected.",
    FaultCode.TOO_COMPLEX: "There are more of them than the limit allows.",
    FaultCode.MALFORMED: "The JSON holds an escape that is no character, or a number that is not read.",
}
_OWN_CODES: Final = frozenset(FaultCode)
_NO_VALUE: Final = frozenset({FaultCode.ELEMENT_MISSING, FaultCode.ELEMENT_UNKNOWN, FaultCode.TOO_COMPLEX, FaultCode.STRUCTURE_INVALID})
"""Where there is no single value, or where it stands in a field that nobody knows the class of."""
_OF_VALUES: Final = frozenset(
    {
        FaultCode.VALUE_INVALID,
        FaultCode.VALUE_TOO_LONG,
        FaultCode.CODE_UNKNOWN,
        FaultCode.IDENTIFIER_INVALID,
        FaultCode.VERSION_UNKNOWN,
    }
)
"""Codes that judge a single value: where there is none, or something else than one, another code says so."""
_LIMITS: Final[Mapping[str, str]] = {"max_length": "It is longer than {} characters.", "ge": "It is less than {}.", "le": "It is more than {}."}
_BASIC: Final[Mapping[str, str]] = {
    "string_type": "A text was expected, in quotation marks.",
    "bool_type": "true or false was expected, without quotation marks.",
    "int_type": "A whole number was expected, without quotation marks.",
    "string_too_short": "It is empty. Where a value may be missing, write null.",
}
"""What the plainest checks expect, in the words of JSON."""
MAX_FAULTS: Final = 100
"""Per message: enough to mend it, and bounded."""


def faults_of(
    error: ValidationError, pointer: Callable[[Location], str], *, reference: int | None = None, model: type[BaseModel] | None = None
) -> tuple[Fault, ...]:
    """Everything wrong, in the order of the model. `pointer` turns a place into an XPath or JSON pointer; with
    the `model` that was checked, a value is told where the class of its field allows it."""
    found = _own_words(error.errors(include_url=False))
    return tuple(_fault(one, pointer, reference, model) for one in found[:MAX_FAULTS])


def fault_of(error: ValidationError, pointer: Callable[[Location], str], *, reference: int | None = None) -> Fault:
    """The first thing wrong as a fault, without its value."""
    return faults_of(error, pointer, reference=reference)[0]


def _own_words(found: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without what follows from another: a list whose items are wrong is not too short besides."""
    lists = {one["loc"] for one in found if one["type"] == "too_short"}
    inner = {place for place in lists if any(one["loc"][: len(place)] == place and len(one["loc"]) > len(place) for one in found)}
    return [one for one in found if one["loc"] not in inner or one["type"] != "too_short"] if inner else found


def _fault(one: ErrorDetails, pointer: Callable[[Location], str], reference: int | None, model: type[BaseModel] | None) -> Fault:
    code, detail = _told(one)
    if model is None or code in _NO_VALUE:
        return Fault(code, detail, pointer(one["loc"]), reference)
    kind = class_of(model, tuple(step for step in one["loc"] if isinstance(step, str)))
    return Fault(code, detail, pointer(one["loc"]), reference, repeatable(one.get("input"), kind))


def json_pointer(location: Location) -> str:
    """RFC 6901, each name cut to 64 characters; half a surrogate pair, which no text can carry, as its escape."""
    whole = "".join("/" + str(step)[:64].replace("~", "~0").replace("/", "~1") for step in location)
    return whole.encode("utf-8", "backslashreplace").decode("utf-8")


def _told(error: ErrorDetails) -> tuple[FaultCode, str]:
    code, detail = _by_type(error)
    found = error["input"]
    if found is None and code in _OF_VALUES:
        return FaultCode.ELEMENT_MISSING, "It has to have a value here."
    if isinstance(found, dict | list) and code in _OF_VALUES:
        return FaultCode.STRUCTURE_INVALID, "One value was expected, not a structure."
    return code, detail


def _by_type(error: ErrorDetails) -> tuple[FaultCode, str]:
    kind = error["type"]
    if kind in _OWN_CODES:
        return FaultCode(kind), error["msg"]
    if kind == "string_pattern_mismatch":
        return _misfit(str(error.get("ctx", {}).get("pattern")))
    code = _CODES.get(kind, FaultCode.VALUE_INVALID)
    return code, _DETAILS.get(code, _expectation(error))


def _misfit(form: str) -> tuple[FaultCode, str]:
    if form == CODE_FORM:
        return FaultCode.CODE_UNKNOWN, FORMS[form]
    if form in FORMS:
        return FaultCode.IDENTIFIER_INVALID, FORMS[form]
    return FaultCode.VALUE_INVALID, "It holds characters that its field does not allow."


def _expectation(error: ErrorDetails) -> str:
    if error["type"] in _BASIC:
        return _BASIC[error["type"]]
    limits = error.get("ctx", {})
    for name, sentence in _LIMITS.items():
        if name in limits:
            return sentence.format(limits[name])
    return "The value does not have the form of its field."

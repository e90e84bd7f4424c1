"""The forms of single values as XML Schema simple types.

What it is: kind of leaf and field of the model to a named type. What it is not: elements (see `schema`). A form
without a name here stops the generator, so that no field goes out unchecked. Padding is allowed wherever the
adapter trims: every type but long text collapses white space. Follows XML Schema 1.0 Part 2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.agencies.ndelius.codes import Kind
from adapters.agencies.ndelius.schema_fields import Field
from schemas.canonical.values import MONEY_FORM, SCORE_FORM
from schemas.identifiers import CONTROL_REFERENCE_FORM, CRN_FORM, ENTITY_FORM, FORMS, PROVIDER_FORM, SEARCH_FORM

Facets = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ValueType:
    """One xs:simpleType: a restriction of `base`, or where there is none the union of `members`."""

    name: str
    base: str
    facets: Facets
    doc: str
    members: tuple[str, ...] = ()


EMPTY: Final = ValueType("EmptyValue", "xs:token", (("length", "0"),), "Nothing: the field has no value.")
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZEROS: Final = "32 hexadecimal digits; all zeros say that there is no version yet."
_FIXED: Final[Mapping[str, ValueType]] = MappingProxyType(
    {
        "date": ValueType("DateValue", "xs:date", (("pattern", _DAY),), "YYYY-MM-DD, without a zone."),
        "time": ValueType("TimeValue", "xs:time", (("pattern", _CLOCK),), "HH:MM:SS, local, without a zone; up to six digits of a second's fraction."),
        "date-time": ValueType("DateTimeValue", "xs:dateTime", (("pattern", f"{_DAY}T{_CLOCK}"),), "YYYY-MM-DDTHH:MM:SS, local, without a zone."),
        "flag": ValueType("FlagValue", "xs:token", (("enumeration", "Y"), ("enumeration", "N")), "Y for yes, N for no."),
        "version": ValueType("VersionValue", "xs:token", (("pattern", "[0-9A-Fa-f]{32}"),), _ZEROS),
    }
)
_NUMBERS: Final[Mapping[tuple[str, int | None, int | None], tuple[str, str]]] = MappingProxyType(
    {
        ("count", 0, 999_999_999): ("CountValue", "Up to nine digits, without leading zeros."),
        ("count", 0, 999): ("ScoreValue", "A score in whole points."),
        ("count", 100, 999): ("StatusValue", "A status code of three digits."),
        ("number", 1, 999_999_999): ("NumberValue", "Up to nine digits, from 1."),
        ("number", 100, 999): ("AnswerValue", "A status code of three digits."),
    }
)
_DIGITS: Final[Mapping[str, str]] = MappingProxyType({"count": "0|[1-9][0-9]{0,8}", "number": "[0-9]{1,9}"})
_DECIMALS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {MONEY_FORM: ("MoneyValue", "Pounds, and pence after the point."), SCORE_FORM: ("RiskScoreValue", "A percentage with at most two decimals.")}
)
_FORMS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        CRN_FORM: ("CaseReferenceValue", FORMS[CRN_FORM]),
        ENTITY_FORM: ("RecordIdValue", f"{FORMS[ENTITY_FORM]} 0: the sender holds none yet."),
        PROVIDER_FORM: ("ProviderValue", FORMS[PROVIDER_FORM]),
        CONTROL_REFERENCE_FORM: ("ControlReferenceValue", FORMS[CONTROL_REFERENCE_FORM]),
        SEARCH_FORM: ("SearchValue", FORMS[SEARCH_FORM]),
        "^[a-z][a-z0-9-]{0,63}$": ("FaultCodeValue", "A code of the gateway's fault table."),
    }
)
_TEXTS: Final[Mapping[int, tuple[str, str, str]]] = MappingProxyType(
    {
        500: ("TextValue", "xs:token", "A line of text, up to 500 characters."),
        200_000: ("LongTextValue", "xs:string", r"Text of up to 200,000 characters, padding counted. White space is kept, and so are the markers \n and /n."),
    }
)


def value_type(kind: Kind, field: Field) -> ValueType:
    """The type of a leaf. Raises KeyError where the form has no name here."""
    return _FIXED[kind.name] if kind.name in _FIXED else _BY_KIND[kind.name](kind, field)


def optional(value: ValueType) -> ValueType:
    """The same, or empty."""
    return ValueType(f"Optional{value.name}", "", (), f"Empty, or: {value.doc}", (EMPTY.name, value.name))


def enumeration(name: str, codes: tuple[str, ...], doc: str) -> ValueType:
    """A closed list."""
    return ValueType(name, "xs:token", tuple(("enumeration", code) for code in codes), doc)


def _number(kind: Kind, field: Field) -> ValueType:
    name, doc = _NUMBERS[kind.name, field.least, field.most]
    limits = (("minInclusive", str(field.least)), ("maxInclusive", str(field.most)))
    return ValueType(name, "xs:nonNegativeInteger", (("pattern", _DIGITS[kind.name]), *limits), doc)


def _decimal(_: Kind, field: Field) -> ValueType:
    name, doc = _DECIMALS[field.pattern]
    return ValueType(name, "xs:decimal", (("pattern", _bare(field.pattern)),), doc)


def _coded(_: Kind, field: Field) -> ValueType:
    """`CODE`, `CODE/` or `CODE/Description`, each with blanks around the slash."""
    code, description = field.members["code"], field.members["description"]
    form = f"{_bare(code.pattern)} ?(/( ?[^ ].{{0,{description.longest - 1}}})?)?"
    return ValueType(f"{field.title}Value", "xs:token", (("pattern", form),), f"{FORMS[code.pattern]} A slash and a description may follow.")


def _text(_: Kind, field: Field) -> ValueType:
    if field.codes:
        return enumeration(f"{field.title}Value", field.codes, field.description)
    if field.longest:
        name, base, doc = _TEXTS[field.longest]
        return ValueType(name, base, (("minLength", "1"), ("maxLength", str(field.longest))), doc)
    name, doc = _FORMS[field.pattern]
    return ValueType(name, "xs:token", (("pattern", _bare(field.pattern)),), doc)


def _bare(pattern: str) -> str:
    """Patterns of XML Schema always mean the whole value."""
    return pattern.removeprefix("^").removesuffix("$")


_BY_KIND: Final[Mapping[str, Callable[[Kind, Field], ValueType]]] = MappingProxyType(
    {"count": _number, "number": _number, "decimal": _decimal, "coded": _coded, "text": _text}
)

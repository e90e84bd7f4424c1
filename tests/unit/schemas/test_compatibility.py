"""Changes between two schemas: each kind is seen, named and judged, in JSON Schemas and in XSDs."""

import json
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.agencies.canonical.schema import json_schema
from adapters.agencies.ndelius.schema import xsd
from schemas.compatibility import BREAKING, SENTENCES, Change, Fact, Facts, Kind, compare, dump_facts, load_facts
from schemas.json_facts import UnknownSchemaForm, facts_of_json
from schemas.releases import Announced, breaking_since, dump_release, idle, load_announced, load_release, unannounced
from schemas.versions import VERSIONS
from schemas.xsd_facts import facts_of_xsd

NEWEST = "0-9-14"
XS = "{http://www.w3.org/2001/XMLSchema}"
JsonDict = dict[str, object]


@cache
def _json_bytes() -> bytes:
    return json_schema(NEWEST)


@cache
def _xsd_bytes() -> bytes:
    return xsd(NEWEST)


@cache
def _json_facts() -> Facts:
    return facts_of_json(json.loads(_json_bytes()))


@cache
def _xsd_facts() -> Facts:
    return facts_of_xsd(etree.fromstring(_xsd_bytes()))


def _changed_json(change: Callable[[JsonDict], object]) -> tuple[Change, ...]:
    schema = json.loads(_json_bytes())
    change(schema["$defs"])
    return compare(_json_facts(), facts_of_json(schema))


def _changed_xsd(change: Callable[[etree._Element], object]) -> tuple[Change, ...]:
    root = etree.fromstring(_xsd_bytes())
    change(root)
    return compare(_xsd_facts(), facts_of_xsd(root))


def _kinds(changes: tuple[Change, ...]) -> set[tuple[Kind, str]]:
    return {(change.kind, change.path) for change in changes}


CONTACT, DOCUMENT = "ContactMessage/document", "Contact"


def _set(concept: str, member: str, **facts: object) -> Callable[[JsonDict], object]:
    return lambda defs: defs[concept]["properties"][member].update(facts)


def _drop(concept: str, member: str, keyword: str) -> Callable[[JsonDict], object]:
    return lambda defs: defs[concept]["properties"][member].pop(keyword)


IN_JSON: dict[str, tuple[Callable[[JsonDict], object], Kind, str]] = {
    "a field is gone": (lambda defs: defs["Contact"]["properties"].pop("notes"), Kind.FIELD_REMOVED, f"{CONTACT}/notes"),
    "a field with fields is gone": (lambda defs: defs["Contact"]["properties"].pop("responsible"), Kind.FIELD_REMOVED, f"{CONTACT}/responsible"),
    "optional to mandatory": (lambda defs: defs["Contact"]["required"].append("notes"), Kind.BECAME_MANDATORY, f"{CONTACT}/notes"),
    "mandatory to optional": (lambda defs: defs["Contact"]["required"].remove("alert"), Kind.BECAME_OPTIONAL, f"{CONTACT}/alert"),
    "a field is new": (lambda defs: defs["Contact"]["properties"].update(more={"type": "string"}), Kind.FIELD_ADDED, f"{CONTACT}/more"),
    "another type": (_set("Contact", "alert", type="string"), Kind.TYPE_CHANGED, f"{CONTACT}/alert"),
    "null is refused": (_set("Contact", "rar", type="boolean"), Kind.EMPTY_REFUSED, f"{CONTACT}/rar"),
    "null is refused of an object": (_set("Contact", "outcome", anyOf=[{"$ref": "#/$defs/Coded"}]), Kind.EMPTY_REFUSED, f"{CONTACT}/outcome"),
    "null is taken": (_set("Contact", "alert", type=["boolean", "null"]), Kind.EMPTY_ALLOWED, f"{CONTACT}/alert"),
    "shorter": (_set("Contact", "notes", maxLength=100), Kind.SHORTER, f"{CONTACT}/notes"),
    "a length where none was": (_set("Contact", "crn", maxLength=7), Kind.SHORTER, f"{CONTACT}/crn"),
    "longer": (_set("Contact", "notes", maxLength=300_000), Kind.LONGER, f"{CONTACT}/notes"),
    "no length any more": (_drop("Contact", "notes", "maxLength"), Kind.LONGER, f"{CONTACT}/notes"),
    "must be longer": (_set("Contact", "notes", minLength=2), Kind.LONGER_NEEDED, f"{CONTACT}/notes"),
    "may be shorter": (_drop("Contact", "notes", "minLength"), Kind.SHORTER_ALLOWED, f"{CONTACT}/notes"),
    "another pattern": (_set("Contact", "crn", pattern="^[A-Z][0-9]{5}$"), Kind.FORM_CHANGED, f"{CONTACT}/crn"),
    "another format": (_set("Contact", "crn", format="uuid"), Kind.FORM_CHANGED, f"{CONTACT}/crn"),
    "no pattern any more": (_drop("Contact", "crn", "pattern"), Kind.FORM_DROPPED, f"{CONTACT}/crn"),
    "a value is gone": (
        lambda defs: defs["TransferStatus"]["enum"].remove("TW"),
        Kind.VALUE_REMOVED,
        "ConsolidatedTransferRequestMessage/document/parts/[]/status",
    ),
    "a value is new": (
        lambda defs: defs["TransferStatus"]["enum"].append("XX"),
        Kind.VALUE_ADDED,
        "ConsolidatedTransferRequestMessage/document/parts/[]/status",
    ),
    "a list where none was": (_set("Contact", "crn", enum=["X123456"]), Kind.VALUE_REMOVED, f"{CONTACT}/crn"),
    "narrower from below": (_set("UPWDetails", "length_minutes", minimum=1), Kind.RANGE_NARROWER, "UPWDetailsMessage/document/length_minutes"),
    "narrower from above": (_set("UPWDetails", "length_minutes", maximum=10), Kind.RANGE_NARROWER, "UPWDetailsMessage/document/length_minutes"),
    "wider": (_drop("UPWDetails", "length_minutes", "maximum"), Kind.RANGE_WIDER, "UPWDetailsMessage/document/length_minutes"),
    "fewer items": (_set("Header", "recipients", maxItems=99), Kind.FEWER_ALLOWED, "ContactMessage/header/recipients"),
    "more items": (_drop("Header", "recipients", "maxItems"), Kind.MORE_ALLOWED, "ContactMessage/header/recipients"),
    "an item must be there": (_set("Header", "recipients", minItems=1), Kind.MORE_NEEDED, "ContactMessage/header/recipients"),
    "an item need not be there": (
        _drop("ConsolidatedTransferRequest", "parts", "minItems"),
        Kind.FEWER_NEEDED,
        "ConsolidatedTransferRequestMessage/document/parts",
    ),
    "another condition": (
        lambda defs: defs["TransferRequestPart"]["allOf"][0]["if"].update(required=["kind"]),
        Kind.RULE_CHANGED,
        "ConsolidatedTransferRequestMessage/document/parts/[]",
    ),
    "no condition": (lambda defs: defs["TransferRequestPart"].pop("allOf"), Kind.RULE_DROPPED, "ConsolidatedTransferRequestMessage/document/parts/[]"),
    "closed": (lambda defs: defs["Contact"].update(additionalProperties=True), Kind.OPENED, CONTACT),
}


@pytest.mark.parametrize(("change", "kind", "path"), IN_JSON.values(), ids=list(IN_JSON))
def test_change_of_a_json_schema_is_named(change: Callable[[JsonDict], object], kind: Kind, path: str) -> None:
    found = _changed_json(change)
    assert (kind, path) in _kinds(found)
    assert {one.kind for one in found} == {kind}


def test_a_new_mandatory_field_breaks() -> None:
    def add(defs: JsonDict) -> None:
        defs["Contact"]["properties"]["more"] = {"type": "string"}
        defs["Contact"]["required"].append("more")

    assert _kinds(_changed_json(add)) == {(Kind.NEW_MANDATORY, f"{CONTACT}/more")}


def test_what_is_mandatory_inside_of_something_optional_breaks_nothing() -> None:
    def add(defs: JsonDict) -> None:
        defs["Contact"]["properties"]["more"] = {"type": "object", "properties": {"inner": {"type": "string"}}, "required": ["inner"]}

    assert _kinds(_changed_json(add)) == {(Kind.FIELD_ADDED, f"{CONTACT}/more")}


def test_a_type_or_action_that_is_gone_breaks() -> None:
    schema = json.loads(_json_bytes())
    schema["oneOf"] = [form for form in schema["oneOf"] if not form["$ref"].endswith("/ContactMessage")]
    schema["$defs"]["AddressMessage"]["properties"]["header"]["allOf"][1]["properties"]["action"]["enum"].remove("DEL")
    found = compare(_json_facts(), facts_of_json(schema))
    assert _kinds(found) == {(Kind.FIELD_REMOVED, "ContactMessage"), (Kind.VALUE_REMOVED, "AddressMessage/header/action")}
    back = compare(facts_of_json(schema), _json_facts())
    assert _kinds(back) == {(Kind.FIELD_ADDED, "ContactMessage"), (Kind.VALUE_ADDED, "AddressMessage/header/action")}


def test_words_for_people_are_no_change() -> None:
    assert _changed_json(_set("Contact", "crn", title="Case", description="Another sentence.", **{"x-class": "code"})) == ()


def _named(root: etree._Element, kind: str, name: str) -> etree._Element:
    (found,) = [node for node in root.findall(f"{XS}{kind}") if node.get("name") == name]
    return found


def _element(root: etree._Element, kind: str, name: str) -> etree._Element:
    (found,) = [node for node in _named(root, "complexType", kind).iter(f"{XS}element") if node.get("name") == name]
    return found


def _removed(node: etree._Element) -> None:
    node.getparent().remove(node)


def _facet(root: etree._Element, name: str, facet: str, value: str) -> None:
    """The facet with this value, in place of those of its kind."""
    restriction = _named(root, "simpleType", name).find(f"{XS}restriction")
    for one in restriction.findall(f"{XS}{facet}"):
        restriction.remove(one)
    etree.SubElement(restriction, f"{XS}{facet}", value=value)


RECORD = "SPGInterchange/SPGMessage/Address/AddressDetails/OffenderAddress"
HEADER = "SPGInterchange/SPGInterchangeHeader"


def _swap(root: etree._Element) -> None:
    district = _element(root, "AddressRecord", "District")
    district.getparent().insert(1, district)


IN_XSD: dict[str, tuple[Callable[[etree._Element], object], Kind, str]] = {
    "an element is gone": (lambda root: _removed(_element(root, "AddressRecord", "County")), Kind.FIELD_REMOVED, f"{RECORD}/County"),
    "optional to mandatory": (
        lambda root: _element(root, "SPGInterchangeHeader", "ApplicationReference").attrib.pop("minOccurs"),
        Kind.BECAME_MANDATORY,
        f"{HEADER}/ApplicationReference",
    ),
    "mandatory to optional": (lambda root: _element(root, "AddressRecord", "County").set("minOccurs", "0"), Kind.BECAME_OPTIONAL, f"{RECORD}/County"),
    "a new mandatory element": (
        lambda root: _element(root, "AddressRecord", "County").addnext(etree.Element(f"{XS}element", name="More", type="spg:DateValue")),
        Kind.NEW_MANDATORY,
        f"{RECORD}/More",
    ),
    "a new optional element": (
        lambda root: _element(root, "AddressRecord", "County").addnext(etree.Element(f"{XS}element", name="More", type="spg:DateValue", minOccurs="0")),
        Kind.FIELD_ADDED,
        f"{RECORD}/More",
    ),
    "another order": (_swap, Kind.ORDER_CHANGED, RECORD),
    "empty is refused": (lambda root: _element(root, "AddressRecord", "County").set("type", "spg:TextValue"), Kind.EMPTY_REFUSED, f"{RECORD}/County"),
    "more repeats": (lambda root: _element(root, "AddressRecord", "County").set("maxOccurs", "2"), Kind.MORE_ALLOWED, f"{RECORD}/County"),
    "fewer repeats": (lambda root: _element(root, "SPGInterchange", "SPGMessage").set("maxOccurs", "1"), Kind.FEWER_ALLOWED, "SPGInterchange/SPGMessage"),
    "more must stand": (lambda root: _element(root, "SPGInterchange", "SPGMessage").set("minOccurs", "2"), Kind.MORE_NEEDED, "SPGInterchange/SPGMessage"),
    "shorter": (lambda root: _facet(root, "TextValue", "maxLength", "9"), Kind.SHORTER, f"{RECORD}/County"),
    "another pattern": (lambda root: _facet(root, "ProviderValue", "pattern", "[A-Z]{3}"), Kind.FORM_CHANGED, f"{HEADER}/SenderIdentity"),
    "a list of values": (
        lambda root: _facet(root, "MessageTypeValue", "enumeration", "INS"),
        Kind.VALUE_REMOVED,
        "SPGInterchange/SPGMessage/SPGMessageHeader/MessageType",
    ),
    "another type": (lambda root: _element(root, "AddressRecord", "NoFixedAbode").set("type", "xs:boolean"), Kind.TYPE_CHANGED, f"{RECORD}/NoFixedAbode"),
    "narrower": (
        lambda root: _facet(root, "NumberValue", "maxInclusive", "9"),
        Kind.RANGE_NARROWER,
        "SPGInterchange/SPGMessage/SPGMessageHeader/MessageReferenceNumber",
    ),
    "an attribute is gone": (
        lambda root: _removed(_named(root, "complexType", "SPGInterchange").findall(f"{XS}attribute")[1]),
        Kind.FIELD_REMOVED,
        "SPGInterchange/@SchemaDate",
    ),
    "an alternative is gone": (
        lambda root: _removed(_element(root, "Address", "AddressDetailsD")),
        Kind.FIELD_REMOVED,
        "SPGInterchange/SPGMessage/Address/AddressDetailsD",
    ),
}


@pytest.mark.parametrize(("change", "kind", "path"), IN_XSD.values(), ids=list(IN_XSD))
def test_change_of_an_xsd_is_named(change: Callable[[etree._Element], object], kind: Kind, path: str) -> None:
    found = _changed_xsd(change)
    assert (kind, path) in _kinds(found)
    if kind is not Kind.TYPE_CHANGED:
        assert {one.kind for one in found} == {kind}


def test_order_tells_the_names_that_moved() -> None:
    (change,) = _changed_xsd(_swap)
    assert change.after.startswith("District, OffenderID")
    assert change.before.startswith("OffenderID")


def test_every_kind_has_its_sentence_and_the_breaking_ones_are_these() -> None:
    assert set(SENTENCES) == set(Kind)
    named = {"field-removed", "new-mandatory", "became-mandatory", "type-changed", "order-changed", "shorter", "form-changed", "value-removed"}
    assert named <= {kind.value for kind in BREAKING}
    assert {kind for _, kind, _ in (*IN_JSON.values(), *IN_XSD.values())} | {Kind.CLOSED} == set(Kind)


@pytest.mark.parametrize("kind", sorted(kind for kind in Kind if kind.value.endswith("ed") and kind in (Kind.CLOSED, Kind.OPENED)))
def test_closing_breaks_and_opening_does_not(kind: Kind) -> None:
    loose, tight = {"a": Fact(type="object")}, {"a": Fact(type="object", closed=True)}
    old, new = (loose, tight) if kind is Kind.CLOSED else (tight, loose)
    (change,) = compare(old, new)
    assert (change.kind, change.breaking) == (kind, kind is Kind.CLOSED)


@pytest.mark.parametrize("facts", [_json_facts, _xsd_facts], ids=["json", "xml"])
def test_a_change_and_its_reverse_never_both_pass(facts: Callable[[], Facts]) -> None:
    """What tightens one way loosens the other: of the kinds with a direction exactly one side breaks."""
    full = dict(list(facts().items())[:80])
    for name, tighter in (("max_length", 1), ("minimum", 10**9), ("least", 3), ("required", True), ("closed", True)):
        for path in [path for path, fact in full.items() if getattr(fact, name) != tighter]:
            changed = full | {path: replace(full[path], **{name: tighter})}
            assert any(change.breaking for change in compare(full, changed)) != any(change.breaking for change in compare(changed, full)), (name, path)


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_differ_in_nothing_but_their_names(version: str) -> None:
    """Nothing else is known of their differences (schemas.versions)."""
    assert compare(_json_facts(), facts_of_json(json.loads(json_schema(version)))) == ()
    assert compare(_xsd_facts(), facts_of_xsd(etree.fromstring(xsd(version)))) == ()


def test_facts_are_kept_as_they_are() -> None:
    for facts in (_json_facts(), _xsd_facts()):
        assert load_facts(json.loads(json.dumps(dump_facts(facts)))) == facts
    with pytest.raises(ValueError, match="type"):
        load_facts({"a": {"required": True}})


def test_release_is_kept_as_it_is_and_equal_versions_once() -> None:
    released = {"json": {"0-9-13": _json_facts(), "0-9-14": _json_facts()}, "xml": {"0-9-14": _xsd_facts()}}
    kept = dump_release(released)
    assert load_release(kept) == released
    assert json.loads(kept)["forms"]["json"]["0-9-14"] == "0-9-13"


def _with_shorter_notes() -> Facts:
    schema = json.loads(_json_bytes())
    schema["$defs"]["Contact"]["properties"]["notes"]["maxLength"] = 10
    return facts_of_json(schema)


def test_a_breaking_change_must_be_announced_where_it_is() -> None:
    last, now = {"json": {"0-9-14": _json_facts()}}, {"json": {"0-9-14": _with_shorter_notes()}}
    found = tuple(breaking_since(last, now))
    assert [(one.form, one.version, one.change.kind, one.change.path) for one in found] == [("json", "0-9-14", Kind.SHORTER, f"{CONTACT}/notes")]
    told = {"form": "json", "versions": ["0-9-14"], "path": f"{CONTACT}/notes", "kind": "shorter", "reason": "nDelius takes no more."}
    (announced,) = load_announced(json.dumps([told]).encode())
    assert unannounced(found, ()) == found
    assert unannounced(found, (announced,)) == ()
    for other in ({"form": "xml"}, {"versions": ["0-9-13"]}, {"path": f"{CONTACT}/crn"}, {"kind": "form-changed"}):
        (elsewhere,) = load_announced(json.dumps([told | other]).encode())
        assert unannounced(found, (elsewhere,)) == found
        assert idle(found, (elsewhere,)) == (elsewhere,)
    assert idle(found, (announced,)) == ()


def test_a_version_that_is_gone_breaks() -> None:
    found = tuple(breaking_since({"xml": {"0-9-9": _xsd_facts()}}, {"xml": {}}))
    assert {(one.change.kind, one.change.path) for one in found} == {(Kind.FIELD_REMOVED, "SPGInterchange"), (Kind.FIELD_REMOVED, "SPGInterchangeResponse")}


def test_an_announcement_needs_its_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        load_announced(b'[{"form": "json", "versions": [], "path": "a", "kind": "shorter"}]')
    assert Announced(form="json", versions=(), path="a", kind=Kind.SHORTER, reason="x").kind in BREAKING


def test_a_schema_that_goes_round_is_refused() -> None:
    round_about = {"$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}}}, "$ref": "#/$defs/A"}
    with pytest.raises(UnknownSchemaForm, match="nested"):
        facts_of_json(round_about)
    with pytest.raises(UnknownSchemaForm, match="nested"):
        facts_of_json({"$defs": {"A": {"$ref": "#/$defs/A"}}, "$ref": "#/$defs/A"})
    with pytest.raises(UnknownSchemaForm, match="ref"):
        facts_of_json({"$ref": "other.json"})


def _schema(inside: str) -> etree._Element:
    return etree.fromstring(f'<x:schema xmlns:x="{XS[1:-1]}">{inside}</x:schema>')


def test_an_xsd_that_goes_round_or_does_more_is_refused() -> None:
    with pytest.raises(UnknownSchemaForm, match="nested"):
        facts_of_xsd(_schema('<x:element name="a" type="t"/><x:complexType name="t"><x:sequence><x:element name="b" type="t"/></x:sequence></x:complexType>'))
    for content in ("<x:simpleContent/>", "<x:sequence><x:any/></x:sequence>"):
        with pytest.raises(UnknownSchemaForm, match="not read"):
            facts_of_xsd(_schema(f'<x:element name="a"><x:complexType>{content}</x:complexType></x:element>'))
    with pytest.raises(UnknownSchemaForm, match="named"):
        facts_of_xsd(_schema('<x:element name="a" type="t"/>'))
    with pytest.raises(UnknownSchemaForm, match="no XML Schema"):
        facts_of_xsd(etree.fromstring("<schema/>"))


def test_a_schema_that_swells_is_refused() -> None:
    defs = {f"A{depth}": {"properties": {side: {"$ref": f"#/$defs/A{depth + 1}"} for side in "abcdefgh"}} for depth in range(10)}
    with pytest.raises(UnknownSchemaForm, match="too many"):
        facts_of_json({"$defs": {**defs, "A10": {}}, "$ref": "#/$defs/A0"})


_JUNK = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.just(float("inf")), st.text(max_size=2), st.just([[]]), st.just([{}]), st.just({"a": 1}))
_SMALL = {
    "$id": "urn:x:0-9-14",
    "$defs": {"A": {"type": ["object", "null"], "properties": {"a": {"$ref": "#/$defs/B"}}, "required": ["a"], "allOf": [{"if": {}}]}, "B": {"enum": ["x"]}},
    "oneOf": [{"$ref": "#/$defs/A"}, {"type": "array", "items": {"type": "string", "minLength": 1, "pattern": "a"}, "maxItems": 3, "anyOf": [{}, {}]}],
}


def _places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for step, member in inner for below in _places(member, (*path, step)))]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_places(_SMALL)[1:]), _JUNK)
def test_a_broken_json_schema_is_read_or_refused(path: tuple[str | int, ...], junk: object) -> None:
    schema = deepcopy(_SMALL)
    holder: object = schema
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = junk
    with suppress(UnknownSchemaForm):
        assert facts_of_json(schema)


_SMALL_XSD = """
<x:element name="a" type="t"/><x:element name="d" type="u"/>
<x:complexType name="t"><x:sequence minOccurs="0"><x:element name="b" type="u" maxOccurs="2"/><x:choice><x:element ref="d"/></x:choice></x:sequence>
<x:attribute name="c" type="v" use="required"/></x:complexType>
<x:simpleType name="u"><x:restriction base="x:int"><x:maxInclusive value="7"/><x:pattern value="7"/></x:restriction></x:simpleType>
<x:simpleType name="v"><x:union memberTypes="u w"/></x:simpleType>
<x:simpleType name="w"><x:restriction base="x:token"><x:maxLength value="0"/></x:restriction></x:simpleType>
"""


@pytest.mark.parametrize("junk", ["", "x", "-1", "t", "u", "nan", None])
def test_a_broken_xsd_is_read_or_refused(junk: str | None) -> None:
    for number, node in enumerate(_schema(_SMALL_XSD).iter()):
        for name in node.attrib:
            broken = list((root := _schema(_SMALL_XSD)).iter())[number]
            broken.attrib.pop(name) if junk is None else broken.set(name, junk)
            with suppress(UnknownSchemaForm):
                assert facts_of_xsd(root) is not None
    assert facts_of_xsd(_schema(_SMALL_XSD))["a/@c"].empty


def test_a_type_that_stands_on_itself_is_refused() -> None:
    with pytest.raises(UnknownSchemaForm, match="nested"):
        facts_of_xsd(_schema('<x:element name="a" type="t"/><x:simpleType name="t"><x:restriction base="t"/></x:simpleType>'))


def test_groups_and_anonymous_types_are_read() -> None:
    inner = '<x:simpleType><x:restriction base="x:string"><x:length value="3"/><x:totalDigits value="2"/></x:restriction></x:simpleType>'
    content = (
        f'<x:choice minOccurs="0" maxOccurs="5"><x:element name="b" maxOccurs="2">{inner}</x:element><x:sequence><x:element ref="c"/></x:sequence></x:choice>'
    )
    facts = facts_of_xsd(_schema(f'<x:element name="c" type="x:int"/><x:element name="a"><x:complexType>{content}</x:complexType></x:element>'))
    assert facts["a/b"] == Fact(type="xs:string", most=10, min_length=3, max_length=3, rules=("totalDigits=2",), order=facts["a/b"].order)
    assert (facts["a/c"].type, facts["a/c"].most, facts["a/c"].required) == ("xs:int", 5, False)
    assert facts["a/(choice 0)"].required is False


def test_a_copy_is_no_change() -> None:
    assert compare(_json_facts(), deepcopy(dict(_json_facts()))) == ()

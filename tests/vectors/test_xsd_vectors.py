"""The samples against the XSD of their version: all that are right are valid, and the schema agrees with the adapter.

What the adapter refuses and the schema does not is listed here, each with its reason; the other way round there
is nothing.
"""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.schema import xsd
from adapters.agencies.ndelius.writing import schema_file, write_interchange
from schemas.canonical.case import Deletion, EntityVersion
from schemas.envelope import Action, Misread
from schemas.faults import FaultCode, Refusal
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.versions import VERSIONS
from tests.support.dialects import SPG, VECTORS, message, outgoing_for, vector
from tests.support.tree import ROOT
from tests.support.xsd import complaint

_ADAPTER = NdeliusAdapter()
_PLAIN = sorted(path.name for path in (VECTORS / "plain").glob("*.xml"))
_INTERCHANGES = [name for name in _PLAIN if not name.startswith("SPGInterchangeResponse")]
_SIGNED = sorted((VECTORS.parent / "wss").glob("*.xml"))
_NO_XML = {"malformed-unescaped-Contact.xml"}
_WRONG_IN_STRUCTURE = {"unknown-transaction-request-has-fail-element.xml"}
_WRONG_BETWEEN_ELEMENTS = {"control-count-mismatch.xml", "message-reference-mismatch.xml", "trailer-identity-mismatch.xml"}
"""A count, a repeated number or identity: one value against another is not a schema's business."""

_NUMBERING = frozenset({FaultCode.MESSAGE_REFERENCE_MISMATCH, FaultCode.CONTROL_COUNT_WRONG})
_ADAPTER_ALONE: dict[str, frozenset[FaultCode]] = {
    # Messages are numbered from 1 and counted.
    "SPGMessage": _NUMBERING,
    # Header and trailer name the same interchange, and two types must name one; others need none.
    "ReceiverControlReference": frozenset({FaultCode.CONTROL_REFERENCE_MISMATCH}),
    # A rejection has its reason; what is no rejection has none.
    "OMTransferRejectedReason": frozenset({FaultCode.ELEMENT_MISSING}),
    "RQTransferRejectedReason": frozenset({FaultCode.ELEMENT_MISSING}),
}
"""Element whose place was changed, to the faults that only the adapter can find."""


@pytest.mark.parametrize("version", VERSIONS)
def test_published_file_is_the_generated_one(version: str) -> None:
    assert (ROOT / "schemas" / "published" / version / schema_file(version)).read_bytes() == xsd(version)


@pytest.mark.parametrize("name", _PLAIN)
def test_sample_is_valid(name: str) -> None:
    root = etree.fromstring(vector(f"plain/{name}"))
    versions = [str(root.get("SchemaVersion"))] if name in _INTERCHANGES else list(VERSIONS)
    assert [complaint(root, version) for version in versions] == [""] * len(versions)


def test_no_bogus_sample_is_forgotten() -> None:
    assert {path.name for path in (VECTORS / "bogus").glob("*.xml")} == _NO_XML | _WRONG_IN_STRUCTURE | _WRONG_BETWEEN_ELEMENTS


@pytest.mark.parametrize("name", sorted(_NO_XML))
def test_malformed_sample_is_no_document(name: str) -> None:
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(vector(f"bogus/{name}"))


@pytest.mark.parametrize("name", sorted(_WRONG_IN_STRUCTURE))
def test_sample_of_wrong_structure_is_invalid(name: str) -> None:
    root = etree.fromstring(vector(f"bogus/{name}"))
    assert complaint(root)
    for empty in list(root.iter(f"{SPG}TransferID", f"{SPG}OffenderID")):
        empty.text = "1"
    root.find(f".//{SPG}TransferDate").text = "2020-01-10"
    root.find(f".//{SPG}TransferUser").text = "Thackery,Ione"
    assert "fail" in complaint(root), "the element is wrong whatever the values are"


@pytest.mark.parametrize("name", sorted(_WRONG_BETWEEN_ELEMENTS))
def test_values_against_each_other_are_left_to_the_adapter(name: str) -> None:
    assert complaint(etree.fromstring(vector(f"bogus/{name}"))) == ""
    with pytest.raises(Refusal):
        _ADAPTER.read(vector(f"bogus/{name}"))


@pytest.mark.parametrize("path", _SIGNED, ids=lambda path: path.name)
def test_payload_of_a_signed_sample_is_valid(path: Path) -> None:
    (body,) = [child for child in etree.parse(str(path)).getroot() if etree.QName(child).localname == "Body"]
    (payload,) = body
    assert complaint(etree.fromstring(etree.tostring(payload))) == ""


def _faults(content: bytes) -> set[FaultCode]:
    try:
        entries = _ADAPTER.read(content).entries
    except Refusal as refusal:
        return {refusal.fault.code}
    return {entry.faults[0].code for entry in entries if isinstance(entry, Misread)}


def _one_place_changed(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Says what was done, while the tree is changed in one place; then puts it back."""
    for element in list(root.iterdescendants()):
        parent, place = element.getparent(), element.getparent().index(element)
        name = etree.QName(element).localname
        parent.remove(element)
        yield "deleted", name
        parent.insert(place, element)
        parent.insert(place, copy.deepcopy(element))
        yield "doubled", name
        parent.remove(parent[place])
        element.tag += "X"
        yield "renamed", name
        element.tag = SPG + name
        following = element.getnext()
        if following is not None:
            parent.insert(place, following)
            yield "swapped", name
            parent.insert(place, element)
        if not len(element) and element.text:
            text, element.text = element.text, " "
            yield "emptied", name
            element.text = text


def _agree(root: etree._Element) -> int:
    """Holds adapter and schema against each other in every place; how many there were."""
    as_it_was, seen = etree.tostring(root), 0
    for done, place in _one_place_changed(root):
        faults, told = _faults(etree.tostring(root)), complaint(root)
        known = _ADAPTER_ALONE.get(place, frozenset())
        assert bool(faults) == bool(told) or (faults <= known and not told), (done, place, faults, told)
        seen += 1
    assert etree.tostring(root) == as_it_was
    return seen


@pytest.mark.parametrize("name", _INTERCHANGES)
def test_schema_and_adapter_agree_on_every_changed_place(name: str) -> None:
    assert _agree(etree.fromstring(vector(f"plain/{name}"), etree.XMLParser(remove_blank_text=True))) > 60


@pytest.mark.parametrize("kind", ["Contact", "CustodyDate", "UPWDetails"])
def test_they_agree_on_reduced_deletes(kind: str) -> None:
    payload = Deletion(crn="A123456", version=EntityVersion(updated_by="Wray,Corin"), record_id="7")
    made = message(payload, type=kind, action=Action.DELETE)
    assert _agree(etree.fromstring(write_interchange((made,), outgoing_for(made)).content)) > 60


def test_they_agree_on_entries_of_a_status_notification() -> None:
    entries = [{"reference": number, "status_code": 409, "fault": "version-conflict", "current_version": "A" * 32} for number in (1, 2)]
    made = message(InterchangeStatusNotification.model_validate({"status_code": 409, "messages": entries}), in_reply_to="1569786981737")
    assert _agree(etree.fromstring(write_interchange((made,), outgoing_for(made)).content)) > 60

"""No personal value gets into any face of a fault, whichever field of whichever message it slipped into."""

import copy
import json
from collections.abc import Iterator

import pytest
from lxml import etree

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.ndelius.adapter import NdeliusAdapter
from gateway.api.faults import SOAP_11, SOAP_12, problem, soap_fault
from gateway.exchange.receipts import fault_claim
from schemas.faults import Fault
from schemas.receipts import MessageVerdict, Receipt, Stage, encode
from schemas.telling import MAX_ALSO, line, members
from tests.support.mutations import faults_in
from tests.support.mutations_json import json_bases
from tests.support.mutations_xml import xml_bases

PERSONAL = ("Quillfeather", "QUILLFEATHER,I", "1987-03-12", "12/03/1987", "19870312", "Q876973", "Q1234QC", "2015/0012345W", "07700900123", "QQ123456C")


def _xml(content: bytes, value: str) -> Iterator[bytes]:
    """The value in every element that holds text, and in every attribute, one at a time."""
    root = etree.fromstring(content)
    for element in [found for found in root.iter() if not len(found)]:
        kept, element.text = element.text, value
        yield etree.tostring(root)
        element.text = kept
    for name, kept_value in list(root.attrib.items()):
        root.set(name, value)
        yield etree.tostring(root)
        root.set(name, kept_value)


def _json(content: bytes, value: str) -> Iterator[bytes]:
    """The value in every member and item that holds no further ones."""

    def places(found: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
        inside = list(found.items()) if isinstance(found, dict) else list(enumerate(found)) if isinstance(found, list) else []
        if not inside:
            yield path
        for name, inner in inside:
            yield from places(inner, (*path, name))

    form = json.loads(content)
    for path in list(places(form)):
        changed = copy.deepcopy(form)
        target = changed
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value
        yield json.dumps(changed).encode()


def _faces(faults: list[Fault]) -> str:
    """Everything that anybody is told of these faults."""
    first, *also = faults
    claims = [MessageVerdict("", "1/1", "refused", fault_claim(fault)) for fault in faults]
    receipt = Receipt(issuer="i", audience="a", receipt_id="r", issued_at=1, stage=Stage.REFUSED, subject="s", messages=tuple(claims), fault=fault_claim(first))
    answers = [problem(first, instance="", also=also), *(soap_fault(first, version, instance="", also=also) for version in (SOAP_11, SOAP_12))]
    texts = [answer.body.decode() for answer in answers]
    return "\n".join([*texts, encode(receipt).decode(), *(line(members(fault)) for fault in faults), *map(str, faults)])


def _told(faults: list[Fault]) -> Iterator[str]:
    for start in range(0, len(faults), MAX_ALSO):
        yield _faces(faults[start : start + MAX_ALSO])


@pytest.mark.parametrize("name", [name for name in sorted(xml_bases()) if "del-reduced" not in name])
def test_of_the_xml_form(name: str) -> None:
    for value in PERSONAL:
        faults = [fault for changed in _xml(xml_bases()[name], value) for fault in faults_in(NdeliusAdapter().read, changed)]
        assert faults
        assert not [face for face in _told(faults) if value.casefold() in face.casefold()], value


@pytest.mark.parametrize("name", [name for name in sorted(json_bases()) if "del-reduced" not in name])
def test_of_the_json_form(name: str) -> None:
    for value in PERSONAL:
        faults = [fault for changed in _json(json_bases()[name], value) for fault in faults_in(CanonicalAdapter().read, changed)]
        assert faults
        assert not [face for face in _told(faults) if value.casefold() in face.casefold()], value


def test_a_code_that_is_wrong_is_told_in_every_face() -> None:
    base = xml_bases()["ConsolidatedTransferRequest-OM-new"]
    (fault,) = faults_in(NdeliusAdapter().read, base.replace(b"<OMTransferStatus>PN<", b"<OMTransferStatus>ZQ<"))
    assert fault.value == "ZQ"
    assert _faces([fault]).count("ZQ") >= 5

"""What the audit chain keeps of the place of a fault: nothing that a sender named."""

import pytest

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from gateway.exchange.places import chained_place
from schemas.faults import Fault, FaultCode
from tests.support.dialects import first_fault, vector

_NAME = b"JohnSmith07712345678"


@pytest.mark.parametrize("changed", [b"<JohnSmith07712345678/><Alert>", b"<Alert>N</Alert><JohnSmith07712345678>x</JohnSmith07712345678><Alert>"])
def test_an_element_that_the_sender_named_is_not_kept(changed: bytes) -> None:
    (entry,) = NdeliusAdapter().read(vector("plain/Contact-ins-full.xml").replace(b"<Alert>", changed, 1)).entries
    fault = first_fault(entry)
    assert _NAME.decode() in fault.pointer
    assert chained_place(fault) == "/SPGInterchange/SPGMessage[1]/Contact/ContactDetails/Contact"


def test_a_type_that_the_sender_named_is_not_kept() -> None:
    content = vector("plain/OFFLOCRequest2-ins.xml").replace(b"<OFFLOCRequest2>", b"<" + _NAME + b">", 1)
    content = _NAME.join(content.rsplit(b"OFFLOCRequest2", 1))
    (entry,) = NdeliusAdapter().read(content).entries
    fault = first_fault(entry)
    assert fault.code is FaultCode.TYPE_UNKNOWN
    assert chained_place(fault) == "/SPGInterchange/SPGMessage[1]"


def test_a_name_of_json_that_stands_twice_is_not_kept() -> None:
    fault = Fault(FaultCode.ELEMENT_REPEATED, "", "/document/John Smith/x")
    assert chained_place(fault) == "/document"


def test_every_other_place_is_kept_whole() -> None:
    fault = Fault(FaultCode.VALUE_INVALID, "", "/document/start_time")
    assert chained_place(fault) == "/document/start_time"

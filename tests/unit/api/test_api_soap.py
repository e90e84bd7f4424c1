"""The SOAP doors: answers, faults in the caller's version, the service description."""

from collections.abc import Iterator

import pytest
from lxml import etree

from gateway.contract import StoreUnavailable
from gateway.exchange.results import Declined, Settled
from schemas.faults import FAULTS, Fault, FaultCode
from schemas.identifiers import MessageId, PartyCode
from tests.support.api import RECEIPT, Caller, House, accepted, directory, settings_for

PATHS = ["/cxf/InboundSPGProxy/1.2", "/spg"]
N11, N12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
ENVELOPE = {"1.1": f'<s:Envelope xmlns:s="{N11}"><s:Body/></s:Envelope>'.encode(), "1.2": f'<s:Envelope xmlns:s="{N12}"><s:Body/></s:Envelope>'.encode()}
TYPES = {"1.1": "text/xml", "1.2": "application/soap+xml"}
G = "{urn:interagency-gateway:fault}"


@pytest.fixture
def house() -> House:
    return House(settings_for(max_body_bytes=4096))


@pytest.fixture
def caller(house: House) -> Iterator[Caller]:
    with house.open() as caller:
        yield caller


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_durable_is_answered_200_in_the_callers_version(caller: Caller, house: House, path: str, version: str) -> None:
    answer = caller.http.post(path, content=ENVELOPE[version], headers={"Content-Type": f"{TYPES[version]}; charset=utf-8"})
    assert (answer.status_code, answer.content, answer.headers["content-type"].partition(";")[0]) == (200, b"<answer/>", TYPES[version])
    (submission,) = house.intake.submitted
    assert (submission.packaging, submission.channel, submission.peer, submission.wire.body) == ("wss", "soap", None, ENVELOPE[version])
    assert house.intake.answered == [(200, version, False)]


def test_the_agreement_says_who_gets_a_bare_answer(caller: Caller, house: House) -> None:
    house.people = directory(bare=True)
    for result in (accepted(), Settled(message_ids=(), sender=PartyCode("N00")), accepted(sender=PartyCode("C05")), Settled(message_ids=(MessageId("m"),))):
        house.intake.answer = lambda _, result=result: result  # type: ignore[misc]
        caller.http.post("/spg", content=ENVELOPE["1.2"], headers={"Content-Type": "application/soap+xml"})
    assert [bare for _, _, bare in house.intake.answered] == [True, True, False, False]


def test_the_envelope_says_the_version_where_the_media_type_does_not(caller: Caller, house: House) -> None:
    for version, body in ENVELOPE.items():
        for content_type in ("text/plain; charset=ISO-8859-1", "application/xml", "text/xml"):
            caller.http.post("/spg", content=body, headers={"Content-Type": content_type})
            assert house.intake.answered[-1][1] == version
    caller.http.post("/spg", content=ENVELOPE["1.1"].decode().encode("utf-16"), headers={"Content-Type": "application/soap+xml"})
    assert house.intake.answered[-1][1] == "1.1"


def decline(caller: Caller, house: House, version: str, fault: Fault) -> tuple[int, str, etree._Element]:
    house.intake.answer = lambda _: Declined(fault=fault, also=(Fault(FaultCode.CODE_UNKNOWN),), receipt=RECEIPT)
    answer = caller.http.post("/spg", content=ENVELOPE[version], headers={"Content-Type": TYPES[version]})
    return answer.status_code, answer.headers["content-type"].partition(";")[0], etree.fromstring(answer.content)


@pytest.mark.parametrize("code", list(FaultCode))
def test_every_fault_in_soap_12(caller: Caller, house: House, code: FaultCode) -> None:
    row = FAULTS[code]
    status, kind, root = decline(caller, house, "1.2", Fault(code, "Found <this> & that \x00.", "/a", 3))
    expected = 415 if code is FaultCode.UNSUPPORTED_MEDIA_TYPE else 400 if row.soap == "Sender" else 500
    assert (status, kind, root.tag) == (expected, "application/soap+xml", f"{{{N12}}}Envelope")
    values = root.findall(f".//{{{N12}}}Value")
    assert [value.text for value in values] == [f"env:{row.soap}", f"g:{code.value}"]
    assert root.findtext(f".//{{{N12}}}Text") == row.title
    details = root.findall(f".//{{{N12}}}Detail/{G}GatewayFault")
    assert [detail.findtext(f"{G}Code") for detail in details] == [code.value, "code-unknown"]
    assert details[0].findtext(f"{G}Receipt") == RECEIPT
    assert details[0].findtext(f"{G}Detail") == "Found <this> & that \ufffd."
    assert (details[0].findtext(f"{G}Reference"), details[0].findtext(f"{G}Status")) == ("3", str(row.spg))


@pytest.mark.parametrize("code", list(FaultCode))
def test_every_fault_in_soap_11(caller: Caller, house: House, code: FaultCode) -> None:
    row = FAULTS[code]
    status, kind, root = decline(caller, house, "1.1", Fault(code))
    assert (status, kind, root.tag) == (500, "text/xml", f"{{{N11}}}Envelope")
    assert root.findtext(".//faultcode") == f"SOAP-ENV:{'Client' if row.soap == 'Sender' else 'Server'}"
    assert root.findtext(".//faultstring") == row.title
    assert root.findtext(f".//detail/{G}GatewayFault/{G}Code") == code.value


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_too_large_store_down_and_bugs_are_soap_faults(caller: Caller, house: House, version: str) -> None:
    def code_of(body: bytes) -> str | None:
        answer = caller.http.post("/spg", content=body, headers={"Content-Type": TYPES[version]})
        assert answer.headers["content-type"].startswith(TYPES[version])
        return etree.fromstring(answer.content).findtext(f".//{G}Code")

    assert code_of(b"x" * 5000) == "too-large"
    house.intake.error = StoreUnavailable()
    assert code_of(ENVELOPE[version]) == "unavailable"
    house.intake.error = ValueError("Smith")
    assert code_of(ENVELOPE[version]) == "internal-error"


def test_other_media_types_are_a_fault(caller: Caller, house: House) -> None:
    answer = caller.http.post("/spg", content=b"{}", headers={"Content-Type": "application/json"})
    assert (answer.status_code, etree.fromstring(answer.content).findtext(f".//{G}Code")) == (415, "unsupported-media-type")
    assert house.intake.submitted == []


def test_a_stranger_who_never_reached_the_pipeline_is_counted(caller: Caller, house: House) -> None:
    caller.http.post("/spg", content=b"x" * 5000, headers={"Content-Type": "text/xml"})
    assert house.telemetry.registry.get_sample_value("gateway_refusals_total", {"door": "soap", "fault": "too-large"}) == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", ["?wsdl", "?WSDL", "?wsdl="])
def test_the_description_is_well_formed_and_names_this_address(caller: Caller, path: str, query: str) -> None:
    answer = caller.http.get(path + query)
    root = etree.fromstring(answer.content)
    assert root.tag == "{http://schemas.xmlsoap.org/wsdl/}definitions"
    assert {element.get("location") for element in root.iter() if isinstance(element.tag, str) and element.tag.endswith("}address")} == {
        f"http://gateway.test{path}"
    }


def test_getting_a_soap_door_without_wsdl_is_not_offered(caller: Caller) -> None:
    answer = caller.http.get("/spg")
    assert (answer.status_code, answer.headers["allow"], answer.json()["code"]) == (405, "POST", "method-not-allowed")

"""SPG interchanges as a simulated nDelius writes and reads them: sample letters, re-addressed and re-dated.

What it is: the public test payloads of the real product with other names, numbers and dates put in, and a plain
reader of what comes back. What it is not: the gateway's dialect (`adapters.agencies.ndelius`), which it must not
share. Called by the simulated nDelius. Element names and local time follow the SPG wire format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from zoneinfo import ZoneInfo

from lxml import etree

from gateway.rehearsal.record_names import RECORD_NAMES
from gateway.rehearsal.record_versions import named

FAULT_NAMESPACE = "urn:interagency-gateway:fault"
NAMESPACE = "http://www.justice.gsi.gov.uk/SPG/"
LONDON = ZoneInfo("Europe/London")

TRANSFER_REQUEST = "ConsolidatedTransferRequest-OM-new.xml"
TRANSFER_REQUEST_WITH_ORDER = "ConsolidatedTransferRequest-OM+OS-new.xml"
CONTACT = "Contact-ins-full.xml"
ADDRESS = "Address-ins-full.xml"
CUSTODY_RELEASE = "CustodyRelease-ins-full.xml"
STATUS_NOTIFICATION = "InterchangeStatusNotification-202.xml"

KEY_ELEMENTS: Mapping[str, str] = {kind: name.element for kind, name in RECORD_NAMES.items() if name.element}
"""The number by which both ends know one thing, whatever carried it: how a journal is matched with another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressing:
    """What is put into a sample letter besides its content."""

    sender: str
    receiver: str
    reference: str
    prepared_at: datetime
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class SpgStatus:
    """How one message of an interchange ended."""

    number: int
    code: int
    fault: str = ""
    current: str = ""
    """The version that the record has now."""
    record: str = ""
    """The number that a new record got."""


@dataclass(frozen=True, slots=True)
class SpgMessage:
    """One message of an interchange, as far as a journal needs it."""

    type: str
    case: str
    key: str
    values: Mapping[str, str]
    """Text of every element that has no children, by name; of equal names the first."""
    action: str = ""
    statuses: tuple[SpgStatus, ...] = ()
    """Of a status notification, where it has entries per message."""

    @property
    def named(self) -> str:
        """The version of the record that it names."""
        return named(self.values.get("SPGVersion"))


@dataclass(frozen=True, slots=True)
class SpgInterchange:
    """One interchange that came in."""

    sender: str
    receiver: str
    reference: str
    answers: str
    messages: tuple[SpgMessage, ...]


@dataclass(frozen=True, slots=True)
class SoapFault:
    """The gateway's own part of a SOAP fault."""

    code: str
    title: str = ""
    detail: str = ""
    receipt: str = ""
    """A signed negative receipt, where the sender was authenticated."""


def write(sample: str, addressing: Addressing, values: Mapping[str, str]) -> bytes:
    """A sample letter with its addressing and every leaf element that `values` names replaced, as XML bytes."""
    return etree.tostring(_filled(sample, addressing, values))


def status_notification(addressing: Addressing, ended: Sequence[SpgStatus], *, detailed: bool) -> bytes:
    """How an interchange ended: the worst code, and where it was agreed an entry per message."""
    root = _filled(STATUS_NOTIFICATION, addressing, {"StatusCode": str(max(status.code for status in ended))})
    told = next(root.iter(f"{{{NAMESPACE}}}InterchangeStatusNotification"))
    for status in ended if detailed else ():
        entry = etree.SubElement(told, f"{{{NAMESPACE}}}MessageStatus")
        facts = {"MessageReferenceNumber": str(status.number), "StatusCode": str(status.code), "FaultCode": status.fault}
        facts |= {"CurrentVersion": status.current, "RecordID": status.record}
        for name, text in facts.items():
            if text:
                etree.SubElement(entry, f"{{{NAMESPACE}}}{name}").text = text
    return etree.tostring(root)


def join(letters: Sequence[bytes]) -> bytes:
    """The messages of several letters in the first one's envelope and version, numbered from 1."""
    roots = [etree.fromstring(letter, _parser()) for letter in letters]
    messages = [message for root in roots for message in root.iter(f"{{{NAMESPACE}}}SPGMessage")]
    for number, message in enumerate(messages, start=1):
        for place in message.iter(f"{{{NAMESPACE}}}MessageReferenceNumber"):
            place.text = str(number)
        next(message.iter(f"{{{NAMESPACE}}}MessageVersionNumber")).text = roots[0].get("SchemaVersion")
        roots[0].insert(number, message)
    next(roots[0].iter(f"{{{NAMESPACE}}}ControlCount")).text = str(len(messages))
    return etree.tostring(roots[0])


def _filled(sample: str, addressing: Addressing, values: Mapping[str, str]) -> etree._Element:
    root = etree.fromstring(_sample(sample), _parser())
    local = addressing.prepared_at.astimezone(LONDON)
    header = {
        "SenderIdentity": addressing.sender,
        "ReceiverIdentity": addressing.receiver,
        "SenderControlReference": addressing.reference,
        "DateOfPreparation": local.strftime("%Y-%m-%d"),
        "TimeOfPreparation": local.strftime("%H:%M:%S.%f")[:-3],
    }
    answered = {"ReceiverControlReference": addressing.answers} if addressing.answers else {}
    for element in root.iter(etree.Element):
        text = (header | answered | dict(values)).get(etree.QName(element).localname)
        if text is not None and len(element) == 0:
            element.text = text
    return root


def read(content: bytes) -> SpgInterchange:
    """What an interchange says. The content was verified before."""
    root = etree.fromstring(content, _parser())
    header = _leaves(_child(root, "SPGInterchangeHeader"))
    messages = tuple(_message(element) for element in root if etree.QName(element).localname == "SPGMessage")
    return SpgInterchange(
        header["SenderIdentity"], header["ReceiverIdentity"], header["SenderControlReference"], header.get("ReceiverControlReference", ""), messages
    )


def response_code(content: bytes) -> int:
    """The number in an SPGInterchangeResponse."""
    return int(_leaves(etree.fromstring(content, _parser()))["SPGInterchangeResponseType"])


def response(code: int) -> bytes:
    """An SPGInterchangeResponse of our own."""
    return f'<SPGInterchangeResponse xmlns="{NAMESPACE}"><SPGInterchangeResponseType>{code}</SPGInterchangeResponseType></SPGInterchangeResponse>'.encode()


def fault(content: bytes) -> SoapFault:
    """What a SOAP fault of the gateway says; its code is empty where there is none to read."""
    try:
        root = etree.fromstring(content, _parser())
    except etree.XMLSyntaxError:
        return SoapFault("")
    told = next(root.iter(f"{{{FAULT_NAMESPACE}}}GatewayFault"), None)
    if told is None:
        return SoapFault("")
    leaves = _leaves(told)
    return SoapFault(leaves.get("Code", ""), leaves.get("Title", ""), leaves.get("Detail", ""), leaves.get("Receipt", ""))


def _sample(name: str) -> bytes:
    return resources.files("gateway.rehearsal").joinpath("data", name).read_bytes()


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)


def _child(parent: etree._Element, name: str) -> etree._Element:
    return next(element for element in parent if etree.QName(element).localname == name)


def _leaves(parent: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in parent.iter(etree.Element):
        if len(element) == 0:
            found.setdefault(etree.QName(element).localname, (element.text or "").strip())
    return found


def _message(element: etree._Element) -> SpgMessage:
    payload = element[1]
    kind = etree.QName(payload).localname
    values = _leaves(payload)
    statuses = tuple(_status(entry) for entry in payload.iter(f"{{{NAMESPACE}}}MessageStatus"))
    key = values.get(KEY_ELEMENTS.get(kind, ""), "")
    return SpgMessage(kind, values.get("CaseReferenceNumber", ""), key, values, _leaves(element[0]).get("MessageType", ""), statuses)


def _status(entry: etree._Element) -> SpgStatus:
    told = _leaves(entry)
    said = (told.get(name, "") for name in ("FaultCode", "CurrentVersion", "RecordID"))
    return SpgStatus(int(told["MessageReferenceNumber"]), int(told["StatusCode"]), *said)

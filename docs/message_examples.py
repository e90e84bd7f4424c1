"""An example of each message in each form, made by the adapters from one made-up interchange.

What it is: the fictional samples of tests/vectors/spg/plain, laid out for reading, and what the other dialects make of
them. What it is not: real: no person, number or text in it exists. Called by the makers of message pages.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lxml import etree

from adapters.catalogue import DIALECTS
from adapters.contract import Document, LeftOut, Outgoing
from schemas.catalogue import CATALOGUE
from schemas.envelope import Action, Entry, Message
from schemas.faults import FAULTS, FaultCode
from schemas.identifiers import EntityId, MessageId, SpgVersion
from schemas.messages.interchange_status_notification import InterchangeStatusNotification, MessageStatus

SAMPLES: Final = Path(__file__).resolve().parent.parent / "tests/vectors/spg/plain"
_CHOSEN: Final[Mapping[str, str]] = {
    "CommunityRequirement": "CommunityRequirement-ins-full-0",
    "ConnectionNotification": "ConnectionNotification-xmltpl-202-rcr",
    "ConsolidatedTransferRequest": "ConsolidatedTransferRequest-OM+OS-new",
    "ConsolidatedTransferResponse": "ConsolidatedTransferResponse-RQ-reject",
    "GetDocumentList": "GetDocumentList-ins",
    "InterchangeStatusNotification": "InterchangeStatusNotification-202",
    "OFFLOCRequest": "OFFLOCRequest-ins",
    "OFFLOCRequest2": "OFFLOCRequest2-ins",
    "SPGInterchangeResponse": "SPGInterchangeResponse-200",
}
"""Message type to its sample, where that is not the full insert."""
_NAMES_NO_APPLICATION: Final = "/header/application"
"""No JSON dialect names it: told once, on the page of the JSON form."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A document laid out for reading, and what it could not say."""

    text: str
    left_out: tuple[LeftOut, ...] = ()


def sample(kind: str) -> bytes:
    """The SPG bytes that the examples of a type come from."""
    return (SAMPLES / f"{_CHOSEN.get(kind, f'{kind}-ins-full')}.xml").read_bytes()


def spg(kind: str) -> Shown:
    """The sample itself."""
    return Shown(laid_out(sample(kind)))


def in_dialect(kind: str, dialect: str) -> Shown:
    """The sample as this dialect writes it."""
    return _json(_written(message_of(kind), dialect))


def batch(kind: str) -> Shown:
    """The sample as a flat file, whose lines end with CR LF."""
    document = _written(message_of(kind), "flatfile")
    return Shown(document.content.decode().replace("\r\n", "\n"), document.left_out)


def message_of(kind: str) -> Message:
    """The sample as the gateway understands it."""
    return _understood(sample(kind), list(CATALOGUE).index(kind) + 1)


def reduced_delete() -> tuple[Shown, Shown]:
    """A delete that carries the key alone, as SPG XML and as canonical JSON."""
    whole = _understood((SAMPLES / "Contact-upd-min.xml").read_bytes(), 0)
    deleted = replace(whole, header=replace(whole.header, action=Action.DELETE))
    agreed = replace(_outgoing(deleted), reduced_deletes=True)
    document = DIALECTS["ndelius"].write(deleted, agreed)
    return Shown(laid_out(document.content)), _json(DIALECTS["canonical"].write(_understood(document.content, 0), agreed))


def with_entries() -> Shown:
    """A status notification with an entry per message, for a partner whose agreement asks for them."""
    stale, applied = FAULTS[FaultCode.VERSION_CONFLICT].spg, 202
    entries = (
        MessageStatus(reference=1, status_code=applied, record_id=EntityId("2500000077")),
        MessageStatus(
            reference=2,
            status_code=stale,
            fault=FaultCode.VERSION_CONFLICT.value,
            current_version=SpgVersion("CB1CF9D6CE475DD58274951576C023FC"),
        ),
    )
    payload = InterchangeStatusNotification(status_code=stale, messages=entries)
    message = replace(message_of("InterchangeStatusNotification"), payload=payload)
    return Shown(laid_out(DIALECTS["ndelius"].write(message, replace(_outgoing(message), message_statuses=True)).content))


def laid_out(content: bytes) -> str:
    """XML with a line for each element, in the form of the wire otherwise."""
    root = etree.fromstring(content, etree.XMLParser(remove_blank_text=True, resolve_entities=False, no_network=True))
    for element in root.iter():
        element.text = (element.text or "").strip() or None
    etree.cleanup_namespaces(root, keep_ns_prefixes=["xsi"])
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def _understood(content: bytes, number: int) -> Message:
    (entry,) = DIALECTS["ndelius"].read(content).entries
    if not isinstance(entry, Entry):
        raise ValueError(entry.type)
    return Message(MessageId(f"0197a3c0-0000-7000-8000-{number:012d}"), entry.header, entry.payload)


def _outgoing(message: Message) -> Outgoing:
    header = message.header
    return Outgoing(
        sender=header.sender,
        recipient=header.recipients[0],
        control_reference=header.control_reference,
        answers=header.in_reply_to,
        version=header.version,
        prepared_at=header.prepared_at,
    )


def _written(message: Message, dialect: str) -> Document:
    return DIALECTS[dialect].write(message, _outgoing(message))


def _json(document: Document) -> Shown:
    text = json.dumps(json.loads(document.content), ensure_ascii=False, indent=2)
    return Shown(text, tuple(lost for lost in document.left_out if lost.pointer != _NAMES_NO_APPLICATION))

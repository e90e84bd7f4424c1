"""The dialect `domain-events`: a thin event that says that something happened, and where its detail is.

What it is: the port of `adapters.contract` for systems that take events after the public style of HMPPS domain events
(eventType, version, occurredAt, detailUrl, personReference). Of a person an event has the case reference number and
nothing else. What it is not: a language for content. That is the detail, a document of its own in the agreement's
`detail_dialect`, which the gateway writes at the same moment and keeps with the event; so this dialect leaves nothing
out: whatever an event does not say stands in its detail, and what the detail cannot carry is told by its own dialect.
Nothing is read: such systems send signed receipts, which are no messages.
"""

import datetime
import json
from typing import Final

from adapters.agencies.domain_events.events import EVENTS
from adapters.contract import MAX_MESSAGES, Document, Outgoing
from adapters.json_form import MEDIA_TYPE, check_json
from adapters.names import Dialect
from schemas.envelope import Interchange, Message
from schemas.faults import FaultCode, refuse

EVENT_VERSION: Final = 1
"""Of the form of these events; the messages behind them have versions of their own."""
_NO_DETAIL: Final = "An event is nothing without its detail: the agreement must name the language of details (detail_dialect)."
_NOT_READ: Final = (
    "Systems that take domain events send no messages here: they fetch the detail of an event and hand in a signed receipt (receipt+jws) for it. "
    "To send messages, agree on a dialect that has them."
)


class DomainEventsAdapter:
    """Events for consumers; one way only."""

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return Dialect.DOMAIN_EVENTS.value

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return MEDIA_TYPE

    def read(self, content: bytes, _max_messages: int = MAX_MESSAGES, /) -> Interchange:
        """Refuses everything: what is no JSON as such, the rest since no message comes in this dialect."""
        check_json(content)
        raise refuse(FaultCode.TYPE_UNKNOWN, _NOT_READ)

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as an event about it."""
        if outgoing.detail_url is None:
            raise refuse(FaultCode.NOT_TRANSLATABLE, _NO_DETAIL)
        header = message.header
        name = EVENTS[header.type, header.action]
        event: dict[str, object] = {
            "eventType": name.event_type,
            "version": EVENT_VERSION,
            "occurredAt": _instant(header.prepared_at),
            "publishedAt": _instant(outgoing.prepared_at),
            "description": name.description,
            "detailUrl": outgoing.detail_url,
        }
        if header.case_reference is not None and outgoing.name_case:
            event["personReference"] = {"identifiers": [{"type": "CRN", "value": header.case_reference}]}
        event["additionalInformation"] = _additional(message, outgoing)
        return Document(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())


def _additional(message: Message, outgoing: Outgoing) -> dict[str, object]:
    """What a receipt needs, and what lets the detail be recognised."""
    said: dict[str, object] = {
        "messageId": message.message_id,
        "controlReference": outgoing.control_reference,
        "sender": outgoing.sender,
        "recipient": outgoing.recipient,
        "test": bool(message.header.test),
    }
    if outgoing.detail_digest is not None:
        said["detailDigest"] = outgoing.detail_digest
    return said


def _instant(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")

"""Every message type and schema version that exists, and the stored form of a message.

What it is: name to payload class, and `dump`/`load`, which run twice per message on the busiest road. What
it is not: a wire form: partners never see it. The stored form is one JSON object whose payload comes last,
so that header and payload are read by the parser that fits each.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from schemas.canonical.case import CasePayload
from schemas.envelope import Action, Header, Message
from schemas.identifiers import Crn, MessageId, PartyCode
from schemas.messages.address import Address
from schemas.messages.connection_notification import ConnectionNotification
from schemas.messages.consolidated_transfer_request import ConsolidatedTransferRequest
from schemas.messages.consolidated_transfer_response import ConsolidatedTransferResponse
from schemas.messages.contact import Contact
from schemas.messages.custody_release import CustodyRelease
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.payload import Payload

_TYPES: Final[tuple[type[Payload], ...]] = (
    Address,
    ConnectionNotification,
    ConsolidatedTransferRequest,
    ConsolidatedTransferResponse,
    Contact,
    CustodyRelease,
    InterchangeStatusNotification,
)
CATALOGUE: Final[Mapping[str, type[Payload]]] = MappingProxyType({kind.__name__: kind for kind in _TYPES})
"""Message type name to its payload."""

VERSIONS: Final[Mapping[str, date]] = MappingProxyType(
    {
        "0-9-9": date(2016, 9, 5),
        "0-9-10": date(2017, 3, 30),
        "0-9-11": date(2017, 9, 4),
        "0-9-12": date(2017, 12, 5),
        "0-9-13": date(2018, 2, 8),
        "0-9-14": date(2019, 10, 21),
    }
)
"""Version of the message schema to its date, as both stand on an SPG interchange."""

_BUSINESS: Final = frozenset({Action.INSERT, Action.UPDATE, Action.DELETE})
_OTHER_ACTIONS: Final[Mapping[str, frozenset[Action]]] = {
    "ConnectionNotification": frozenset({Action.SYSTEM}),
    "InterchangeStatusNotification": frozenset({Action.RESPONSE}),
}
ACTIONS: Final[Mapping[str, frozenset[Action]]] = MappingProxyType({name: _OTHER_ACTIONS.get(name, _BUSINESS) for name in CATALOGUE})
"""Message type name to the actions that it goes with."""
ANSWERING: Final = frozenset({"InterchangeStatusNotification"})
"""Types that must name what they answer."""

_SEPARATOR: Final = b',"payload":'
"""Cannot occur earlier: inside a JSON string every quotation mark is escaped."""


class StoredMessageError(ValueError):
    """The bytes are not a message that `dump` wrote."""


def case_of(payload: Payload) -> Crn | None:
    """The case that a payload is about, if any."""
    return payload.crn if isinstance(payload, CasePayload) else None


def dump(message: Message) -> bytes:
    """A message as stored. `load` gives back an equal one."""
    header = message.header
    head = {
        "v": 1,
        "message_id": message.message_id,
        "sender": header.sender,
        "recipients": header.recipients,
        "type": header.type,
        "action": header.action.value,
        "version": header.version,
        "sender_message_id": header.sender_message_id,
        "control_reference": header.control_reference,
        "reference": header.reference,
        "case_reference": header.case_reference,
        "in_reply_to": header.in_reply_to,
        "prepared_at": header.prepared_at.isoformat(),
        "test": header.test,
        "application": header.application,
    }
    front = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1].encode()
    return b"".join((front, _SEPARATOR, message.payload.model_dump_json(exclude_none=True).encode(), b"}"))


def load(data: bytes) -> Message:
    """Inverse of `dump`, for bytes that we stored. Raises `StoredMessageError`."""
    front, separator, rest = data.partition(_SEPARATOR)
    try:
        head = json.loads(front + b"}")
        if not separator or head.pop("v") != 1:
            raise StoredMessageError("unknown form of a stored message")
        message_id = MessageId(head.pop("message_id"))
        head["recipients"] = tuple(PartyCode(code) for code in head["recipients"])
        head["action"] = Action(head["action"])
        head["prepared_at"] = datetime.fromisoformat(head["prepared_at"])
        payload = CATALOGUE[head["type"]].model_validate_json(rest[:-1], strict=True)
        return Message(message_id, Header(**head), payload)
    except (ValueError, KeyError, TypeError) as error:
        raise StoredMessageError(type(error).__name__) from error

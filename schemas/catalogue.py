"""Every message type and schema version that exists, and the stored form of a message.

What it is: name to payload class, and `dump`/`load`, which run twice per message on the busiest road. What
it is not: a wire form: partners never see it. The stored form is one JSON object whose payload comes last,
so that header and payload are read by the parser that fits each.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from schemas.canonical.case import CasePayload, CaseRecord, CaseRequest, Deletion
from schemas.envelope import Action, Header, Message
from schemas.identifiers import Crn, MessageId, PartyCode
from schemas.messages.address import Address
from schemas.messages.approved_premises_referral import ApprovedPremisesReferral
from schemas.messages.community_requirement import CommunityRequirement
from schemas.messages.connection_notification import ConnectionNotification
from schemas.messages.consolidated_transfer_request import ConsolidatedTransferRequest
from schemas.messages.consolidated_transfer_response import ConsolidatedTransferResponse
from schemas.messages.contact import Contact
from schemas.messages.custody import CustodyDate, CustodyRecall, CustodyRecallChange, CustodyRelease, CustodyReleaseChange
from schemas.messages.event import Event
from schemas.messages.interchange_response import SPGInterchangeResponse
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.messages.interventions import ProcessContact, RateCardIntervention
from schemas.messages.licence_condition import LicenceCondition
from schemas.messages.pss_requirement import PSSRequirement
from schemas.messages.requests import GetDocumentList, OFFLOCRequest, OFFLOCRequest2
from schemas.messages.terminate_sentence import TerminateSentence
from schemas.messages.unpaid_work import UPWContact, UPWDetails
from schemas.payload import Payload

_TYPES: Final[tuple[type[Payload], ...]] = (
    Address,
    ApprovedPremisesReferral,
    CommunityRequirement,
    ConnectionNotification,
    ConsolidatedTransferRequest,
    ConsolidatedTransferResponse,
    Contact,
    CustodyDate,
    CustodyRecall,
    CustodyRecallChange,
    CustodyRelease,
    CustodyReleaseChange,
    Event,
    GetDocumentList,
    InterchangeStatusNotification,
    LicenceCondition,
    OFFLOCRequest,
    OFFLOCRequest2,
    PSSRequirement,
    ProcessContact,
    RateCardIntervention,
    TerminateSentence,
    UPWContact,
    UPWDetails,
)
CATALOGUE: Final[Mapping[str, type[Payload]]] = MappingProxyType({kind.__name__: kind for kind in _TYPES})
"""Message type name to its payload."""
ANSWERS: Final[Mapping[str, type[Payload]]] = MappingProxyType({SPGInterchangeResponse.__name__: SPGInterchangeResponse})
"""What is no message: it answers one on the same connection and is never routed."""

KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Address": "address_id",
        "ApprovedPremisesReferral": "referral_id",
        "CommunityRequirement": "requirement_id",
        "Contact": "contact_id",
        "CustodyDate": "key_date_id",
        "CustodyRecall": "event_id",
        "CustodyRecallChange": "event_id",
        "CustodyRelease": "event_id",
        "CustodyReleaseChange": "event_id",
        "Event": "event_id",
        "LicenceCondition": "licence_condition_id",
        "PSSRequirement": "pss_requirement_id",
        "ProcessContact": "process_id",
        "RateCardIntervention": "intervention_id",
        "TerminateSentence": "event_id",
        "UPWContact": "appointment_id",
        "UPWDetails": "details_id",
    }
)
"""Record type to the field that is its key. These types have a reduced form of delete."""


def _actions(name: str) -> frozenset[Action]:
    kind = CATALOGUE[name]
    if issubclass(kind, CaseRecord):
        return frozenset({Action.INSERT, Action.UPDATE, Action.DELETE})
    if issubclass(kind, CaseRequest):
        return frozenset({Action.INSERT, Action.UPDATE})
    return frozenset({Action.RESPONSE if name == "InterchangeStatusNotification" else Action.SYSTEM})


ACTIONS: Final[Mapping[str, frozenset[Action]]] = MappingProxyType({name: _actions(name) for name in CATALOGUE})
"""Message type name to the actions that it goes with. Those of requests and transfers are ours to choose: no source names them."""
ANSWERING: Final = frozenset({"InterchangeStatusNotification", "GetDocumentList"})
"""Types that must name the interchange that they belong to."""

_SEPARATOR: Final = b',"payload":'
"""Cannot occur earlier: inside a JSON string every quotation mark is escaped."""


class StoredMessageError(ValueError):
    """The bytes are not a message that `dump` wrote."""


def case_of(payload: Payload) -> Crn | None:
    """The case that a payload is about, if any."""
    return payload.crn if isinstance(payload, CasePayload) else None


def model_of(kind: str, *, reduced: bool) -> type[Payload]:
    """The payload class of a type, whole or as a reduced delete. Raises KeyError where there is none."""
    if reduced and kind not in KEYS:
        raise KeyError(kind)
    return Deletion if reduced else CATALOGUE[kind]


def dump(message: Message) -> bytes:
    """A message as stored. `load` gives back an equal one, and tells an empty field from one that was not there."""
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
    if isinstance(message.payload, Deletion):
        head["reduced"] = True
    front = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1].encode()
    return b"".join((front, _SEPARATOR, message.payload.model_dump_json(exclude_unset=True).encode(), b"}"))


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
        payload = model_of(head["type"], reduced=head.pop("reduced", False)).model_validate_json(rest[:-1], strict=True)
        return Message(message_id, Header(**head), payload)
    except (ValueError, KeyError, TypeError) as error:
        raise StoredMessageError(type(error).__name__) from error

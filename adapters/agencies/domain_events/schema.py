"""The JSON Schema (draft 2020-12) of an event, for consumers that check what they take.

What it is: closed: every member that an event can have, and every type that there is. What it is not: a check that the
gateway makes. Called by the maker of the published descriptions.
"""

from typing import Final

from adapters.agencies.domain_events.adapter import EVENT_VERSION
from adapters.agencies.domain_events.events import EVENTS
from schemas.identifiers import CONTROL_REFERENCE_FORM, CRN_FORM, PROVIDER_FORM

Node = dict[str, object]
_TEXT: Final[Node] = {"type": "string"}
_INSTANT: Final[Node] = {"type": "string", "format": "date-time", "pattern": "Z$"}
_PARTY: Final[Node] = {"type": "string", "pattern": PROVIDER_FORM}


def event_schema() -> Node:
    """Of one event."""
    return _closed(
        {
            "eventType": {"enum": [name.event_type for name in EVENTS.values()]},
            "version": {"const": EVENT_VERSION},
            "occurredAt": _INSTANT | {"description": "When the sender prepared the message."},
            "publishedAt": _INSTANT | {"description": "When the gateway wrote event and detail."},
            "description": {"enum": [name.description for name in EVENTS.values()]},
            "detailUrl": {"type": "string", "format": "uri", "pattern": "/v1/deliveries/[0-9a-f-]{36}/detail$"},
            "personReference": _closed({"identifiers": {"type": "array", "items": _identifier(), "minItems": 1, "maxItems": 1}}),
            "additionalInformation": _additional(),
        },
        optional=("personReference",),
    )


def _identifier() -> Node:
    return _closed({"type": {"const": "CRN"}, "value": {"type": "string", "pattern": CRN_FORM}})


def _additional() -> Node:
    digest: Node = {"type": "string", "pattern": "^sha-256:[0-9a-f]{64}$", "description": "Content digest of the detail."}
    return _closed(
        {
            "messageId": _TEXT | {"description": "What a receipt is about."},
            "controlReference": {"type": "string", "pattern": CONTROL_REFERENCE_FORM},
            "sender": _PARTY,
            "recipient": _PARTY,
            "test": {"type": "boolean"},
            "detailDigest": digest,
        }
    )


def _closed(properties: Node, *, optional: tuple[str, ...] = ()) -> Node:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}

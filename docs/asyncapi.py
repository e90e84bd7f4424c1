"""The AsyncAPI 3.0 document of the partners' vhost, made from the topology of the broker and the table of versions.

What it is: what docs/protocol/amqp.md tells people, told to programs: exchanges, queues, properties, bodies. What it
is not: the place of any fact; names and limits stand in `broker.topology`, claims in `schemas.receipts`. Called by
`docs/published.py`.
"""

from collections.abc import Mapping

from adapters.agencies.domain_events.schema import event_schema
from broker.topology import DELIVERY_LIMIT, PARTNER_QUEUE_BYTES, PARTNERS, from_queue, partners_topology, to_queue
from gateway.api.schemas import JSON_FORM, XML_FORM
from gateway.api.submissions import COMPACT_FORM, JOSE
from gateway.exchange.receipts import LINES_MEDIA_TYPE
from schemas.identifiers import OrganisationId
from schemas.receipts import Basis, Stage
from schemas.telling import MAX_ALSO

Node = dict[str, object]
_ORGANISATION = OrganisationId("organisation")
"""Stands for the partner's own name: `{organisation}` in addresses."""
_SOAP = ("application/soap+xml", "text/xml")
MAX_LINES_SENT, MAX_LINES_TAKEN = 100, 200
"""Receipts in one message, from us and to us."""
_SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
_TEXT: Node = {"type": "string"}
_DIGEST: Node = {"type": "string", "pattern": "^sha-256:[0-9a-f]{64}$"}


def asyncapi() -> Node:
    """The whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Interagency Gateway over AMQP",
            "version": "1",
            "description": "What an organisation publishes and consumes whose agreement says queue. The application that is described is the gateway.",
        },
        "defaultContentType": JOSE,
        "servers": {"partners": _server()},
        "channels": {"from": _from(), "to": _to()},
        "operations": _operations(),
        "components": {
            "messages": _messages(),
            "schemas": {"Receipt": _receipt(), "Fault": _fault(), "DomainEvent": event_schema()},
            "securitySchemes": {"login": {"type": "userPassword", "description": "The broker user of the organisation, over TLS; it declares nothing."}},
        },
    }


def _ref(*path: str) -> Node:
    return {"$ref": "#/" + "/".join(path)}


def _server() -> Node:
    return {
        "host": "{host}",
        "pathname": f"/{PARTNERS}",
        "protocol": "amqps",
        "protocolVersion": "0-9-1",
        "description": "The vhost where partners' users may enter. Its real name comes with the onboarding.",
        "variables": {"host": {"description": "Name and port of the broker; comes with the onboarding."}},
        "security": [_ref("components", "securitySchemes", "login")],
    }


def _address(name: str) -> str:
    return name.replace(_ORGANISATION, "{organisation}")


def _parameters() -> Node:
    return {"organisation": {"description": "The organisation's name in its agreement: lower case letters, digits and hyphens."}}


def _from() -> Node:
    name = from_queue(_ORGANISATION)
    (exchange,) = (one for one in partners_topology([_ORGANISATION]).exchanges if one.name == name)
    binding = {"name": _address(name), "type": exchange.kind, "durable": True, "autoDelete": False, "vhost": f"/{PARTNERS}"}
    return {
        "address": _address(name),
        "title": "What the organisation signed",
        "description": f"An exchange of the organisation's own; any routing key. Above {PARTNER_QUEUE_BYTES} bytes waiting the broker answers basic.nack.",
        "servers": [_ref("servers", "partners")],
        "parameters": _parameters(),
        "messages": {one: _ref("components", "messages", one) for one in ("signedMessage", "signedInterchange", "receipt", "receipts")},
        "bindings": {"amqp": {"is": "routingKey", "exchange": binding, "bindingVersion": "0.3.0"}},
    }


def _to() -> Node:
    name = to_queue(_ORGANISATION)
    binding = {"name": _address(name), "durable": True, "exclusive": False, "autoDelete": False, "vhost": f"/{PARTNERS}"}
    return {
        "address": _address(name),
        "title": "What the gateway signed for the organisation",
        "description": (
            f"A quorum queue, acknowledged by hand. What was put back {DELIVERY_LIMIT} times goes to the gateway's dead letters and is still owed. "
            "Until the organisation's signed receipt has come, a message is published again from time to time."
        ),
        "servers": [_ref("servers", "partners")],
        "parameters": _parameters(),
        "messages": {one: _ref("components", "messages", one) for one in ("signedMessage", "signedInterchange", "signedEvent", "receipt", "receipts")},
        "bindings": {"amqp": {"is": "queue", "queue": binding, "bindingVersion": "0.3.0"}},
    }


def _operations() -> Node:
    def only(channel: str, *names: str) -> list[Node]:
        return [_ref("channels", channel, "messages", name) for name in names]

    message, receipt = ("signedMessage", "signedInterchange"), ("receipt", "receipts")
    published = {"amqp": {"deliveryMode": 2, "mandatory": True, "ack": True, "bindingVersion": "0.3.0"}}
    consumed = {"amqp": {"ack": True, "bindingVersion": "0.3.0"}}
    return {
        "takeMessage": {
            "action": "receive",
            "channel": _ref("channels", "from"),
            "summary": "A message is handed in. basic.ack says that the broker has it; only the signed receipt says that the gateway has.",
            "messages": only("from", *message),
            "bindings": published,
            "reply": {"channel": _ref("channels", "to"), "messages": only("to", *receipt)},
        },
        "takeReceipt": {
            "action": "receive",
            "channel": _ref("channels", "from"),
            "summary": "The organisation's receipt for what it was sent.",
            "messages": only("from", *receipt),
            "bindings": published,
        },
        "deliver": {
            "action": "send",
            "channel": _ref("channels", "to"),
            "summary": "A message for one of the organisation's parties. The same message id may come again.",
            "messages": only("to", *message, "signedEvent"),
            "bindings": consumed,
            "reply": {"channel": _ref("channels", "from"), "messages": only("from", *receipt)},
        },
        "tell": {
            "action": "send",
            "channel": _ref("channels", "to"),
            "summary": "The gateway's receipts for what it was handed.",
            "messages": only("to", *receipt),
            "bindings": consumed,
        },
    }


def _messages() -> Node:
    return {
        "signedMessage": {
            "name": "signedMessage",
            "title": "A message in the JSON form, signed",
            "contentType": JOSE,
            "headers": _properties(JOSE),
            "payload": _payload(_compact("A compact JWS. contentSchema is that of its payload.", {"oneOf": _files(JSON_FORM)})),
        },
        "signedInterchange": {
            "name": "signedInterchange",
            "title": "An SPGInterchange in a SOAP envelope, signed by WS-Security",
            "contentType": _SOAP[0],
            "headers": _properties(*_SOAP),
            "payload": _payload(
                {"type": "string", "description": "The envelope. x-xsd names the schemas of the interchange.", "x-xsd": list(XML_FORM.values())}
            ),
        },
        "signedEvent": {
            "name": "signedEvent",
            "title": "An event about a message, signed",
            "description": "For organisations that agreed on the dialect domain-events: the message itself is fetched from its detailUrl.",
            "contentType": JOSE,
            "headers": _properties(JOSE),
            "payload": _payload(_compact("A compact JWS. contentSchema is that of its payload.", _ref("components", "schemas", "DomainEvent"))),
        },
        "receipt": {
            "name": "receipt",
            "title": "A receipt, signed",
            "contentType": JOSE,
            "headers": _properties(JOSE),
            "payload": _payload(_compact("A compact JWS. contentSchema is that of its payload.", _ref("components", "schemas", "Receipt"))),
        },
        "receipts": {
            "name": "receipts",
            "title": "Receipts that are ready together",
            "description": f"One compact JWS a line; from the gateway by agreement, at most {MAX_LINES_SENT}, to it at most {MAX_LINES_TAKEN}.",
            "contentType": LINES_MEDIA_TYPE,
            "headers": _properties(LINES_MEDIA_TYPE),
            "payload": _payload({"type": "string", "pattern": _lines(), "description": "Each line is judged by itself."}),
        },
    }


def _lines() -> str:
    one = COMPACT_FORM.removeprefix("^").removesuffix("$")
    return f"^{one}(\\n{one}){{0,{MAX_LINES_TAKEN - 1}}}$"


def _files(names: Mapping[str, str]) -> list[Node]:
    return [{"$ref": name} for name in names.values()]


def _payload(schema: Node) -> Node:
    return {"schemaFormat": _SCHEMA_FORMAT, "schema": schema}


def _compact(description: str, content: Node | None = None) -> Node:
    found: Node = {"type": "string", "pattern": COMPACT_FORM, "description": description}
    return found | ({"contentMediaType": JOSE, "contentSchema": content} if content else {})


def _properties(*content_types: str) -> Node:
    """The AMQP properties that belong to every publication."""
    return {
        "type": "object",
        "required": ["content_type", "delivery_mode", "message_id"],
        "properties": {
            "content_type": {"enum": list(content_types)},
            "delivery_mode": {"const": 2},
            "user_id": {"type": "string", "description": "The login; mandatory in what an organisation publishes, and checked by the broker."},
            "message_id": {"type": "string", "description": "The sender's own id; the gateway's stays the same when a message comes again."},
        },
    }


def _receipt() -> Node:
    """The claims of `schemas.receipts`."""
    return {
        "type": "object",
        "description": "A signed statement of one stage. Times are whole seconds since 1970-01-01, UTC.",
        "required": ["iss", "aud", "jti", "iat", "stage", "sub"],
        "properties": {
            "iss": _TEXT | {"description": "Who says it."},
            "aud": _TEXT | {"description": "To whom."},
            "jti": _TEXT | {"description": "Id of the receipt."},
            "iat": {"type": "integer"},
            "stage": {"enum": [stage.value for stage in Stage]},
            "sub": _TEXT | {"description": "The submission at acceptance, the message at every later stage."},
            "control_reference": _TEXT,
            "received_digest": _DIGEST,
            "messages": {"type": "array", "items": _verdict()},
            "recipient": _TEXT,
            "basis": {"enum": [basis.value for basis in Basis], "description": "Whose word a later stage rests on."},
            "sent_digest": _DIGEST,
            "previous": _DIGEST | {"description": "Digest of the receipt before this one."},
            "fault": _ref("components", "schemas", "Fault"),
            "also": {
                "type": "array",
                "items": _ref("components", "schemas", "Fault"),
                "maxItems": MAX_ALSO,
                "description": "What else was found wrong, each with the number of its message.",
            },
            "more": {"type": "integer", "minimum": 1, "description": "How many faults were found besides those told."},
            "evidence": {"type": "object", "required": ["media_type", "value"], "properties": {"media_type": _TEXT, "value": _TEXT}},
            "record_id": _TEXT | {"description": "Of `applied`: the number that the keeper of the case register gave to the record."},
            "local_id": _TEXT | {"description": "Of a recipient's receipt: what it calls the record itself, where own ids are agreed."},
        },
    }


def _verdict() -> Node:
    members: Node = {"message_id": _TEXT, "sender_message_id": _TEXT, "verdict": {"enum": ["accepted", "refused"]}}
    # A message that was refused never got an id of the gateway's.
    return {"type": "object", "required": ["sender_message_id", "verdict"], "properties": members | {"fault": _ref("components", "schemas", "Fault")}}


def _fault() -> Node:
    told: Node = dict.fromkeys(("title", "detail", "pointer", "value", "current_version"), _TEXT)
    code: Node = _TEXT | {"description": "The gateway's are those of docs/faults.md."}
    return {"type": "object", "required": ["code"], "properties": {"code": code, **told, "reference": {"type": "integer"}}}

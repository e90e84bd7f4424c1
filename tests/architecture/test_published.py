"""What partners are handed: it is what the code makes, it hangs together, and nothing in it breaks unannounced."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from broker.topology import partners_topology
from docs import asyncapi, published
from docs.published import ANNOUNCED, BASELINE, FILES, PUBLISHED
from gateway.api.schemas import FILES as SERVED
from gateway.api.submissions import JOSE
from gateway.exchange.receipts import LINES_MEDIA_TYPE
from gateway.workers import intake_amqp, relay
from schemas.compatibility import BREAKING
from schemas.identifiers import Digest, OrganisationId
from schemas.receipts import Basis, Evidence, FaultClaim, MessageVerdict, Receipt, Stage, to_claims
from schemas.releases import breaking_since, idle, load_announced, load_release, unannounced
from schemas.versions import VERSIONS

LAST = load_release(BASELINE.read_bytes())
TOLD = load_announced(ANNOUNCED.read_bytes())
FOUND = tuple(breaking_since(LAST, published.facts()))


@pytest.mark.parametrize("name", FILES)
def test_published_file_is_current(name: str) -> None:
    assert (PUBLISHED / name).read_bytes() == FILES[name](), "run `make docs`"


def test_nothing_else_is_published() -> None:
    there = {path.relative_to(PUBLISHED).as_posix() for path in PUBLISHED.rglob("*") if path.is_file()}
    assert there == set(FILES) | {BASELINE.name, ANNOUNCED.name}
    assert set(SERVED) == set(FILES)


def test_every_breaking_change_was_announced() -> None:
    assert not unannounced(FOUND, TOLD), "announce it in schemas/published/announced.json, or take it back"


def test_every_announcement_is_of_something_that_changed() -> None:
    assert not idle(FOUND, TOLD)
    assert all(entry.kind in BREAKING and entry.reason for entry in TOLD)


def test_baseline_holds_every_version_in_both_forms() -> None:
    assert {form: set(versions) for form, versions in LAST.items()} == {"json": set(VERSIONS), "xml": set(VERSIONS)}
    assert all(len(facts) > 500 for versions in LAST.values() for facts in versions.values())


def _document(name: str) -> dict[str, object]:
    return json.loads((PUBLISHED / name).read_bytes())


def _refs(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        yield from value.get("x-xsd", ())
        for inner in value.values():
            yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


def _resolves(ref: str, beside: Path) -> bool:
    name, _, pointer = ref.partition("#")
    path = (beside.parent / name) if name else beside
    if not path.is_file():
        return False
    found = json.loads(path.read_bytes()) if pointer else {}
    for step in pointer.split("/")[1:]:
        if step.replace("~1", "/").replace("~0", "~") not in found:
            return False
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return True


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_refs_lead_somewhere_and_name_every_schema(name: str) -> None:
    refs = list(_refs(_document(name)))
    assert not [ref for ref in refs if not _resolves(ref, PUBLISHED / name)]
    assert {ref for ref in refs if "#" not in ref} == set(FILES) - {"openapi.json", "asyncapi.json"}


def test_a_ref_that_leads_nowhere_is_seen() -> None:
    assert not _resolves("0-9-14/message.schema.json", PUBLISHED / "openapi.json")
    assert not _resolves("#/components/schemas/Nothing", PUBLISHED / "asyncapi.json")


def test_openapi_is_what_the_application_serves() -> None:
    """The one difference is where the schemas are seen from."""
    served = json.dumps(published.openapi_served())
    assert json.loads(served.replace('"schemas/', '"')) == _document("openapi.json")
    assert _document("openapi.json")["openapi"].startswith("3.1")


def test_submission_is_described_by_the_schemas() -> None:
    body = _document("openapi.json")["paths"]["/v1/messages"]["post"]["requestBody"]["content"][JOSE]["schema"]
    assert body["contentMediaType"] == JOSE
    assert [ref["$ref"] for ref in body["contentSchema"]["oneOf"]] == [f"{version}/messages.schema.json" for version in VERSIONS]


ASYNC = _document("asyncapi.json")


def test_asyncapi_has_what_the_specification_demands() -> None:
    """AsyncAPI 3.0: the fixed fields that must be there, of every object that we use."""
    assert ASYNC["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(ASYNC["info"])
    assert all({"host", "protocol"} <= set(server) for server in ASYNC["servers"].values())
    for channel in ASYNC["channels"].values():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel["parameters"])
        assert channel["bindings"]["amqp"]["is"] in ("routingKey", "queue")
    for operation in ASYNC["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert {ref["$ref"].rpartition("/messages/")[0] for ref in operation["messages"]} == {operation["channel"]["$ref"]}
    assert ASYNC["components"]["securitySchemes"]["login"]["type"] == "userPassword"
    assert {name: set(re.findall(r"\{(\w+)\}", server["host"])) for name, server in ASYNC["servers"].items()} == {"partners": {"host"}}


MEMBERS = {
    "root": {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"},
    "server": {"host", "pathname", "title", "summary", "description", "protocol", "protocolVersion", "variables", "security", "tags", "bindings"},
    "channel": {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs", "bindings"},
    "operation": {"action", "channel", "title", "summary", "description", "security", "tags", "bindings", "traits", "messages", "reply"},
    "reply": {"address", "channel", "messages"},
    "message": {"headers", "payload", "contentType", "name", "title", "summary", "description", "tags", "bindings", "examples", "traits"},
    "payload": {"schemaFormat", "schema"},
    "channel binding": {"is", "exchange", "queue", "bindingVersion"},
    "exchange": {"name", "type", "durable", "autoDelete", "vhost"},
    "queue": {"name", "durable", "exclusive", "autoDelete", "vhost"},
    "operation binding": {"expiration", "userId", "cc", "priority", "deliveryMode", "mandatory", "bcc", "timestamp", "ack", "bindingVersion"},
}
"""The members that AsyncAPI 3.0.0 and its AMQP binding 0.3.0 know: their objects are closed."""


def _asyncapi_objects() -> Iterator[tuple[str, dict[str, object]]]:
    yield "root", ASYNC
    yield from (("server", server) for server in ASYNC["servers"].values())
    for channel in ASYNC["channels"].values():
        binding = channel["bindings"]["amqp"]
        yield from (("channel", channel), ("channel binding", binding))
        yield from ((kind, binding[kind]) for kind in ("exchange", "queue") if kind in binding)
    for operation in ASYNC["operations"].values():
        yield from (("operation", operation), ("operation binding", operation["bindings"]["amqp"]), ("reply", operation.get("reply", {})))
    for message in ASYNC["components"]["messages"].values():
        yield from (("message", message), ("payload", message["payload"]))


def test_asyncapi_has_no_members_that_the_specification_does_not_know() -> None:
    found = list(_asyncapi_objects())
    assert {kind for kind, _ in found} == set(MEMBERS)
    assert not [(kind, set(value) - MEMBERS[kind]) for kind, value in found if set(value) - MEMBERS[kind]]


def test_bodies_are_schemas() -> None:
    for message in ASYNC["components"]["messages"].values():
        Draft202012Validator.check_schema(message["payload"]["schema"])
        Draft202012Validator.check_schema(message["headers"])


def test_example_of_an_announcement_can_be_read() -> None:
    page = (PUBLISHED.parents[1] / "docs/protocol/schemas.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    (entry,) = load_announced(example.encode())
    assert entry.kind in BREAKING
    assert entry.path in LAST[entry.form][entry.versions[0]]


def test_asyncapi_names_what_the_broker_has() -> None:
    mine = partners_topology([OrganisationId("organisation")])
    shown = {name.replace("organisation", "{organisation}") for name in (*(one.name for one in mine.exchanges), *(one.name for one in mine.queues))}
    assert {channel["address"] for channel in ASYNC["channels"].values()} == {"from.{organisation}", "to.{organisation}"} <= shown
    assert {channel["bindings"]["amqp"].get("exchange", {}).get("type") for channel in ASYNC["channels"].values()} == {"fanout", None}


def test_asyncapi_says_what_the_page_says() -> None:
    page = (PUBLISHED.parents[1] / "docs/protocol/amqp.md").read_text(encoding="utf-8")
    properties = set(re.findall(r"^\| `(\w+)` \| ", page, flags=re.MULTILINE))
    for name, message in ASYNC["components"]["messages"].items():
        assert set(message["headers"]["properties"]) == properties, name
        assert message["contentType"] in message["headers"]["properties"]["content_type"]["enum"]
        assert message["contentType"] in page
    assert ASYNC["components"]["messages"]["receipts"]["contentType"] == LINES_MEDIA_TYPE
    assert (asyncapi.MAX_LINES_SENT, asyncapi.MAX_LINES_TAKEN) == (relay._MOST_LINES, intake_amqp._MOST_LINES)


def test_lines_of_receipts_are_bounded() -> None:
    pattern = ASYNC["components"]["messages"]["receipts"]["payload"]["schema"]["pattern"]
    assert re.search(pattern, "\n".join(["a.b.c"] * asyncapi.MAX_LINES_TAKEN))
    assert not re.search(pattern, "\n".join(["a.b.c"] * (asyncapi.MAX_LINES_TAKEN + 1)))


def test_receipts_are_described_as_they_are() -> None:
    """A receipt with everything in it validates; so do its fault and its verdicts, and a stage that is none does not."""
    digest = Digest("sha-256:" + "0" * 64)
    fault = FaultClaim("version-conflict", "T", "D", "/document/version", "V", 1, "A" * 32)
    receipt = Receipt(
        issuer="gateway",
        audience="north",
        receipt_id="r",
        issued_at=1,
        stage=Stage.REFUSED,
        subject="s",
        control_reference="1",
        received_digest=digest,
        messages=(MessageVerdict("m", "1/1", "refused", fault),),
        recipient="C05",
        basis=Basis.GATEWAY,
        sent_digest=digest,
        previous=digest,
        fault=fault,
        also=(fault,),
        more=1,
        evidence=Evidence("application/jose", "a.b.c"),
        record_id="2500000077",
        local_id="visit-4711",
    )
    described = ASYNC["components"]["schemas"]["Receipt"]
    validator = Draft202012Validator({"$ref": "#/components/schemas/Receipt", "components": ASYNC["components"]})
    claims = to_claims(receipt)
    assert validator.is_valid(claims)
    assert set(claims) == set(described["properties"])
    assert set(claims["fault"]) == set(ASYNC["components"]["schemas"]["Fault"]["properties"])
    assert not validator.is_valid(claims | {"stage": "lost"})
    assert not validator.is_valid(claims | {"messages": [{"message_id": "m"}]})

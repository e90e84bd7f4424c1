"""Four parties that all speak canonical JSON over queues, for tests of who gets what. All cases and people are made up."""

import atexit
import base64
import json
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from gateway.audit.events import AuditCode, AuditEvent
from gateway.exchange.results import Accepted, Declined
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.partners.party import Division
from gateway.records import Delivery
from schemas.faults import Fault
from schemas.identifiers import PartyCode
from schemas.receipts import Receipt, Stage, encode
from tests.support.databases import migrate_quickly
from tests.support.world import World, contact_document, open_world

ORGANISATIONS = {"C05": "alpha", "C17": "beta", "C20": "gamma", "N00": "ndelius"}
CASE = "X000001"


def agreed(both: dict[str, dict[str, object]], **outbound: dict[str, object]) -> list[Agreement]:
    """Every party with the same terms, but for what is said of it, or of its outbound agreement."""
    made = []
    for code in ORGANISATIONS:
        for direction in Direction:
            more = both.get(code, {}) | (outbound.get(code, {}) if direction is Direction.OUTBOUND else {})
            terms = {"dialect": "canonical", "version": "0-9-14", "packaging": "jws", "mode": DeliveryMode.QUEUE} | more
            agreement = Agreement(party=PartyCode(code), direction=direction, **terms)  # type: ignore[arg-type]
            made.append(agreement)
    return made


def world_at(path: Path, both: dict[str, dict[str, object]] | None = None, **outbound: dict[str, object]) -> World:
    """A world at this path; the empty database is made once and copied."""
    shutil.copy(_empty(), path)
    world = open_world(f"sqlite:///{path}", agreed(both or {}, **outbound))
    nps = replace(world.store.partners.directory().parties[PartyCode("N00")], divisions=(Division(code="N03", name="Made up"),))
    world.store.partners.put_party(nps, AuditEvent(AuditCode.PARTNER_CHANGED, world.now, "test"))
    return world


@cache
def _empty() -> Path:
    path = Path(tempfile.mkdtemp(prefix="gateway-routing-")) / "empty.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    migrate_quickly(f"sqlite:///{path}")
    return path


def document(
    kind: str, body: dict[str, object], *, sender: str, recipients: Sequence[str], message_id: str = "", action: str = "INS", test: bool | None = None
) -> bytes:
    """One message in the JSON form."""
    name = message_id or secrets.token_hex(6)
    header: dict[str, object] = {
        "message_id": name,
        "sender": sender,
        "recipients": list(recipients),
        "type": kind,
        "action": action,
        "version": "0-9-14",
        "control_reference": f"ref-{name}",
        "prepared_at": "2026-11-23T12:00:00Z",
    }
    if test is not None:
        header["test"] = test
    return json.dumps({"header": header, "document": body}).encode()


def contact(sender: str, *recipients: str, crn: str = CASE, action: str = "INS", **fields: object) -> bytes:
    return document("Contact", contact_document(crn, "Made up.") | fields, sender=sender, recipients=recipients, action=action)


def reference_data(sender: str, *recipients: str) -> bytes:
    """A message about no case."""
    return document("ConnectionNotification", {"code": 200, "test_control_data": "made up"}, sender=sender, recipients=recipients, action="SYS")


def transfer_answer(
    sender: str,
    *recipients: str,
    receiving: str,
    giving: str,
    crn: str = CASE,
    status: str = "TA",
    kind: str = "OM",
    action: str = "INS",
    test: bool | None = None,
) -> bytes:
    """The answer to a transfer request."""
    part: dict[str, object] = {
        "kind": kind,
        "version": {"version": None, "updated_by": "Made,Up"},
        "status": status,
        "transferring_provider": giving,
        "receiving": {"provider": receiving, "team": {"code": f"{receiving}T01"}, "officer": {"code": f"{receiving}A001"}},
    }
    if kind != "OM":
        part["entity_id"] = "77"
    if status == "TR":
        part["rejected_reason"] = {"code": "TR01"}
    body: dict[str, object] = {
        "crn": crn,
        "version": {"version": None, "updated_by": "Made,Up"},
        "offender_id": "2500000001",
        "transfer_id": "9",
        "transfer_date": "2026-11-20",
        "transfer_user": "Made,Up",
        "parts": [part],
    }
    return document("ConsolidatedTransferResponse", body, sender=sender, recipients=recipients, action=action, test=test)


def send(world: World, payload: bytes) -> Accepted | Declined:
    organisation = ORGANISATIONS[json.loads(payload)["header"]["sender"]]
    result = world.pipeline.submit([world.submission(organisation, world.signed(organisation, payload))])[0]
    assert isinstance(result, Accepted | Declined), result
    return result


def took(world: World, payload: bytes) -> list[Delivery]:
    """Its deliveries, in order."""
    result = send(world, payload)
    assert isinstance(result, Accepted), result
    return deliveries(world, result)


def deliveries(world: World, result: Accepted) -> list[Delivery]:
    return list(world.store.queries.deliveries_of_messages(result.message_ids)[result.message_ids[0]])


def to(world: World, payload: bytes) -> list[str]:
    """Who gets it."""
    return [delivery.recipient for delivery in took(world, payload)]


def refused(world: World, payload: bytes) -> Fault:
    result = send(world, payload)
    assert isinstance(result, Declined), result
    return result.fault


def settle(world: World, delivery: Delivery, stage: Stage = Stage.APPLIED, *, record_id: str | None = None, local_id: str | None = None) -> None:
    """Delivered to its recipient, whose signed receipt says so."""
    world.deliver(delivery.recipient)
    now = world.store.queries.deliveries([delivery.delivery_id])[delivery.delivery_id]
    organisation = ORGANISATIONS[delivery.recipient]
    receipt = Receipt(
        issuer=organisation,
        audience=world.means.issuer,
        receipt_id=secrets.token_hex(6),
        issued_at=int(world.now.timestamp()),
        stage=stage,
        subject=str(delivery.message_id),
        recipient=delivery.recipient,
        sent_digest=now.sent_digest,
        record_id=record_id,
        local_id=local_id,
    )
    wire = world.signed(organisation, encode(receipt), kind="receipt")
    world.pipeline.submit([world.submission(organisation, wire)])


def sent(world: World) -> list[tuple[str, dict[str, Any]]]:
    """What was handed over, and to whom."""
    return [(address.recipient, json.loads(base64.urlsafe_b64decode(wire.body.split(b".")[1] + b"=="))) for wire, address in world.queue.handed]


def transferred(world: World, to_party: str, *, giving: str = "N03", said_to: str = "N00", crn: str = CASE, stage: Stage = Stage.APPLIED) -> None:
    """A whole case moved: the receiver accepted it, and the other side has it done."""
    (answer,) = took(world, transfer_answer(to_party, said_to, receiving=to_party, giving=giving, crn=crn))
    settle(world, answer, stage)

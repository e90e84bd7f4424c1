"""A partner with flat files on the road: a signed batch of many messages in, a batch with a signature beside it out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.contract import WireMessage
from gateway.exchange.results import Accepted, Declined, Settled, SubmitResult
from gateway.exchange.submission import Submission
from gateway.partners.agreement import DeliveryMode
from gateway.records import DeliveryState
from gateway.trust import compact
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import SealOrder
from schemas.envelope import Entry
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId
from schemas.messages.contact import Contact
from tests.support.world import AUDIENCE, FakeChannel, World, both, contact, make_world
from tests.unit.road.test_submit import hand_in, read_receipt

_CONTACT = 'CON,{case},PER#2500000001,,"Made,Up",CON#0,,,,,,0,010,20/11/2026,103000,C05,C05T01/C05A001,,,,,,,0,,{notes}'


@pytest.fixture
def files(tmp_path: Path) -> Iterator[World]:
    """C05 (alpha) writes and reads flat files; C17 (beta) speaks JSON."""
    agreements = [
        *both("C05", dialect="flatfile", packaging="detached", mode=DeliveryMode.DROP, partial=True),
        *both("C17", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE),
    ]
    made = make_world(f"sqlite:///{tmp_path / 'gateway.db'}", agreements)
    yield made
    made.store.close()
    assert made.bugs == []


def batch(*contacts: str, reference: str = "20261123-01", messages: int | None = None) -> bytes:
    """One batch of contacts, each with an own id, and the totals that belong to it."""
    lines = [f"H,1,C05,C17,{reference},,23/11/2026,115900,0-9-14,0,"]
    for number, line in enumerate(contacts, 1):
        lines += [f"M,{number},CON,I,DB-{reference}-{number}", line]
    told = len(contacts) if messages is None else messages
    return "".join(f"{line}\r\n" for line in [*lines, f"T,{told},{len(lines) + 1},{2500000001 * len(contacts)},0,0"]).encode()


def drop(world: World, document: bytes) -> SubmitResult:
    """As the door for files hands a batch in: the document, and its signature beside it."""
    order = SealOrder(document=document, kind="message", audience=AUDIENCE, now=world.now, media_type="text/csv")
    wire = PACKAGINGS["detached"].seal(order, world.signers["alpha"])
    assert (wire.body, wire.content_type) == (document, "text/csv")
    (result,) = world.pipeline.submit([Submission(wire=wire, packaging="detached", channel="file", peer=OrganisationId("alpha"), received_at=world.now)])
    return result


def test_each_message_of_a_batch_goes_its_own_way(files: World) -> None:
    good, wrong = _CONTACT.format(case="X000001", notes="First"), _CONTACT.format(case="X000002", notes="Second").replace("20/11/2026", "2026-11-20")
    result = drop(files, batch(good, wrong, _CONTACT.format(case="X000003", notes='"Third, last"')))
    assert isinstance(result, Accepted), result
    told = read_receipt(files, result.receipt, "alpha").messages
    assert [(one.sender_message_id, one.verdict) for one in told] == [
        ("DB-20261123-01-1", "accepted"),
        ("DB-20261123-01-2", "refused"),
        ("DB-20261123-01-3", "accepted"),
    ]
    assert told[1].fault is not None
    assert (told[1].fault.code, told[1].fault.pointer) == ("value-invalid", "line 5, column 14 (Date)")
    files.deliver("C17")
    heard = [_contact(wire) for wire, _ in files.queue.handed]
    assert [(one.crn, one.notes, one.contact_type.code) for one in heard] == [("X000001", "First", "COAP"), ("X000003", "Third, last", "COAP")]


def _contact(wire: WireMessage) -> Contact:
    (entry,) = CanonicalAdapter().read(compact.split(wire.body).unverified_payload).entries
    assert isinstance(entry, Entry)
    assert isinstance(entry.payload, Contact)
    return entry.payload


def test_a_batch_with_a_wrong_total_is_refused_and_may_be_mended(files: World) -> None:
    line = _CONTACT.format(case="X000001", notes="First")
    result = drop(files, batch(line, messages=2))
    assert isinstance(result, Declined)
    assert (result.fault.code, result.fault.pointer) == (FaultCode.CONTROL_COUNT_WRONG, "line 4, column 2 (Messages)")
    assert isinstance(drop(files, batch(line)), Accepted)


def test_the_same_batch_gets_the_same_receipt_and_another_under_its_number_a_fault(files: World) -> None:
    first = drop(files, batch(_CONTACT.format(case="X000001", notes="First")))
    again = drop(files, batch(_CONTACT.format(case="X000001", notes="First")))
    other = drop(files, batch(_CONTACT.format(case="X000001", notes="Other")))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (again.receipt, again.duplicate) == (first.receipt, True)
    assert isinstance(other, Declined)
    assert other.fault.code is FaultCode.KEY_REUSED


def test_json_becomes_a_batch_with_a_signature_beside_it(files: World) -> None:
    folder = FakeChannel("drop")
    files.pipeline._parts.channels["drop"] = folder  # type: ignore[index]
    result = hand_in(files, contact("m-1", sender="C17", recipients=["C05"], notes="=1+1, not a sum"), "beta")
    assert isinstance(result, Accepted), result
    files.deliver("C05")
    ((wire, address),) = folder.handed
    assert (wire.content_type, address.recipient, "signature" in wire.headers) == ("text/csv", "C05", True)
    read = FlatFileAdapter().read(wire.body)
    (entry,) = read.entries
    assert isinstance(entry, Entry)
    assert isinstance(entry.payload, Contact)
    assert (read.sender, read.recipients, entry.sender_message_id) == ("C17", ("C05",), result.message_ids[0])
    assert entry.payload.notes == "=1+1, not a sum"


def test_a_status_notification_in_a_batch_says_what_became_of_ours(files: World) -> None:
    folder = FakeChannel("drop")
    files.pipeline._parts.channels["drop"] = folder  # type: ignore[index]
    result = hand_in(files, contact("m-1", sender="C17", recipients=["C05"]), "beta")
    assert isinstance(result, Accepted), result
    files.deliver("C05")
    ((wire, _),) = folder.handed
    ours = FlatFileAdapter().read(wire.body).control_reference
    lines = ["H,1,C05,C17,20261123-02," + ours + ",23/11/2026,115900,0-9-14,0,", "M,1,STA,R,DB-9", "STA,202", "T,1,4,0,0,0"]
    settled = drop(files, "".join(f"{line}\r\n" for line in lines).encode())
    assert isinstance(settled, Settled), settled
    (delivery,) = files.store.queries.deliveries_of_messages(result.message_ids)[result.message_ids[0]]
    assert delivery.state is DeliveryState.APPLIED

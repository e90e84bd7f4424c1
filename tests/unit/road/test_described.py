"""Described languages on the road: a batch in by one mapping, JSON out by another, and XML with its signature beside it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.agencies.declarative.adapter import DescribedAdapter
from adapters.catalogue import DIALECTS
from gateway.described_dialects import read_dialects
from gateway.exchange.results import Accepted, SubmitResult
from gateway.exchange.submission import Submission
from gateway.partners.agreement import DeliveryMode
from gateway.trust import compact
from gateway.trust.catalogue import PACKAGINGS
from gateway.trust.contract import SealOrder
from schemas.identifiers import OrganisationId
from tests.support import world as worlds
from tests.support.declarative import compiled, whole_mapping
from tests.support.dialects import taken
from tests.support.tree import ROOT
from tests.support.world import AUDIENCE, World, both, make_world

_BATCH = (
    "H,1,C05,C17,20261123-01,,23/11/2026,115900,0-9-14,0,\r\n"
    "M,1,CON,I,DB-1\r\n"
    'CON,X000001,PER#2500000001,,"Made,Up",CON#0,,,,,,0,010,20/11/2026,103000,C05,C05T01/C05A001,,,,,,,0,,Made up.\r\n'
    "T,1,4,2500000001,0,0\r\n"
)


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """C05 (alpha) writes batches; C17 (beta) takes Caseflow's JSON; C20 (gamma) takes XML in a folder. All three are described."""
    letters: DescribedAdapter = compiled(whole_mapping("xml", ("Contact",)))
    known = {**DIALECTS, **read_dialects(ROOT / "partners/dialects", frozenset(DIALECTS)), letters.dialect: letters}
    monkeypatch.setattr(worlds, "DIALECTS", known)
    agreements = [
        *both("C05", dialect="flatfile-described", packaging="detached", mode=DeliveryMode.DROP),
        *both("C17", dialect="caseflow-described", packaging="jws", mode=DeliveryMode.QUEUE),
        *both("C20", dialect="whole-xml", packaging="detached", mode=DeliveryMode.SHELF),
    ]
    made = make_world(f"sqlite:///{tmp_path / 'gateway.db'}", agreements)
    yield made
    made.store.close()
    assert made.bugs == []


def _drop(world: World, organisation: str, document: bytes, media_type: str) -> SubmitResult:
    order = SealOrder(document=document, kind="message", audience=AUDIENCE, now=world.now, media_type=media_type)
    wire = PACKAGINGS["detached"].seal(order, world.signers[organisation])
    (result,) = world.pipeline.submit([Submission(wire=wire, packaging="detached", channel="file", peer=OrganisationId(organisation), received_at=world.now)])
    return result


def test_a_batch_comes_out_as_another_described_language(described: World) -> None:
    assert isinstance(_drop(described, "alpha", _BATCH.encode(), "text/csv"), Accepted)
    described.deliver("C17")
    ((wire, _),) = described.queue.handed
    form = json.loads(compact.split(wire.body).unverified_payload)
    assert (form["header"]["type"], form["header"]["sender"]) == ("Contact", "C05")
    document = form["document"]
    assert (document["caseNo"], document["entryType"], document["entryDate"], document["worker"]) == ("X000001", "OFFICE-VISIT", "20/11/2026", "C05T01:C05A001")
    assert document["entryRef"] == "CF-ENT-NEW"


def test_described_xml_travels_with_its_signature_beside_it(described: World) -> None:
    letters = worlds.DIALECTS["whole-xml"]
    (entry,) = worlds.DIALECTS["flatfile-described"].read(_BATCH.encode()).entries
    letter = (
        '<Letter xmlns="urn:example:whole"><Header><MessageId>L-1</MessageId><From>C20</From><To>C17</To><Kind>Contact</Kind><Action>INS</Action>'
        "<Version>0-9-14</Version><Control>L-1</Control><At>20261123T115900.000000</At></Header><Contact alert='N'><crn>X000001</crn><offender_id>R1"
        "</offender_id><contact_id>R?</contact_id><contact_type><code>COAP</code></contact_type><contact_date>20.11.2026</contact_date><start_time>"
        "103000000000</start_time><sensitive>N</sensitive><responsible provider='C05'><team><code>C05T01</code></team><officer><code>C05A001</code>"
        "</officer></responsible><version><updated_by>Made,Up</updated_by></version></Contact></Letter>"
    )
    assert isinstance(_drop(described, "gamma", letter.encode(), letters.media_type), Accepted)
    described.deliver("C17")
    ((wire, _),) = described.queue.handed
    assert json.loads(compact.split(wire.body).unverified_payload)["document"]["changedBy"] == taken(entry).version.updated_by

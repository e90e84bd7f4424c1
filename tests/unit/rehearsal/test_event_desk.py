"""The desk of an event consumer believes an event and its detail only together, and does a thing once."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.rehearsal.case_system import CaseSystem, CrcIdentity
from gateway.rehearsal.event_desk import EventDesk, Gateway
from gateway.rehearsal.flaws import Flaws
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, PublishedKeys, ReadingKeys, digest_of
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.languages import Answering, CanonicalLanguage
from schemas.receipts import Receipt, Stage, from_claims
from tests.support.world import contact_document

BASE = "https://gateway.example"
OURS, STRANGER, OWN = PartnerKey.generate(), PartnerKey.generate(), PartnerKey.generate()
KEYS = PublishedKeys({"keys": [OURS.jwk]})
IDENTITY = CrcIdentity(organisation="beta", party="C17", name="Fictional", gateway_audience="gateway")


class House:
    """A desk, and the gateway as it sees it: one event and one detail, to be changed by the test."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "C17.jsonl")
        self.desk = self.new_desk()
        self.fetched: list[str] = []
        self.detail: dict[str, Any] = {
            "header": {
                "message_id": "m1",
                "sender": "C05",
                "type": "Contact",
                "action": "INS",
                "control_reference": "1000000000001",
                "case_reference": "X000001",
                "prepared_at": "2026-11-23T12:00:00Z",
            },
            "document": contact_document("X000001", "Made up."),
        }
        self.signer, self.audience = OURS, "beta"

    def new_desk(self) -> CaseSystem:
        """As after a restart: it knows what its journal says."""
        return CaseSystem(IDENTITY, OWN, CanonicalLanguage(), Answering("C17", "Made,Up"), self.journal)

    def is_done(self, party: str, message_id: str) -> bool:
        assert party == "C17"
        return any(entry.text("message_id") == message_id for entry in self.journal.entries() if entry.noted in (Noted.APPLIED, Noted.NOT_APPLIED))

    def event(self) -> dict[str, Any]:
        return {
            "eventType": "probation-case.contact.created",
            "version": 1,
            "publishedAt": "2026-11-23T12:00:00Z",
            "detailUrl": f"{BASE}/v1/deliveries/d1/detail",
            "personReference": {"identifiers": [{"type": "CRN", "value": "X000001"}]},
            "additionalInformation": {
                "messageId": "m1",
                "controlReference": "1000000000001",
                "sender": "C05",
                "recipient": "C17",
                "detailDigest": digest_of(json.dumps(self.detail).encode()),
            },
        }

    def take(self, event: dict[str, Any] | None = None, *, signer: PartnerKey = OURS, audience: str = "beta") -> Receipt:
        jws = signer.sign(json.dumps(event or self.event()).encode(), kind="message", audience=audience)
        desk = EventDesk("beta", lambda: frozenset({"C17"}), self.is_done, Gateway(BASE, KEYS, self.fetch), Flaws())
        receipt = self.desk.take(jws, ReadingKeys(KEYS, desk.read)).receipt
        return from_claims(PublishedKeys({"keys": [OWN.jwk]}).open(receipt, kind="receipt", audience="gateway").claims())

    def fetch(self, url: str) -> str:
        self.fetched.append(url.removeprefix(BASE))
        return self.signer.sign(json.dumps(self.detail).encode(), kind="message", audience=self.audience)

    def noted(self) -> list[Noted]:
        return [entry.noted for entry in self.journal.entries()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def test_the_receipt_is_for_the_event(house: House) -> None:
    receipt = house.take()
    assert (receipt.stage, receipt.subject, receipt.recipient) == (Stage.APPLIED, "m1", "C17")
    assert receipt.sent_digest == digest_of(json.dumps(house.event()).encode())
    assert house.fetched == ["/v1/deliveries/d1/detail"]
    assert house.noted() == [Noted.RECEIVED, Noted.APPLIED]


def test_again_is_not_done_again_nor_after_a_restart(house: House) -> None:
    receipts = [house.take(), house.take()]
    house.desk = house.new_desk()
    receipts.append(house.take())
    assert len({receipt.receipt_id for receipt in receipts}) == 1
    assert house.noted().count(Noted.APPLIED) == 1
    assert len(house.fetched) == 1


def test_a_case_that_is_not_held_is_not_applied(house: House) -> None:
    house.detail["header"]["case_reference"] = "Z000001"
    house.detail["document"]["crn"] = "Z000001"
    event = house.event()
    del event["personReference"]
    receipt = house.take(event)
    assert (receipt.stage, receipt.fault.code if receipt.fault else "") == (Stage.NOT_APPLIED, "not-applied")


def changed(*path: str, to: object) -> Callable[[dict[str, Any]], None]:
    def change(event: dict[str, Any]) -> None:
        for step in path[:-1]:
            event = event[step]
        event[path[-1]] = to

    return change


WRONG_EVENTS = {
    "other form": changed("version", to=2),
    "for another party": changed("additionalInformation", "recipient", to="C05"),
    "detail elsewhere": changed("detailUrl", to="https://elsewhere.example/v1/deliveries/d1/detail"),
    "detail behind another door": changed("detailUrl", to=f"{BASE}/v1/messages/d1"),
    "host that begins alike": changed("detailUrl", to=f"{BASE}.elsewhere.example/v1/deliveries/d1/detail"),
    "other detail": changed("additionalInformation", "detailDigest", to=digest_of(b"{}")),
    "no digest": changed("additionalInformation", "detailDigest", to=None),
    "other message": changed("additionalInformation", "messageId", to="m2"),
    "other sender": changed("additionalInformation", "sender", to="C07"),
    "other case": changed("personReference", "identifiers", to=[{"type": "CRN", "value": "X000002"}]),
}


@pytest.mark.parametrize("change", WRONG_EVENTS.values(), ids=WRONG_EVENTS.keys())
def test_an_event_that_does_not_fit_is_not_believed(house: House, change: Callable[[dict[str, Any]], None]) -> None:
    event = house.event()
    change(event)
    with pytest.raises(NotBelievedError):
        house.take(event)
    assert house.noted() == []


@pytest.mark.parametrize(("signer", "audience"), [(STRANGER, "beta"), (OURS, "alpha")])
def test_neither_event_nor_detail_is_believed_without_the_gateways_signature_for_us(house: House, signer: PartnerKey, audience: str) -> None:
    with pytest.raises(NotBelievedError):
        house.take(signer=signer, audience=audience)
    house.signer, house.audience = signer, audience
    with pytest.raises(NotBelievedError):
        house.take()
    assert house.noted() == []

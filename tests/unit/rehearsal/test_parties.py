"""One simulated organisation with several parties: each message goes to whom it names, and each party remembers by itself."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import Crc, CrcKeys
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, PublishedKeys
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.languages import Answering, CanonicalLanguage
from tests.support.world import contact

OURS = PartnerKey.generate()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Crc]:
    identity = CrcIdentity(organisation="owner", party="C10", name="Fictional", gateway_audience="gateway")
    made = Crc(identity, CrcKeys(OURS, OURS), CanonicalLanguage(), Answering("C10", "Made,Up"), tmp_path / "journal.jsonl")
    made.serve("C15", tmp_path / "journal-C15.jsonl")
    made.trust(PublishedKeys({"keys": [OURS.jwk]}))
    yield made
    made.journal.close()


def signed(party: str) -> str:
    return OURS.sign(contact("m-1", sender="C05", recipients=(party,), notes="Made up."), kind="message", audience="owner")


def test_each_party_does_its_own_and_receipts_for_itself(house: Crc) -> None:
    said = [house.judge(signed(party)).receipt for party in ("C10", "C15")]
    opened = [PublishedKeys({"keys": [OURS.jwk]}).open(jws, kind="receipt", audience="gateway").claims() for jws in said]
    assert "C10" in json.dumps(opened[0])
    assert "C15" in json.dumps(opened[1])
    assert [len(house.journals[party].entries(Noted.APPLIED)) for party in ("C10", "C15")] == [1, 1]


def test_each_party_remembers_by_itself(house: Crc) -> None:
    first = house.judge(signed("C15")).receipt
    house.recall()
    assert house.judge(signed("C15")).receipt == first
    assert house.journals["C10"].entries() == ()


def test_another_party_is_not_believed(house: Crc) -> None:
    with pytest.raises(NotBelievedError):
        house.judge(signed("C99"))

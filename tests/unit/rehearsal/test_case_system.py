"""A simulated case system does a thing once, says so with one receipt, and answers transfers."""

import json
from pathlib import Path

import pytest

from gateway.rehearsal.case_system import CaseSystem
from gateway.rehearsal.jose import NotBelievedError, PartnerKey, PublishedKeys
from gateway.rehearsal.journal import Journal, Noted
from schemas.messages.consolidated_transfer_response import ConsolidatedTransferResponse
from schemas.receipts import Receipt, Stage, from_claims
from tests.support.partners import AUDIENCE, IDENTITY, GatewayVoice, case_system, contact, transfer_request


def test_a_message_is_applied_and_receipted(tmp_path: Path) -> None:
    system, journal, key = case_system(tmp_path / "c14.jsonl")
    voice = GatewayVoice()
    jws = voice.message(contact())
    taken = system.take(jws, voice.keys())
    claims = PublishedKeys({"keys": [key.jwk]}).open(taken.receipt, kind="receipt", audience=AUDIENCE).claims()
    receipt = from_claims(claims)
    assert (receipt.stage, receipt.subject, receipt.recipient, receipt.issuer) == (Stage.APPLIED, "m-1", "C14", IDENTITY.organisation)
    assert receipt.sent_digest == voice.keys().open(jws, kind="message", audience=IDENTITY.organisation).digest
    assert [entry.noted for entry in journal.entries()] == [Noted.RECEIVED, Noted.APPLIED]
    journal.close()


def test_the_same_message_again_gets_the_same_receipt_and_no_second_effect(tmp_path: Path) -> None:
    system, journal, _ = case_system(tmp_path / "c14.jsonl")
    voice = GatewayVoice()
    first, second = (system.take(voice.message(transfer_request()), voice.keys()) for _ in range(2))
    assert first.receipt == second.receipt
    assert (first.answer is None, second.answer) == (False, None)
    assert len(journal.entries(Noted.APPLIED)) == 1
    journal.close()


def test_duplicate_memory_survives_a_restart(tmp_path: Path) -> None:
    system, journal, _ = case_system(tmp_path / "c14.jsonl")
    voice = GatewayVoice()
    first = system.take(voice.message(contact()), voice.keys())
    journal.close()
    again, journal, _ = case_system(tmp_path / "c14.jsonl")
    assert again.take(voice.message(contact()), voice.keys()).receipt == first.receipt
    journal.close()


def test_a_case_that_is_not_held_is_not_applied_with_a_reason(tmp_path: Path) -> None:
    system, journal, key = case_system(tmp_path / "c14.jsonl")
    voice = GatewayVoice()
    taken = system.take(voice.message(contact(case="Z000001")), voice.keys())
    receipt = from_claims(PublishedKeys({"keys": [key.jwk]}).open(taken.receipt, kind="receipt", audience=AUDIENCE).claims())
    assert receipt.stage is Stage.NOT_APPLIED
    assert receipt.fault is not None
    assert receipt.fault.detail == "No such case is held here."
    journal.close()


def said(system: CaseSystem, key: PartnerKey, voice: GatewayVoice, message: dict[str, object]) -> Receipt:
    """What it says to a message, once it was checked."""
    taken = system.take(voice.message(message), voice.keys())
    return from_claims(PublishedKeys({"keys": [key.jwk]}).open(taken.receipt, kind="receipt", audience=AUDIENCE).claims())


def test_a_stale_update_is_answered_with_the_version_that_stands(tmp_path: Path) -> None:
    system, journal, key = case_system(tmp_path / "c14.jsonl")
    voice = GatewayVoice()
    assert said(system, key, voice, contact("m-1", action="INS")).stage is Stage.APPLIED
    stale = said(system, key, voice, contact("m-2", version="AB" * 16))
    assert stale.fault is not None
    assert (stale.stage, stale.fault.code) == (Stage.NOT_APPLIED, "version-conflict")
    assert stale.fault.current_version == journal.entries(Noted.APPLIED)[0].text("version")
    assert said(system, key, voice, contact("m-3", version=stale.fault.current_version)).stage is Stage.APPLIED
    assert [entry.text("named") for entry in journal.entries(Noted.APPLIED)] == ["", stale.fault.current_version]
    journal.close()


def test_versions_survive_a_restart(tmp_path: Path) -> None:
    system, journal, key = case_system(tmp_path / "c14.jsonl")
    voice = GatewayVoice()
    said(system, key, voice, contact("m-1", action="INS"))
    current = journal.entries(Noted.APPLIED)[0].text("version")
    journal.close()
    again, journal, key = case_system(tmp_path / "c14.jsonl")
    stale = said(again, key, voice, contact("m-2", version="AB" * 16))
    assert stale.fault is not None
    assert stale.fault.current_version == current
    journal.close()


def test_one_that_knows_records_by_own_ids_says_them_and_finds_them_again(tmp_path: Path) -> None:
    system, journal, key = case_system(tmp_path / "c14.jsonl", own_ids=True)
    voice = GatewayVoice()
    own = said(system, key, voice, contact("m-1", action="INS")).local_id
    assert own is not None
    current = journal.entries(Noted.APPLIED)[0].text("version")
    journal.close()
    again, journal, key = case_system(tmp_path / "c14.jsonl", own_ids=True)
    stale = said(again, key, voice, contact("m-2", key=f"~{own}", version="AB" * 16))
    assert stale.fault is not None
    assert (stale.fault.current_version, stale.local_id) == (current, None)
    assert said(again, key, voice, contact("m-3", key=f"~{own}", version=current)).local_id == own
    assert said(again, key, voice, contact("m-4", key="77")).local_id == own
    journal.close()


def test_one_that_keeps_numbers_says_no_own_id(tmp_path: Path) -> None:
    system, journal, key = case_system(tmp_path / "c14.jsonl")
    assert said(system, key, GatewayVoice(), contact(action="INS")).local_id is None
    journal.close()


@pytest.mark.parametrize(("reason", "status"), [(None, "TA"), ("INC", "TR")])
def test_a_transfer_request_is_answered_in_the_published_form(tmp_path: Path, reason: str | None, status: str) -> None:
    system, journal, _ = case_system(tmp_path / "c14.jsonl", rejected_reason=reason)
    voice = GatewayVoice()
    answer = json.loads(system.take(voice.message(transfer_request()), voice.keys()).answer or b"{}")
    assert answer["header"]["in_reply_to"] == "m-2"
    payload = ConsolidatedTransferResponse.model_validate_json(json.dumps(answer["document"]))
    assert payload.parts[0].status == status
    assert (payload.parts[0].rejected_reason.code if payload.parts[0].rejected_reason else None) == reason
    journal.close()


def test_what_another_gateway_signed_is_not_taken(tmp_path: Path) -> None:
    system, journal, _ = case_system(tmp_path / "c14.jsonl")
    with pytest.raises(NotBelievedError):
        system.take(GatewayVoice().message(contact()), GatewayVoice().keys())
    assert journal.entries() == ()
    journal.close()


def test_the_journal_is_the_partners_alone(tmp_path: Path) -> None:
    path = tmp_path / "c14.jsonl"
    Journal(path).close()
    assert path.read_bytes() == b""

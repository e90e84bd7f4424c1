"""The reckoning counts what the journals and the receipts prove, and names what they do not."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from gateway.rehearsal.journal import Entry, Noted
from gateway.rehearsal.reckoning import Reckoning, Witness, reckon
from schemas.receipts import Basis, MessageVerdict, Stage
from tests.support.partners import GatewayVoice, digest

SENT = {"reference": "r-1", "receiver": "C14", "type": "Contact", "case": "X123456", "key": "77"}
ARRIVED = {"message_id": "m-1", "sender": "C07", "type": "Contact", "case": "X123456", "key": "77"}


@pytest.fixture
def voice() -> GatewayVoice:
    return GatewayVoice()


def entry(noted: Noted, facts: Mapping[str, str]) -> Entry:
    return Entry(datetime.now(UTC), noted, facts)


def accepted(voice: GatewayVoice, reference: str = "r-1", message_id: str = "m-1") -> str:
    verdicts = (MessageVerdict(message_id, reference, "accepted"),)
    return voice.receipt(Stage.ACCEPTED, f"s-{reference}", organisation="larkspur", control_reference=reference, messages=verdicts)


def final(voice: GatewayVoice, before: str, stage: Stage = Stage.APPLIED, message_id: str = "m-1") -> str:
    return voice.receipt(stage, message_id, organisation="larkspur", recipient="C14", basis=Basis.RECIPIENT_RECEIPT, previous=digest(before))


def told(voice: GatewayVoice) -> list[Entry]:
    """What the sender of one message notes when all goes well."""
    first = accepted(voice)
    return [entry(Noted.SENT, SENT), entry(Noted.ACCEPTED, {"receipt": first}), entry(Noted.RECEIPT, {"receipt": final(voice, first)})]


def reckoned(voice: GatewayVoice, sender: list[Entry], recipient: list[Entry]) -> Reckoning:
    witnesses = (
        Witness(party="C07", organisation="larkspur", speaks_spg=False, entries=sender),
        Witness(party="C14", organisation="wexcombe", speaks_spg=False, entries=recipient),
    )
    return reckon(witnesses, voice.keys())


def test_a_message_that_was_applied_counts_in_full(voice: GatewayVoice) -> None:
    result = reckoned(voice, told(voice), [entry(Noted.RECEIVED, ARRIVED)])
    assert (result.accepted, result.delivered, result.applied, result.lost, result.faults) == (1, 1, 1, [], [])


def test_an_accepted_message_that_never_arrived_is_lost_and_named(voice: GatewayVoice) -> None:
    result = reckoned(voice, told(voice), [])
    assert [str(thing) for thing in result.lost] == ["Contact 77 of case X123456 from C07 to C14"]


def test_without_the_last_receipt_it_is_lost_too(voice: GatewayVoice) -> None:
    result = reckoned(voice, told(voice)[:2], [entry(Noted.RECEIVED, ARRIVED)])
    assert len(result.lost) == 1


def test_a_forged_last_receipt_proves_nothing(voice: GatewayVoice) -> None:
    entries = told(voice)[:2]
    entries.append(entry(Noted.RECEIPT, {"receipt": final(GatewayVoice(), entries[1].text("receipt"))}))
    result = reckoned(voice, entries, [entry(Noted.RECEIVED, ARRIVED)])
    assert len(result.lost) == 1
    assert any("does not check" in fault for fault in result.faults)


def test_not_applied_is_counted_apart(voice: GatewayVoice) -> None:
    entries = told(voice)[:2]
    entries.append(entry(Noted.RECEIPT, {"receipt": final(voice, entries[1].text("receipt"), Stage.NOT_APPLIED)}))
    result = reckoned(voice, entries, [entry(Noted.RECEIVED, ARRIVED)])
    assert (result.applied, result.not_applied, result.lost) == (0, 1, [])


def test_a_second_effect_is_named(voice: GatewayVoice) -> None:
    result = reckoned(voice, told(voice), [entry(Noted.RECEIVED, ARRIVED)] * 2)
    assert result.faults == ["done 2 times at C14: Contact 77 of case X123456 from C07 to C14"]


def test_what_arrives_without_an_acceptance_is_named(voice: GatewayVoice) -> None:
    result = reckoned(voice, [], [entry(Noted.RECEIVED, ARRIVED)])
    assert result.faults == ["at C14 without an acceptance: Contact 77 of case X123456 from C07 to C14"]


def test_a_wrong_order_within_a_case_is_named(voice: GatewayVoice) -> None:
    second = {**SENT, "reference": "r-2", "key": "78"}
    first_receipt, second_receipt = accepted(voice), accepted(voice, "r-2", "m-2")
    sender = [
        entry(Noted.SENT, SENT),
        entry(Noted.SENT, second),
        *(entry(Noted.ACCEPTED, {"receipt": receipt}) for receipt in (first_receipt, second_receipt)),
        entry(Noted.RECEIPT, {"receipt": final(voice, first_receipt)}),
        entry(Noted.RECEIPT, {"receipt": final(voice, second_receipt, message_id="m-2")}),
    ]
    recipient = [entry(Noted.RECEIVED, {**ARRIVED, "key": "78"}), entry(Noted.RECEIVED, ARRIVED)]
    assert reckoned(voice, sender, recipient).faults == ["out of order at C14: case X123456 from C07"]


def test_what_a_partner_did_not_believe_is_a_fault(voice: GatewayVoice) -> None:
    result = reckoned(voice, [entry(Noted.DISTRUSTED, {"reason": "the signature does not check"})], [])
    assert result.faults == ["C07 did not believe something: the signature does not check"]


@pytest.mark.parametrize(("statuses", "lost"), [(["202"], 0), (["500"], 1), ([], 1)])
def test_an_spg_sender_needs_the_status_notification_as_well(voice: GatewayVoice, statuses: list[str], lost: int) -> None:
    entries = [*told(voice), entry(Noted.ACCEPTED, {"reference": "r-1"})]
    entries += [entry(Noted.NOTIFIED, {"reference": "r-1", "status": status}) for status in statuses]
    sender = Witness(party="C07", organisation="larkspur", speaks_spg=True, entries=entries)
    recipient = Witness(party="C14", organisation="wexcombe", speaks_spg=False, entries=[entry(Noted.RECEIVED, ARRIVED)])
    assert len(reckon((sender, recipient), voice.keys()).lost) == lost

"""Partners that know records by ids of their own, through the public doors: nDelius numbers a record, says so, and what comes
later by the own id finds it, in every language that has own ids."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.rehearsal import interchange
from gateway.rehearsal.journal import Entry, Noted
from schemas.envelope import Action
from schemas.receipts import Receipt, Stage
from tests.support.faults import bugs_in
from tests.support.integrity import findings
from tests.support.own_id_place import LANGUAGES, PATIENCE_SECONDS, SUBJECTS, Place, place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("own-ids")]
each = pytest.mark.parametrize("party", sorted(SUBJECTS))
POINTERS = {"C05": "/document/contact_id", "C07": "/document/entryRef", "C10": "line 3, column 6 (ContactRef)", "C11": "/document/entryRef"}


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("own-ids")
    with place(directory) as made:
        yield made
        assert [*made.n00.failures, *(failure for crc in made.crcs.values() for failure in crc.failures)] == []
        assert not made.n00.journal.entries(Noted.DISTRUSTED)
    assert findings(f"sqlite:///{directory / 'gateway.db'}") == []
    assert bugs_in(directory) == []


def inserted(around: Place, party: str, own: str, case: str) -> str:
    """The number that nDelius gave to a new contact of this party, as the party was told."""
    sender = around.senders[party]
    first = sender.hand_in(around.contact(party, own, Action.INSERT, case))
    assert first.stage is Stage.ACCEPTED, (first, around.logs())
    receipt = sender.told(first.messages[0].message_id)
    assert receipt is not None, around.logs()
    assert receipt.stage is Stage.APPLIED
    assert receipt.record_id is not None
    return receipt.record_id


def update(around: Place, party: str, own: str, case: str) -> Receipt:
    return around.senders[party].hand_in(around.contact(party, own, Action.UPDATE, case))


def fault(receipt: Receipt) -> tuple[str, str]:
    assert receipt.stage is Stage.REFUSED, receipt
    assert receipt.fault is not None
    return receipt.fault.code, receipt.fault.pointer


@each
def test_a_sender_is_told_the_number_and_its_own_id_finds_it_from_then_on(around: Place, party: str) -> None:
    case = next(around.cases)
    number = inserted(around, party, "visit-4711", case)
    later = update(around, party, "visit-4711", case)
    assert around.senders[party].told(later.messages[0].message_id) is not None
    assert [(entry.text("key"), entry.text("called")) for entry in around.applied(case)] == [("0", number), (number, number)]


@each
def test_an_own_id_that_nobody_told_of_is_a_fault_at_its_place(around: Place, party: str) -> None:
    case = next(around.cases)
    assert fault(update(around, party, "nobody-knows", case)) == ("identifier-unknown", POINTERS[party])
    assert around.applied(case) == []


@each
def test_an_own_id_of_another_partner_never_resolves(around: Place, party: str) -> None:
    case, other = next(around.cases), "C07" if party == "C05" else "C05"
    inserted(around, other, f"seen-by-{party}", case)
    assert fault(update(around, party, f"seen-by-{party}", case))[0] == "identifier-unknown"
    assert len(around.applied(case)) == 1


@each
def test_a_second_record_of_one_own_id_is_a_fault(around: Place, party: str) -> None:
    case = next(around.cases)
    inserted(around, party, "twice", case)
    again = around.senders[party].hand_in(around.contact(party, "twice", Action.INSERT, next(around.cases)))
    assert fault(again) == ("identifier-invalid", POINTERS[party])


@pytest.mark.parametrize("party", sorted(LANGUAGES))
def test_the_same_message_again_is_the_same_record(around: Place, party: str) -> None:
    case = next(around.cases)
    number = inserted(around, party, "again", case)
    first = around.senders[party].again()
    assert first.stage is Stage.ACCEPTED
    receipt = around.senders[party].told(first.messages[0].message_id)
    assert receipt is not None
    assert receipt.record_id == number
    assert [entry.text("called") for entry in around.applied(case)] == [number]


@pytest.mark.parametrize("party", sorted(LANGUAGES))
def test_of_two_inserts_at_once_one_wins_and_both_records_are_never_mixed(around: Place, party: str) -> None:
    cases = [next(around.cases), next(around.cases)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda case: around.senders[party].hand_in(around.contact(party, "race", Action.INSERT, case)), cases))
        numbers = list(pool.map(lambda own: inserted(around, party, own, cases[0]), ["left", "right"]))
    assert sorted(answer.stage for answer in answers) == [Stage.ACCEPTED, Stage.REFUSED]
    assert len(set(numbers)) == 2
    for own, number in zip(["left", "right"], numbers, strict=True):
        later = update(around, party, own, cases[0])
        assert around.senders[party].told(later.messages[0].message_id) is not None
        assert around.applied(cases[0])[-1].text("key") == number


@pytest.mark.parametrize("party", sorted(LANGUAGES))
def test_a_partner_names_what_ndelius_sends_it_and_both_find_the_record(around: Place, party: str) -> None:
    case, number, crc = next(around.cases), f"26000000{party[1:]}", around.crcs[party]
    values = {"CaseReferenceNumber": case, "OffenderID": "2500000001", "ContactID": number, "SPGVersion": "0" * 32}

    def done(action: str) -> Entry:
        letter, answer = around.n00.send(interchange.CONTACT, party, values | {"MessageType": action})
        assert answer.accepted, answer
        told = around.n00.journal.wait_for(lambda entry: entry.noted is Noted.NOTIFIED and entry.text("reference") == letter.reference, PATIENCE_SECONDS)
        assert told is not None, around.logs()
        assert told.text("status") == "202"
        return next(entry for entry in reversed(crc.journal.entries(Noted.APPLIED)) if entry.text("case") == case)

    first = done("INS")
    second = done("UPD")
    assert (first.text("key"), second.text("key")) == (number, f"~{first.text('called')}")
    assert first.text("called") == second.text("called")
    later = update(around, party, first.text("called"), case)
    assert around.senders[party].told(later.messages[0].message_id) is not None
    assert [entry.text("key") for entry in around.applied(case)] == [number]

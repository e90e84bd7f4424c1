"""Interchanges of many messages and stale updates, through the real doors of a whole gateway.

What is proved is read from the partners' own journals and from receipts that they verified. The gateway's own broker
stands in for RabbitMQ: what is told here hangs on no queue of a partner's.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from gateway.rehearsal import interchange
from gateway.rehearsal.journal import Entry, Journal, Noted
from gateway.rehearsal.ndelius import Letter
from gateway.rehearsal.record_versions import NO_VERSION
from schemas.receipts import Receipt, Stage, from_claims
from tests.support.doors import PATIENCE_SECONDS, House, house
from tests.support.exchange import claims
from tests.support.faults import bugs_in
from tests.support.integrity import findings
from tests.support.world import contact_document

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("interchanges")]
RECORDS = count(2_500_000_001)


@contextmanager
def gateway(directory: Path, *, by_message: bool) -> Iterator[House]:
    """A whole gateway, with nDelius's agreements in one way or the other; nothing is amiss when it closes."""
    url = f"sqlite:///{directory / 'gateway.db'}"
    with house(directory, url, by_message=by_message) as made:
        made.start()
        made.connect()
        yield made
        assert made.failures() == []
        assert [entry for journal in (made.n00.journal, made.c07.journal, made.c16.journal) for entry in journal.entries(Noted.DISTRUSTED)] == []
        made.c16.stop()
        made.c07.stop()
        made.close_gateway()
        assert findings(url) == []
        assert bugs_in(directory) == []


@pytest.fixture(scope="module")
def by_message(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with gateway(tmp_path_factory.mktemp("by-message"), by_message=True) as made:
        made.c16.start()
        yield made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with gateway(tmp_path_factory.mktemp("whole"), by_message=False) as made:
        yield made


def contact(case: str = "X710001", *, version: str = NO_VERSION, **values: str) -> dict[str, str]:
    """What a contact says; a record of its own unless one is named."""
    here = {"Provider": "C07", "Team": "C07A12", "ContactOfficer": "C07A294", "Location": "C07L02"}
    return here | {"CaseReferenceNumber": case, "MessageType": "UPD", "SPGVersion": version, "ContactID": str(next(RECORDS))} | values


def mixed() -> list[Mapping[str, str]]:
    """Good, with no such day, about a case that C07 does not hold, good."""
    return [contact(), contact(ContactDate="2026-02-30"), contact("Z710002"), contact("X710003")]


def told(journal: Journal, letter: Letter) -> Entry:
    """The status notification for an interchange."""
    found = journal.wait_for(lambda entry: entry.noted is Noted.NOTIFIED and entry.text("reference") == letter.reference, PATIENCE_SECONDS)
    assert found is not None
    return found


def read(jws: str) -> Receipt:
    """A receipt that its partner believed before it noted it."""
    return from_claims(claims(jws))


def verdicts(jws: str) -> list[tuple[str, str]]:
    return [(entry.verdict, entry.fault.code if entry.fault else "") for entry in read(jws).messages]


def done_at(journal: Journal, several: list[Mapping[str, str]], noted: Noted) -> list[str]:
    keys = {values["ContactID"] for values in several}
    return [entry.text("case") for entry in journal.entries(noted) if entry.text("key") in keys]


def test_the_good_ones_go_on_alone_where_it_was_agreed(by_message: House) -> None:
    n00, c07, several = by_message.n00, by_message.c07, mixed()
    letter, answer = n00.send_together(interchange.CONTACT, "C07", several)
    assert answer.accepted
    notified = told(n00.journal, letter)
    assert (notified.text("status"), notified.text("entries")) == ("500", "1:202,2:422,3:500,4:202")
    assert sorted(done_at(c07.journal, several, Noted.APPLIED)) == ["X710001", "X710003"]
    assert done_at(c07.journal, several, Noted.NOT_APPLIED) == ["Z710002"]
    n00.collect_receipts()
    first = next(entry for entry in n00.journal.entries(Noted.RECEIPT) if (entry.text("reference"), entry.text("stage")) == (letter.reference, "accepted"))
    assert verdicts(first.text("receipt")) == [("accepted", ""), ("refused", "value-invalid"), ("accepted", ""), ("accepted", "")]
    assert n00.hand_in(n00.sign(letter.content)).accepted
    assert len(done_at(c07.journal, several, Noted.RECEIVED)) == 3


def test_by_default_one_bad_message_refuses_them_all(whole: House) -> None:
    several = mixed()
    _, answer = whole.n00.send_together(interchange.CONTACT, "C07", several)
    assert answer.code == "value-invalid"
    assert verdicts(answer.receipt) == [("refused", ""), ("refused", "value-invalid"), ("refused", ""), ("refused", "")]
    assert done_at(whole.c07.journal, several, Noted.RECEIVED) == []


def test_an_interchange_of_good_ones_ends_with_one_202(whole: House) -> None:
    several: list[Mapping[str, str]] = [contact(f"X72000{number}") for number in range(5)]
    letter, answer = whole.n00.send_together(interchange.CONTACT, "C07", several)
    assert answer.accepted
    notified = told(whole.n00.journal, letter)
    assert (notified.text("status"), notified.text("entries")) == ("202", "")
    assert sorted(done_at(whole.c07.journal, several, Noted.APPLIED)) == [f"X72000{number}" for number in range(5)]
    assert sum(entry.text("reference") == letter.reference for entry in whole.n00.journal.entries(Noted.NOTIFIED)) == 1


@pytest.mark.parametrize("terms", ["by_message", "whole"])
def test_a_stale_update_is_a_conflict_and_by_agreement_names_the_version(terms: str, request: pytest.FixtureRequest) -> None:
    place: House = request.getfixturevalue(terms)
    n00, c07, first = place.n00, place.c07, contact("X730001")
    letter, _ = n00.send(interchange.CONTACT, "C07", first)
    assert told(n00.journal, letter).text("status") == "202"
    stale, answer = n00.send(interchange.CONTACT, "C07", first | {"SPGVersion": "AB" * 16})
    assert answer.accepted
    notified = told(n00.journal, stale)
    applied = next(entry for entry in c07.journal.entries(Noted.APPLIED) if entry.text("key") == first["ContactID"])
    assert (notified.text("status"), notified.text("current")) == ("409", applied.text("version") if terms == "by_message" else "")
    again, _ = n00.send(interchange.CONTACT, "C07", first | {"SPGVersion": applied.text("version")})
    assert told(n00.journal, again).text("status") == "202"
    done = [entry.noted for entry in c07.journal.entries() if entry.text("key") == first["ContactID"] and entry.noted is not Noted.RECEIVED]
    assert done == [Noted.APPLIED, Noted.NOT_APPLIED, Noted.APPLIED]


def test_ndelius_own_conflict_reaches_a_json_sender(by_message: House) -> None:
    record = str(next(RECORDS))
    first, stale = (last_word(by_message, payload(name, record, version)) for name, version in ((f"first-{record}", None), (f"stale-{record}", "AB" * 16)))
    (applied,) = [entry for entry in by_message.n00.journal.entries(Noted.APPLIED) if entry.text("key") == record]
    assert (first.stage, stale.stage) == (Stage.APPLIED, Stage.NOT_APPLIED)
    assert stale.fault is not None
    assert (stale.fault.code, stale.fault.current_version) == ("version-conflict", applied.text("version"))


def last_word(place: House, content: bytes) -> Receipt:
    """Hands in a message of C16 and waits for the receipt of its last stage, which the partner collects."""
    place.c16.send(content)
    (entry,) = read(place.c16.journal.entries(Noted.ACCEPTED)[-1].text("receipt")).messages

    def final(one: Entry) -> bool:
        return one.noted is Noted.RECEIPT and one.text("subject") == entry.message_id and one.text("stage") in ("applied", "not-applied")

    found = place.c16.journal.wait_for(final, PATIENCE_SECONDS)
    assert found is not None
    return read(found.text("receipt"))


def payload(message_id: str, record: str, version: str | None) -> bytes:
    """A contact of C16 about one record of nDelius."""
    header = {
        "message_id": message_id,
        "sender": "C16",
        "recipients": ["N00"],
        "type": "Contact",
        "action": "UPD",
        "version": "0-9-14",
        "control_reference": message_id,
        "case_reference": "X740001",
        "prepared_at": "2026-11-23T12:00:00Z",
    }
    document = contact_document("X740001", "Made up.") | {"contact_id": record, "version": {"version": version, "updated_by": "Made,Up"}}
    return json.dumps({"header": header, "document": document}).encode()

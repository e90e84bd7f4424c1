"""Consumers of events, through real doors: an event comes thin, its detail is fetched, and the receipt settles it."""

from collections.abc import Iterator

import httpx
import pytest

from gateway.audit.events import AuditCode
from gateway.rehearsal.event_desk import Fetcher
from gateway.rehearsal.journal import Entry, Noted
from schemas.identifiers import MessageId
from schemas.receipts import Basis, Stage
from tests.support.event_place import EventPlace, event_place
from tests.support.integrity import findings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
RECIPIENTS = ("C17", "C20")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventPlace]:
    directory = tmp_path_factory.mktemp("events")
    with event_place(directory) as made:
        yield made
        assert [entry for crc in (made.pushed, made.queued) for entry in crc.journal.entries(Noted.DISTRUSTED)] == []
    assert findings(f"sqlite:///{directory / 'gateway.db'}") == []


def noted_of(place: EventPlace, recipient: str, message_id: str) -> list[Entry]:
    journal = {"C17": place.pushed, "C20": place.queued}[recipient].journal
    return [entry for entry in journal.entries() if entry.text("message_id") == message_id]


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_an_event_is_taken_once_and_its_receipt_reaches_the_sender(place: EventPlace, recipient: str) -> None:
    message_id = place.sender.send(f"once-{recipient}", recipient, "X100001")
    told = place.sender.told(message_id, Stage.APPLIED)
    received, applied = noted_of(place, recipient, message_id)
    assert (received.noted, applied.noted) == (Noted.RECEIVED, Noted.APPLIED)
    assert (applied.text("case"), applied.text("type")) == ("X100001", "Contact")
    # what the recipient signed for is the event, which holds the digest of the detail
    assert told.receipt.sent_digest == received.text("digest")
    assert told.receipt.basis is Basis.RECIPIENT_RECEIPT


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_what_the_case_system_will_not_do_is_told(place: EventPlace, recipient: str) -> None:
    """The simulated case systems hold no case that begins with Z; that stands in the detail alone for one of them."""
    message_id = place.sender.send(f"strange-{recipient}", recipient, "Z100001")
    told = place.sender.told(message_id, Stage.NOT_APPLIED)
    assert told.receipt.fault is not None
    assert [entry.noted for entry in noted_of(place, recipient, message_id)] == [Noted.RECEIVED, Noted.NOT_APPLIED]


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_fetching_is_for_the_recipient_alone_and_is_written_down(place: EventPlace, recipient: str) -> None:
    message_id = place.sender.send(f"mine-{recipient}", recipient, "X100002")
    place.sender.told(message_id, Stage.APPLIED)
    (delivery,) = place.gateway.store.queries.deliveries_of_messages([MessageId(message_id)])[MessageId(message_id)]
    path = f"/v1/deliveries/{delivery.delivery_id}/detail"
    crcs = {"C17": place.pushed, "C20": place.queued}
    mine, other = crcs.pop(recipient), *crcs.values()
    assert [answer.status_code for answer in (mine.fetch(path), other.fetch(path), place.sender.link.get(path))] == [200, 404, 404]
    fetched = [record.event for record in place.gateway.store.queries.audit_about([delivery.delivery_id]) if record.event.code is AuditCode.DETAIL_FETCHED]
    assert [event.facts["organisation"] for event in fetched] == [mine.identity.organisation] * 2


def test_a_consumer_that_was_away_takes_what_waits(place: EventPlace) -> None:
    place.pushed.stop()
    messages = [place.sender.send(f"later-{number}", "C17", "X100003") for number in range(3)]
    place.pushed.start()
    for message_id in messages:
        place.sender.told(message_id, Stage.APPLIED)
    applied = [entry.text("message_id") for entry in place.pushed.journal.entries(Noted.APPLIED) if entry.text("case") == "X100003"]
    assert applied == messages


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_while_details_cannot_be_had_the_event_waits(place: EventPlace, recipient: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A door that is not there, then one that does not answer: neither is a word about the message."""
    fetch, troubles = Fetcher.__call__, [httpx.ConnectError("made up"), httpx.ReadTimeout("made up")]

    def troubled(fetcher: Fetcher, url: str) -> str:
        if troubles:
            raise troubles.pop(0)
        return fetch(fetcher, url)

    monkeypatch.setattr(Fetcher, "__call__", troubled)
    message_id = place.sender.send(f"patience-{recipient}", recipient, "X100005")
    place.sender.told(message_id, Stage.APPLIED)
    assert troubles == []
    assert [entry.noted for entry in noted_of(place, recipient, message_id)] == [Noted.RECEIVED, Noted.APPLIED]

"""The process is killed at every door, around the commit that the door's answer stands on.

After a restart the caller does what it would do: the same again. Then there is one effect, and the first receipt byte
for byte.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from gateway.contract import MessageFilter
from gateway.records import Delivery, SubmissionRecord
from gateway.rehearsal import interchange
from gateway.rehearsal.case_system import CaseSystem
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import digest_of
from gateway.rehearsal.journal import Entry, Journal, Noted
from gateway.rehearsal.json_crc import JsonCrc
from gateway.rehearsal.languages import Answering, CanonicalLanguage
from gateway.rehearsal.ndelius import Letter, SimulatedNdelius
from gateway.rehearsal.shelf_crc import ShelfCrc
from tests.support.doomed import Child
from tests.support.doors import AUDIENCE, PATIENCE_SECONDS, House, house
from tests.support.faults import bugs_in, wait_until
from tests.support.integrity import findings
from tests.support.world import contact

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
WHEN = pytest.mark.parametrize("when", ["before", "after"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}") as made:
        yield made
        assert made.failures() == []
        made.close_gateway()
        assert findings(made.database_url) == []
        assert bugs_in(tmp_path) == []


@WHEN
def test_http_door(place: House, when: str) -> None:
    doomed = _doomed(place, f"commit-call:commit:{when}:1")
    signed = place.c16.keys.sign.sign(contact("m1", sender="C16", recipients=["C07"]), kind="message", audience=AUDIENCE)
    with _calling(place, place.c16) as link:
        with pytest.raises(httpx.TransportError):
            link.post_message(signed)
        place.bury(doomed)
        kept = _submissions(place)
        assert len(kept) == (1 if when == "after" else 0)
        place.start()
        answers = [link.post_message(signed) for _ in range(2)]
        first = kept[0].receipt if kept else answers[0].text
        assert [(answer.status_code, answer.text) for answer in answers] == [(202, first)] * 2
        assert [answer.headers["gateway-duplicate"] for answer in answers] == ["true" if kept else "false", "true"]
        assert _await_stage(link, "applied") == 1
    assert _noted(place.c07.journal, Noted.APPLIED) == 1


@WHEN
@pytest.mark.parametrize("again", ["the same bytes", "a fresh signature"])
def test_soap_door(place: House, when: str, again: str) -> None:
    doomed = _doomed(place, f"commit-call:commit:{when}:1")
    letter = _contact_for(place.n00, "C16")
    with pytest.raises(httpx.TransportError):
        place.n00.post(letter.wire)
    place.bury(doomed)
    kept = _submissions(place)
    assert len(kept) == (1 if when == "after" else 0)
    place.start()
    second = letter if again == "the same bytes" else place.n00.sign(letter.content)
    assert place.n00.post(second.wire).accepted
    assert place.n00.post(letter.wire).accepted
    (only,) = _submissions(place)
    assert not kept or only.receipt == kept[0].receipt
    assert place.n00.link.get(f"/v1/messages/{only.submission_id}").json()["receipt"] == only.receipt
    with _calling(place, place.c16) as link:
        assert len(_items(link)) == 1


@WHEN
def test_shelf_collecting(place: House, when: str) -> None:
    doomed = _doomed(place, f"AnyIO:commit:{when}:1")
    assert place.n00.post(_contact_for(place.n00, "C16").wire).accepted
    with _calling(place, place.c16) as link:
        with pytest.raises(httpx.TransportError):
            _items(link)
        place.bury(doomed)
        (kept,) = _deliveries(place)
        assert (kept.document is not None) is (when == "after")
        place.start()
        items = [item for _ in range(2) for item in _items(link)]
    opened = [place.n00.link.published_keys().open(str(item["message"]), kind="message", audience=place.c16.identity.organisation) for item in items]
    assert [item["delivery_id"] for item in items] == [kept.delivery_id] * 2
    assert len({one.payload for one in opened}) == 1
    assert kept.sent_digest in (None, opened[0].digest)
    assert _deliveries(place)[0].sent_digest == digest_of(opened[0].payload)


@WHEN
def test_shelf_acknowledging(place: House, when: str) -> None:
    # in the threads that serve requests the first commit is the collected document, the second the acknowledgement
    doomed = _doomed(place, f"AnyIO:commit:{when}:2")
    assert place.n00.post(_contact_for(place.n00, "C16").wire).accepted
    with _calling(place, place.c16) as link:
        (item,) = _items(link)
        path = f"/v1/mailbox/{item['delivery_id']}/receipt"
        with pytest.raises(httpx.TransportError):
            link.post(path, b"")
        place.bury(doomed)
        place.start()
        answers = [link.post(path, b"").json()["repeated"] for _ in range(2)]
        assert answers == [when == "after", True]
        assert _items(link) == []
    assert _await_stage(place.n00.link, "delivered") == 1


@WHEN
def test_shelf_receipt(place: House, when: str, tmp_path: Path) -> None:
    # in the thread of the group commit the first is the acceptance, the second the recipient's receipt
    doomed = _doomed(place, f"commit-call:commit:{when}:2")
    assert place.n00.post(_contact_for(place.n00, "C16").wire).accepted
    with _calling(place, place.c16) as link, closing(Journal(tmp_path / "desk.jsonl")) as journal:
        desk = CaseSystem(place.c16.identity, place.c16.keys.sign, CanonicalLanguage(), Answering("C16", "Made,Up"), journal)
        (item,) = _items(link)
        receipt = desk.take(str(item["message"]), link.published_keys()).receipt.encode()
        path = f"/v1/mailbox/{item['delivery_id']}/receipt"
        with pytest.raises(httpx.TransportError):
            link.post(path, receipt)
        place.bury(doomed)
        place.start()
        answers = [link.post(path, receipt).json()["repeated"] for _ in range(2)]
        assert answers == [when == "after", True]
        assert _items(link) == []
    assert _await_stage(place.n00.link, "applied") == 1


@WHEN
def test_sweeper(place: House, when: str) -> None:
    doomed = _doomed(place, f"sweeper:enqueue:{when}:1")
    place.c07.stop()
    letter = _contact_for(place.n00, "C07")
    assert place.n00.post(letter.wire).accepted
    place.bury(doomed)
    place.c07.start()
    place.start()
    _once_at_c07(place, letter.reference)


@WHEN
def test_push_whose_document_is_not_fixed_yet(place: House, when: str) -> None:
    doomed = _doomed(place, f"courier.C07:commit:{when}:1")
    letter = _contact_for(place.n00, "C07")
    assert place.n00.post(letter.wire).accepted
    place.bury(doomed)
    assert place.c07.journal.entries(Noted.RECEIVED) == ()
    (kept,) = _deliveries(place)
    assert (kept.document is not None) is (when == "after")
    place.start()
    _once_at_c07(place, letter.reference)
    assert kept.sent_digest in (None, place.c07.journal.entries(Noted.RECEIVED)[0].text("digest"))


@WHEN
def test_push_to_an_https_endpoint(place: House, when: str) -> None:
    # a courier's first commit fixes the document, its second notes what the recipient answered
    doomed = _doomed(place, f"courier.C07:commit:{when}:2")
    letter = _contact_for(place.n00, "C07")
    assert place.n00.post(letter.wire).accepted
    place.bury(doomed)
    taken = place.c07.journal.entries(Noted.RECEIVED)
    assert len(taken) == 1
    place.start()
    _once_at_c07(place, letter.reference)
    seen_again = place.c07.journal.entries(Noted.RECEIVED_AGAIN)
    assert len(seen_again) >= (1 if when == "before" else 0)
    assert {_identity(entry) for entry in seen_again} <= {_identity(taken[0])}


@WHEN
def test_push_of_an_interchange(place: House, when: str) -> None:
    doomed = _doomed(place, f"courier.N00:commit:{when}:2")
    signed = place.c16.keys.sign.sign(contact("m1", sender="C16", recipients=["N00"]), kind="message", audience=AUDIENCE)
    with _calling(place, place.c16) as link:
        assert link.post_message(signed).status_code == httpx.codes.ACCEPTED
        place.bury(doomed)
        taken = place.n00.journal.entries(Noted.RECEIVED)
        assert len(taken) == 1
        place.start()
        assert _await_stage(link, "applied") == 1
    assert _noted(place.n00.journal, Noted.APPLIED) == 1
    # its own status notification may come before our resend, and then there is none
    same = {(entry.text("control_reference"), entry.text("digest")) for entry in (*taken, *place.n00.journal.entries(Noted.RECEIVED_AGAIN))}
    assert len(same) == 1


def _doomed(place: House, point: str) -> Child:
    doomed = place.start(point)
    place.connect()
    return doomed


def _contact_for(n00: SimulatedNdelius, receiver: str) -> Letter:
    values = {"CaseReferenceNumber": "X000001", "OffenderID": "2500000001", "Provider": receiver, "ContactID": "2500000003", "MessageType": "UPD"}
    return n00.sign(n00.write(interchange.CONTACT, receiver, values | {"Team": f"{receiver}A12", "ContactOfficer": f"{receiver}A294"}))


def _once_at_c07(place: House, reference: str) -> None:
    """Applied once, and nDelius is told so once."""

    def told(entry: Entry) -> bool:
        return entry.noted is Noted.NOTIFIED and entry.text("reference") == reference and entry.text("status") == "202"

    assert place.n00.journal.wait_for(told, PATIENCE_SECONDS) is not None, place.logs()
    assert _noted(place.c07.journal, Noted.APPLIED) == 1
    assert _noted(place.n00.journal, Noted.NOTIFIED) == 1


@contextmanager
def _calling(place: House, partner: ShelfCrc | JsonCrc) -> Iterator[GatewayLink]:
    organisation = partner.identity.organisation
    with closing(GatewayLink(place.base_url, Caller(organisation, partner.keys.auth, AUDIENCE), place.authority.client_context(organisation))) as link:
        yield link


def _items(link: GatewayLink) -> list[dict[str, object]]:
    found: list[dict[str, object]] = link.get("/v1/mailbox").raise_for_status().json()["items"]
    return found


def _await_stage(link: GatewayLink, stage: str) -> int:
    """How many receipts of this stage there are for the caller, once there is one."""

    def count() -> int:
        receipts = link.get("/v1/receipts").raise_for_status().json()["receipts"]
        return sum(receipt["stage"] == stage for receipt in receipts)

    wait_until(lambda: count() > 0, PATIENCE_SECONDS)
    return count()


def _submissions(place: House) -> list[SubmissionRecord]:
    with place.store() as store:
        records = store.queries.find(MessageFilter(), 10)
        return list(store.queries.submissions([record.submission_id for record in records]).values())


def _deliveries(place: House) -> list[Delivery]:
    with place.store() as store:
        records = store.queries.find(MessageFilter(), 10)
        found = store.queries.deliveries_of_messages([record.message_id for record in records])
        return [delivery for some in found.values() for delivery in some]


def _noted(journal: Journal, noted: Noted) -> int:
    return len(journal.entries(noted))


def _identity(entry: Entry) -> str:
    return json.dumps([entry.text("message_id"), entry.text("digest")])

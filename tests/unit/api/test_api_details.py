"""The door of details: for whom it opens, what it gives, and that it is written down before it is given."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.domain_events.adapter import DomainEventsAdapter
from adapters.contract import Document, LeftOut, Outgoing
from gateway.contract import StoreUnavailable
from gateway.exchange import settle
from gateway.exchange.results import Accepted, Declined
from gateway.exchange.translate import DetailPlace, translate
from gateway.operations import Operations
from gateway.partners.agreement import DeliveryMode, Direction
from gateway.partners.onboarding import Parts
from gateway.records import DeliveryState
from gateway.trust.digests import digest
from gateway.trust.sealing import ArchiveKeys
from schemas.envelope import Entry, Message
from schemas.faults import Fault, FaultCode
from schemas.identifiers import MessageId, OrganisationId, PartyCode
from schemas.receipts import Receipt, Stage, encode
from tests.support.events import EventHouse, event_house
from tests.support.world import PUBLIC_URL, contact


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventHouse]:
    with event_house(f"sqlite:///{tmp_path_factory.mktemp('details') / 'gateway.db'}") as made:
        yield made


def test_the_event_names_the_detail_and_the_detail_is_the_message(house: EventHouse) -> None:
    delivery = house.tell(notes="Made up, and nowhere but in the detail.")
    event = house.events()[-1]
    assert event["detailUrl"] == f"{PUBLIC_URL}/v1/deliveries/{delivery.delivery_id}/detail"
    assert "Made up" not in json.dumps(event)
    answer = house.fetch("beta", delivery.delivery_id)
    assert (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]) == (200, "application/jose", "no-store")
    detail = house.opened(answer.content)
    assert event["additionalInformation"]["detailDigest"] == digest(detail)
    said = json.loads(detail)
    assert said["document"]["notes"] == "Made up, and nowhere but in the detail."
    assert said["header"]["message_id"] == event["additionalInformation"]["messageId"] == delivery.message_id
    assert said["header"]["control_reference"] == event["additionalInformation"]["controlReference"]
    assert said["header"]["prepared_at"] == event["publishedAt"]


def test_the_receipt_is_owed_for_the_event(house: EventHouse) -> None:
    delivery = house.tell()
    (wire, _) = house.world.push.handed[-1]
    assert delivery.sent_digest == digest(house.opened(wire.body))
    receipt = Receipt(
        issuer="beta",
        audience=house.world.means.issuer,
        receipt_id="r",
        issued_at=int(house.world.now.timestamp()),
        stage=Stage.APPLIED,
        subject=str(delivery.message_id),
        recipient="C17",
        sent_digest=delivery.sent_digest,
    )
    house.world.pipeline.submit([house.world.submission("beta", house.world.signed("beta", encode(receipt), kind="receipt"))])
    assert house.now_of(delivery.message_id).state is DeliveryState.APPLIED
    assert house.fetch("beta", delivery.delivery_id).status_code == 200


def test_every_fetch_gives_the_same_document_and_settles_nothing(house: EventHouse) -> None:
    delivery = house.tell()
    first = house.fetch("beta", delivery.delivery_id)
    house.world.pass_time(hours=3)
    second = house.fetch("beta", delivery.delivery_id)
    assert house.opened(first.content) == house.opened(second.content)
    assert first.content != second.content  # signed afresh
    assert house.now_of(delivery.message_id) == delivery


def test_no_change_of_the_agreement_changes_what_was_fixed(house: EventHouse) -> None:
    delivery = house.tell()
    before = house.opened(house.fetch("beta", delivery.delivery_id).content)
    for changes in ({"detail_dialect": "caseflow"}, {"version": "0-9-10"}, {"dialect": "canonical", "detail_dialect": None}):
        with house.agreed("C17", **changes):
            assert house.opened(house.fetch("beta", delivery.delivery_id).content) == before


def test_every_fetch_is_in_the_audit_chain(house: EventHouse) -> None:
    delivery = house.tell()
    for _ in range(2):
        house.fetch("beta", delivery.delivery_id)
    told = [(event.subject, dict(event.facts)) for event in house.fetched(delivery)]
    assert told == [(delivery.delivery_id, {"message": delivery.message_id, "recipient": "C17", "organisation": "beta"})] * 2


@pytest.mark.parametrize("organisation", ["alpha", "gamma"])
def test_nobody_else_learns_that_there_is_anything(house: EventHouse, organisation: str) -> None:
    delivery = house.tell()
    answer, nowhere = house.fetch(organisation, delivery.delivery_id), house.fetch(organisation, "01902d3a-0000-7000-8000-000000000009")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    told, elsewhere = ({**said.json(), "instance": ""} for said in (answer, nowhere))
    assert told == elsewhere
    assert house.fetched(delivery) == []


def test_a_code_that_is_routed_elsewhere_takes_no_details_along(house: EventHouse) -> None:
    before = house.tell()
    with house.routed("C17", "gamma"):
        assert [house.fetch(name, before.delivery_id).status_code for name in ("beta", "gamma")] == [404, 404]
        with house.agreed("C20", dialect="domain-events", detail_dialect="canonical", mode=DeliveryMode.PUSH, endpoint="https://gamma.example/in"):
            meanwhile = house.tell()
        assert [house.fetch(name, meanwhile.delivery_id).status_code for name in ("beta", "gamma")] == [404, 200]
    assert [house.fetch(name, meanwhile.delivery_id).status_code for name in ("beta", "gamma")] == [404, 404]
    assert house.fetch("beta", before.delivery_id).status_code == 200


@pytest.mark.parametrize("delivery_id", ["01902d3a-0000-7000-8000-000000000009", "x", "m1"])
def test_what_does_not_exist_is_not_found(house: EventHouse, delivery_id: str) -> None:
    assert house.fetch("beta", delivery_id).json()["code"] == "not-found"


def test_an_id_that_is_none_is_refused(house: EventHouse) -> None:
    assert house.fetch("beta", "x" * 65).json()["code"] == "request-invalid"


def test_what_was_handed_over_whole_has_no_detail(house: EventHouse) -> None:
    delivery = house.tell("C20")
    house.world.pipeline.collect(OrganisationId("gamma"), 0, 10)
    assert house.now_of(delivery.message_id).document is not None
    assert house.fetch("gamma", delivery.delivery_id).json()["code"] == "not-found"


def test_before_the_event_there_is_no_detail(house: EventHouse) -> None:
    delivery = house.hand_in()
    assert house.fetch("beta", delivery.delivery_id).status_code == 404
    house.world.deliver("C17")
    assert house.fetch("beta", delivery.delivery_id).status_code == 200


def test_a_replayed_caller_token_is_refused(house: EventHouse) -> None:
    delivery = house.tell()
    assert house.fetch("beta", delivery.delivery_id).status_code == 200
    again = house.fetch("beta", delivery.delivery_id, token=house.token)
    assert (again.status_code, again.json()["code"]) == (401, "not-authenticated")
    assert len(house.fetched(delivery)) == 1


def test_a_token_for_one_detail_opens_no_other(house: EventHouse) -> None:
    first, second = house.tell(), house.tell()
    house.fetch("beta", "nothing")
    claims = json.loads(base64.urlsafe_b64decode(house.token.split(".")[1] + "=="))
    assert claims["htu"].endswith("/nothing/detail")
    assert [house.fetch("beta", one.delivery_id, token=house.token).status_code for one in (first, second)] == [401, 401]


def test_what_an_operator_ended_is_gone(house: EventHouse) -> None:
    delivery = house.tell()
    refused = settle.refused(replace(delivery, state=DeliveryState.WAITING), Fault(FaultCode.RECIPIENT_REFUSED), house.world.now, None)
    assert not house.world.store.unit_of_work.commit([refused]).stale
    parts = Parts(dialects=frozenset(), packagings=frozenset())
    Operations(store=house.world.store, clock=lambda: house.world.now, parts=parts, means=house.world.means).discard(
        delivery.delivery_id, "sent in error", by="op"
    )
    answer = house.fetch("beta", delivery.delivery_id)
    assert (answer.status_code, answer.json()["code"]) == (410, "discarded-by-operator")
    assert house.fetched(delivery) == []


def test_without_its_audit_record_nothing_is_given_out(house: EventHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = house.tell()

    def fail(_: object) -> object:
        raise StoreUnavailable

    monkeypatch.setattr(type(house.world.store.unit_of_work), "commit", lambda _, changes: fail(changes))
    answer = house.fetch("beta", delivery.delivery_id)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_what_cannot_be_opened_now_is_unavailable(house: EventHouse) -> None:
    delivery = house.tell()
    kept = house.world.means.archive
    object.__setattr__(house.world.means, "archive", ArchiveKeys("k2", {"k2": bytes(32)}))
    assert house.fetch("beta", delivery.delivery_id).status_code == 503
    assert house.fetched(delivery) == []
    object.__setattr__(house.world.means, "archive", kept)


def test_details_are_in_the_agreed_language_and_events_name_the_case_where_agreed(house: EventHouse) -> None:
    with house.agreed("C17", detail_dialect="caseflow", name_case=False):
        delivery = house.tell(crn="X990009")
    assert json.loads(house.opened(house.fetch("beta", delivery.delivery_id).content))["document"]["caseNo"] == "X990009"
    assert "X990009" not in json.dumps(house.events()[-1])


def test_what_lies_on_a_shelf_is_the_event_too(house: EventHouse) -> None:
    with house.agreed("C20", dialect="domain-events", detail_dialect="canonical"):
        delivery = house.tell("C20", crn="X990010")
        (item,) = [one for one in house.world.pipeline.collect(OrganisationId("gamma"), 0, 100) if one.delivery_id == delivery.delivery_id]
    event = json.loads(house.opened(item.wire.body, "gamma"))
    detail = house.opened(house.fetch("gamma", delivery.delivery_id).content, "gamma")
    assert event["additionalInformation"]["detailDigest"] == digest(detail)
    assert json.loads(detail)["document"]["crn"] == "X990010"


def test_a_message_whose_detail_cannot_be_written_makes_no_event(house: EventHouse) -> None:
    handed = len(house.world.push.handed)
    with house.agreed("C17", version="9-9-9"):
        delivery = house.tell()
    assert (delivery.state, delivery.fault) == (DeliveryState.REFUSED, "not-translatable")
    assert len(house.world.push.handed) == handed
    assert house.fetch("beta", delivery.delivery_id).status_code == 404


def test_who_takes_events_sends_in_another_language_or_not_at_all(house: EventHouse) -> None:
    payloads = [contact(name, sender="C17", recipients=("C20",), crn="X990011") for name in ("own-1", "own-2")]
    signed = [house.world.submission("beta", house.world.signed("beta", payload)) for payload in payloads]
    (refused,) = house.world.pipeline.submit(signed[:1])
    assert isinstance(refused, Declined)
    assert refused.fault.code is FaultCode.TYPE_UNKNOWN
    with house.agreed("C17", Direction.INBOUND, dialect="canonical"):
        (taken,) = house.world.pipeline.submit(signed[1:])
    assert isinstance(taken, Accepted)


class _Forgetful:
    """A language for details that cannot say everything."""

    dialect, media_type = "forgetful", "application/json"

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        return Document(b"{}", (LeftOut("/payload/notes", "no such field"),))


def test_what_the_detail_cannot_carry_is_told_with_the_delivery(house: EventHouse) -> None:
    message = _opened_message()
    agreement = house.world.store.partners.directory().outbound(PartyCode("C17"))
    place = DetailPlace(_Forgetful(), "https://gateway.example/x")  # type: ignore[arg-type]
    document = translate(message, house.tell(), agreement, DomainEventsAdapter(), house.world.now, place)  # type: ignore[arg-type]
    assert (document.detail, [lost.pointer for lost in document.left_out]) == (b"{}", ["/payload/notes"])


def _opened_message() -> Message:
    (entry,) = CanonicalAdapter().read(contact("m")).entries
    assert isinstance(entry, Entry)
    return Message(MessageId("m"), entry.header, entry.payload)

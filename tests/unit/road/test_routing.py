"""Who gets what: by name, by responsibility for the case, by interest in it; and what a recipient agreed to get."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode
from gateway.exchange.results import Accepted
from gateway.partners.filters import ContentFilter, Match
from gateway.records import Delivery, DeliveryState
from schemas.faults import FaultCode
from schemas.identifiers import PartyCode
from schemas.receipts import Stage
from tests.support.routing import contact, deliveries, reference_data, refused, send, settle, to, took, transfer_answer, transferred, world_at
from tests.support.world import World
from tests.unit.road.test_spg import interchange, soap_in


@pytest.fixture
def four(tmp_path: Path) -> Iterator[World]:
    world = world_at(tmp_path / "four.db")
    yield world
    world.store.close()
    assert world.bugs == []


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def world(**outbound: dict[str, object]) -> World:
        made.append(world_at(tmp_path / f"{len(made)}.db", **outbound))
        return made[-1]

    yield world
    for one in made:
        one.store.close()
        assert one.bugs == []


def accepted_event(world: World) -> dict[str, object]:
    return dict([event for event in world.events if event.code is AuditCode.MESSAGE_ACCEPTED][-1].facts)


# -- nobody named ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipients", [(), ("SPG",)])
def test_a_message_for_whoever_is_responsible_goes_to_who_took_the_case_over(four: World, recipients: tuple[str, ...]) -> None:
    transferred(four, "C17")
    assert to(four, contact("N00", *recipients)) == ["C17"]
    assert accepted_event(four)["addressing"] == "responsible"
    transferred(four, "C20")
    assert to(four, contact("C05", *recipients)) == ["C20"]


def test_the_change_is_audited_with_whose_word_it_rests_on(four: World) -> None:
    transferred(four, "C17")
    (event,) = [event for event in four.events if event.code is AuditCode.RESPONSIBILITY_CHANGED]
    assert event.facts == {"party": "C17", "confirmed_by": "N00"}


def test_nobody_known_is_a_fault_that_says_what_to_do(four: World) -> None:
    fault = refused(four, contact("N00"))
    assert fault.code is FaultCode.NO_RECIPIENT
    assert "name a recipient" in fault.detail
    assert fault.reference == 1


def test_a_case_is_no_other_case(four: World) -> None:
    transferred(four, "C17", crn="X000002")
    assert refused(four, contact("N00", crn="X000001")).code is FaultCode.NO_RECIPIENT


def test_without_a_case_nobody_is_responsible(four: World) -> None:
    transferred(four, "C17")
    assert "no case" in refused(four, reference_data("N00")).detail


def test_the_sender_is_not_sent_its_own(four: World) -> None:
    transferred(four, "C17")
    assert "itself" in refused(four, contact("C17")).detail


@pytest.mark.parametrize("how", [{"status": "TR"}, {"status": "PN"}, {"status": "TW"}, {"kind": "OS"}, {"receiving": "C05"}, {"test": True}, {"action": "DEL"}])
def test_only_the_receivers_own_acceptance_of_the_whole_case_counts(four: World, how: dict[str, str]) -> None:
    (answer,) = took(four, transfer_answer("C17", "N00", **{"receiving": "C17", "giving": "N03"} | how))  # type: ignore[arg-type]
    settle(four, answer)
    assert refused(four, contact("N00")).code is FaultCode.NO_RECIPIENT


@pytest.mark.parametrize("stage", [None, Stage.DELIVERED, Stage.NOT_APPLIED])
def test_a_takeover_counts_only_once_the_other_side_has_done_it(four: World, stage: Stage | None) -> None:
    (answer,) = took(four, transfer_answer("C17", "N00", receiving="C17", giving="N03"))
    if stage is not None:
        settle(four, answer, stage)
    assert refused(four, contact("N00")).code is FaultCode.NO_RECIPIENT


def test_two_partners_cannot_take_a_third_ones_case(four: World) -> None:
    """The giver that it names did not agree, and who agreed keeps no register."""
    transferred(four, "C20", giving="N03")
    transferred(four, "C17", giving="C20", said_to="C05")
    assert to(four, contact("N00")) == ["C20"]
    transferred(four, "C17", giving="C20", said_to="C20")
    assert to(four, contact("N00")) == ["C17"]


def test_a_division_stands_behind_its_party(four: World) -> None:
    (answer,) = took(four, transfer_answer("N00", "C17", receiving="N03", giving="C17"))
    settle(four, answer)
    assert to(four, contact("C17")) == ["N00"]


def test_a_division_has_no_place_on_the_wire(four: World) -> None:
    fault = refused(four, contact("C17", "N03"))
    assert fault.code is FaultCode.UNKNOWN_RECIPIENT
    assert "name N00" in fault.detail


def test_an_older_takeover_that_is_done_later_changes_nothing(four: World) -> None:
    (first,) = took(four, transfer_answer("C17", "N00", receiving="C17", giving="N03"))
    four.pass_time(minutes=1)
    (second,) = took(four, transfer_answer("C20", "C17", receiving="C20", giving="C17"))
    settle(four, second)
    settle(four, first)
    assert to(four, contact("N00")) == ["C20"]


def test_spg_names_the_gateway_where_it_means_whoever_is_responsible(world: World) -> None:
    request = interchange(receiver="SPG")
    result = soap_in(world, request)
    assert not isinstance(result, Accepted)
    assert result.fault.code is FaultCode.NO_RECIPIENT  # type: ignore[union-attr]


def test_what_was_refused_for_want_of_a_recipient_may_come_again_once_there_is_one(four: World) -> None:
    payload = contact("N00")
    assert refused(four, payload).code is FaultCode.NO_RECIPIENT
    transferred(four, "C17")
    assert refused(four, payload).code is FaultCode.NO_RECIPIENT  # the same submission has its answer
    assert to(four, contact("N00")) == ["C17"]


# -- broadcast ---------------------------------------------------------------------------------------------


def test_a_broadcast_goes_to_everybody_who_has_to_do_with_the_case(four: World) -> None:
    to(four, contact("C05", "C17"))
    to(four, contact("C20", "C17", crn="X000002"))
    assert to(four, contact("N00", "ALL")) == ["C05", "C17"]
    assert accepted_event(four)["addressing"] == "broadcast"
    assert to(four, contact("C05", "ALL")) == ["C17", "N00"]


def test_whoever_is_responsible_has_an_interest(four: World) -> None:
    transferred(four, "C17")
    assert to(four, contact("C05", "ALL")) == ["C17", "N00"]


def test_a_message_that_was_refused_makes_nobody_interested(four: World) -> None:
    refused(four, contact("C05", "C99"))
    refused(four, contact("C05", "C17", "C99"))
    assert refused(four, contact("N00", "ALL")).code is FaultCode.NO_RECIPIENT


def test_a_broadcast_behind_the_first_message_of_a_case_in_one_batch(four: World) -> None:
    batch = [four.submission("alpha", four.signed("alpha", contact("C05", "C17"))), four.submission("ndelius", four.signed("ndelius", contact("N00", "ALL")))]
    _, second = four.pipeline.submit(batch)
    assert isinstance(second, Accepted)
    assert [d.recipient for d in deliveries(four, second)] == ["C05", "C17"]


def test_reference_data_goes_to_all_who_take_broadcasts_of_it(make: Callable[..., World]) -> None:
    world = make(C20={"broadcast_reference_data": False})
    assert to(world, reference_data("N00", "ALL")) == ["C05", "C17"]


def test_a_broadcast_for_nobody_is_a_fault(make: Callable[..., World]) -> None:
    world = make(**{code: {"broadcast_reference_data": False} for code in ("C05", "C17", "C20", "N00")})
    assert refused(world, reference_data("N00", "ALL")).code is FaultCode.NO_RECIPIENT
    assert refused(world, contact("N00", "ALL")).code is FaultCode.NO_RECIPIENT


def test_who_may_not_have_a_broadcast_is_left_out_and_the_audit_says_why(make: Callable[..., World]) -> None:
    world = make(C20={"broadcast_offender_data": False}, N00={"types": frozenset({"Event"})})
    to(world, contact("C05", "C17"))
    to(world, contact("C17", "C20"))
    assert to(world, contact("C05", "ALL")) == ["C17"]
    assert accepted_event(world)["left_out"] == "C20:filtered-out"
    only = refused(world, contact("C17", "ALL", crn="X000009"))
    assert only.code is FaultCode.NO_RECIPIENT


def test_a_broadcast_counts_whom_it_left_out(make: Callable[..., World]) -> None:
    world = make(C17={"broadcast_offender_data": False})
    to(world, contact("C05", "C17"))
    fault = refused(world, contact("C05", "ALL"))
    assert (fault.code, "left out: 1" in fault.detail, "C17" in fault.detail) == (FaultCode.NO_RECIPIENT, True, False)


@pytest.mark.parametrize("recipients", [(), ("SPG",)])
def test_a_type_that_its_sender_broadcasts_goes_to_everybody_with_an_interest(tmp_path: Path, recipients: tuple[str, ...]) -> None:
    world = world_at(tmp_path / "typed.db", {"N00": {"broadcast_types": frozenset({"Contact"})}}, C20={"broadcast_offender_data": False})
    transferred(world, "C17")
    to(world, contact("C05", "C17"))
    to(world, contact("C20", "C17"))
    assert to(world, contact("N00", *recipients)) == ["C05", "C17"]
    said = accepted_event(world)
    assert (said["addressing"], said["left_out"]) == ("broadcast", "C20:filtered-out")
    world.store.close()


def test_other_types_and_other_senders_and_named_recipients_are_as_without(tmp_path: Path) -> None:
    world = world_at(tmp_path / "typed.db", {"N00": {"broadcast_types": frozenset({"Offender"})}, "C20": {"broadcast_types": frozenset({"Contact"})}})
    transferred(world, "C17")
    to(world, contact("C05", "C17"))
    assert to(world, contact("N00")) == ["C17"]
    assert to(world, contact("C05")) == ["C17"]
    assert to(world, contact("C20", "C05")) == ["C05"]
    assert to(world, contact("C20")) == ["C05", "C17", "N00"]
    world.store.close()


def test_a_type_without_a_case_is_broadcast_to_all_who_take_reference_data(tmp_path: Path) -> None:
    typed = {"N00": {"broadcast_types": frozenset({"ConnectionNotification"})}}
    world = world_at(tmp_path / "typed.db", typed, C20={"broadcast_reference_data": False})  # type: ignore[arg-type]
    assert to(world, reference_data("N00")) == ["C05", "C17"]
    assert refused(world, reference_data("C05")).code is FaultCode.NO_RECIPIENT
    world.store.close()


def test_a_type_that_is_broadcast_where_nobody_has_an_interest_is_a_fault(tmp_path: Path) -> None:
    world = world_at(tmp_path / "typed.db", {"N00": {"broadcast_types": frozenset({"Contact"})}})
    assert refused(world, contact("N00")).code is FaultCode.NO_RECIPIENT
    world.store.close()


@pytest.mark.parametrize("recipients", [("ALL", "C17"), ("SPG", "C17"), ("ALL", "SPG")])
def test_reserved_codes_stand_alone(four: World, recipients: tuple[str, ...]) -> None:
    assert refused(four, contact("N00", *recipients)).code is FaultCode.UNKNOWN_RECIPIENT


def test_every_recipient_is_told_of_itself_alone(four: World) -> None:
    to(four, contact("C05", "C17"))
    for delivery in took(four, contact("N00", "ALL")):
        four.deliver(delivery.recipient)
    told = [(address.recipient, json.loads(_content(wire.body))["header"]["recipients"]) for wire, address in four.queue.handed]
    assert sorted(told) == [("C05", ["C05"]), ("C17", ["C17"]), ("C17", ["C17"])]


def _content(jws: bytes) -> bytes:
    body = jws.split(b".")[1]
    return base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))


# -- filters -----------------------------------------------------------------------------------------------

NO_DELETES = ContentFilter(excepted=(Match(types=frozenset({"Contact"}), actions=frozenset({"DEL"})),))
NO_VISITS = ContentFilter(excepted=(Match(types=frozenset({"Contact"}), codes=(("/contact_type/code", frozenset({"COAP"})),)),))
ONLY_SENSITIVE = ContentFilter(only=(Match(types=frozenset({"Contact"}), codes=(("/sensitive", frozenset({"true"})),)),))


@pytest.mark.parametrize(
    ("filters", "good", "bad"),
    [
        (NO_DELETES, {"action": "UPD"}, {"action": "DEL"}),
        (NO_VISITS, {"contact_type": {"code": "XXXX"}}, {}),
        (ONLY_SENSITIVE, {"sensitive": True}, {"sensitive": False}),
    ],
)
def test_a_named_recipient_that_agreed_not_to_get_it_is_a_fault(
    make: Callable[..., World], filters: ContentFilter, good: dict[str, object], bad: dict[str, object]
) -> None:
    world = make(C17={"filters": filters})
    assert to(world, contact("C05", "C17", **good)) == ["C17"]  # type: ignore[arg-type]
    fault = refused(world, contact("C05", "C17", **bad))  # type: ignore[arg-type]
    assert fault.code is FaultCode.FILTERED_OUT
    assert "C17" in fault.detail
    assert to(world, contact("C05", "C20", **bad)) == ["C20"]  # type: ignore[arg-type]


def test_a_broadcast_leaves_out_whoever_filters_it(make: Callable[..., World]) -> None:
    world = make(C17={"filters": NO_VISITS})
    to(world, contact("C05", "C17", contact_type={"code": "XXXX"}))
    to(world, contact("C05", "C20"))
    assert to(world, contact("N00", "ALL")) == ["C05", "C20"]
    assert accepted_event(world)["left_out"] == "C17:filtered-out"


def test_what_goes_to_nobody_is_in_no_queue_and_its_sender_holds_a_receipt(four: World) -> None:
    result = send(four, contact("N00", "ALL"))
    assert result.receipt is not None
    assert four.store.queries.queues() == []
    assert not [d for code in ("C05", "C17", "C20") for d in four.parcels(code)]


def test_states_are_those_of_any_delivery(four: World) -> None:
    to(four, contact("C05", "C17"))
    made: list[Delivery] = took(four, contact("N00", "ALL"))
    assert {d.state for d in made} == {DeliveryState.WAITING}
    assert len({d.lane for d in made}) == 1
    assert PartyCode("ALL") not in {d.recipient for d in made}

"""Interchanges of many messages: each message's fate, its entry in the first receipt, and what the sender is told at the end."""

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.agencies.ndelius import interchange
from gateway.audit.events import AuditCode
from gateway.changes import Changes, Committed
from gateway.exchange.results import Accepted, Declined, Settled
from gateway.exchange.submission import Submission
from gateway.partners.agreement import DeliveryMode
from gateway.records import Verdict
from schemas.faults import FAULTS, FaultCode
from schemas.identifiers import PartyCode
from schemas.receipts import MessageVerdict, Stage
from tests.support.mixed import BAD, GOOD, interchange_of
from tests.support.world import World, both, contact, default_agreements, make_world
from tests.unit.road.test_deliver import now_of, receipt_of, word
from tests.unit.road.test_spg import answer, sent_to_ndelius, soap_in
from tests.unit.road.test_submit import hand_in, read_receipt

MIXED = ("good", "missing", "good", "unagreed", "unknown-type", "good")
TYPES = frozenset({"Contact", "ConsolidatedTransferRequest"})


def agreed(**fields: object) -> list:  # type: ignore[type-arg]
    """The usual agreements, but those of N00 with other terms."""
    return [
        *(a for a in default_agreements() if a.party != "N00"),
        *both("N00", dialect="ndelius", packaging="wss", mode=DeliveryMode.PUSH, endpoint="https://ndelius.example/in", types=TYPES, **fields),
    ]


def partly(tmp_path: Path, **fields: object) -> World:
    return make_world(f"sqlite:///{tmp_path / 'partly.db'}", agreed(partial=True, **fields))


@pytest.fixture
def partial_world(tmp_path: Path) -> Iterator[World]:
    world = partly(tmp_path, message_statuses=True)
    yield world
    world.store.close()
    assert world.bugs == []


@pytest.fixture
def whole_world(tmp_path: Path) -> Iterator[World]:
    world = make_world(f"sqlite:///{tmp_path / 'whole.db'}", agreed())
    yield world
    world.store.close()
    assert world.bugs == []


def entries(world: World, receipt: str | None) -> list[MessageVerdict]:
    assert receipt is not None
    return list(read_receipt(world, receipt, "ndelius").messages)


def taken(world: World, kinds: Sequence[str] = MIXED, **fields: str) -> Accepted:
    result = soap_in(world, interchange_of(kinds, **fields))
    assert isinstance(result, Accepted), result
    return result


def told(found: Sequence[MessageVerdict]) -> list[tuple[str, str]]:
    return [(entry.verdict, entry.fault.code if entry.fault else "") for entry in found]


# -- the good ones alone -----------------------------------------------------------------------------------


def test_each_message_has_its_own_entry_and_only_the_good_ones_go_on(partial_world: World) -> None:
    result = taken(partial_world)
    found = entries(partial_world, result.receipt)
    assert told(found) == [
        ("accepted", ""),
        ("refused", "element-missing"),
        ("accepted", ""),
        ("refused", "type-not-agreed"),
        ("refused", "type-unknown"),
        ("accepted", ""),
    ]
    assert [entry.sender_message_id for entry in found] == [f"1500000000100/{number}" for number in range(1, 7)]
    assert tuple(entry.message_id for entry in found if entry.verdict == "accepted") == result.message_ids
    assert [entry.message_id for entry in found if entry.verdict == "refused"] == ["", "", ""]
    assert len(partial_world.parcels("C17")) == 3
    assert len(partial_world.store.queries.messages_of(result.submission_id)) == 3


def test_an_entry_names_the_fault_with_its_place_and_number(partial_world: World) -> None:
    fault = entries(partial_world, taken(partial_world, ["good", "missing"]).receipt)[1].fault
    assert fault is not None
    assert fault.reference == 2
    assert fault.pointer.startswith("/SPGInterchange/SPGMessage[2]/")
    assert fault.pointer.endswith("/ContactDate")
    assert fault.title == FAULTS[FaultCode.ELEMENT_MISSING].title


def test_the_audit_has_every_message_that_was_refused_alone(partial_world: World) -> None:
    result = taken(partial_world)
    refused = [event for event in partial_world.events if event.code is AuditCode.MESSAGE_REFUSED]
    assert {event.subject for event in refused} == {result.submission_id}
    assert [(event.facts["reference"], event.facts["fault"]) for event in refused] == [(2, "element-missing"), (4, "type-not-agreed"), (5, "type-unknown")]
    (whole,) = [event for event in partial_world.events if event.code is AuditCode.SUBMISSION_ACCEPTED]
    assert (whole.facts["messages"], whole.facts["refused"]) == (3, 3)


def test_a_duplicate_of_a_partly_accepted_interchange_gets_its_first_receipt(partial_world: World) -> None:
    first = taken(partial_world)
    partial_world.parcels("C17")
    partial_world.pass_time(hours=3)
    again = taken(partial_world)
    assert (again.duplicate, again.receipt, again.message_ids) == (True, first.receipt, first.message_ids)
    assert partial_world.parcels("C17") == []


def test_what_was_refused_alone_is_corrected_under_a_new_reference(partial_world: World) -> None:
    taken(partial_world, ["good", "missing"])
    same = soap_in(partial_world, interchange_of(["good", "good"]))
    assert isinstance(same, Declined)
    assert same.fault.code is FaultCode.KEY_REUSED
    assert entries(partial_world, same.receipt) == []  # no single message caused it
    assert len(taken(partial_world, ["good"], reference="1500000000101").message_ids) == 1


@pytest.mark.parametrize("kinds", [["missing"], ["missing", "bad-value", "unknown-type", "bad-action"]])
def test_where_none_can_be_taken_the_whole_is_refused(partial_world: World, kinds: list[str]) -> None:
    result = soap_in(partial_world, interchange_of(kinds))
    assert isinstance(result, Declined)
    assert result.fault.code.value == BAD[kinds[0]]
    assert told(entries(partial_world, result.receipt)) == [("refused", BAD[kind]) for kind in kinds]
    assert not any(event.code is AuditCode.MESSAGE_REFUSED for event in partial_world.events)


# -- the whole or nothing ----------------------------------------------------------------------------------


def test_by_default_one_bad_message_refuses_the_whole_and_says_which(whole_world: World) -> None:
    result = soap_in(whole_world, interchange_of(MIXED))
    assert isinstance(result, Declined)
    assert (result.fault.code, result.fault.reference) == (FaultCode.ELEMENT_MISSING, 2)
    assert {fault.reference for fault in result.also} == {4, 5}
    assert told(entries(whole_world, result.receipt)) == [
        ("refused", ""),  # good, and fell with the others
        ("refused", "element-missing"),
        ("refused", ""),
        ("refused", "type-not-agreed"),
        ("refused", "type-unknown"),
        ("refused", ""),
    ]
    assert whole_world.parcels("C17") == []
    assert result.submission_id is not None
    assert whole_world.store.queries.submissions([result.submission_id])[result.submission_id].verdict is Verdict.REFUSED


def test_a_whole_that_was_refused_may_come_again_corrected_under_the_same_reference(whole_world: World) -> None:
    first = soap_in(whole_world, interchange_of(["good", "missing"]))
    again = soap_in(whole_world, interchange_of(["good", "missing"]))
    assert isinstance(first, Declined)
    assert isinstance(again, Declined)
    assert (again.duplicate, again.receipt, again.fault, again.also) == (True, first.receipt, first.fault, first.also)
    assert again.fault.pointer
    assert len(taken(whole_world, ["good", "good"]).message_ids) == 2


def test_a_refused_json_message_has_its_entry_too(world: World) -> None:
    result = hand_in(world, contact("m1", recipients=["C99"]))
    assert isinstance(result, Declined)
    assert result.receipt is not None
    (entry,) = read_receipt(world, result.receipt, "alpha").messages
    assert (entry.sender_message_id, entry.verdict) == ("m1", "refused")
    assert entry.fault is not None
    assert (entry.fault.code, entry.fault.reference) == ("unknown-recipient", 1)


REFERENCES = count(1_500_000_001_000)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from([GOOD, *BAD]), min_size=1, max_size=6))
def test_any_mix_gives_exactly_one_verdict_each(partial_world: World, whole_world: World, kinds: list[str]) -> None:
    whole = soap_in(whole_world, interchange_of(kinds, reference=str(next(REFERENCES))))
    assert isinstance(whole, Accepted | Declined)
    assert isinstance(whole, Accepted) is (set(kinds) == {GOOD})
    verdict = "accepted" if isinstance(whole, Accepted) else "refused"
    assert told(entries(whole_world, whole.receipt)) == [(verdict, BAD.get(kind, "")) for kind in kinds]
    result = soap_in(partial_world, interchange_of(kinds, reference=str(next(REFERENCES))))
    assert isinstance(result, Accepted | Declined)
    assert isinstance(result, Accepted) is (GOOD in kinds)
    wanted = [("accepted", "") if kind == GOOD else ("refused", BAD[kind]) for kind in kinds]
    assert told(entries(partial_world, result.receipt)) == wanted


# -- how it ended ------------------------------------------------------------------------------------------


def ended(world: World, result: Accepted, *stages: Stage) -> list:  # type: ignore[type-arg]
    """The notifications that nDelius got once its accepted messages ended so."""
    world.deliver("C17")
    for message_id, stage in zip(result.message_ids, stages, strict=True):
        word(world, now_of(world, message_id), stage)
    world.push.answers = [answer(world)]
    world.deliver("N00")
    return [notice.entries[0].payload for notice in sent_to_ndelius(world)]


def test_the_notification_counts_what_was_refused_alone(partial_world: World) -> None:
    (said,) = ended(partial_world, taken(partial_world, ["good", "missing", "good"]), Stage.APPLIED, Stage.APPLIED)
    assert said.status_code == 422
    assert [(one.reference, one.status_code, one.fault) for one in said.messages] == [(1, 202, None), (2, 422, "element-missing"), (3, 202, None)]


def test_the_worst_code_is_that_of_all(partial_world: World) -> None:
    (said,) = ended(partial_world, taken(partial_world, ["good", "missing", "good"]), Stage.NOT_APPLIED, Stage.APPLIED)
    assert said.status_code == 500
    assert [one.status_code for one in said.messages] == [500, 422, 202]


def test_the_notification_waits_for_the_last_accepted_message(partial_world: World) -> None:
    result = taken(partial_world, ["good", "missing", "good"])
    partial_world.deliver("C17")
    word(partial_world, now_of(partial_world, result.message_ids[1]))
    assert partial_world.parcels("N00") == []
    word(partial_world, now_of(partial_world, result.message_ids[0]))
    assert len(partial_world.parcels("N00")) == 1


def test_without_the_agreement_the_notification_has_no_entries(tmp_path: Path) -> None:
    world = partly(tmp_path)
    (said,) = ended(world, taken(world, ["good", "missing"]), Stage.APPLIED)
    assert (said.status_code, said.messages) == (422, ())
    world.store.close()


def words(world: World, result: Accepted, stage: Stage = Stage.APPLIED) -> list[Submission]:
    """The recipient's receipts for all of them, not yet handed in."""
    return [receipt_of(world, now_of(world, message_id), stage) for message_id in result.message_ids]


def test_many_words_about_one_interchange_in_one_batch_end_it_at_once(partial_world: World) -> None:
    result = taken(partial_world, [GOOD] * 60)
    partial_world.deliver("C17")
    commits = []
    observed = partial_world.store.unit_of_work.commit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.store.unit_of_work.SqlUnitOfWork.commit", lambda _, changes: commits.append(len(changes)) or observed(changes))
        assert all(isinstance(one, Settled) for one in partial_world.pipeline.submit(words(partial_world, result)))
    assert commits == [60]
    partial_world.push.answers = [answer(partial_world)]
    partial_world.deliver("N00")
    (notice,) = sent_to_ndelius(partial_world)
    assert [one.status_code for one in notice.entries[0].payload.messages] == [202] * 60


@pytest.mark.parametrize("overtaken", [0, 3, 5])
def test_a_word_that_another_process_was_faster_with_does_not_end_it_twice(partial_world: World, overtaken: int) -> None:
    result = taken(partial_world, [GOOD] * 6)
    partial_world.deliver("C17")
    batch = words(partial_world, result)
    commit, others = partial_world.store.unit_of_work.commit, [batch[overtaken]]

    def late(_: object, changes: Sequence[Changes]) -> Committed:
        if others:
            assert isinstance(partial_world.pipeline.submit([others.pop()])[0], Settled)
        return commit(changes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.store.unit_of_work.SqlUnitOfWork.commit", late)
        assert all(isinstance(one, Settled) for one in partial_world.pipeline.submit(batch))
    assert len(partial_world.parcels("N00")) == 1
    receipts = partial_world.store.queries.receipts_of_submission(result.submission_id)
    assert sorted(str(one.message_id) for one in receipts if one.stage == "applied") == sorted(result.message_ids)


_ENTRY = interchange._entry


# -- limits ------------------------------------------------------------------------------------------------


def test_more_messages_than_agreed_are_refused_with_the_limit(tmp_path: Path) -> None:
    world = partly(tmp_path, max_messages=3)
    assert len(taken(world, [GOOD] * 3).message_ids) == 3
    result = soap_in(world, interchange_of([GOOD] * 4, reference="1500000000102"))
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.TOO_COMPLEX
    assert "the agreed limit is 3" in result.fault.detail
    assert entries(world, result.receipt) == []
    world.store.close()


def test_messages_beyond_what_is_agreed_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, numbers = partly(tmp_path, max_messages=3), list[object]()
    monkeypatch.setattr("adapters.agencies.ndelius.interchange._entry", lambda *arguments: numbers.append(arguments[1]) or _ENTRY(*arguments))
    assert isinstance(soap_in(world, interchange_of([GOOD] * 9, reference="1500000000103")), Declined)
    assert numbers == [1, 2, 3]
    world.store.close()


def test_more_bytes_than_agreed_are_refused_before_the_dialect_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = partly(tmp_path, max_bytes=20_000)
    assert len(taken(world, [GOOD]).message_ids) == 1
    monkeypatch.setattr("adapters.agencies.ndelius.adapter.NdeliusAdapter.read", lambda *_: pytest.fail("it was read"))
    result = soap_in(world, interchange_of([GOOD] * 20, reference="1500000000102"))
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.TOO_LARGE
    assert "the agreed limit is 20000" in result.fault.detail
    assert result.receipt is not None
    world.store.close()


def test_bytes_over_the_gateways_own_limit_are_not_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came over AMQP lies in memory already, but nothing parses it."""
    limit = world.means.limits.max_bytes
    monkeypatch.setattr("adapters.agencies.canonical.adapter.CanonicalAdapter.read", lambda *_: pytest.fail("it was read"))
    wire = world.signed("alpha", contact("m1"))
    huge = type(wire)(wire.body + b"x" * (limit + 1 - len(wire.body)), wire.content_type)
    (result,) = world.pipeline.submit([world.submission("alpha", huge, channel="amqp")])
    assert isinstance(result, Declined)
    assert result.fault.code is FaultCode.TOO_LARGE


def test_agreements_are_of_the_party(partial_world: World) -> None:
    inbound = partial_world.store.partners.directory().inbound(PartyCode("N00"))
    assert inbound is not None
    assert (inbound.partial, inbound.message_statuses, inbound.max_messages) == (True, True, 10_000)

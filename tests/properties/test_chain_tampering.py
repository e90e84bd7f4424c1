"""Whatever is done to a chain that has a checkpoint at its end, it is found; and the bytes are plain JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.chain import GENESIS, ChainHead, content, encode_facts, head_of, link, microseconds, verify
from gateway.audit.events import AuditCode, AuditEvent, AuditRecord

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=10)
FACTS = st.dictionaries(NAMES, TEXTS | st.integers() | st.booleans(), max_size=5)
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
EVENTS = st.builds(AuditEvent, st.sampled_from(AuditCode), TIMES, TEXTS, FACTS)
CHAINS = st.lists(EVENTS, min_size=2, max_size=12).map(lambda events: _linked(events))


def _linked(events: list[AuditEvent], start: ChainHead = GENESIS) -> list[AuditRecord]:
    records, place = [], start
    for event in events:
        records.append(link(place, event))
        place = head_of(records[-1])
    return records


@given(EVENTS, st.integers(1, 2**60))
def test_the_content_is_the_canonical_json_of_its_members(event: AuditEvent, sequence: int) -> None:
    members = {
        "at": microseconds(event.at),
        "code": event.code.value,
        "facts": dict(event.facts),
        "previous": GENESIS.digest,
        "sequence": sequence,
        "subject": event.subject,
        "v": 1,
    }
    plain = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert content(sequence, GENESIS.digest, event) == plain


@given(FACTS)
def test_facts_read_back_as_they_were(facts: dict[str, str | int | bool]) -> None:
    read = json.loads(encode_facts(facts))
    assert read == facts
    assert {name: type(value) for name, value in read.items()} == {name: type(value) for name, value in facts.items()}


@given(CHAINS)
def test_a_chain_as_it_was_linked_is_whole(records: list[AuditRecord]) -> None:
    assert verify(records, GENESIS, [head_of(record) for record in records]) == []


@given(CHAINS, st.data())
def test_any_alteration_is_found(records: list[AuditRecord], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(records) - 1))
    other = data.draw(EVENTS.filter(lambda event: event != records[place].event))
    changed = [*records[:place], replace(records[place], event=other), *records[place + 1 :]]
    assert {finding.sequence for finding in verify(changed)} == {place + 1}


@given(CHAINS, st.data())
def test_any_removal_is_found(records: list[AuditRecord], data: st.DataObject) -> None:
    removed = data.draw(st.sets(st.integers(0, len(records) - 1), min_size=1))
    rest = [record for place, record in enumerate(records) if place not in removed]
    assert verify(rest, GENESIS, [head_of(records[-1])])


@given(CHAINS, st.data())
def test_any_other_order_is_found(records: list[AuditRecord], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(records).filter(lambda order: order != records))
    assert verify(shuffled, GENESIS, [head_of(records[-1])])


@given(CHAINS, EVENTS, st.data())
def test_any_insertion_is_found(records: list[AuditRecord], event: AuditEvent, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(records) - 1))
    before = head_of(records[place - 1]) if place else GENESIS
    assert verify([*records[:place], link(before, event), *records[place:]], GENESIS, [head_of(records[-1])])


@given(CHAINS, st.data())
def test_any_rewriting_meets_the_checkpoint(records: list[AuditRecord], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(records) - 1))
    event = records[place].event
    later = replace(event, at=event.at + timedelta(microseconds=1))
    anew = _linked([later if number == place else record.event for number, record in enumerate(records)])
    assert verify(anew) == []
    assert [finding.sequence for finding in verify(anew, GENESIS, [head_of(records[-1])])] == [len(records)]

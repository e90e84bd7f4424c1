"""The chain: its bytes to the bit, and each kind of tampering named where it is."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.audit.chain import (
    GENESIS,
    ChainHead,
    Checkpoint,
    CheckpointUnreadable,
    Finding,
    Flaw,
    Verifier,
    content,
    decode_checkpoint,
    encode_checkpoint,
    encode_facts,
    head_of,
    link,
    microseconds,
    verify,
)
from gateway.audit.events import AuditCode, AuditEvent, AuditRecord

AT = datetime(2026, 3, 1, 9, 0, 0, 5, tzinfo=UTC)


def _event(number: int) -> AuditEvent:
    return AuditEvent(AuditCode.MESSAGE_ACCEPTED, AT + timedelta(seconds=number), f"m-{number}", {"number": number})


def _chain(length: int) -> list[AuditRecord]:
    records, place = [], GENESIS
    for number in range(length):
        records.append(link(place, _event(number)))
        place = head_of(records[-1])
    return records


def test_the_bytes_of_a_record_are_fixed_for_ever() -> None:
    event = AuditEvent(AuditCode.RECEIPT_ISSUED, AT, 'm-"1"\n', {"stage": "delivered", "b": True, "a": -3, "z": "Ω\u2028\x01"})
    expected = (
        '{"at":1772355600000005,"code":"receipt.issued","facts":{"a":-3,"b":true,"stage":"delivered","z":"Ω\u2028\\u0001"},'
        '"previous":"sha-256:0000000000000000000000000000000000000000000000000000000000000000","sequence":1,"subject":"m-\\"1\\"\\n","v":1}'
    ).encode()
    assert content(1, GENESIS.digest, event) == expected
    record = link(GENESIS, event)
    assert (record.sequence, record.previous, record.digest) == (1, GENESIS.digest, "sha-256:" + hashlib.sha256(expected).hexdigest())


def test_one_moment_is_one_moment_in_every_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=1)))
    assert microseconds(elsewhere) == microseconds(AT) == 1_772_355_600_000_005
    with pytest.raises(TypeError):
        microseconds(AT.replace(tzinfo=None))


@pytest.mark.parametrize("facts", [{"a": 1.5}, {"a": None}, {"a": b"x"}, {"é": "x"}, {"a": ["x"]}])
def test_what_is_no_fact_is_a_bug(facts: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        encode_facts(facts)  # type: ignore[arg-type]


def test_a_whole_chain_has_no_flaw() -> None:
    records = _chain(20)
    assert verify(records, GENESIS, [head_of(records[-1]), head_of(records[3])]) == []
    assert verify(records[5:], head_of(records[4]), [head_of(records[7])]) == []
    assert verify([]) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"event": replace(_event(4), subject="m-5")},
        {"event": replace(_event(4), facts={"number": 5})},
        {"event": replace(_event(4), facts={})},
        {"event": replace(_event(4), code=AuditCode.RECEIPT_ISSUED)},
        {"event": replace(_event(4), at=AT)},
    ],
)
def test_an_alteration_is_named_once_and_where_it_is(changed: dict[str, AuditEvent]) -> None:
    records = _chain(9)
    records[4] = replace(records[4], **changed)
    assert verify(records) == [Finding(Flaw.ALTERED, 5)]


def test_an_alteration_with_a_new_digest_breaks_the_next_link() -> None:
    records = _chain(9)
    records[4] = link(head_of(records[3]), replace(_event(4), subject="x"))
    assert verify(records) == [Finding(Flaw.UNLINKED, 6)]


def test_what_is_missing_is_named() -> None:
    records = _chain(9)
    assert verify(records[:3] + records[5:]) == [Finding(Flaw.MISSING, 4, "4 to 5")]
    assert verify(records[2:]) == [Finding(Flaw.MISSING, 1, "1 to 2")]


def test_what_was_put_between_is_named() -> None:
    records = _chain(9)
    intruder = link(head_of(records[3]), _event(99))
    found = verify([*records[:4], intruder, *records[4:]])
    assert found == [Finding(Flaw.MISPLACED, 5, "stands after 5")]


def test_what_was_moved_is_named() -> None:
    records = _chain(6)
    records[2], records[3] = records[3], records[2]
    assert [(finding.flaw, finding.sequence) for finding in verify(records)] == [(Flaw.MISSING, 3), (Flaw.MISPLACED, 3), (Flaw.MISSING, 4)]


def test_a_cut_behind_a_checkpoint_is_named() -> None:
    records = _chain(9)
    assert verify(records[:6], GENESIS, [head_of(records[4]), head_of(records[8])]) == [Finding(Flaw.TRUNCATED, 9, "the chain ends at 6")]
    assert [finding.flaw for finding in verify([], GENESIS, [head_of(records[0])])] == [Flaw.TRUNCATED]


def test_a_chain_written_anew_is_no_longer_the_one_that_was_signed() -> None:
    checkpoint = head_of(_chain(9)[5])
    anew, place = [], GENESIS
    for number in range(9):
        anew.append(link(place, _event(number + (number == 2))))
        place = head_of(anew[-1])
    assert [(finding.flaw, finding.sequence) for finding in verify(anew, GENESIS, [checkpoint])] == [(Flaw.FORKED, 6)]
    assert verify(anew) == [], "only the checkpoint knows"


def test_a_walk_can_be_fed_record_by_record() -> None:
    verifier = Verifier()
    assert [flaw for record in _chain(5) for flaw in verifier.feed(record)] == []
    assert (verifier.checked, verifier.at.sequence, verifier.finish()) == (5, 5, [])


def test_a_checkpoint_reads_back() -> None:
    checkpoint = Checkpoint(issuer="gateway.test", issued_at=1_772_355_600, head=ChainHead(7, "sha-256:" + "ab" * 32))
    data = encode_checkpoint(checkpoint)
    assert data == b'{"digest":"sha-256:' + b"ab" * 32 + b'","iat":1772355600,"iss":"gateway.test","sequence":7}'
    assert decode_checkpoint(data) == checkpoint


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"{}",
        b'{"iss":"g","iat":1,"sequence":1}',
        b'{"iss":"g","iat":1,"sequence":true,"digest":"d"}',
        b'{"iss":"g","iat":-1,"sequence":1,"digest":"d"}',
        b'{"iss":"g","iat":1.5,"sequence":1,"digest":"d"}',
        b'{"iss":1,"iat":1,"sequence":1,"digest":"d"}',
        b'{"iss":"g","iat":1,"sequence":1,"digest":null}',
    ],
)
def test_what_is_no_checkpoint_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(CheckpointUnreadable):
        decode_checkpoint(data)

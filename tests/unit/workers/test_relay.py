"""The relay's letters: what travels alone, what travels in company, and what becomes of it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.contract import Outcome, Received
from gateway.contract import StoreUnavailable
from gateway.exchange.receipts import LINES_MEDIA_TYPE, MEDIA_TYPE
from gateway.exchange.results import Declined, Settled, SubmitResult
from gateway.exchange.submission import Submission
from gateway.records import OutboxEntry
from gateway.workers.intake_amqp import AmqpIntake, _bounded, submissions_of
from gateway.workers.relay import bundled
from schemas.faults import Fault, FaultCode
from schemas.identifiers import OrganisationId

RECEIPT = OutboxEntry("partners", "to", "alpha", b"a.b.c", "r", LINES_MEDIA_TYPE)
PARCEL = OutboxEntry("gateway", "gateway", "outbound.C05", b"{}\nsealed", "p", "application/vnd.gateway.parcel")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def numbered(*entries: OutboxEntry) -> list[OutboxEntry]:
    return [replace(entry, outbox_id=number, body=entry.body + str(number).encode()) for number, entry in enumerate(entries, 1)]


def ids(letters: list[list[OutboxEntry]]) -> list[list[int]]:
    return [[entry.outbox_id for entry in letter] for letter in letters]


def test_receipts_of_one_address_share_a_letter_and_nothing_else_does() -> None:
    other = replace(RECEIPT, routing_key="beta")
    alone = replace(RECEIPT, content_type=MEDIA_TYPE)
    entries = numbered(RECEIPT, PARCEL, RECEIPT, other, alone, RECEIPT, PARCEL)
    assert ids(bundled(entries)) == [[1, 3, 6], [2], [4], [5], [7]]


def test_a_letter_has_its_bounds() -> None:
    assert [len(letter) for letter in bundled(numbered(*[RECEIPT] * 250))] == [100, 100, 50]
    wide = replace(RECEIPT, body=b"x" * 200 * 1024)
    assert [len(letter) for letter in bundled(numbered(*[wide] * 3))] == [2, 1]


@given(st.lists(st.sampled_from([RECEIPT, PARCEL, replace(RECEIPT, routing_key="beta"), replace(RECEIPT, content_type=MEDIA_TYPE)]), max_size=300))
def test_every_entry_is_in_exactly_one_letter_in_order(kinds: list[OutboxEntry]) -> None:
    letters = bundled(numbered(*kinds))
    assert sorted(number for letter in ids(letters) for number in letter) == list(range(1, len(kinds) + 1))
    assert all(letter == sorted(letter) for letter in ids(letters))
    assert all(len({(e.routing_key, e.content_type) for e in letter}) == 1 for letter in letters)


def test_a_bundle_from_a_partner_is_a_submission_a_line() -> None:
    bundle = Received(b"a.b.c\nd.e.f", 1, content_type=LINES_MEDIA_TYPE)
    made = submissions_of(bundle, OrganisationId("alpha"), NOW)
    assert [(one.wire.body, one.wire.content_type, one.packaging, one.peer) for one in made] == [
        (b"a.b.c", MEDIA_TYPE, "jws", "alpha"),
        (b"d.e.f", MEDIA_TYPE, "jws", "alpha"),
    ]


def test_a_bundle_too_long_is_cut_off_at_a_line_that_is_none() -> None:
    made = submissions_of(Received(b"\n".join([b"a.b.c"] * 500), 1, content_type=LINES_MEDIA_TYPE), OrganisationId("alpha"), NOW)
    assert len(made) == 201
    assert made[-1].wire.body.count(b"\n") == 299


def test_one_soap_and_one_plain_letter_stay_as_they_are() -> None:
    for media_type, packaging in (("application/soap+xml; charset=utf-8", "wss"), ("text/xml", "wss"), ("application/jose", "jws"), ("", "jws")):
        made = submissions_of(Received(b"<x>\n</x>", 1, content_type=media_type), OrganisationId("alpha"), NOW)
        assert [(one.packaging, one.wire.body) for one in made] == [(packaging, b"<x>\n</x>")]


@given(st.lists(st.integers(1, 150), max_size=40))
def test_bundles_are_taken_in_batches_of_bounded_lines_in_order(lengths: list[int]) -> None:
    letters = [(Received(b"", number), [None] * length) for number, length in enumerate(lengths)]
    batches = list(_bounded(letters, 100))  # type: ignore[arg-type]
    assert [item.tag for batch in batches for item, _ in batch] == list(range(len(lengths)))
    assert all(len(batch) == 1 or sum(len(lines) for _, lines in batch) <= 100 for batch in batches)


class _Consumer:
    """Remembers what became of each message."""

    def __init__(self) -> None:
        self.settled: list[tuple[Outcome, list[int]]] = []

    def settle(self, received: Sequence[Received], outcome: Outcome) -> None:
        self.settled.append((outcome, [item.tag for item in received]))


class _Pipeline:
    """Takes everything but a line that says bug; has no store from the second batch on where told so."""

    def __init__(self, *, fails_from: int = 99) -> None:
        self.batches, self._fails_from = 0, fails_from

    def submit(self, batch: Sequence[Submission]) -> list[SubmitResult]:
        self.batches += 1
        if self.batches >= self._fails_from:
            raise StoreUnavailable
        taken = Settled(message_ids=())
        return [Declined(fault=Fault(FaultCode.INTERNAL_ERROR)) if one.wire.body == b"bug" else taken for one in batch]


def taken_in(bodies: list[bytes], pipeline: _Pipeline, items: int = 3) -> list[tuple[Outcome, list[int]]]:
    consumer = _Consumer()
    intake = AmqpIntake(OrganisationId("alpha"), None, pipeline, lambda: NOW, items=items)  # type: ignore[arg-type]
    received = [Received(body, tag, content_type=LINES_MEDIA_TYPE) for tag, body in enumerate(bodies, 1)]
    stop = Event()
    stop.set()  # do not wait for a store that never comes
    with suppress(StoreUnavailable):
        intake._take(consumer, received, stop)  # type: ignore[arg-type]
    return consumer.settled


def test_a_bug_in_one_line_sends_its_bundle_to_the_dead_letters_and_no_other() -> None:
    assert taken_in([b"a\nb", b"bug\nc", b"d"], _Pipeline(), items=9) == [(Outcome.POISON, [2]), (Outcome.DONE, [1, 3])]


def test_a_store_that_comes_back_finds_the_batch_held_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.workers.loop._AGAIN_SECONDS", 0.01)
    pipeline, consumer, told = _Pipeline(fails_from=1), _Consumer(), []
    intake = AmqpIntake(OrganisationId("alpha"), None, pipeline, lambda: NOW, report=lambda *what: told.append(what))  # type: ignore[arg-type]
    original = pipeline.submit

    def submit(batch: list[Submission]) -> list[SubmitResult]:
        if pipeline.batches == 3:
            pipeline._fails_from = 99
        return original(batch)

    monkeypatch.setattr(pipeline, "submit", submit)
    intake._take(consumer, [Received(b"a", 1), Received(b"b", 2)], Event())  # type: ignore[arg-type]
    assert consumer.settled == [(Outcome.DONE, [1, 2])]
    assert told == [("intake.alpha", "StoreUnavailable")]


def test_told_to_stop_without_a_store_what_is_left_goes_back_and_what_was_taken_does_not() -> None:
    assert taken_in([b"a\nb", b"c\nd", b"e\nf"], _Pipeline(fails_from=2)) == [(Outcome.DONE, [1]), (Outcome.AGAIN, [2, 3])]

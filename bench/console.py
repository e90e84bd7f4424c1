"""Console: how long the store takes to answer people, with a month of traffic in it.

What it is: a filled store of each kind and the time of every read that pages are made of. What it is not: the pages
over HTTP. Exits with 1 where a read of PostgreSQL misses its limit: `python -m bench.console --messages 1000000`.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench.filling import DELIVERED_LAST, PARTIES, Month, Sent, fill
from gateway.contract import Store
from gateway.oversight.views import AuditSearch, LetterFilter, MessageSearch, ReceiptStanding, ReceiptTerms
from gateway.records import DeliveryState
from gateway.rehearsal.measuring import machine, quantile
from gateway.rehearsal.postgres import PrivatePostgres
from gateway.rehearsal.services import clear
from gateway.store.opening import migrate, open_store
from schemas.identifiers import MessageId, PartyCode

DIRECTORY: Final = Path("var") / "bench-console"
LIMIT_MS: Final = 200.0
PAGE: Final = 50
OPEN: Final = frozenset({DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER, DeliveryState.SET_ASIDE, DeliveryState.REFUSED})
Read = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Result:
    """What one store came to."""

    fill_seconds: float
    tally_seconds: float
    audit_records: int
    reads: Mapping[str, Mapping[str, float]]


def reads(store: Store, month: Month, known: Sent) -> Iterator[tuple[str, Read]]:
    """Every read that a page is made of, by name."""
    yield from _overview(store, month)
    yield from _letters(store)
    yield from _searches(store, month, known)
    yield from _receipts(store, month)
    yield from _audit(store, month, known)


def _overview(store: Store, month: Month) -> Iterator[tuple[str, Read]]:
    watch, terms = store.watch, [_terms(code, month) for code in PARTIES]
    codes = [PartyCode(code) for code in PARTIES]
    yield "overview: queues", watch.queues
    yield "overview: receipt figures", lambda: watch.receipt_figures(terms)
    yield "overview: tallies of a day", lambda: watch.tallies(month.until - timedelta(days=1), month.until)
    yield "partner: tallies of a month", lambda: watch.tallies(month.until - timedelta(days=30), month.until, PartyCode("N00"))
    yield "overview: activity", lambda: watch.activity(codes)
    yield "queue: items", lambda: watch.queue_items(PartyCode("N00"), OPEN, 0, PAGE)
    yield "partner: attempts", lambda: watch.attempts(PartyCode("N00"), PAGE)


def _letters(store: Store) -> Iterator[tuple[str, Read]]:
    watch = store.watch
    yield "dead letters: groups", watch.letter_groups
    yield "dead letters: all", lambda: watch.letters(LetterFilter(), 0, PAGE)
    yield "dead letters: a group", lambda: watch.letters(LetterFilter(fault="code-unknown", recipient=PartyCode("N00")), 0, PAGE)
    yield "dead letters: of a type", lambda: watch.letters(LetterFilter(type="Contact"), 0, PAGE)
    yield "dead letters: count", lambda: watch.count_letters(LetterFilter(recipient=PartyCode("N00")))
    yield "dead letters: ids", lambda: watch.letter_ids(LetterFilter(), 1000)


def _searches(store: Store, month: Month, known: Sent) -> Iterator[tuple[str, Read]]:
    since, week = month.until - timedelta(days=31), month.until - timedelta(days=7)
    old = MessageId(known.message_id)
    wanted: Mapping[str, MessageSearch] = {
        "nothing": MessageSearch(since=week),
        "message id": MessageSearch(since=since, message_id=known.message_id),
        "sender's id": MessageSearch(since=since, sender_message_id=f"their-{known.number}"),
        "control reference": MessageSearch(since=since, control_reference=known.control_reference),
        "case": MessageSearch(since=since, case_lookup=known.case_lookup),
        "type": MessageSearch(since=since, type=known.type),
        "sender": MessageSearch(since=since, sender=PartyCode("C21")),
        "recipient": MessageSearch(since=since, recipient=PartyCode("C21")),
        "party": MessageSearch(since=since, party=PartyCode("C21")),
        "party, all of it": MessageSearch(since=since, party=PartyCode("N00")),
        "party unknown": MessageSearch(since=since, party=PartyCode("Z99")),
        "date": MessageSearch(since=since, until=month.until - timedelta(days=20)),
        **{f"state {state.value}": MessageSearch(since=since, states=frozenset({state})) for state in DeliveryState},
        "recipient, state": MessageSearch(since=since, recipient=PartyCode("C03"), states=frozenset({DeliveryState.REFUSED})),
        "recipient, type": MessageSearch(since=since, recipient=PartyCode("C21"), type=known.type),
        "party, type": MessageSearch(since=since, party=PartyCode("C21"), type=known.type),
        "recipient that never was, type": MessageSearch(since=since, recipient=PartyCode("Z99"), type=known.type),
        "sender, recipient that never met": MessageSearch(since=since, sender=PartyCode("C05"), recipient=PartyCode("C06")),
        "sender, state": MessageSearch(since=since, sender=PartyCode("C21"), states=frozenset({DeliveryState.DELIVERED})),
        "type, state": MessageSearch(since=since, type=known.type, states=frozenset({DeliveryState.NOT_APPLIED})),
        "every state": MessageSearch(since=since, states=frozenset(DeliveryState)),
        "sender, recipient": MessageSearch(since=since, sender=PartyCode("N00"), recipient=PartyCode("C21")),
    }
    for name, search in wanted.items():
        yield f"search: {name}", lambda search=search: store.watch.find(search, PAGE)  # type: ignore[misc]
    yield "search: newer than one", lambda: store.watch.find(MessageSearch(since=since), PAGE, newer_than=old)
    yield "search: refused at the door", lambda: store.watch.refused(known.control_reference, since, None, PAGE)
    yield "search: page far back", lambda: store.watch.find(MessageSearch(since=since), PAGE, old)
    yield "search: recipient, far back", lambda: store.watch.find(MessageSearch(since=since, recipient=PartyCode("N00")), PAGE, old)


def _receipts(store: Store, month: Month) -> Iterator[tuple[str, Read]]:
    terms = _terms("N00", month)
    for standing in (ReceiptStanding.EXPECTED, ReceiptStanding.LATE, ReceiptStanding.NEGATIVE):
        yield f"receipts: {standing.value}", lambda standing=standing: store.watch.receipts(standing, [terms], 0, PAGE)  # type: ignore[misc]
    everybody = [_terms(code, month) for code in PARTIES]
    for standing in (ReceiptStanding.EXPECTED, ReceiptStanding.LATE, ReceiptStanding.NEGATIVE):
        yield f"receipts of all: {standing.value}", lambda standing=standing: store.watch.receipts(standing, everybody, 0, PAGE)  # type: ignore[misc]


def _audit(store: Store, month: Month, known: Sent) -> Iterator[tuple[str, Read]]:
    long_ago, day = month.until - timedelta(days=20), timedelta(days=1)
    wanted: Mapping[str, AuditSearch] = {
        "nothing": AuditSearch(),
        "subject": AuditSearch(subject=known.delivery_id),
        "common code": AuditSearch(code="submission.accepted"),
        "uncommon code": AuditSearch(code="delivery.set-aside"),
        "code that never was": AuditSearch(code="partner.paused"),
        "kind": AuditSearch(code="partner."),
        "person": AuditSearch(by="op-3"),
        "day": AuditSearch(since=long_ago, until=long_ago + day),
        "day, uncommon code": AuditSearch(since=long_ago, until=long_ago + day, code="delivery.discarded"),
    }
    for name, search in wanted.items():
        yield f"audit: {name}", lambda search=search: store.watch.audit(search, None, PAGE)  # type: ignore[misc]


def _terms(code: str, month: Month) -> ReceiptTerms:
    late, negative = month.until - timedelta(hours=4), month.until - timedelta(days=7)
    return ReceiptTerms(party=PartyCode(code), applies=code not in DELIVERED_LAST, late_before=late, negative_since=negative)


def measured(read: Read, rounds: int) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    read()
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        read()
        took.append(1000 * (time.perf_counter() - started))
    took.sort()
    return quantile(took, 0.5), quantile(took, 0.95)


def measure(url: str, month: Month, rounds: int) -> Result:
    """Fill one store and read it."""
    migrate(url)
    started = time.monotonic()
    fill(url, month)
    filled, started = time.monotonic() - started, time.monotonic()
    with closing(open_store(url)) as store:
        counted = 0
        while page := store.oversight.tally(2000):
            counted += page
        tallied = time.monotonic() - started
        known = next(one for one in month.sent() if one.number >= month.messages // 2 and one.case_lookup)
        times = {name: measured(read, rounds) for name, read in reads(store, month, known)}
    found = {name: {"p50_ms": round(p50, 2), "p95_ms": round(p95, 2)} for name, (p50, p95) in times.items()}
    return Result(round(filled, 1), round(tallied, 1), counted, found)


@contextmanager
def database(kind: str) -> Iterator[str]:
    """A new, empty database; gone afterwards."""
    directory = (DIRECTORY / kind).resolve()
    clear(directory)
    if kind == "sqlite":
        yield f"sqlite:///{directory / 'gateway.db'}"
    else:
        server = PrivatePostgres(directory)
        server.start()
        try:
            yield server.create_database("console")
        finally:
            server.stop()
    clear(directory)


def main() -> int:
    """Measure, and say it."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--stores", nargs="+", choices=("postgresql", "sqlite"), default=["postgresql", "sqlite"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    month, results = Month(options.messages, datetime.now(UTC)), dict[str, Result]()
    for kind in options.stores:
        with database(kind) as url:
            results[kind] = measure(url, month, options.rounds)
    report = {"messages": options.messages, "machine": machine(), "limit_ms": LIMIT_MS, "stores": {kind: asdict(result) for kind, result in results.items()}}
    sys.stdout.write((json.dumps(report, indent=2) if options.json else _told(results)) + "\n")
    return 0 if _slowest(results.get("postgresql")) <= LIMIT_MS else 1


def _slowest(result: Result | None) -> float:
    return max((one["p95_ms"] for one in result.reads.values()), default=0.0) if result else 0.0


def _told(results: Mapping[str, Result]) -> str:
    lines: Sequence[str] = [
        f"{kind:12} {name:32} {one['p50_ms']:9.2f} {one['p95_ms']:9.2f}" for kind, result in results.items() for name, one in result.reads.items()
    ]
    filled = [
        f"{kind}: filled in {result.fill_seconds} s, {result.audit_records} records tallied in {result.tally_seconds} s" for kind, result in results.items()
    ]
    return "\n".join([f"{'store':12} {'read':32} {'p50 ms':>9} {'p95 ms':>9}", *lines, *filled])


if __name__ == "__main__":
    sys.exit(main())

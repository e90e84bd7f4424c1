"""The tallier: counts page after page, rests, holds the lease, and forgets what is long over."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

from gateway.audit.events import AuditCode
from gateway.store.opening import open_store
from gateway.workers.tallier import Tallier
from schemas.identifiers import PartyCode
from tests.support.databases import migrate_quickly
from tests.support.oversight import deed, happened, occurred, session
from tests.support.store import at


class _Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = at(0)

    def __call__(self) -> datetime:
        return self.now


def _url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate_quickly(url)
    return url


def test_all_of_a_history_is_counted_until_told_to_stop_and_the_lease_is_given_back(tmp_path: Path) -> None:
    store, clock, stop = open_store(_url(tmp_path)), _Clock(), threading.Event()
    happened(store, *(occurred(AuditCode.DELIVERY_APPLIED, f"d-{number}", number, recipient="C05") for number in range(25)))
    tallier = Tallier(store, clock, holder="one", interval_seconds=0.01, items=4)
    thread = threading.Thread(target=tallier.run, args=(stop,))
    thread.start()
    deadline = threading.Event()
    while store.watch.activity([PartyCode("C05")]).get(PartyCode("C05")) is None or sum(one.count for one in store.watch.tallies(at(0), at(60))) < 25:
        assert not deadline.wait(0.01)
        assert thread.is_alive()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert store.leases.acquire("tallier", "two", clock(), 5)
    assert sum(one.count for one in store.watch.tallies(at(0), at(60))) == 25
    store.close()


def test_who_does_not_hold_the_lease_counts_nothing(tmp_path: Path) -> None:
    store, clock, stop = open_store(_url(tmp_path)), _Clock(), threading.Event()
    happened(store, occurred(AuditCode.DELIVERY_APPLIED, "d-1", 1, recipient="C05"))
    assert store.leases.acquire("tallier", "another", clock(), 60)
    thread = threading.Thread(target=Tallier(store, clock, holder="one", interval_seconds=0.01).run, args=(stop,))
    thread.start()
    stop.wait(0.2)
    stop.set()
    thread.join(10)
    assert store.watch.tallies(at(0), at(60)) == []
    store.close()


def test_what_is_long_over_is_forgotten_now_and_then(tmp_path: Path) -> None:
    store, clock = open_store(_url(tmp_path)), _Clock()
    tallier = Tallier(store, clock, holder="one")
    tallier.look()
    gone = session("gone", expires=1)
    store.oversight.put_session(gone, deed(AuditCode.OPERATOR_SIGNED_IN, "a"))
    clock.now = at(0) + timedelta(minutes=9)
    tallier.look()
    assert store.oversight.session(gone.session) is not None
    clock.now = at(0) + timedelta(days=2)
    tallier.look()
    assert store.oversight.session(gone.session) is None
    store.close()

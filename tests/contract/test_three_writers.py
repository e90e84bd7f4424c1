"""Three processes that read and then write, and processes that are killed in the middle of it.

Under SQLite's default lock the first loses updates silently; without one transaction the second leaves halves.
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from gateway.contract import Store, StoreUnavailable
from gateway.rehearsal.postgres import PrivatePostgres
from gateway.store.opening import migrate, open_store
from schemas.identifiers import DeliveryId
from tests.support.store import accepted

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


def _run(program: str, url: str, who: str, amount: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.store_process", program, url, who, str(amount)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _outputs(processes: Sequence["subprocess.Popen[str]"]) -> list[str]:
    found = []
    for process in processes:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, err
        found.append(out)
    return found


@pytest.mark.slow
def test_no_update_is_lost_between_processes(store: Store, store_url: str) -> None:
    store.unit_of_work.commit([accepted("shared")])
    outputs = _outputs([_run("count-up", store_url, who, 25) for who in ("a", "b", "c")])
    written, stale = (sum(int(output.split()[place]) for output in outputs) for place in (0, 1))
    shared = store.queries.deliveries([DeliveryId("d-shared")])[DeliveryId("d-shared")]
    assert (written, shared.attempts, shared.version) == (75, 75, 76)
    report = store.verify(lambda _: None)
    assert report.ok
    assert report.submissions == 1 + written + stale


@pytest.mark.slow
def test_numbers_rise_in_order_of_commit_across_processes(store: Store, store_url: str) -> None:
    store.unit_of_work.commit([accepted("shared")])
    _outputs([_run("count-up", store_url, who, 10) for who in ("a", "b", "c")])
    accepted_in_order = [record.event.subject.removeprefix("s-") for record in store.queries.audit(0, 5000) if record.event.code.value == "submission.accepted"]
    deliveries = store.queries.deliveries([DeliveryId(f"d-{name}") for name in accepted_in_order])
    sequences = [deliveries[DeliveryId(f"d-{name}")].sequence for name in accepted_in_order]
    assert sequences == list(range(1, len(sequences) + 1))
    owed = store.outbox.pending(store.queries.audit(0, 1)[0].event.at, 5000)
    assert [entry.message_id for entry in owed] == [f"d-{name}{suffix}" for name in accepted_in_order for suffix in ("", "-notice")]


@pytest.mark.slow
def test_a_killed_writer_leaves_nothing_half_written(store: Store, store_url: str) -> None:
    last_said: dict[str, int] = {}
    for run in range(4):
        process = _run("write-for-ever", store_url, f"w{run}", 40)
        assert process.stdout is not None
        said = int(process.stdout.readline())
        time.sleep(random.uniform(0.05, 0.5))  # anywhere in a commit
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=PATIENCE_SECONDS)
        last_said[f"w{run}"] = max([said, *(int(line) for line in rest.split())])
    for who, last in last_said.items():
        batches = [_found(store, who, number) for number in range(last + 3)]
        assert all(found == 40 for found in batches[: last + 1]), "what was said to be durable is"
        assert set(batches) <= {0, 40}, "a batch is there whole or not at all"
    assert store.verify(lambda _: None).ok
    assert store.unit_of_work.commit([accepted("after")]).stale == frozenset()


def _found(store: Store, who: str, number: int) -> int:
    return len(store.queries.deliveries([DeliveryId(f"d-{who}-{number}-{item}") for item in range(40)]))


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_killed_postgresql_keeps_what_was_committed(postgresql_cluster: PrivatePostgres) -> None:
    # A cluster of its own, beside the shared one: other tests must not feel its death.
    own = PrivatePostgres(postgresql_cluster.directory.parent / f"killed-{time.time_ns()}")
    own.start()
    try:
        url = own.create_database("gateway")
        migrate(url)
        with closing(open_store(url)) as store:
            store.unit_of_work.commit([accepted("before")])
            own.kill()
            assert own.pid is None
            with pytest.raises(StoreUnavailable):
                store.unit_of_work.commit([accepted("meanwhile")])
            assert not store.ready()
            own.start()
            assert _until_ready(store)
            assert store.unit_of_work.commit([accepted("after")]).stale == frozenset()
            found = store.queries.deliveries([DeliveryId(f"d-{name}") for name in ("before", "meanwhile", "after")])
            assert set(found) == {"d-before", "d-after"}
            assert store.verify(lambda _: None).ok
    finally:
        own.stop()


def _until_ready(store: Store) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if store.ready():
            return True
        time.sleep(0.05)
    return False

"""One process, one interchange: how long it took, and the most memory that the process ever held.

What it is: the child that `bench.language` starts once for each figure, since a peak cannot be taken back. What it
is not: for people. What is not to be measured (making and signing the interchange) happens in a fork of its own.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.contract import WireMessage
from gateway.exchange.results import Accepted
from tests.support.interchanges import interchange
from tests.support.world import make_world, seal_soap

Make = Callable[[int], bytes]
"""Gives an interchange of that many messages."""
Work = Callable[[], int]
"""Does what is measured; returns how many messages were handled."""


def main() -> None:
    """`read` or `accept`, a number of messages and the sample to repeat; prints JSON."""
    what, count, sample = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as directory:
        size, work = STAGES[what](lambda many: interchange(many, sample_name=sample), count, Path(directory))
        started = time.perf_counter()
        handled = work()
        seconds = time.perf_counter() - started
    if handled != count:
        raise SystemExit(f"{handled} of {count} messages were handled")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({"bytes": size, "seconds": seconds, "peak_bytes": peak}) + "\n")


def _reading(make: Make, count: int, directory: Path) -> tuple[int, Work]:
    """The adapter alone. The bytes are in memory when the clock starts, and count."""
    path = _apart(directory, lambda: make(count))
    adapter = NdeliusAdapter()
    return path.stat().st_size, lambda: len(adapter.read(path.read_bytes()).entries)


def _accepting(make: Make, count: int, directory: Path) -> tuple[int, Work]:
    """From signed envelope to commit: verify, read, route, seal, receipt, SQLite."""
    world = make_world(f"sqlite:///{directory / 'store.db'}")
    path = _apart(directory, lambda: seal_soap(world, make(count)).body)

    def work() -> int:
        wire = WireMessage(path.read_bytes(), "application/soap+xml")
        (result,) = world.pipeline.submit([world.submission("ndelius", wire, channel="soap", peer=None)])
        if not isinstance(result, Accepted):
            raise SystemExit(f"refused: {result}")
        return len(result.message_ids)

    return path.stat().st_size, work


def _apart(directory: Path, make: Callable[[], bytes]) -> Path:
    """What `make` gives, as a file; made in a fork, so that its memory is not this process's."""
    path = directory / "interchange.xml"
    if not (child := os.fork()):
        path.write_bytes(make())
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("the interchange was not made")
    return path


STAGES = {"read": _reading, "accept": _accepting}

if __name__ == "__main__":
    main()

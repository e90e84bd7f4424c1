"""The real gateway in a process of its own, killed with SIGKILL at one beat.

Processes are forked from a server that has imported everything, so that one starts in a blink.

A point is `thread:beat:when:count`, for example `courier.C17:commit:after:2`: kill this process right after the second
commit in a thread whose name starts so. `-` never kills. Nothing in the gateway knows of this.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from broker.rabbitmq import RabbitConsumer, RabbitPublisher
from gateway import bootstrap
from gateway.config import load_settings
from gateway.store.outbox import SqlOutbox
from gateway.store.unit_of_work import SqlUnitOfWork

BEATS: dict[str, tuple[type, str]] = {
    "commit": (SqlUnitOfWork, "commit"),
    "publish": (RabbitPublisher, "publish"),
    "ack": (RabbitConsumer, "settle"),
    "forget": (SqlOutbox, "published"),
    "enqueue": (SqlOutbox, "enqueue"),
}


def doom(point: str) -> None:
    """Wrap one beat so that the process dies there."""
    thread, beat, when, count = point.split(":")
    owner, name = BEATS[beat]
    original: Callable[..., object] = getattr(owner, name)
    seen = [0]

    def fatal(self: object, work: object, *rest: object, **more: object) -> object:
        here = threading.current_thread().name.startswith(thread) and bool(work)
        seen[0] += here
        if here and seen[0] == int(count) and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(self, work, *rest, **more)
        if here and seen[0] == int(count) and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, fatal)


def run(settings: str, point: str, roles: Sequence[str], log: str) -> None:
    """What the child does: serve until told to stop, or until doom."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    if point != "-":
        doom(point)
    sys.exit(bootstrap.serve(load_settings(Path(settings)), roles or bootstrap.ROLES))


class Child:
    """A gateway process, with the verbs of `subprocess.Popen`."""

    def __init__(self, settings: Path, point: str, roles: Sequence[str], log: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._process = context.Process(target=run, args=(str(settings), point, list(roles), str(log)), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        return int(self._process.pid or 0)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, seconds: float) -> int | None:
        """The exit code; None while it still runs."""
        self._process.join(seconds)
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

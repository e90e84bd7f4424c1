"""Measuring: what processes used, as the kernel counts it.

What it is: CPU time and peak resident memory of any process (Linux, proc(5)), and quantiles. What it is not: a
profiler. Called by the bench.
"""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT_FIELD, _USER_FIELD, _SYSTEM_FIELD = 1, 11, 12
"""ppid, utime and stime, counted from the field after the command's name."""


def cpu_seconds(pid: int) -> float:
    """User and system time so far of a process and of its living children, all threads."""
    mine = [status for status in map(_status, Path("/proc").glob("[0-9]*/stat")) if status and pid in (status.pid, status.parent)]
    return sum(status.ticks for status in mine) / _TICKS


def peak_memory_mib(pid: int) -> float:
    """VmHWM: the most that was ever resident."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def quantile(ascending: Sequence[float], share: float) -> float:
    """The nearest-rank quantile of an ascending sequence."""
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]


def machine() -> dict[str, str | int]:
    """On what it was measured."""
    return {"python": platform.python_version(), "system": platform.platform(), "cores_in_all": os.cpu_count() or 0}


def pin_to_two_cores() -> list[int]:
    """Keep this process, and all that it starts, on the first two cores that it may use."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, cores)
    return cores


class _Status(NamedTuple):
    pid: int
    parent: int
    ticks: int


def _status(path: Path) -> _Status | None:
    """One line of /proc/<pid>/stat; None for a process that ended meanwhile."""
    try:
        fields = path.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return _Status(int(path.parent.name), int(fields[_PARENT_FIELD]), int(fields[_USER_FIELD]) + int(fields[_SYSTEM_FIELD]))

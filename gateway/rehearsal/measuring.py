"""Measuring: what processes used, as the kernel counts it.

What it is: CPU time and peak resident memory of any process (Linux, proc(5)), and quantiles. What it is not: a
profiler. Called by the bench.
"""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_USER_FIELD, _SYSTEM_FIELD = 11, 12
"""utime and stime, counted from the field after the command's name."""


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER_FIELD]) + int(fields[_SYSTEM_FIELD])) / _TICKS


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

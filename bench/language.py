"""What the SPG language costs: time of reading and writing, and memory for an interchange of many messages.

What it is: every sample, parsed, validated and made canonical, and written again, beside lxml's bare parse of the
same bytes in the same moment; and the peak memory of processes that take a large interchange. What it is not: the
road's throughput (see `gateway bench`). Exits with 1 where a limit is missed: `python -m bench.language`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from adapters.agencies.ndelius.adapter import NdeliusAdapter
from adapters.agencies.ndelius.writing import write_interchange
from adapters.contract import Outgoing
from schemas.catalogue import dump
from schemas.envelope import Entry, Interchange, Message
from schemas.identifiers import MessageId
from tests.support.interchanges import SAMPLES

READ_LIMIT, WRITE_LIMIT, MEMORY_LIMIT = 12.0, 8.0, 10.0
"""Times lxml's bare parse, the same, and times the interchange's size."""
STAGES = {"read": "NdeliusAdapter.read", "accept": "verify, read, accept, commit to SQLite"}
_ROUND_SECONDS = 0.001
"""Long against the clock's grain, short against another process's turn: the least of many rounds is undisturbed."""


@dataclass(frozen=True, slots=True)
class Speed:
    """One sample: its bare parse in microseconds, and the rest in multiples of it."""

    sample: str
    bytes: int
    bare_parse_us: float
    read: float
    write: float
    stored_form: float
    """Making the JSON that is stored; no part of `read`."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One large interchange at one stage. The peak is over that of a process that did the same with one message."""

    stage: str
    sample: str
    messages: int
    bytes: int
    seconds: float
    peak_mib: float
    over_one_message_mib: float
    times_size: float


def main(arguments: Sequence[str]) -> int:
    """Measure and tell; 0 where every limit holds."""
    options = _options(arguments)
    speeds = _speeds(_samples(), options.rounds)
    memory = [_memory(stage, options.sample, options.messages) for stage in STAGES] if options.messages else []
    sys.stdout.write(_as_json(speeds, memory) if options.json else _as_table(speeds, memory))
    return int(bool(_missed(speeds, memory)))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.language", description="Time and memory of the SPG dialect.")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--rounds", type=int, default=150, help="rounds of each measurement; the least counts")
    parser.add_argument("--messages", type=int, default=10_000, help="messages of about 2 kB in the large interchange; 0: time only")
    parser.add_argument("--sample", default="Contact-ins-full", help="the sample that the large interchange repeats")
    return parser.parse_args(arguments)


def _samples() -> list[Path]:
    return sorted(path for path in SAMPLES.glob("*.xml") if not path.name.startswith("SPGInterchangeResponse"))


# -- time ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Case:
    """One sample, and what is measured of it: bare parse, read, write, stored form; each with its repeats."""

    path: Path
    works: tuple[tuple[Callable[[], object], int], ...]
    least: list[float]


def _speeds(paths: Sequence[Path], rounds: int) -> list[Speed]:
    """Every round goes through all samples, so that a busy moment meets each of them in a few rounds only."""
    cases = [_case(path) for path in paths]
    for _ in range(rounds):
        for case in cases:
            case.least[:] = [min(least, _once(*work)) for least, work in zip(case.least, case.works, strict=True)]
    return [_speed(case) for case in cases]


def _speed(case: _Case) -> Speed:
    bare, read, write, stored = case.least
    return Speed(case.path.stem, case.path.stat().st_size, bare * 1e6, read / bare, write / bare, stored / bare)


def _case(path: Path) -> _Case:
    content, adapter = path.read_bytes(), NdeliusAdapter()
    interchange = adapter.read(content)
    messages = [Message(MessageId("m"), entry.header, entry.payload) for entry in interchange.entries if isinstance(entry, Entry)]
    outgoing = _outgoing(interchange)
    works: tuple[Callable[[], object], ...] = (
        lambda: etree.fromstring(content),
        lambda: adapter.read(content),
        lambda: write_interchange(messages, outgoing),
        lambda: [dump(message) for message in messages],
    )
    return _Case(path, tuple((work, max(1, int(_ROUND_SECONDS / _once(work, 20)))) for work in works), [float("inf")] * len(works))


def _outgoing(interchange: Interchange) -> Outgoing:
    return Outgoing(
        sender=interchange.sender,
        recipient=interchange.recipients[0],
        control_reference=interchange.control_reference,
        answers=interchange.answers,
        version=interchange.version,
        prepared_at=interchange.prepared_at,
    )


def _once(work: Callable[[], object], repeat: int) -> float:
    """Seconds that it takes, once the caches are warm."""
    work()
    started = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - started) / repeat


# -- memory --------------------------------------------------------------------------------------------------


def _memory(stage: str, sample: str, messages: int) -> Memory:
    one, many = _probe(stage, sample, 1), _probe(stage, sample, messages)
    over = many["peak_bytes"] - one["peak_bytes"]
    size = int(many["bytes"])
    return Memory(stage, sample, messages, size, many["seconds"], many["peak_bytes"] / 2**20, over / 2**20, over / size)


def _probe(stage: str, sample: str, messages: int) -> dict[str, float]:
    """A process of its own; a peak cannot be taken back."""
    command = [sys.executable, "-m", "bench.memory_probe", stage, str(messages), sample]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[1])
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


# -- telling -------------------------------------------------------------------------------------------------


def _missed(speeds: Sequence[Speed], memory: Sequence[Memory]) -> list[str]:
    return [
        *(f"{speed.sample}: read {speed.read:.1f}" for speed in speeds if speed.read > READ_LIMIT),
        *(f"{speed.sample}: write {speed.write:.1f}" for speed in speeds if speed.write > WRITE_LIMIT),
        *(f"{one.stage}: memory {one.times_size:.1f}" for one in memory if one.times_size > MEMORY_LIMIT),
    ]


def _machine() -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_1m": os.getloadavg()[0],
        "lxml": ".".join(map(str, etree.LXML_VERSION)),
    }


def _as_json(speeds: Sequence[Speed], memory: Sequence[Memory]) -> str:
    limits = {"read": READ_LIMIT, "write": WRITE_LIMIT, "memory": MEMORY_LIMIT}
    found = {"machine": _machine(), "limits": limits, "missed": _missed(speeds, memory)}
    return json.dumps({**found, "speed": [asdict(speed) for speed in speeds], "memory": [asdict(one) for one in memory]}, indent=1) + "\n"


def _as_table(speeds: Sequence[Speed], memory: Sequence[Memory]) -> str:
    lines = [f"{'sample':<46}{'bytes':>7}{'bare µs':>9}{'read':>7}{'write':>7}{'stored':>8}"]
    lines += [f"{s.sample:<46}{s.bytes:>7}{s.bare_parse_us:>9.1f}{s.read:>7.1f}{s.write:>7.1f}{s.stored_form:>8.1f}" for s in speeds]
    lines += [f"{'limit':<46}{'':>16}{READ_LIMIT:>7.1f}{WRITE_LIMIT:>7.1f}", ""]
    for one in memory:
        lines.append(
            f"{one.messages} of {one.sample}, {one.bytes / 1e6:.1f} MB, {STAGES[one.stage]}: {one.seconds:.1f} s, "
            f"{one.over_one_message_mib:.0f} MiB over one message = {one.times_size:.1f} times its size (limit {MEMORY_LIMIT:.0f})"
        )
    return "\n".join([*lines, *(f"MISSED  {missed}" for missed in _missed(speeds, memory)), ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The demo as a user runs it: whole processes, real RabbitMQ, and a last line that can be false.

Each run is a process of its own, in a folder of its own; the runs of one database share the folder, so that every
run but the first finds an earlier one there.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from broker.node import installed_server

ROOT = Path(__file__).parents[2]
LAST_LINE = re.compile(r"demo: accepted=(\d+) delivered=(\d+) applied=(\d+) refused=(\d+) duplicates=(\d+) lost=(\d+) audit=(ok|broken)")
LIMIT_SECONDS = 150
WITHOUT_RABBITMQ = """
import sys
from gateway.rehearsal import demo, services
services.installed_server = lambda: None
sys.exit(demo.main(sys.argv[1:]))
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * LIMIT_SECONDS), pytest.mark.xdist_group("demo")]
needs_rabbitmq = pytest.mark.skipif(installed_server() is None and "CI" not in os.environ, reason="no RabbitMQ is installed")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not under pytest's own folder: PostgreSQL runs as another user, who must be able to come in.
    directory = Path(tempfile.mkdtemp(prefix="gateway-demo-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


def run(folder: Path, *arguments: str, program: Sequence[str] = ("-m", "gateway.rehearsal.demo")) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "COV_"))} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, *program, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)


def counts(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    found = LAST_LINE.fullmatch(done.stdout.splitlines()[-1])
    assert found is not None, done.stdout[-2000:] + done.stderr[-2000:]
    return dict(zip(("accepted", "delivered", "applied", "refused", "duplicates", "lost", "audit"), found.groups(), strict=True))


def left_running(folder: Path) -> list[str]:
    """Processes that still work in the folder of the run."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words:
            found.append(words.replace(b"\0", b" ").decode(errors="replace")[:200])
    return found


def assert_all_well(done: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert counts(done) == {"accepted": "17", "delivered": "17", "applied": "15", "refused": "6", "duplicates": "4", "lost": "0", "audit": "ok"}
    assert "NOT AS EXPECTED" not in done.stdout
    assert left_running(folder) == []


@needs_rabbitmq
@pytest.mark.rabbitmq
def test_the_demo_holds_what_it_says(folder: Path) -> None:
    done = run(folder, program=("-m", "gateway", "demo"))
    assert_all_well(done, folder)
    for code in ("signature-not-accepted", "not-authenticated", "sender-not-allowed", "stale", "control-count-wrong", "key-reused"):
        assert f"refused ({code})" in done.stdout


@needs_rabbitmq
@pytest.mark.rabbitmq
def test_a_dropped_delivery_is_noticed_and_named(folder: Path) -> None:
    done = run(folder, "--sabotage", "drop-delivery")
    assert done.returncode == 1
    assert counts(done)["lost"] == "1"
    assert re.search(r"NOT AS EXPECTED: lost: Contact \d+ of case \w+ from N00 to C07", done.stdout)
    assert left_running(folder) == []


@needs_rabbitmq
@pytest.mark.rabbitmq
@pytest.mark.postgresql
def test_the_demo_holds_on_postgresql(folder: Path) -> None:
    assert_all_well(run(folder, "--database", "postgresql", "--seed", "7"), folder)


def test_without_rabbitmq_it_says_so_and_holds(folder: Path) -> None:
    done = run(folder, program=("-c", WITHOUT_RABBITMQ))
    assert_all_well(done, folder)
    assert "stands in for RabbitMQ" in done.stderr


@needs_rabbitmq
@pytest.mark.rabbitmq
def test_the_bench_measures_and_loses_nothing(folder: Path) -> None:
    done = run(folder, "--messages", "300", "--json", program=("-m", "gateway", "bench"))
    assert done.returncode == 0, done.stderr[-3000:]
    for fact in ('"final_receipts": 300', '"lost": 0', '"audit": "ok"', '"publishes_per_message": '):
        assert fact in done.stdout
    assert left_running(folder) == []

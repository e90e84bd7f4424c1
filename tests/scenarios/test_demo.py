"""The demo as a user runs it: whole processes, real RabbitMQ, and a last line that can be false.

Each run is a process of its own, in a folder of its own; the runs of one database share the folder, so that every
run but the first finds an earlier one there.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
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
    return named(found)


def named(found: re.Match[str]) -> dict[str, str]:
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


WELL = {"accepted": "17", "delivered": "17", "applied": "15", "refused": "6", "duplicates": "4", "lost": "0", "audit": "ok"}
REFUSED = ("signature-not-accepted", "not-authenticated", "sender-not-allowed", "stale", "control-count-wrong", "key-reused")


def assert_all_well(done: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert counts(done) == WELL
    assert "NOT AS EXPECTED" not in done.stdout
    assert [code for code in REFUSED if f"refused ({code})" not in done.stdout] == []
    assert left_running(folder) == []


def test_a_dropped_delivery_is_noticed_and_named(folder: Path) -> None:
    done = run(folder, "--sabotage", "drop-delivery", program=("-c", WITHOUT_RABBITMQ))
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


def _until(process: subprocess.Popen[str], found: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert process.poll() is None, "the demo ended"
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.2)


def _signed_in(address: str, subject: str) -> httpx.Client:
    """A browser with the session of one of the made-up operators; to be closed."""
    browser = httpx.Client(base_url=address, timeout=10, trust_env=False)
    asked = browser.get("/sign-in/start").headers["location"]
    assert "Alex Example (fictional): viewer, operator, reveal, auditor, admin" in httpx.get(asked, trust_env=False).text
    back = urlsplit(httpx.get(f"{asked}&login_hint={subject}", trust_env=False).headers["location"])
    assert browser.get(f"{back.path}?{back.query}", follow_redirects=True).status_code == 200
    return browser


@needs_rabbitmq
@pytest.mark.rabbitmq
def test_the_demo_holds_what_it_says_and_stays_with_traffic_and_a_console_until_it_is_told_to_end(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")} | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    told = folder / "stay.out"
    with told.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "demo", "--stay"], cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, text=True
        )
    try:
        _until(process, lambda: "Ctrl-C ends it all" in told.read_text())
        last = LAST_LINE.search(told.read_text())
        assert last is not None
        assert named(last) == WELL
        address = re.findall(r"console: (http://127.0.0.1:\d+)", told.read_text())[0]
        with closing(_signed_in(address, "u-all")) as browser:
            _until(process, lambda: "refused it" in browser.get("/dead-letters").text or "recipient-refused" in browser.get("/dead-letters").text)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    assert code == 0, told.read_text()[-2000:]
    assert "NOT AS EXPECTED" not in told.read_text()
    assert left_running(folder) == []


@needs_rabbitmq
@pytest.mark.rabbitmq
def test_the_bench_measures_and_loses_nothing(folder: Path) -> None:
    done = run(folder, "--messages", "300", "--json", program=("-m", "gateway", "bench"))
    assert done.returncode == 0, done.stderr[-3000:]
    for fact in ('"final_receipts": 300', '"lost": 0', '"audit": "ok"', '"publishes_per_message": '):
        assert fact in done.stdout
    assert left_running(folder) == []

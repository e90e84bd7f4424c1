"""`gateway simulate` as a program: made, applied, proved by the kit over its own endpoint, spoiled while it runs, stopped.

No code and no test class stands between them: two programs and an operator's commands.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from broker.free_ports import free_port
from gateway.rehearsal.journal import Noted, read

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 90
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * LIMIT_SECONDS)]


class Operator:
    """Somebody at a command line."""

    def __init__(self, folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "COV_"))}
        self.folder, self.port = folder, free_port()
        self.environment = kept | {
            "GATEWAY_DATA_DIR": str(folder / "gw"),
            "GATEWAY_HTTP_PORT": str(self.port),
            "GATEWAY_CONSOLE_PORT": "0",
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *arguments: str, code: int = 0, more: Mapping[str, str] | None = None) -> str:
        command = [sys.executable, "-m", "gateway", *arguments]
        environment = self.environment | dict(more or {})
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
        assert done.returncode == code, (arguments, done.stdout[-1500:], done.stderr[-1500:])
        return done.stdout

    @contextmanager
    def simulating(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "gateway", "simulate", "thames", *options]
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=LIMIT_SECONDS)
            assert process.returncode == 0, errors[-1500:]
            assert "has stopped" in errors


@pytest.mark.parametrize(("dialect", "channel"), [("canonical", "shelf"), ("ndelius", "push")])
def test_a_newcomer_is_simulated_proved_and_live(tmp_path: Path, dialect: str, channel: str) -> None:
    (tmp_path / "gw").mkdir()
    operator = Operator(tmp_path)
    operator.run("init")
    made = ("--party", "C05", "--organisation", "crc-thames", "--dialect", dialect, "--channel", channel)
    operator.run("simulate", "thames", "--init", *made, "--gateway", f"http://localhost:{operator.port}", "--audience", "interagency-gateway.dev")
    operator.run("partner", "apply", "thames/profile.yaml", "--yes")
    operator.run("partner", "standing", "crc-thames", "proving")
    listen = yaml.safe_load((tmp_path / "thames" / "partner.yaml").read_text()).get("listen", {"port": 1})
    egress = {"GATEWAY_EGRESS_ALLOW": f'["localhost:{listen["port"]}"]', "GATEWAY_EGRESS_CA": str(tmp_path / "thames" / "authority" / "root.pem")}
    with operator.simulating():
        operator.run("conformance", "run", "--partner", "C05", "--patience", "20", more=egress)
        operator.run("partner", "standing", "crc-thames", "live")
        (tmp_path / "thames" / "faults.txt").write_text("receipt-never\n")
        time.sleep(0.1)
        options = ("--group", "receipts", "--patience", "0.5")
        operator.run("conformance", "run", "--partner", "C05", *options, code=10, more=egress)
    noted = [entry.noted for entry in read(tmp_path / "thames" / "journal.jsonl")]
    assert Noted.APPLIED in noted
    assert Noted.DISTRUSTED in noted


def test_a_folder_is_never_made_twice(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    made = ("simulate", "thames", "--init", "--party", "C05", "--organisation", "crc-thames", "--audience", "a", "--channel", "shelf")
    operator.run(*made)
    operator.run(*made, code=2)
    assert (tmp_path / "thames" / "sign.pem").stat().st_mode & 0o077 == 0
    operator.run("simulate", "nobody", code=3)

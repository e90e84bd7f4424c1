"""The first steps of the README do what it says, line by line."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
COMMANDS = Path(sys.executable).parent


def _steps() -> tuple[list[str], list[str]]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## First steps after the demo")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    first, second = ([line.split("  #")[0].strip() for line in block.splitlines()] for block in blocks)
    return [line for line in first if line], [line for line in second if line]


class Terminal:
    """A shell in a folder of its own, with settings of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        (folder / "docs").symlink_to(ROOT / "docs")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        self.environment = {
            **inherited,
            "PATH": f"{COMMANDS}:{os.environ['PATH']}",
            "GATEWAY_HTTP_PORT": str(self.port),
            "GATEWAY_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }

    def run(self, line: str) -> str:
        """One line of the README; its output."""
        done = subprocess.run(shlex.split(line), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    def wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        """Ready, or a failure that says so."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert process.poll() is None, "gateway serve ended by itself"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                    assert answer.status == 200
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        pytest.fail("gateway serve did not become ready")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def serving(terminal: Terminal) -> Iterator[Terminal]:
    first, _ = _steps()
    assert first[0].startswith("source ")
    assert first[-1] == "gateway serve"
    for line in first[1:-1]:
        terminal.run(line)
    with (terminal.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([str(COMMANDS / "gateway"), "serve"], cwd=terminal.folder, env=terminal.environment, stdout=log, stderr=log)
        try:
            terminal.wait_until_ready(process)
            yield terminal
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0


def test_first_steps_of_the_readme(serving: Terminal) -> None:
    _, second = _steps()
    for line in second[1:]:
        serving.run(line)
    found = json.loads(serving.run("gateway messages find --json"))["messages"]
    assert [message["type"] for message in found] == ["ConnectionNotification"]
    shown = serving.run(f"gateway messages show {found[0]['message_id']}")
    assert "C02" in shown
    assert "waiting" in shown

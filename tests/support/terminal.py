"""A shell of its own, and a gateway that serves in it: what tests of pages run, line by line, as a reader would."""

import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broker.free_ports import free_port
from tests.support.tree import ROOT

COMMANDS = Path(sys.executable).parent


class Terminal:
    """A shell in a folder of its own, with settings of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        (folder / "docs").symlink_to(ROOT / "docs")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        self.environment = {
            **inherited,
            "PATH": f"{COMMANDS}:{os.environ['PATH']}",
            "GATEWAY_HTTP_PORT": str(self.port),
            "GATEWAY_CONSOLE_PORT": "0",
            "GATEWAY_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }

    def run(self, line: str, seconds: float = 60) -> str:
        """One line as it stands on the page; its output."""
        done = subprocess.run(shlex.split(line), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False)
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

    @contextmanager
    def serving(self) -> Iterator[None]:
        """`gateway serve`, ended cleanly."""
        with (self.folder / "serve.log").open("wb") as log:
            process = subprocess.Popen([str(COMMANDS / "gateway"), "serve"], cwd=self.folder, env=self.environment, stdout=log, stderr=log)
            try:
                self.wait_until_ready(process)
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=30) == 0

"""The gateway's own programs as the rehearsal runs them: real processes, started and stopped by pid.

What it is: `gateway serve` with a settings file of the rehearsal, its output in a file, and a wait until it says that
it is ready. What it is not: a supervisor. Called by the demo and the bench.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.config import CONFIG_FILE_VARIABLE, PREFIX

STOP_SECONDS = 15.0
START_SECONDS = 40.0
_MARK = "GATEWAY_TEST_REHEARSAL"
"""In the environment of every program that a rehearsal starts: by it a later run knows what is its own to stop."""


Setting = str | int | float | bool | Path | list[str] | dict[str, str]


class ProgramFailed(Exception):
    """A program ended, or never became ready. Names its log."""


def write_settings(path: Path, settings: Mapping[str, Setting]) -> None:
    """A settings file that only its owner can read: it holds the broker's passwords."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in settings.items()))


def environment_for(settings_path: Path) -> dict[str, str]:
    """The environment of a command that works on this settings file, and on no other setting of the user's."""
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    return inherited | {CONFIG_FILE_VARIABLE: str(settings_path)}


@dataclass(slots=True)
class Program:
    """One process of the gateway."""

    name: str
    settings_path: Path
    log_path: Path
    pid_path: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self, arguments: Sequence[str], cores: frozenset[int] | None = None) -> None:
        """Start `gateway` with these arguments, pinned to `cores` where they are given."""
        environment = environment_for(self.settings_path) | {_MARK: str(self.settings_path.parent.resolve())}
        command = [sys.executable, "-m", "gateway", *arguments]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.pid_path.write_text(str(self.process.pid))
        if cores is not None:
            os.sched_setaffinity(self.process.pid, cores)

    @property
    def pid(self) -> int:
        """Process id of the running program."""
        if self.process is None:
            raise ProgramFailed(f"{self.name} was not started")
        return self.process.pid

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready. Raises ProgramFailed when it ends first or takes too long."""
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self.process is None or self.process.poll() is not None:
                raise ProgramFailed(f"{self.name} ended while starting, see {self.log_path}")
            if time.monotonic() > deadline:
                raise ProgramFailed(f"{self.name} is not ready after {START_SECONDS:.0f} s, see {self.log_path}")
            time.sleep(0.05)

    def stop(self) -> bool:
        """SIGTERM, and SIGKILL when that is not enough. True when it ended by itself with status 0."""
        if self.process is None:
            return True
        self.process.terminate()
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = -signal.SIGKILL
        self.process = None
        self.pid_path.unlink(missing_ok=True)
        return status == 0


def stop_left_over(directory: Path) -> None:
    """End what an earlier, interrupted run of this very directory left behind."""
    for pid_path in directory.glob("*.pid"):
        pid = _own_pid(pid_path, directory)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            _await_end(pid)
        pid_path.unlink(missing_ok=True)


def _own_pid(pid_path: Path, directory: Path) -> int | None:
    """The process that a pid file names, if it lives and carries our mark."""
    try:
        pid = int(pid_path.read_text())
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if f"{_MARK}={directory.resolve()}".encode() in environment.split(b"\0") else None


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)


def _toml(value: Setting) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str() | Path():
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
        case dict():
            return "{" + ", ".join(f"{_toml(name)} = {_toml(item)}" for name, item in value.items()) + "}"
        case _:
            return "[" + ", ".join(_toml(item) for item in value) + "]"

"""A private PostgreSQL cluster under a directory of ours, from an installed server.

What it is: start, stop and kill, for the demo, the bench and the tests. What it is not: an operated
database: it listens on loopback alone, with a password of its own, and leaves nothing outside its directory.
"""

import contextlib
import grp
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from broker.free_ports import free_port

_SUPERUSER: Final = "gateway"
_INSTALLED: Final = Path("/usr/lib/postgresql")
_PATIENCE_SECONDS: Final = 60.0


class PostgresMissing(Exception):
    """No PostgreSQL server is installed here."""


class PostgresFailed(Exception):
    """The private cluster did not do what it was asked to; the message says where its log is."""


class PrivatePostgres:
    """One cluster. Owned by the system user `postgres` when we are root, who may not run a server."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._log = directory / "postgres.log"
        self._password_file = directory / "password"
        self._port_file = directory / "port"

    @property
    def directory(self) -> Path:
        """Where everything of it lies."""
        return self._directory

    @property
    def pid(self) -> int | None:
        """Of the running server. A number that a dead one left behind, and somebody else may have now, does not count."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
            home = Path(f"/proc/{pid}/cwd").readlink()
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return pid if home == self._data.resolve() and _lives(pid) else None

    def start(self) -> None:
        """Make the cluster where there is none yet, and run it until it answers. Raises PostgresMissing, PostgresFailed."""
        if self.pid is not None:
            return
        if not (self._data / "PG_VERSION").exists():
            self._create()
        # The next server would take a dead one's file for a sign of life while the dead are not reaped.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        port = self._port() if self._port_file.exists() else free_port()
        self._port_file.write_text(str(port))
        places = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        options = f"{places} -c max_connections=200 -c shared_buffers=128MB -c max_wal_size=2GB -c jit=off"
        self._run("pg_ctl", "start", "-D", str(self._data), "-l", str(self._log), "-w", "-t", str(int(_PATIENCE_SECONDS)), "-o", options)

    def stop(self) -> None:
        """Stop it in order, cutting connections."""
        if self.pid is not None:
            self._run("pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w", "-t", str(int(_PATIENCE_SECONDS)))

    def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        pid = self.pid
        if pid is None:
            return
        children = _children(pid)
        for process in (pid, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while any(_lives(process) for process in (pid, *children)):
            if time.monotonic() > deadline:
                raise PostgresFailed(f"the server does not die: {pid}")
            time.sleep(0.02)

    def url(self, database: str) -> str:
        """Where a database of this cluster is. Holds the password: never log it."""
        return f"postgresql://{_SUPERUSER}:{self._password_file.read_text()}@127.0.0.1:{self._port()}/{database}"

    def create_database(self, name: str) -> str:
        """A new, empty database; its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and whoever is connected to it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        if os.geteuid() == 0:
            owner, group = pwd.getpwnam("postgres").pw_uid, grp.getgrnam("postgres").gr_gid
            for path in (self._directory, self._password_file):
                os.chown(path, owner, group)
        auth = ("--auth-local=reject", "--auth-host=scram-sha-256", f"--pwfile={self._password_file}")
        self._run("initdb", "-D", str(self._data), "-U", _SUPERUSER, "-E", "UTF8", "--locale=C", *auth)

    def _port(self) -> int:
        return int(self._port_file.read_text())

    def _run(self, program: str, *arguments: str) -> None:
        # The server inherits our output: a pipe would never be closed, so its words go to a file.
        command = [*_as_owner(), str(_program(program)), *arguments]
        with (self._directory / f"{program}.log").open("ab") as output:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self._directory, timeout=2 * _PATIENCE_SECONDS, check=False
            )
        if done.returncode != 0:
            raise PostgresFailed(f"{program} ended with {done.returncode}; see {self._directory}")


def _program(name: str) -> Path:
    """The program of the newest server installed."""
    found = sorted(_INSTALLED.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0)
    if found:
        return found[-1]
    on_path = shutil.which(name)
    if on_path is None:
        raise PostgresMissing(f"{name} is not installed")
    return Path(on_path)


def _as_owner() -> list[str]:
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if os.geteuid() == 0 else []


def _children(pid: int) -> list[int]:
    """Processes whose parent is this one (Linux)."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(status.parent.name))
    return found


def _lives(pid: int) -> bool:
    """True unless it is gone or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False

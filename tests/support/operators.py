"""What tests of the command line share: an installation in a folder, and a runner that reads its JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.contract import Store
from gateway.store.opening import open_store

PROFILE = {
    "organisation": {"id": "crc-thames", "name": "Thames Valley CRC (fictional)"},
    "parties": [
        {
            "code": "C05",
            "name": "Thames Valley",
            "inbound": {"dialect": "caseflow", "version": "0-9-14", "packaging": "jws"},
            "outbound": {"dialect": "caseflow", "version": "0-9-14", "packaging": "jws", "mode": "push", "endpoint": "https://thames.example/inbox"},
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Said:
    """What one run said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        """The one document on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> dict[str, object]:
        """The one document on stderr: its last line, after any progress."""
        found = json.loads(self.err.splitlines()[-1])
        assert isinstance(found, dict)
        return found


@dataclass(slots=True)
class Installation:
    """A gateway's folder, and an operator in front of it."""

    folder: Path
    runner: CliRunner = field(default_factory=CliRunner)

    def run(self, *arguments: str, stdin: str | None = None) -> Said:
        """One command as it was typed."""
        result = self.runner.invoke(app, list(arguments), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def ask(self, *arguments: str, stdin: str | None = None) -> dict[str, object]:
        """One command with --json that must succeed."""
        said = self.run(*arguments, "--json", stdin=stdin)
        assert said.code == 0, said.err
        return said.json

    def store(self) -> Store:
        """The store behind the operator's back."""
        return open_store(f"sqlite:///{self.folder / 'gateway.db'}")

    def write(self, name: str, content: object) -> str:
        """A file to hand in; what is not text is written as JSON."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def change(self, work: Callable[[Store], None]) -> None:
        """Do something in the store and close it again."""
        store = self.store()
        try:
            work(store)
        finally:
            store.close()


def empty_installation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A folder and settings, before `gateway init`."""
    for name in ("GATEWAY_CONFIG_FILE", "GATEWAY_DATABASE_URL", "GATEWAY_KEYS_DIR", "GATEWAY_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    return Installation(folder)


def installation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation that is ready to work."""
    made = empty_installation(folder, monkeypatch)
    assert made.run("init").code == 0
    return made

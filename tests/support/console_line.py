"""A command line that is signed in to a served console over a made-up world."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.commands.console_client import KeptSession, SessionFile
from gateway.config import load_settings
from gateway.console.composing import with_free_port
from gateway.oversight.access import Role
from gateway.oversight.records import SessionKind
from tests.support.console import VERA, House, serving
from tests.support.console_world import Lit
from tests.support.operators import Said
from tests.support.world import make_world


@dataclass
class Line:
    """One person at a terminal."""

    lit: Lit
    url: str

    def sign_in(self, *roles: Role) -> None:
        """As Vera, with these roles."""
        opened = self.lit.house.parts.sessions.open(VERA, roles, SessionKind.COMMAND_LINE, "test")
        SessionFile().put(KeptSession(self.url, opened.token, opened.session.expires_at.isoformat(), VERA.name))

    def run(self, *arguments: str, stdin: str | None = None) -> Said:
        """One command as it was typed."""
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def ask(self, *arguments: str, stdin: str | None = None) -> dict[str, object]:
        """One command with --json that must succeed."""
        said = self.run(*arguments, "--json", stdin=stdin)
        assert said.code == 0, said.err
        return said.json

    def code(self, *arguments: str, stdin: str | None = None) -> tuple[int, object]:
        """Exit code and error of one that must not."""
        said = self.run(*arguments, "--json", stdin=stdin)
        return said.code, said.error["code"]


@contextmanager
def lined(url: str) -> Iterator[Line]:
    """A console on a socket of this machine, over an empty world at this database."""
    world = make_world(url)
    settings = with_free_port(load_settings(environment="dev", console_port=0, stop_seconds=2))
    house = House(settings, now=world.now, store=world.store, means=world.means, directory=world.store.partners.directory)
    with serving(house) as address:
        yield Line(Lit(world, house), address)
    world.store.close()


def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No session is kept."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

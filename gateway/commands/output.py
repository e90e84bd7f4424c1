"""What a command prints, and how it ends.

What it is: one JSON document or one table on stdout, progress and errors on stderr, and the exit codes.
What it is not: a place for personal data or secrets. Called by every command.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import typer


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_SIGNED_IN = 4
    NOT_ALLOWED = 5
    CONFLICT = 6
    # 7 is kept for what waits for somebody's approval.
    PARTLY_DONE = 8
    UNAVAILABLE = 9
    CHECKS_FAILED = 10
    INTERRUPTED = 130


EXIT_CODES: dict[Exit, str] = {
    Exit.OK: "Done.",
    Exit.FAILURE: "It failed; the error says why.",
    Exit.USAGE: "The command line or the document handed in is not valid.",
    Exit.NOT_FOUND: "There is no such thing.",
    Exit.NOT_SIGNED_IN: "Nobody is signed in, or the gateway does not know the caller, or does not accept the signature.",
    Exit.NOT_ALLOWED: "The caller is known but may not do this.",
    Exit.CONFLICT: "The state of things forbids it: taken, already done, or not ready.",
    Exit.PARTLY_DONE: "Some of it was done; the answer says what was not.",
    Exit.UNAVAILABLE: "The store, the broker, the gateway, its console or a key is not there now; try again later.",
    Exit.CHECKS_FAILED: "Everything ran, and a check did not hold (audit, receipt, doctor, payload, schemas).",
    Exit.INTERRUPTED: "Interrupted from the keyboard.",
}
"""docs/cli.md prints this table."""


@dataclass(eq=False)
class CommandError(Exception):
    """A command cannot go on. Everything in it may be shown to the operator."""

    exit_code: Exit
    code: str
    title: str
    remedy: str = ""
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    empty: str = "Nothing."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says: the JSON members, and the same for people."""

    schema: str
    """Name and version of the shape: `queues/1`."""
    members: Mapping[str, object]
    tables: tuple[Table, ...] = ()
    lines: tuple[str, ...] = field(default=())


def answer(said: Answer, *, as_json: bool) -> None:
    """Print one answer on stdout."""
    if as_json:
        typer.echo(json.dumps({"schema": said.schema, **said.members}, ensure_ascii=False))
        return
    for table in said.tables:
        _print_table(table)
    for line in said.lines:
        typer.echo(line)


def progress(text: str) -> None:
    """Tell a person what is happening, on stderr."""
    typer.echo(text, err=True)


def fail(error: CommandError, *, as_json: bool) -> None:
    """Print one error on stderr."""
    if as_json:
        members = {"schema": "error/1", "code": error.code, "title": error.title, "remedy": error.remedy}
        typer.echo(json.dumps({**members, "details": error.details, "exit": int(error.exit_code)}, ensure_ascii=False), err=True)
        return
    lines = [f"error: {error.title}", *(f"  {detail}" for detail in error.details)]
    typer.echo("\n".join([*lines, *([f"  try: {error.remedy}"] if error.remedy else [])]), err=True)


def _print_table(table: Table) -> None:
    # Rich costs 60 ms to import: only where a person looks at a table.
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    # A pipe gets whole lines: columns are folded only where there is a terminal to fold them for.
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200)
    if not table.rows:
        console.print(Text(table.empty))
        return
    drawn = RichTable(title=table.title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in table.columns:
        drawn.add_column(column, overflow="fold")
    for row in table.rows:
        # Text and not str: what partners named must not be read as markup.
        drawn.add_row(*(Text(cell) for cell in row))
    console.print(drawn)

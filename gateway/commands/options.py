"""Options that many commands share.

What it is: their names and help, once. What it is not: behaviour. Called by every command module.
"""

import sys
from typing import Annotated

import typer

from gateway.commands.output import CommandError, Exit


def _not_here(value: str | None) -> str | None:
    """A number typed as an argument is in the shell's history and in the list of processes already: it is not taken."""
    if value not in (None, "-"):
        raise CommandError(Exit.USAGE, "crn-in-argument", "A case reference number is read from standard input, never from an argument.", "--crn -")
    return value


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout; errors are JSON on stderr.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]
Crn = Annotated[
    str | None, typer.Option(metavar="-", callback=_not_here, help="A case, by its reference number: - asks for it, or reads it from standard input.")
]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="Most lines to show.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Reason = Annotated[str | None, typer.Option(metavar="CODE:TEXT", help="Why: a code of docs/console/command-line.md, and words. No personal data.")]
ExpectCount = Annotated[int | None, typer.Option("--expect-count", min=1, help="Do it only while it is about exactly this many.")]


def typed_crn(crn: str | None) -> str | None:
    """The number, asked for where somebody types; None where no case was asked for."""
    if crn is None:
        return None
    if sys.stdin.isatty():
        return str(typer.prompt("Case reference number", hide_input=True, err=True)).strip()
    return sys.stdin.readline().strip()

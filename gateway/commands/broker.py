"""`gateway broker …`: what RabbitMQ must have for everybody, made and kept so.

What it is: a thin face of `reconciling`. What it is not: the only maker: the relay makes the same after a wiped disk.
Passwords that are made here are shown once, and kept only as the broker's salted hash.
"""

import sys
from typing import Annotated

import typer

from gateway.commands.options import AsJson, Yes
from gateway.commands.output import Answer, CommandError, Exit, answer, progress

app = typer.Typer(help="The broker: users, exchanges, queues, bindings and permissions.", no_args_is_help=True)


@app.command()
def apply(
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would change, and change nothing.")] = False,
    password_file: Annotated[
        list[str] | None,
        typer.Option(
            "--password-file",
            metavar="ORGANISATION=FILE",
            help="Its broker user has the password in this file (mode 0600), or on standard input for -. May be repeated.",
        ),
    ] = None,
    remove_unknown: Annotated[
        bool, typer.Option("--remove-unknown", help="Remove what nobody asked for, too; never a queue in which something lies or from which somebody reads.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make the broker as the directory says, the plan first: what is missing, what is different, and what is unknown and
    only told. An organisation that is served by queue and has no broker user gets one, whose password is shown once.
    Applying the same again changes nothing."""
    from gateway.commands import reconciling
    from gateway.commands.context import operating
    from gateway.commands.passwords import given_passwords

    passwords = given_passwords(password_file or [])
    with operating() as desk, reconciling.administrating(desk.settings) as admin:
        planned = reconciling.look(desk, admin, passwords, remove_unknown=remove_unknown)
        if plan or not planned.changes:
            answer(reconciling.told(planned), as_json=as_json)
            if not plan:
                reconciling.require_done(planned, reconciling.Done(planned))
            return
        if not as_json:
            answer(Answer("", {}, (reconciling.table(planned),)), as_json=False)
        _confirm(planned.changes, yes=yes)
        reconciling.remember(desk, planned)
        if planned.removes_queues:
            progress("Queues are watched for some seconds before they are removed.")
        done = reconciling.carry_out(desk, admin, planned)
    if planned.generated:
        progress("The passwords are not kept and cannot be shown again: hand them over by a safe way now.")
    # Also where the broker failed half-way: their hashes are kept by now, and nobody could ever learn the passwords.
    answer(reconciling.told(planned, done), as_json=as_json)
    reconciling.require_done(planned, done)


def _confirm(changes: int, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(Exit.USAGE, "confirmation-needed", f"{changes} things would change.", "look with --plan, then repeat with --yes")
    if not typer.confirm(f"Change {changes} things?", err=True):
        raise CommandError(Exit.USAGE, "not-confirmed", "Nothing was changed.")

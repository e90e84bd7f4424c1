"""The command line `gateway`, put together.

What it is: the list of commands, and the one place where their errors become text and exit codes. What it is
not: the commands (`gateway.commands`), which import what they need when they run.
"""

import sys
from types import TracebackType
from typing import Annotated

import typer
from typer._click.core import Context
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from gateway.commands import (
    alerts,
    audit,
    broker,
    check,
    conformance,
    crosswalk,
    dead_letters,
    dialect,
    doctor,
    key,
    login,
    messages,
    offline,
    partner,
    partners,
    queues,
    receipts,
    rehearse,
    schemas,
    send,
    serve,
    simulate,
    translate,
    work,
)
from gateway.commands.output import CommandError, Exit, fail


class Root(TyperGroup):
    """Says errors as text, or as JSON where `--json` was asked for."""

    def invoke(self, ctx: Context) -> object:
        """Run the command; what it could not do becomes its exit code."""
        as_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except CommandError as error:
            fail(error, as_json=as_json)
            raise typer.Exit(int(error.exit_code)) from error
        except TyperException as error:
            if not as_json:
                raise
            fail(CommandError(Exit.USAGE, "usage", error.format_message()), as_json=True)
            raise typer.Exit(int(Exit.USAGE)) from error


app = typer.Typer(
    name="gateway",
    cls=Root,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Interagency Gateway: signed messages between probation's case system and its partners.",
)
app.command()(serve.init)
app.command()(serve.serve)
app.command()(doctor.doctor)
app.command()(login.login)
app.command()(login.logout)
app.command()(login.whoami)
app.command()(queues.queues)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(messages.app, name="messages")
app.add_typer(partners.app, name="partners")
app.add_typer(alerts.app, name="alerts")
app.add_typer(work.app, name="work")
app.add_typer(partner.app, name="partner")
app.add_typer(broker.app, name="broker")
app.add_typer(key.app, name="key")
app.add_typer(conformance.app, name="conformance")
app.command()(check.check)
app.command()(translate.translate)
app.add_typer(schemas.app, name="schemas")
app.add_typer(dialect.app, name="dialect")
app.command()(send.send)
app.add_typer(offline.app, name="offline")
app.add_typer(crosswalk.app, name="crosswalk")
app.add_typer(receipts.app, name="receipts")
app.add_typer(audit.app, name="audit")
app.command()(simulate.simulate)
app.command()(rehearse.demo)
app.command()(rehearse.bench)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(version("interagency-gateway"))
        raise typer.Exit


@app.callback()
def root(*, version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")] = False) -> None:
    """Exit codes and all commands: docs/cli.md."""


def main() -> None:
    """The program."""
    sys.excepthook = report_bug
    # Not app(): Typer would put its own hook, which prints traces, in place of ours.
    get_command(app)()


def report_bug(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
    """One line instead of a stack trace: a trace may hold what nobody but the case's officers should read."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace is not None else "?"
    sys.stderr.write(f"error: a mistake of the program ({kind.__name__} at {place}); please report this line\n")

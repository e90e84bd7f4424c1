"""`gateway alerts …`: what fires, take it, and silence it for a while.

What it is: the console's alerts and their actions. What it is not: a rule: `docs/runbooks` says what each means.
"""

from typing import Annotated

import typer

from gateway.commands.asking import Hours, Until, ask, entries, more, reason_of, show, table, tell, text, until_of, within, would
from gateway.commands.options import AsJson, DryRun, Limit, Reason
from gateway.commands.output import CommandError, Exit

app = typer.Typer(help="Alerts: what fires; take one, silence it for a while.", no_args_is_help=True)
AlertArgument = Annotated[str, typer.Argument(metavar="ALERT", help="Id of the alert.")]
_COLUMNS = (
    ("alert id", "alert_id"),
    ("what", "title"),
    ("about", "subject"),
    ("seen", "value"),
    ("taken by", "acknowledged_by"),
    ("muted until", "muted_until"),
)


@app.command("list")
def list_(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over as well.")] = False,
    limit: Limit = 50,
    after: Annotated[str | None, typer.Option(help="Next page.")] = None,
    fail_if_any: Annotated[bool, typer.Option("--fail-if-any", help="Exit 10 where one fires; for cron.")] = False,
    as_json: AsJson = False,
) -> None:
    """Alerts that fire, newest first."""
    found = ask("alerts", state=None if everything else "firing", limit=limit, after=after)
    listed = entries(found, "alerts")
    show(found, (table(listed, (*_COLUMNS, ("state", "state")), empty="No alert fires."),), more(found), as_json=as_json)
    firing = sum(one["state"] == "firing" for one in listed)
    if fail_if_any and firing:
        raise CommandError(Exit.CHECKS_FAILED, "alerts-firing", f"{firing} alerts fire.", "gateway alerts show")


@app.command("show")
def show_one(alert: AlertArgument, *, as_json: AsJson = False) -> None:
    """One: what it is about, since when, who has it, and its runbook."""
    found = ask("alerts", alert)
    one = within(found, "alert")
    names = ("title", "severity", "subject", "state", "value", "threshold", "raised_at", "acknowledged_by", "muted_until", "resolved_at", "runbook")
    lines = [f"{name.replace('_', ' '):<15} {text(one[name])}".rstrip() for name in names]
    notes = [f"note            {text(note['by'])}: {text(note['text'])}" for note in entries(found, "notes")]
    show(found, (), (*lines, *notes), as_json=as_json)


@app.command()
def ack(alert: AlertArgument, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Take it: others see that you have it."""
    if dry_run:
        would("alert", f"take the alert {text(within(ask('alerts', alert), 'alert')['title'])}", as_json=as_json)
        return
    show(tell("alerts", alert, "acknowledge"), (), ("the alert is yours",), as_json=as_json)


@app.command()
def mute(alert: AlertArgument, *, hours: Hours = None, until: Until = None, reason: Reason = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Tell nobody about its rule and subject until then; 7 days at most."""
    end = until_of(hours, until)
    if dry_run:
        would("alert", f"mute {text(within(ask('alerts', alert), 'alert')['title'])} until {end}", as_json=as_json)
        return
    done = tell("alerts", alert, "mute", body={"until": end, **reason_of(reason, yes=False)})
    show(done, (), (f"nobody is told until {text(within(done, 'alert')['muted_until'])}",), as_json=as_json)


@app.command()
def unmute(alert: AlertArgument, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """End its silence."""
    if dry_run:
        would("alert", f"unmute {text(within(ask('alerts', alert), 'alert')['title'])}", as_json=as_json)
        return
    show(tell("alerts", alert, "unmute"), (), ("people are told again",), as_json=as_json)

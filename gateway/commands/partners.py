"""`gateway partners …`: how partners are doing; pause, resume and test them.

What it is: the console's cards and actions. What it is not: setting a partner up (`gateway partner`, on the machine).
"""

from typing import Annotated

import typer

from gateway.commands.asking import Hours, Until, ask, confirm, entries, reason_of, show, table, tell, text, until_of, within, would
from gateway.commands.options import AsJson, DryRun, ExpectCount, Reason, Yes
from gateway.commands.output import CommandError, Exit

app = typer.Typer(help="Partners: how they are doing; pause, resume and test them.", no_args_is_help=True)
OrganisationArgument = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Id of the organisation, for example crc-thames.")]
_TROUBLE = frozenset({"down", "struggling"})


@app.command("list")
def list_(
    *, fail_if_any: Annotated[bool, typer.Option("--fail-if-any", help="Exit 10 where one is down or struggling; for cron.")] = False, as_json: AsJson = False
) -> None:
    """Every organisation, those that need somebody first."""
    found = ask("partners")
    columns = (
        ("organisation", "id"),
        ("name", "name"),
        ("health", "health"),
        ("parties", "parties"),
        ("waiting", "waiting"),
        ("dead", "dead"),
        ("late", "late"),
    )
    show(found, (table(entries(found, "partners"), (*columns, ("key days", "key_days")), empty="No partners yet."),), as_json=as_json)
    troubled = [text(one["id"]) for one in entries(found, "partners") if one["health"] in _TROUBLE]
    if fail_if_any and troubled:
        raise CommandError(Exit.CHECKS_FAILED, "partners-in-trouble", f"{', '.join(troubled)}: down or struggling.", "gateway partners health")


@app.command()
def health(organisation: OrganisationArgument, *, as_json: AsJson = False) -> None:
    """One organisation: its parties, last attempts, keys, pause and tests."""
    found = ask("partners", organisation)
    card, columns = within(found, "partner"), (("party", "party"), ("mode", "mode"), ("oldest (UTC)", "oldest_at"), ("last reached (UTC)", "last_reached_at"))
    attempts = (("at (UTC)", "at"), ("to", "recipient"), ("outcome", "outcome"), ("cause", "cause"), ("next (UTC)", "next_attempt_at"))
    tests = (("asked (UTC)", "asked_at"), ("party", "subject"), ("state", "state"), ("outcome", "outcome"))
    pause = within(card, "paused")
    lines = (
        f"{text(card['id'])} ({text(card['name'])}) is {text(card['health'])}; {text(card['standing'])}; key days left: {text(card['key_days']) or 'none'}",
        *((f"paused until {text(pause['until'])} by {text(pause['by'])}: {text(pause['reason'])} {text(pause['text'])}".rstrip(),) if pause else ()),
    )
    tables = (
        table(entries(found, "parties"), (*columns, ("failures", "failures_since_success")), "Parties", "No parties."),
        table(entries(found, "attempts"), attempts, "Last attempts", "Nothing was tried."),
        table(entries(found, "tests"), tests, "Test messages", "None."),
    )
    show(found, tables, lines, as_json=as_json)


@app.command()
def pause(
    organisation: OrganisationArgument,
    *,
    hours: Hours = None,
    until: Until = None,
    reason: Reason = None,
    expect_count: ExpectCount = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Hand nothing over to it until then. What is for it waits in order."""
    end = until_of(hours, until)
    parties = _parties(organisation, expect_count)
    if dry_run:
        would("pause", f"pause {organisation} ({', '.join(parties)}) until {end}", as_json=as_json)
        return
    said = reason_of(reason, yes=yes)
    confirm(f"Nothing will be handed over to {organisation} ({', '.join(parties)}) until {end}.", organisation, yes=yes)
    done = tell("partners", organisation, "pause", body={"until": end, **said})
    show(done, (), (f"{organisation} is paused until {text(within(done, 'paused').get('until'))}",), as_json=as_json)


@app.command()
def resume(organisation: OrganisationArgument, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Deliveries to it go on now."""
    parties = _parties(organisation, None)
    if dry_run:
        would("pause", f"resume {organisation} ({', '.join(parties)})", as_json=as_json)
        return
    show(tell("partners", organisation, "resume"), (), (f"deliveries to {organisation} go on",), as_json=as_json)


@app.command("test")
def send_test(
    organisation: OrganisationArgument,
    *,
    party: Annotated[str | None, typer.Option(help="Which of its parties; needed where it serves several.")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send it a test message (ConnectionNotification); `health` shows what became of it."""
    parties = _parties(organisation, None)
    if party is None and len(parties) != 1:
        raise CommandError(Exit.USAGE, "party-needed", f"It serves {', '.join(parties) or 'no party'}: say which with --party.")
    wanted = party or parties[0]
    if dry_run:
        would("test", f"send a test message to {wanted}", as_json=as_json)
        return
    done = tell("partners", organisation, "test", body={"party": wanted})
    show(done, (), (f"a test message to {wanted} was asked for: {text(within(done, 'order')['order_id'])}",), as_json=as_json)


def _parties(organisation: str, expect_count: int | None) -> list[str]:
    """Those that it serves. Raises CommandError where they are not as many as was expected."""
    found = [text(one["party"]) for one in entries(ask("partners", organisation), "parties")]
    if expect_count is not None and expect_count != len(found):
        raise CommandError(Exit.CONFLICT, "count-differs", f"It serves {len(found)} parties, not {expect_count}; nothing was done.")
    return found

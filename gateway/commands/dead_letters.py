"""`gateway dead-letters …`: what needs a person, and what a person does about it.

What it is: the console's lists and its two actions. What it is not: a second way: the console compares the count once
more, decides what is possible, and puts it on record under your name.
"""

from typing import Annotated

import typer

from gateway.commands.asking import Found, ask, confirm, entries, more, reason_of, show, table, tell, text, within
from gateway.commands.options import AsJson, DryRun, ExpectCount, Limit, Reason, Yes
from gateway.commands.output import CommandError, Exit

app = typer.Typer(help="Dead letters: what needs a person, by cause; retry or discard.", no_args_is_help=True)
Ids = Annotated[list[str] | None, typer.Argument(metavar="[DELIVERY]…", help="Ids of deliveries.")]
Group = Annotated[str | None, typer.Option(help="A whole group, by its key as `list` shows it: fault|recipient|type.")]
_COLUMNS = (("delivery id", "delivery_id"), ("type", "type"), ("to", "recipient"), ("state", "state"), ("fault", "fault"), ("who has it", "assigned_to"))


@app.command("list")
def list_(
    *,
    fault: Annotated[str | None, typer.Option(help="Only this fault code.")] = None,
    recipient: Annotated[str | None, typer.Option(help="Only to this party.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those assigned to me.")] = False,
    limit: Limit = 50,
    after: Annotated[int | None, typer.Option(min=0, help="Next page.")] = None,
    fail_if_any: Annotated[bool, typer.Option("--fail-if-any", help="Exit 10 where there is one; for cron.")] = False,
    as_json: AsJson = False,
) -> None:
    """By cause, then one by one, oldest first."""
    found = ask("dead-letters", fault=fault, recipient=recipient, mine="true" if mine else None, limit=limit, after=after)
    groups = table(
        entries(found, "groups"), (("group", "group"), ("what went wrong", "title"), ("who acts", "whose"), ("number", "count")), "By cause", "None."
    )
    show(found, (groups, table(entries(found, "dead_letters"), _COLUMNS, "One by one", "No dead letters.")), more(found), as_json=as_json)
    if fail_if_any and found.get("count"):
        raise CommandError(Exit.CHECKS_FAILED, "dead-letters-need-a-person", f"{found['count']} dead letters need a person.", "gateway dead-letters show")


@app.command("show")
def show_one(delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Id of the delivery.")], *, as_json: AsJson = False) -> None:
    """One: what went wrong, whose fault it is, what to do next, and every attempt."""
    found = ask("dead-letters", delivery)
    one, cause = within(found, "delivery"), within(found, "cause")
    attempts = table(entries(found, "attempts"), (("attempt", "number"), ("at (UTC)", "at"), ("outcome", "outcome"), ("fault", "fault")), "Attempts", "None.")
    lines = (
        f"{text(one['delivery_id'])}: {text(one['state'])}, from {text(one['sender'])} to {text(one['recipient'])}",
        f"message   {text(one['message_id'])}",
        f"cause     {text(cause['title'])} {text(one['fault_detail'])}".rstrip(),
        f"who acts  {text(cause['whose'])}",
        f"next      {text(cause['what_next'])} {text(cause['retry'])}",
        *(f"note      {text(note['by'])}: {text(note['text'])}" for note in entries(found, "notes")),
    )
    show(found, (attempts,), lines, as_json=as_json)


@app.command()
def broker(
    *,
    state: Annotated[str | None, typer.Option(help="Only this state, for example needs-a-person.")] = None,
    limit: Limit = 50,
    after: Annotated[int | None, typer.Option(min=0, help="Next page.")] = None,
    as_json: AsJson = False,
) -> None:
    """What the broker itself gave up on, and what came of it."""
    found = ask("dead-letters", "broker", state=state, limit=limit, after=after)
    columns = (("letter id", "letter_id"), ("died in", "queue"), ("reason", "reason"), ("state", "state"), ("bytes", "size"), ("at (UTC)", "at"))
    show(found, (table(entries(found, "dead_letters"), columns, empty="The broker gave up on nothing."),), more(found), as_json=as_json)


@app.command()
def retry(
    deliveries: Ids = None,
    *,
    group: Group = None,
    expect_count: ExpectCount = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put them back on the road: the same ids, in the same order, spread over time."""
    _act("retry", _chosen(deliveries, group), expect_count, {}, yes=yes, dry_run=dry_run, as_json=as_json)


@app.command()
def discard(
    deliveries: Ids = None,
    *,
    group: Group = None,
    reason: Reason = None,
    expect_count: ExpectCount = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """End them for good. Each sender gets a signed receipt that says why."""
    said = {} if dry_run else reason_of(reason, yes=yes)
    _act("discard", _chosen(deliveries, group), expect_count, said, yes=yes, dry_run=dry_run, as_json=as_json)


def _chosen(deliveries: list[str] | None, group: str | None) -> dict[str, object]:
    if bool(deliveries) == (group is not None):
        raise CommandError(Exit.USAGE, "what", "Give ids of deliveries, or --group.")
    return {"group": group} if group is not None else {"ids": list(dict.fromkeys(deliveries or ()))}


def _act(verb: str, chosen: dict[str, object], expect_count: int | None, said: dict[str, object], *, yes: bool, dry_run: bool, as_json: bool) -> None:
    count = expect_count if expect_count is not None else _counted(chosen)
    if yes and count is None and not dry_run:
        raise CommandError(Exit.USAGE, "count-needed", "A group may have grown: --yes needs --expect-count.", "gateway dead-letters list")
    if dry_run or not yes:
        preview = tell("dead-letters", verb, body={**chosen, "dry_run": True})
        if dry_run:
            show(preview, (), (f"would {verb} {text(preview['count'])}, to {text(preview['recipients'])}; {_left(preview)}nothing was done",), as_json=as_json)
            return
        count = count if count is not None else int(text(preview["count"]))
        recipients = text(preview["recipients"])
        confirm(f"{verb.capitalize()} {text(preview['count'])} to {recipients}.", recipients.split(" ")[0] or verb, yes=False)
    _tell_done(verb, tell("dead-letters", verb, body={**chosen, **said, "expect_count": count}), as_json=as_json)


def _counted(chosen: dict[str, object]) -> int | None:
    """Ids count themselves; a group may have grown."""
    ids = chosen.get("ids")
    return len(ids) if isinstance(ids, list) else None


def _tell_done(verb: str, done: Found, *, as_json: bool) -> None:
    count = len(done["done"]) if isinstance(done["done"], list) else 0
    refused = within(done, "refused")
    words = {"retry": "back on the road", "discard": "asked to be ended; a worker signs the receipts"}[verb]
    show(done, (), (f"{count} {words}", *(f"left alone: {one}: {text(why)}" for one, why in refused.items())), as_json=as_json)
    if refused:
        raise CommandError(Exit.PARTLY_DONE, "partly-done", f"{len(refused)} were left alone.")


def _left(preview: Found) -> str:
    refused = within(preview, "refused")
    return f"{len(refused)} of them would be left alone; " if refused else ""

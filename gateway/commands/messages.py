"""`gateway messages …`: find a message, look at it redacted, follow it, and see a hidden field for a stated purpose.

What it is: the console's searches and looks, each on record under your name. What it is not: a look at the store
(`gateway offline messages`). A case reference number is typed or piped, never an argument.
"""

from typing import Annotated

import typer

from gateway.commands.asking import ask, entries, show, table, tell, text, within
from gateway.commands.options import AsJson, Crn, typed_crn
from gateway.commands.output import CommandError, Exit, Table

app = typer.Typer(help="Messages: find them, look at them redacted, follow them.", no_args_is_help=True)
MessageArgument = Annotated[str, typer.Argument(metavar="MESSAGE", help="Our message id.")]


@app.command()
def find(
    *,
    crn: Crn = None,
    message: Annotated[str | None, typer.Option(help="Our message id.")] = None,
    sender_id: Annotated[str | None, typer.Option(help="The sender's own message id.")] = None,
    control_reference: Annotated[str | None, typer.Option(help="Control reference of the interchange.")] = None,
    party: Annotated[str | None, typer.Option(help="Sender or recipient.")] = None,
    sender: Annotated[str | None, typer.Option(help="Only from this party.")] = None,
    recipient: Annotated[str | None, typer.Option(help="Only to this party.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Message type, for example Contact.")] = None,
    state: Annotated[str | None, typer.Option(help="State of a delivery, for example set-aside.")] = None,
    since: Annotated[str | None, typer.Option(help="Accepted from this time on, like 2026-11-23T09:30, UK time. By default the last 7 days.")] = None,
    until: Annotated[str | None, typer.Option(help="Accepted before this time.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Most messages to show.")] = 50,
    search: Annotated[str | None, typer.Option(help="A search that was kept: the next page of what was found by case or id.")] = None,
    after: Annotated[str | None, typer.Option(help="Next page: the last message id of this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Messages, newest first. All given parts must match. A search by case or id is on record."""
    body = {
        "crn": typed_crn(crn),
        "message_id": message,
        "sender_message_id": sender_id,
        "control_reference": control_reference,
        "party": party,
        "sender": sender,
        "recipient": recipient,
        "type": kind,
        "state": [state] if state else None,
        "since": since,
        "until": until,
        "limit": limit,
        "search": search,
        "after": after,
    }
    found = tell("messages", "search", body=body)
    rows = [
        (*(text(one[name]) for name in ("message_id", "sender", "type", "control_reference", "accepted_at")), _states(entries(one, "deliveries")))
        for one in entries(found, "messages")
    ]
    heads = ("message id", "sender", "type", "control reference", "accepted (UTC)", "deliveries")
    kept = f" --search {found['search']}" if found.get("search") else ""
    following = (f"more: --after {found['after']}{kept}",) if found.get("after") else ()
    show(found, (Table(heads, tuple(rows), empty="No message matches."),), following, as_json=as_json)


@app.command("show")
def show_one(
    message: MessageArgument,
    *,
    reveal: Annotated[list[str] | None, typer.Option(metavar="POINTER", help="Show this hidden field, by its pointer. Repeatable.")] = None,
    purpose: Annotated[str | None, typer.Option(metavar="CODE:TEXT", help="Why it has to be seen; on record with your name.")] = None,
    as_json: AsJson = False,
) -> None:
    """One message: facts, checks, deliveries, receipts, and its content with what is personal hidden."""
    if reveal:
        code, _, words = (purpose or "").partition(":")
        if not code:
            raise CommandError(Exit.USAGE, "purpose-needed", "Say why it has to be seen: --purpose CODE:TEXT.", "docs/console/command-line.md lists the codes")
        seen = tell("messages", message, "reveal", body={"fields": reveal, "purpose": code.strip(), "text": words.strip()})
        lines = (f"until {text(seen['until'])}; on record",)
        show(seen, (table(entries(seen, "fields"), (("pointer", "pointer"), ("field", "label"), ("value", "shown"))),), lines, as_json=as_json)
        return
    found = ask("messages", message)
    about = within(found, "message")
    tables = (
        table(
            [about], (("message id", "message_id"), ("submission", "submission_id"), ("sender", "sender"), ("type", "type"), ("reference", "control_reference"))
        ),
        table(entries(found, "deliveries"), (("delivery id", "delivery_id"), ("to", "recipient"), ("state", "state"), ("cause", "cause")), "Deliveries"),
        table(entries(found, "receipts"), (("issued (UTC)", "issued_at"), ("stage", "stage"), ("digest", "digest")), "Receipts", "No receipts."),
        table(entries(found, "content"), (("pointer", "pointer"), ("field", "label"), ("shown", "shown")), "Content", "Not shown."),
    )
    show(found, tables, as_json=as_json)


@app.command()
def timeline(message: MessageArgument, *, as_json: AsJson = False) -> None:
    """All that happened to one message, in order of time."""
    found = ask("messages", message, "timeline")
    columns = (("at (UTC)", "at"), ("what", "title"), ("detail", "text"), ("by", "by"))
    show(found, (table(entries(found, "moments"), columns),), as_json=as_json)


def _states(deliveries: object) -> str:
    return ", ".join(f"{text(one['recipient'])} {text(one['state'])}" for one in deliveries) if isinstance(deliveries, list) else ""

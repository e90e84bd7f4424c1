"""`gateway audit …`: is the chain whole, and does the store agree with it? And, signed in: who did what?

What it is: here on the machine a walk over every record, the signed checkpoints, and the store's own cross-check; through
the console the search of the chain, and its bounded check. What it is not: a repair: what does not hold is named.
"""

from typing import Annotated

import typer

from gateway.commands.asking import ask, entries, more, show, table, tell, text, within
from gateway.commands.options import AsJson, Limit
from gateway.commands.output import Answer, CommandError, Exit, Table, answer, progress

app = typer.Typer(help="Audit: search it, check and verify the chain, sign its head.", no_args_is_help=True)


@app.command()
def verify(*, as_json: AsJson = False) -> None:
    """Walk the whole chain, check every signed checkpoint, and compare the store with what the chain says."""
    from gateway.commands.auditing import inspect
    from gateway.commands.context import operating

    progress("reading the whole chain …")
    with operating() as desk:
        report, found = inspect(desk)
        head = desk.store.checkpoints.head()
    members = {
        "whole": report.ok,
        "records": report.records,
        "submissions": report.submissions,
        "deliveries": report.deliveries,
        "receipts": report.receipts,
        "checkpoints": report.checkpoints,
        "flaws": report.flaws,
        "head": {"sequence": head.sequence, "digest": head.digest},
        "findings": [{"about": one.about, "flaw": one.flaw, "detail": one.detail} for one in found],
    }
    counts = f"{report.records} records, {report.submissions} submissions, {report.deliveries} deliveries, {report.receipts} receipts"
    line = f"audit: {'whole' if report.ok else 'NOT WHOLE'}; {counts}, {report.checkpoints} checkpoints; head {head.sequence} {head.digest}"
    tables = (Table(("where", "flaw", "detail"), tuple((one.about, one.flaw, one.detail) for one in found)),) if found else ()
    answer(Answer("audit-verified/1", members, tables, (line,)), as_json=as_json)
    if not report.ok:
        raise CommandError(Exit.CHECKS_FAILED, "audit-not-whole", f"{report.flaws} findings.", "keep the database as it is; docs/operations.md")


@app.command()
def checkpoint(*, as_json: AsJson = False) -> None:
    """Sign the head of the chain now, and print the checkpoint: keep it elsewhere, and a rewritten chain shows."""
    from gateway.commands.auditing import sign_now
    from gateway.commands.context import operating

    with operating(with_keys=True) as desk:
        made, latest = sign_now(desk)
    members = {"made": made, "sequence": latest.sequence if latest else None, "jws": latest.jws if latest else None}
    lines = (latest.jws,) if latest else ("The chain is empty.",)
    answer(Answer("checkpoint/1", members, (), lines), as_json=as_json)


@app.command()
def search(
    *,
    by: Annotated[str | None, typer.Option(help="Who: an operator's subject.")] = None,
    subject: Annotated[str | None, typer.Option(help="About what: the id of a message, delivery, submission, partner, key or alert. Never a case.")] = None,
    code: Annotated[str | None, typer.Option(help="What happened: an event's code, or its beginning up to the dot, like delivery.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on, like 2026-11-23T09:30, UK time.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    limit: Limit = 50,
    before: Annotated[int | None, typer.Option(min=1, help="Next page: the last number of this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who did what, newest first, through the console. The search is on record itself."""
    body = {"by": by, "subject": subject, "code": code, "since": since, "until": until, "limit": limit, "before": before}
    found = tell("audit", "search", body=body)
    rows = [
        (text(one["sequence"]), text(one["at"]), text(one["code"]), text(within(one, "facts").get("by")), text(one["subject"]))
        for one in entries(found, "records")
    ]
    show(found, (Table(("record", "at (UTC)", "code", "by", "subject"), tuple(rows), empty="No record matches."),), more(found, "before"), as_json=as_json)


@app.command("show")
def show_one(record: Annotated[int, typer.Argument(metavar="RECORD", min=1, help="Its number in the chain.")], *, as_json: AsJson = False) -> None:
    """One record with its facts and both digests, through the console."""
    found = ask("audit", str(record))
    one = within(found, "record")
    facts = [{"fact": name, "value": value} for name, value in within(one, "facts").items()]
    lines = tuple(f"{name:<9} {text(one[name])}" for name in ("sequence", "at", "code", "subject", "digest", "previous"))
    show(found, (table(facts, (("fact", "fact"), ("value", "value")), empty="No facts."),), lines, as_json=as_json)


@app.command()
def check(*, as_json: AsJson = False) -> None:
    """Have the console walk the whole chain now, for 20 seconds at most. `verify` compares the tables as well."""
    found = tell("audit", "check")
    columns = (("record", "sequence"), ("flaw", "flaw"), ("detail", "detail"))
    state = "whole" if found.get("whole") else "NOT WHOLE" if found.get("finished") else "not finished; those records hold"
    tables = (table(entries(found, "findings"), columns),) if entries(found, "findings") else ()
    show(found, tables, (f"audit: {state}; {text(found['records'])} of {text(found['head'])} records",), as_json=as_json)
    if found.get("finished") and not found.get("whole"):
        raise CommandError(Exit.CHECKS_FAILED, "audit-not-whole", f"{text(found['flaws'])} findings.", "keep the database as it is; gateway audit verify")
    if not found.get("finished"):
        raise CommandError(Exit.PARTLY_DONE, "audit-not-finished", "The chain is too long to wait for.", "gateway audit verify")

"""`gateway audit …`: is the chain whole, and does the store agree with it?

What it is: a walk over every record, the signed checkpoints, and the store's own cross-check. What it is not:
a repair: what does not hold is named, with its place.
"""

import typer

from gateway.commands.options import AsJson
from gateway.commands.output import Answer, CommandError, Exit, Table, answer, progress

app = typer.Typer(help="Audit: verify the chain, sign its head.", no_args_is_help=True)


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

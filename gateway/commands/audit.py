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

    with operating() as desk:
        report = inspect(desk.store, desk.settings.keys_dir, progress)
    rows = tuple((finding.about, finding.flaw, finding.detail) for finding in report.findings)
    members = {
        "whole": not report.findings,
        "records": report.records,
        "head": {"sequence": report.head.sequence, "digest": report.head.digest},
        "checkpoints": report.checkpoints,
        "findings": [{"about": one.about, "flaw": one.flaw, "detail": one.detail} for one in report.findings],
    }
    state = "whole" if not report.findings else "NOT WHOLE"
    line = f"audit: {state}; {report.records} records, {report.checkpoints} checkpoints, head {report.head.sequence} {report.head.digest}"
    tables = (Table(("where", "flaw", "detail"), rows),) if rows else ()
    answer(Answer("audit-verified/1", members, tables, (line,)), as_json=as_json)
    if report.findings:
        raise CommandError(Exit.CHECKS_FAILED, "audit-not-whole", f"{len(report.findings)} findings.", "keep the database as it is; docs/operations.md")


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

"""`gateway conformance …`: prove that a partner's system does what the agreement needs.

What it is: a thin face of `gateway.rehearsal.conformance`. What it is not: a case, nor a rule. A whole run is remembered
and audited; a passed one is what lets the partner go from proving to live.
"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import AsJson
from gateway.commands.output import Answer, Exit, Table, answer, progress

app = typer.Typer(help="Conformance: prove that a partner's system is ready to be live.", no_args_is_help=True)

PATIENCE_SECONDS = 10.0


@app.command()
def run(
    *,
    party: Annotated[str, typer.Option("--partner", metavar="PARTY", help="Code of the party on trial, for example C05.")],
    simulated: Annotated[bool, typer.Option("--simulated", help="Play against a simulator of the same profile, started for this run.")] = False,
    group: Annotated[list[str] | None, typer.Option("--group", help="Play this group only; may be repeated. Such a run is not remembered.")] = None,
    fault: Annotated[list[str] | None, typer.Option("--fault", metavar="NAME[=ARG]", help="Seed a fault into the simulator; it is not remembered.")] = None,
    patience: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds that a receipt may take.")] = PATIENCE_SECONDS,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as one HTML page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play the graded suite against a partner, and remember what came of it. Exit code 10 where it did not pass."""
    from gateway.commands.proving import Wanted, prove
    from gateway.rehearsal.conformance import faces
    from gateway.rehearsal.conformance.play import Verdict

    wanted = Wanted(party=party, simulated=simulated, groups=tuple(group or ()), faults=tuple(fault or ()), patience_seconds=patience)
    proved = prove(wanted, progress)
    report = proved.report
    if junit is not None:
        junit.write_bytes(faces.junit(report))
    if html is not None:
        html.write_text(faces.page(report), encoding="utf-8")
    failed = [result for result in report.results if result.verdict is Verdict.FAILED]
    rows = tuple((result.case.id, result.case.level.value, result.found, result.todo) for result in failed)
    counts = ", ".join(f"{report.count(verdict)} {verdict.value}" for verdict in Verdict)
    lines = (f"{report.party} {'passed' if report.passed else 'did not pass'}: {counts}.", f"{'remembered' if proved.remembered else 'not remembered'}.")
    table = Table(("case", "level", "what was seen", "what to do"), rows, empty="Nothing failed.")
    answer(Answer("conformance/1", report.document() | {"remembered": proved.remembered, "digest": report.digest()}, (table,), lines), as_json=as_json)
    if not report.passed:
        raise typer.Exit(int(Exit.CHECKS_FAILED))


@app.command()
def cases(*, as_json: AsJson = False) -> None:
    """List every case of the suite."""
    from gateway.rehearsal.conformance.suite import SUITE

    rows = tuple((case.id, case.group.value, case.level.value, case.scope.told(), case.title) for case in SUITE)
    told = [{"id": case.id, "group": case.group.value, "level": case.level.value, "title": case.title, "proves": case.proves} for case in SUITE]
    answer(Answer("conformance-cases/1", {"cases": told}, (Table(("case", "group", "level", "for", "title"), rows),)), as_json=as_json)


@app.command()
def faults(*, as_json: AsJson = False) -> None:
    """List every fault that can be seeded into a simulator."""
    from gateway.rehearsal.flaws import FLAWS

    told = [{"name": flaw.value, "sentence": row.sentence, "group": row.group, "argument": row.argument, "unit": row.unit} for flaw, row in FLAWS.items()]
    rows = tuple((flaw.value, f"{row.argument:g} {row.unit}" if row.unit else "", row.group, row.sentence) for flaw, row in FLAWS.items())
    answer(Answer("conformance-faults/1", {"faults": told}, (Table(("fault", "by default", "noticed by", "what it is"), rows),)), as_json=as_json)

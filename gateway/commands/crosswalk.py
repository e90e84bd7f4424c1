"""`gateway crosswalk …`: which record of nDelius a partner's own id stands for.

What it is: looking the pairs up, and entering one that no receipt told of; each entry is audited. What it is not: a way
to change a pair: what is known stands, since messages went out that rest on it.
"""

from typing import Annotated

import typer

from gateway.commands.options import AsJson
from gateway.commands.output import Answer, CommandError, Exit, Table, answer

app = typer.Typer(help="Partners' own ids of records, and nDelius's.", no_args_is_help=True)

_WAITING = ("kind", "own id", "awaited by", "since")
_COLUMNS = ("kind", "own id", "record id", "since", "source")
OrganisationArgument = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Id of the organisation.")]
KindArgument = Annotated[str, typer.Argument(metavar="KIND", help="Kind of record, for example contact or event.")]
OwnArgument = Annotated[str, typer.Argument(metavar="OWN-ID", help="What its system calls the record, without the ~.")]

RecordArgument = Annotated[str, typer.Argument(metavar="RECORD-ID", help="nDelius's number of the record.")]
LimitOption = Annotated[int, typer.Option(min=1, max=1000, help="Most to show.")]
AfterOption = Annotated[str, typer.Option(help="Next page: what this one ends with.")]


@app.command("list")
def list_pairs(organisation: OrganisationArgument, *, limit: LimitOption = 50, after: AfterOption = "", as_json: AsJson = False) -> None:
    """What is known of one organisation's ids."""
    from gateway.commands import shapes
    from gateway.commands.context import operating
    from schemas.identifiers import OrganisationId

    with operating() as desk:
        found = desk.store.queries.crosswalk(OrganisationId(organisation), after, limit)
    more = found[-1].own.key if len(found) == limit else None
    members = {"pairs": [shapes.known_id(one) for one in found], "after": more}
    table = Table(_COLUMNS, tuple(tuple(shapes.known_id(one).values())[1:] for one in found), empty="Nothing is known.")
    answer(Answer("crosswalk/1", members, (table,), (f"more: --after {more}",) if more else ()), as_json=as_json)


@app.command()
def show(organisation: OrganisationArgument, kind: KindArgument, own_id: OwnArgument, *, as_json: AsJson = False) -> None:
    """One own id: its record, or the message that waits for it."""
    from gateway.commands import shapes
    from gateway.commands.context import operating
    from gateway.records import OwnId
    from schemas.identifiers import OrganisationId

    own = OwnId(organisation=OrganisationId(organisation), kind=kind, own_id=own_id)
    with operating() as desk:
        known, awaited = desk.store.queries.known_ids([own.key]).get(own.key), desk.store.queries.awaited_ids([own.key]).get(own.key)
    if known is not None:
        answer(Answer("own-id/1", {"own_id": shapes.known_id(known)}, (), (f"{own_id} is {kind} {known.record_id}.",)), as_json=as_json)
    elif awaited is not None:
        said = {"organisation": organisation, "kind": kind, "own_id": own_id, "awaited_by": awaited.message_id}
        answer(Answer("own-id/1", {"own_id": said}, (), (f"{own_id} is awaited by message {awaited.message_id}.",)), as_json=as_json)
    else:
        raise CommandError(Exit.NOT_FOUND, "not-found", "Nothing is known of this own id.", "gateway crosswalk list ORGANISATION")


@app.command()
def find(organisation: OrganisationArgument, kind: KindArgument, record_id: RecordArgument, *, as_json: AsJson = False) -> None:
    """The other way round: what an organisation calls a record of nDelius."""
    from gateway.commands import shapes
    from gateway.commands.context import operating

    with operating() as desk:
        known = list(desk.store.queries.known_records([f"{organisation}/{kind}/{record_id}"]).values())
    if not known:
        raise CommandError(Exit.NOT_FOUND, "not-found", "Nothing is known of this record.", "gateway crosswalk list ORGANISATION")
    said = f"{kind} {record_id} is {known[0].own.own_id}."
    answer(Answer("own-id/1", {"own_id": shapes.known_id(known[0])}, (), (said,)), as_json=as_json)


@app.command()
def waiting(organisation: OrganisationArgument, *, limit: LimitOption = 50, after: AfterOption = "", as_json: AsJson = False) -> None:
    """Own ids of inserts whose record has no number yet: those that nobody answers end up here."""
    from gateway.commands import shapes
    from gateway.commands.context import operating
    from schemas.identifiers import OrganisationId

    with operating() as desk:
        found = desk.store.queries.awaiting(OrganisationId(organisation), after, limit)
    more = found[-1].own.key if len(found) == limit else None
    members = {"waiting": [shapes.awaited_id(one) for one in found], "after": more}
    table = Table(_WAITING, tuple(tuple(shapes.awaited_id(one).values())[1:] for one in found), empty="Nothing is awaited.")
    answer(Answer("crosswalk-waiting/1", members, (table,), (f"more: --after {more}",) if more else ()), as_json=as_json)


@app.command("put")
def enter(
    organisation: OrganisationArgument,
    kind: KindArgument,
    own_id: OwnArgument,
    record_id: RecordArgument,
    *,
    as_json: AsJson = False,
) -> None:
    """Enter a pair that no receipt told of."""
    from gateway.commands import shapes
    from gateway.commands.context import operating

    with operating() as desk:
        known = desk.operations.put_own_id(organisation, kind, own_id, record_id, desk.by)
    answer(Answer("own-id/1", {"own_id": shapes.known_id(known)}, (), (f"{own_id} is {kind} {record_id} from now on.",)), as_json=as_json)

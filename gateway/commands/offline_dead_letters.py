"""`gateway offline dead-letters …`: look at what the broker gave up on.

What it is: where and why it died, and what came of it. What it is not: content: a body stays sealed.
"""

from typing import Annotated

import typer

from gateway.commands.options import AsJson, Limit
from gateway.commands.output import Answer, CommandError, Exit, Table, answer

app = typer.Typer(help="The broker's dead letters: what the broker gave up on, and what came of it.", no_args_is_help=True)


@app.command("list")
def list_letters(
    *,
    state: Annotated[str | None, typer.Option(help="Only this state, for example needs-a-person.")] = None,
    limit: Limit = 50,
    after: Annotated[int, typer.Option(min=0, help="Next page: the last number of this one.")] = 0,
    fail_if_any: Annotated[bool, typer.Option("--fail-if-any", help="Exit 10 where one is shown that needs a person; for cron.")] = False,
    as_json: AsJson = False,
) -> None:
    """Dead letters, in order of arrival."""
    from gateway.commands import shapes
    from gateway.commands.context import operating
    from gateway.oversight import members
    from gateway.records import DeadLetterState

    if state is not None and state not in set(DeadLetterState):
        raise CommandError(Exit.USAGE, "state-unknown", f"There is no such state; there is {', '.join(DeadLetterState)}.")
    with operating() as desk:
        found = desk.store.dead_letters.list(after, limit, DeadLetterState(state) if state else None)
    more = found[-1].number if len(found) == limit else None
    table = Table(shapes.LETTER_COLUMNS, tuple(shapes.letter_row(one) for one in found), empty="No dead letter.")
    listed = {"dead_letters": [members.letter(one) for one in found], "after": more}
    answer(Answer("dead-letters/1", listed, (table,), (f"more: --after {more}",) if more else ()), as_json=as_json)
    troubled = sum(one.state is DeadLetterState.NEEDS_A_PERSON for one in found)
    if fail_if_any and troubled:
        raise CommandError(Exit.CHECKS_FAILED, "dead-letters-need-a-person", f"{troubled} dead letters need a person.", "docs/operations.md")


@app.command()
def show(letter: Annotated[str, typer.Argument(metavar="LETTER", help="Id of the letter.")], *, as_json: AsJson = False) -> None:
    """One dead letter."""
    from gateway.commands.context import operating
    from gateway.oversight import members

    with operating() as desk:
        found = desk.store.dead_letters.get(letter)
    if found is None:
        raise CommandError(Exit.NOT_FOUND, "not-found", "There is no such dead letter.")
    shown = members.letter(found) | {"body_kept": found.body is not None}
    lines = tuple(f"{name.replace('_', ' '):<13} {value}" for name, value in shown.items())
    answer(Answer("dead-letter/1", {"dead_letter": shown}, (), lines), as_json=as_json)

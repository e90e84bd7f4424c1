"""`gateway queues`: what waits, and for whom, as the console sees it.

What it is: a look through the console's API. What it is not: a look at the store (`gateway offline queues`).
"""

from typing import Annotated

import typer

from gateway.commands.asking import ask, entries, more, show, table, text, within
from gateway.commands.options import AsJson, Limit
from gateway.commands.output import CommandError, Exit, Table

STATES = ("waiting", "retrying", "handed-over", "set-aside", "refused")


def queues(
    party: Annotated[str | None, typer.Argument(metavar="PARTY", help="Only this one, with its deliveries.")] = None,
    *,
    state: Annotated[str | None, typer.Option(help="Of one party: only deliveries in this state.")] = None,
    limit: Limit = 50,
    after: Annotated[int | None, typer.Option(min=0, help="Next page.")] = None,
    fail_if_any: Annotated[bool, typer.Option("--fail-if-any", help="Exit 10 where a delivery is set aside or refused; for cron.")] = False,
    as_json: AsJson = False,
) -> None:
    """What waits for each recipient, or the unfinished deliveries of one."""
    if state is not None and state not in STATES:
        raise CommandError(Exit.USAGE, "state-unknown", f"There is no such state; there is {', '.join(STATES)}.")
    if party is None:
        found = ask("queues")
        rows = [(text(one["party"]), text(one["health"]), *_counts(within(one, "counts")), text(one["oldest_at"])) for one in entries(found, "queues")]
        heads = ("party", "health", *STATES, "oldest (UTC)")
        show(found, (Table(heads, tuple(rows), empty="Nothing is sent to anybody yet."),), as_json=as_json)
        troubled = sum(_number(one["dead"]) for one in entries(found, "queues"))
    else:
        found = ask("queues", party, state=state, limit=limit, after=after)
        columns = (("delivery id", "delivery_id"), ("type", "type"), ("state", "state"), ("attempts", "attempts"), ("next attempt (UTC)", "next_attempt_at"))
        show(found, (table(entries(found, "deliveries"), columns, empty="Nothing waits."),), more(found), as_json=as_json)
        troubled = _number(within(found, "queue")["dead"])
    if fail_if_any and troubled:
        raise CommandError(Exit.CHECKS_FAILED, "deliveries-need-a-person", f"{troubled} deliveries are set aside or refused.", "gateway dead-letters list")


def _counts(counts: object) -> tuple[str, ...]:
    return tuple(text(counts.get(state, 0)) for state in STATES) if isinstance(counts, dict) else ()


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0

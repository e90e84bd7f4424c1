"""`gateway offline messages …`, `queues` and `deliveries …`: look, retry, discard, at the store itself.

What it is: references, states, times and receipts, for whoever has the machine and its keys while no console runs.
What it is not: an operator's way (`messages`, `queues`, `dead_letters`: through the console, signed in). Nothing sealed is opened here.
"""

from datetime import datetime
from typing import Annotated

import typer

from gateway.commands.options import AsJson, Crn, Limit, typed_crn
from gateway.commands.output import Answer, CommandError, Exit, Table, answer

messages = typer.Typer(help="Messages in the store: find them, and see what became of them.", no_args_is_help=True)
deliveries = typer.Typer(help="Deliveries: put one back on the road, or end it.", no_args_is_help=True)

MessageArgument = Annotated[str, typer.Argument(metavar="MESSAGE", help="Our message id.")]
DeliveryArgument = Annotated[str, typer.Argument(metavar="DELIVERY", help="Our delivery id.")]


@messages.command()
def find(
    *,
    crn: Crn = None,
    sender_id: Annotated[str | None, typer.Option(help="The sender's own message id.")] = None,
    control_reference: Annotated[str | None, typer.Option(help="Control reference of the interchange.")] = None,
    party: Annotated[str | None, typer.Option(help="Sender or recipient.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Message type, for example Contact.")] = None,
    state: Annotated[str | None, typer.Option(help="State of a delivery, for example set-aside.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Accepted at or after, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Accepted before, UTC.")] = None,
    limit: Limit = 50,
    after: Annotated[str | None, typer.Option(help="Next page: the last message id of this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Messages, newest first. All given parts must match."""
    from datetime import UTC

    from gateway.commands import shapes
    from gateway.commands.context import operating
    from gateway.contract import MessageFilter
    from gateway.oversight import members
    from gateway.records import DeliveryState
    from schemas.identifiers import MessageId

    if state is not None and state not in set(DeliveryState):
        raise CommandError(Exit.USAGE, "state-unknown", f"There is no such state; there is {', '.join(DeliveryState)}.")
    wanted = MessageFilter(
        sender_message_id=sender_id,
        control_reference=control_reference,
        party=party,
        type=kind,
        state=DeliveryState(state) if state else None,
        after=since.replace(tzinfo=UTC) if since else None,
        before=until.replace(tzinfo=UTC) if until else None,
    )
    number = typed_crn(crn)
    with operating(with_keys=number is not None) as desk:
        found = desk.operations.find(wanted, crn=number, limit=limit, after=MessageId(after) if after else None)
    more = found[-1].message_id if len(found) == limit else None
    table = Table(shapes.MESSAGE_COLUMNS, tuple(shapes.message_row(one) for one in found), empty="No message matches.")
    lines = (f"more: --after {more}",) if more else ()
    answer(Answer("messages/1", {"messages": [members.message(one) for one in found], "after": more}, (table,), lines), as_json=as_json)


@messages.command()
def show(message: MessageArgument, *, as_json: AsJson = False) -> None:
    """One message with its deliveries, attempts and receipts."""
    from gateway.commands import shapes
    from gateway.commands.context import operating
    from schemas.identifiers import MessageId

    with operating() as desk:
        found = desk.operations.dossier(MessageId(message))
    receipts = tuple((shapes.shown(one.issued_at), one.stage, one.delivery_id or "", one.digest) for one in found.receipts)
    tables = (
        Table(shapes.MESSAGE_COLUMNS, (shapes.message_row(found.message),)),
        Table(shapes.DELIVERY_COLUMNS, tuple(shapes.delivery_row(one) for one in found.deliveries), "Deliveries", "No deliveries."),
        Table(("issued (UTC)", "stage", "delivery id", "digest"), receipts, "Receipts", "No receipts."),
    )
    answer(Answer("message/1", shapes.dossier(found), tables), as_json=as_json)


@messages.command()
def timeline(message: MessageArgument, *, as_json: AsJson = False) -> None:
    """All that happened to one message, in order of time."""
    from gateway.commands import shapes
    from gateway.commands.context import operating
    from schemas.identifiers import MessageId

    with operating() as desk:
        moments = desk.operations.timeline(MessageId(message))
    rows = tuple((shapes.shown(one.at), one.kind, one.what, one.subject, one.detail) for one in moments)
    table = Table(("at (UTC)", "from", "what", "subject", "detail"), rows)
    answer(Answer("timeline/1", {"message_id": message, "moments": [shapes.timeline_entry(one) for one in moments]}, (table,)), as_json=as_json)


def queues(
    *,
    fail_if_any: Annotated[bool, typer.Option("--fail-if-any", help="Exit 10 where a delivery is set aside or refused; for cron.")] = False,
    as_json: AsJson = False,
) -> None:
    """What waits for each recipient, counted in the store."""
    from gateway.commands import shapes
    from gateway.commands.context import operating
    from gateway.records import DeliveryState

    columns = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER, DeliveryState.SET_ASIDE, DeliveryState.REFUSED)
    with operating() as desk:
        figures = desk.operations.queues()
    rows = tuple((one.recipient, *(str(one.counts.get(state, 0)) for state in columns), shapes.shown(one.oldest_unfinished)) for one in figures)
    table = Table(("recipient", *(state.value for state in columns), "oldest (UTC)"), rows, empty="Nothing has been delivered yet.")
    answer(Answer("queues/1", {"queues": [shapes.queue(one) for one in figures]}, (table,)), as_json=as_json)
    troubled = sum(one.counts.get(state, 0) for one in figures for state in (DeliveryState.SET_ASIDE, DeliveryState.REFUSED))
    if fail_if_any and troubled:
        raise CommandError(Exit.CHECKS_FAILED, "deliveries-need-a-person", f"{troubled} deliveries are set aside or refused.")


@deliveries.command()
def retry(delivery: DeliveryArgument, *, as_json: AsJson = False) -> None:
    """Put a refused, set-aside or waiting delivery back on the road, now."""
    from gateway.commands.context import operating
    from gateway.oversight import members
    from schemas.identifiers import DeliveryId

    with operating() as desk:
        after = desk.operations.retry(DeliveryId(delivery), desk.by)
    answer(Answer("delivery/1", {"delivery": members.delivery(after)}, (), (f"{after.delivery_id} is {after.state}.",)), as_json=as_json)


@deliveries.command()
def discard(
    delivery: DeliveryArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why. The sender reads it in a signed receipt: no personal data.")],
    as_json: AsJson = False,
) -> None:
    """End a delivery for good. The sender gets a signed `discarded` receipt."""
    from gateway.commands.context import operating
    from gateway.oversight import members
    from schemas.identifiers import DeliveryId

    with operating(with_keys=True, wired=True) as desk:
        after = desk.operations.discard(DeliveryId(delivery), reason, desk.by)
    answer(Answer("delivery/1", {"delivery": members.delivery(after)}, (), (f"{after.delivery_id} is {after.state}.",)), as_json=as_json)

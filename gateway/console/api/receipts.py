"""Receipts, for the command line: whose last word is awaited, whose is late, and who said no.

What it is: the lists of the page as documents. What it is not: a receipt: those stand with their messages.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from gateway.console.api.answers import BASE, document
from gateway.console.cursors import After
from gateway.console.errors import ConsoleError
from gateway.console.pages.receipts import LISTED
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.picture import NEGATIVE_FOR, terms_of
from gateway.oversight.access import Permission
from gateway.oversight.members import Members, moment
from gateway.oversight.redaction import shown_id
from gateway.oversight.views import ReceiptFigures, ReceiptRow, ReceiptStanding

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]


def routes(parts: ConsoleParts) -> APIRouter:
    """By standing."""
    router = APIRouter(prefix=BASE)

    @router.get("/receipts/{standing}")
    def receipts(
        _viewer: Watcher,
        standing: ReceiptStanding,
        party: Annotated[str, Query(max_length=64)] = "",
        after: After = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    ) -> Response:
        """Of one party or all that are sent to: the figures, and the messages behind them, oldest first."""
        if standing not in LISTED:
            raise ConsoleError(400, text="There is late, expected and negative.")
        now = parts.clock()
        terms = [one for one in terms_of(parts.directory(), now) if party in ("", one.party)]
        if party and not terms:
            raise ConsoleError(404, "There is no such party", "Nothing is sent to it.")
        rows = parts.store.watch.receipts(standing, terms, after, limit)
        return document(
            "receipts/1",
            at=moment(now),
            standing=standing.value,
            negative_days=NEGATIVE_FOR.days,
            parties=[_figures(one) for one in parts.store.watch.receipt_figures(terms)],
            receipts=[_row(one) for one in rows],
            after=rows[-1].delivery.sequence if len(rows) == limit else None,
        )

    return router


def _figures(one: ReceiptFigures) -> Members:
    return {"party": one.party, "expected": one.expected, "late": one.late, "negative": one.negative, "oldest_expected_at": moment(one.oldest_expected_at)}


def _row(row: ReceiptRow) -> Members:
    return {
        "delivery_id": row.delivery.delivery_id,
        "message_id": row.delivery.message_id,
        "sender": row.delivery.sender,
        "recipient": row.delivery.recipient,
        "type": row.type,
        "control_reference": shown_id(row.control_reference),
        "state": row.delivery.state.value,
        "fault": row.delivery.fault,
        "since": moment(row.since),
    }

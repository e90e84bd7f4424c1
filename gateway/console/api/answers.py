"""What every module of the API says in the same way: documents with a schema, refusals, and lines of queues.

What it is: the shapes that several nouns share. What it is not: a route. A document's members are added to, never taken
away, as long as its schema keeps its number; errors are problems (RFC 9457), made where the console makes all of them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from gateway.console.errors import API_PREFIX, ConsoleError
from gateway.console.figures import COUNTED
from gateway.console.message_filters import FilterInvalid, moment_of
from gateway.control.desk import CountDiffers, NotPossible, NotThere
from gateway.control.picture import Line
from gateway.oversight.members import Members, delivery, moment
from gateway.oversight.reasons import ReasonInvalid
from gateway.oversight.records import Assignment, Note, Order
from gateway.oversight.redaction import shown_id
from gateway.oversight.views import LetterRow

BASE = f"{API_PREFIX}v1"


class Body(BaseModel):
    """What a command sends: nothing that is not known, and no value of it in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def document(schema: str, /, **members: object) -> Response:
    """One document."""
    return JSONResponse({"schema": schema, **members})


@contextmanager
def refusing() -> Iterator[None]:
    """What an action refuses becomes the problem that says so."""
    try:
        yield
    except ReasonInvalid as invalid:
        raise ConsoleError(422, "The reason cannot be taken", str(invalid), "reason-invalid") from invalid
    except FilterInvalid as invalid:
        raise ConsoleError(422, "A time cannot be read", str(invalid), "time-invalid") from invalid
    except NotThere as missing:
        raise ConsoleError(404, "There is no such thing", str(missing)) from missing
    except CountDiffers as differs:
        raise ConsoleError(409, "The number is another one now", str(differs), "count-differs") from differs
    except NotPossible as impossible:
        raise ConsoleError(409, "This cannot be done now", str(impossible), "not-possible") from impossible


def moment_from(text: str, name: str) -> datetime:
    """A time that has to be given. Raises FilterInvalid."""
    found = moment_of(text, name)
    if found is None:
        raise FilterInvalid(name, "Give a day and a time, like 2026-11-23T09:30.")
    return found


def line_members(line: Line) -> Members:
    """One party as a queue."""
    activity = line.activity
    return {
        "party": line.party,
        "name": line.name,
        "organisation": line.organisation.organisation_id,
        "mode": line.agreement.mode.value if line.agreement else None,
        "counts": {state.value: line.count(state) for state in COUNTED},
        "dead": line.dead,
        "late_receipts": line.late,
        "oldest_at": moment(line.oldest_at),
        "next_attempt_at": moment(line.queue.next_attempt_at) if line.queue else None,
        "last_heard_at": moment(activity.last_accepted_at) if activity else None,
        "last_reached_at": moment(activity.last_delivered_at) if activity else None,
        "last_failed_at": moment(activity.last_failed_at) if activity else None,
        "failures_since_success": activity.failures_since_success if activity else 0,
    }


def row_members(row: LetterRow) -> Members:
    """One delivery in a list."""
    return {**delivery(row.delivery), "type": row.type, "control_reference": shown_id(row.control_reference), "assigned_to": row.assigned_to}


def work_members(notes: Sequence[Note], assignment: Assignment | None) -> Members:
    """What people wrote down, and who has it."""
    return {
        "notes": [{"note_id": one.note_id, "at": moment(one.at), "by": one.by.name, "text": one.text} for one in notes],
        "assigned_to": {"subject": assignment.to.subject, "name": assignment.to.name} if assignment else None,
    }


def order_members(order: Order) -> Members:
    """What a worker with the keys was asked to do."""
    return {
        "order_id": order.order_id,
        "kind": order.kind.value,
        "subject": order.subject,
        "state": order.state.value,
        "by": order.by.name,
        "asked_at": moment(order.asked_at),
        "done_at": moment(order.done_at),
        "outcome": order.outcome,
    }

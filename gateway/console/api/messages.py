"""Messages, for the command line: searched, shown redacted, told as a timeline, revealed by field for a purpose.

What it is: the pages' searches and looks as documents, each on record in the same way. What it is not: a way to bytes:
neither the archive nor a receipt as signed is handed out. A search goes by POST: what names a case is in no address.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from gateway.console.api.answers import BASE, Body, document, refusing, work_members
from gateway.console.message_filters import Asked, filters_of
from gateway.console.pages.message import Known, known_of, record_of
from gateway.console.pages.messages import kept_search
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.looking import Content
from gateway.oversight.access import Permission
from gateway.oversight.members import Members, attempt, delivery, masked, moment
from gateway.oversight.reasons import REVEAL_PURPOSES
from gateway.oversight.story import Beat, story_of
from gateway.oversight.views import MessageRow
from gateway.records import MessageRecord
from schemas.identifiers import CONTROL_REFERENCE_FORM, CRN_FORM, EXTERNAL_ID_FORM, MessageId

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
Searcher = Annotated[Viewer, Depends(permitted(Permission.SEARCH))]
Revealer = Annotated[Viewer, Depends(permitted(Permission.REVEAL))]
_NAMED: Final = ("control_reference", "message_id", "sender_message_id")


def _upper(value: object) -> object:
    """As people type a case reference number. Anything but text is left to be refused."""
    return value.strip().upper() if isinstance(value, str) else value


class Sought(Asked):
    """What is searched for: the filters of the page, and what may not stand in an address."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    crn: Annotated[str, BeforeValidator(_upper), StringConstraints(pattern=f"{CRN_FORM}|^$")] = ""
    control_reference: Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"{CONTROL_REFERENCE_FORM}|^$")] = ""
    message_id: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=64)] = ""
    sender_message_id: Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"{EXTERNAL_ID_FORM}|^$")] = ""
    limit: int = Field(default=50, ge=1, le=200)


class ToReveal(Body):
    """Which fields, and why."""

    fields: list[str] = Field(max_length=200)
    purpose: str = Field(default="", max_length=64)
    text: str = Field(default="", max_length=1000)


def routes(parts: ConsoleParts) -> APIRouter:
    """Search, show, timeline, reveal."""
    router = APIRouter(prefix=BASE)

    @router.post("/messages/search")
    def search(viewer: Searcher, sought: Sought) -> Response:
        """Newest first. `search` and `after` of the answer, sent again, ask for the next page."""
        with refusing():
            filters = filters_of(sought, parts.clock())
        kept = kept_search(parts, sought.search, viewer)
        named = {name: str(getattr(sought, name)) for name in _NAMED if getattr(sought, name)}
        if sought.crn or named:
            kept = parts.looking.search({**(kept.wanted if kept else {}), **named}, sought.crn, viewer.operator)
        rows = parts.store.watch.find(filters.wanted(kept.wanted if kept else {}), sought.limit, MessageId(sought.after) if sought.after else None)
        more = rows[-1].message.message_id if len(rows) == sought.limit else None
        return document("messages/1", messages=[_row(row) for row in rows], since=moment(filters.since), search=kept.search_id if kept else None, after=more)

    @router.get("/messages/{message_id}")
    def show(viewer: Watcher, message_id: str) -> Response:
        """Header facts, verdicts, deliveries, receipts; content redacted, for whoever may search."""
        record = record_of(parts, message_id)
        content = _content(parts, record, viewer)
        known, about = known_of(parts, record), f"message:{record.message_id}"
        work = work_members(parts.store.oversight.notes(about), parts.store.oversight.assignments([about]).get(about))
        seen: Members = {"content_kept": content.kept if content else None, "content": _fields(content) if content else None}
        return document("message/1", message=masked(record), **_known(known), **seen, **work)

    @router.get("/messages/{message_id}/timeline")
    def timeline(viewer: Watcher, message_id: str) -> Response:
        """All that happened to it, in order of time."""
        record = record_of(parts, message_id)
        parts.looking.seen(record, viewer.session)
        known = known_of(parts, record)
        attempts = [one for leg in known.legs for one in leg.attempts]
        beats = story_of(known.submission, [leg.delivery for leg in known.legs], attempts, known.receipts, known.audited)
        return document("timeline/1", message_id=record.message_id, moments=[_beat(one) for one in beats])

    @router.post("/messages/{message_id}/reveal")
    def reveal(viewer: Revealer, message_id: str, asked: ToReveal) -> Response:
        """Some hidden fields, for a purpose, on record; asked again within their time they are told again."""
        with refusing():
            granted = parts.looking.reveal(MessageId(message_id), asked.fields, asked.purpose, asked.text, viewer.session)
        content = parts.looking.content(record_of(parts, message_id), viewer.session)
        wanted = {one.pointer for one in granted}
        fields = [one for one in _fields(content) if one["pointer"] in wanted]
        return document("revealed/1", message_id=message_id, purpose=asked.purpose, until=moment(granted[0].expires_at), fields=fields)

    @router.get("/reveal-purposes")
    def purposes(_viewer: Revealer) -> Response:
        """What may be given as a purpose."""
        return document("reveal-purposes/1", purposes=dict(REVEAL_PURPOSES))

    return router


def _content(parts: ConsoleParts, record: MessageRecord, viewer: Viewer) -> Content | None:
    """What they may see of it. Who may only watch sees nothing of the content; that they looked is on record all the same."""
    if not viewer.may(Permission.SEARCH):
        parts.looking.seen(record, viewer.session)
        return None
    return parts.looking.content(record, viewer.session)


def _row(row: MessageRow) -> Members:
    legs = [{"delivery_id": one.delivery_id, "recipient": one.recipient, "state": one.state.value} for one in row.deliveries]
    return {**masked(row.message), "deliveries": legs}


def _known(known: Known) -> Members:
    """What became of it; no receipt as it was signed, for it may name somebody."""
    submission = known.submission
    return {
        "submission": {
            "submission_id": submission.submission_id,
            "organisation": submission.organisation,
            "channel": submission.channel,
            "packaging": submission.packaging,
            "verdict": submission.verdict.value,
            "fault": submission.fault,
            "content_digest": submission.content_digest,
            "received_at": moment(submission.received_at),
        },
        "deliveries": [{**delivery(leg.delivery), "cause": leg.cause.title if leg.cause else None} for leg in known.legs],
        "attempts": [attempt(one) for leg in known.legs for one in leg.attempts],
        "receipts": [{"stage": one.stage, "issued_at": moment(one.issued_at), "digest": one.digest, "delivery_id": one.delivery_id} for one in known.receipts],
    }


def _fields(content: Content) -> list[Members]:
    return [
        {"pointer": row.pointer, "label": row.label, "shown": row.shown, "hidden": row.hidden, "revealed": row.revealed}
        for row in content.rows
        if not row.heading
    ]


def _beat(beat: Beat) -> Members:
    return {"at": moment(beat.at), "title": beat.title, "text": beat.text, "by": beat.by or None, "looked": beat.looked, "bad": beat.bad}

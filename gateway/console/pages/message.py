"""One message: who sent it to whom, what was checked, its content redacted, and everything that became of it.

What it is: what the store knows of a message on one page, for whoever may watch; content and related messages for
whoever may search. What it is not: a way to hidden values (`reveal`), nor to bytes: neither the archive nor a receipt
as signed is handed out, for both may name people. That somebody opened it is on record before anything is read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.audit.events import AuditCode, AuditEvent, AuditRecord
from gateway.console.errors import ConsoleError
from gateway.console.flash import notices
from gateway.console.pages.messages import action_of
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.looking import Content
from gateway.exchange.receipts import kept
from gateway.oversight.access import Permission
from gateway.oversight.causes import Cause, cause_of
from gateway.oversight.reasons import REVEAL_PURPOSES
from gateway.oversight.redaction import sections_of, shown_id
from gateway.oversight.story import story_of
from gateway.oversight.views import AuditSearch, MessageSearch
from gateway.records import Attempt, Delivery, DeliveryState, MessageRecord, ReceiptRecord, SubmissionRecord
from gateway.trust.keyring import KeyRecord
from schemas.identifiers import KeyId, MessageId
from schemas.receipts import Basis

Watcher = Annotated[Viewer, Depends(permitted(Permission.WATCH))]
MOST_RELATED: Final = 10
MOST_ATTEMPTS: Final = 50
MOST_LOOKS: Final = 200
MOST_EVENTS: Final = 1000
IN_ANSWER: Final = 0
"""The place in its interchange of a status notification: it is in none."""
_FIRST: Final = 10
"""Events about a message that come before anybody can look at it."""
NEED_A_PERSON: Final = frozenset({DeliveryState.REFUSED, DeliveryState.SET_ASIDE})
_WORDS: Final[Mapping[Basis | None, str]] = {
    None: "The gateway",
    Basis.GATEWAY: "The gateway",
    Basis.RECIPIENT_RECEIPT: "The recipient, by its own signed receipt",
    Basis.RECIPIENT_NOTIFICATION: "The recipient, by its own signed status notification",
    Basis.TRANSPORT: "The recipient’s system, which answered the hand-over",
    Basis.MAILBOX: "The recipient, which acknowledged it in its mailbox",
    Basis.OPERATOR: "An operator of the gateway",
}


@dataclass(frozen=True, slots=True)
class Leg:
    """One recipient's part of the story."""

    delivery: Delivery
    cause: Cause | None
    attempts: tuple[Attempt, ...]
    """The last ones."""
    left_out: tuple[Mapping[str, str], ...]

    @property
    def needs_a_person(self) -> bool:
        """True for a dead letter."""
        return self.delivery.state in NEED_A_PERSON


@dataclass(frozen=True, slots=True)
class Said:
    """One receipt: what it states, on whose word. Nothing of a partner's own text is in it."""

    stage: str
    whose: str
    recipient: str
    fault: str
    at: datetime
    organisation: str
    digest: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was verified when it came in."""

    submission: SubmissionRecord
    key_id: str
    """Empty where the gateway made the message itself."""
    key: KeyRecord | None
    """As it is pinned now; None where it is not, or no longer."""
    at_hand: bool
    """Whether the bytes as received are still kept."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that the store knows of one message, but for its content."""

    submission: SubmissionRecord
    legs: tuple[Leg, ...]
    receipts: tuple[ReceiptRecord, ...]
    audited: tuple[AuditEvent, ...]


def routes(parts: ConsoleParts) -> APIRouter:
    """The one page."""
    router = APIRouter()

    @router.get("/messages/{message_id}")
    def message(request: Request, viewer: Watcher, message_id: str, looks: bool = False) -> Response:
        """All of it."""
        record = record_of(parts, message_id)
        may_read = viewer.may(Permission.SEARCH)
        content = _look(parts, record, viewer, may_read=may_read)
        known = known_of(parts, record)
        beats = story_of(
            known.submission, [leg.delivery for leg in known.legs], [one for leg in known.legs for one in leg.attempts], known.receipts, known.audited
        )
        about = f"message:{record.message_id}"
        return parts.renderer.page(
            request,
            viewer,
            "message.html",
            message=record,
            action=action_of(record),
            own_id=shown_id(record.sender_message_id),
            reference=shown_id(record.control_reference),
            in_reply_to=shown_id(record.in_reply_to or ""),
            legs=known.legs,
            checked=_checked(parts, record, known),
            content=content,
            sections=sections_of(content.rows) if content else (),
            purposes=REVEAL_PURPOSES,
            now=parts.clock(),
            receipts=_told(known),
            beats=beats if looks else [beat for beat in beats if not beat.looked],
            looks=looks,
            looked=sum(beat.looked for beat in beats),
            related=[(one, action_of(one)) for one in parts.looking.related(record, MOST_RELATED)] if may_read else (),
            about=about,
            notes=parts.store.oversight.notes(about),
            assignment=parts.store.oversight.assignments([about]).get(about),
            notices=notices(request),
            crumbs=({"text": "Messages", "href": "/messages"},) if may_read else (),
        )

    return router


def _look(parts: ConsoleParts, record: MessageRecord, viewer: Viewer, *, may_read: bool) -> Content | None:
    """The content where it is theirs to see; on record either way, or else nothing is shown."""
    if may_read:
        return parts.looking.content(record, viewer.session)
    parts.looking.seen(record, viewer.session)
    return None


def record_of(parts: ConsoleParts, message_id: str) -> MessageRecord:
    """The message with this id. Raises ConsoleError."""
    key = MessageId(message_id)
    record = parts.store.queries.messages([key]).get(key)
    if record is None:
        raise ConsoleError(404)
    return record


def known_of(parts: ConsoleParts, record: MessageRecord) -> Known:
    """What became of it."""
    queries = parts.store.queries
    rows = parts.store.watch.find(MessageSearch(since=record.accepted_at, message_id=record.message_id), 1)
    legs = tuple(_leg(parts, delivery) for row in rows for delivery in row.deliveries)
    own = {record.message_id, *(leg.delivery.delivery_id for leg in legs)}
    receipts = [one for one in queries.receipts_of_submission(record.submission_id) if one.message_id is None or own & {one.message_id, one.delivery_id}]
    return Known(
        submission=queries.submissions([record.submission_id])[record.submission_id],
        legs=legs,
        receipts=tuple(receipts),
        audited=_audited(parts, record, [leg.delivery for leg in legs]),
    )


def _leg(parts: ConsoleParts, delivery: Delivery) -> Leg:
    attempts = parts.store.queries.attempts(delivery.delivery_id)
    return Leg(delivery, cause_of(delivery.fault) if delivery.fault else None, tuple(attempts[-MOST_ATTEMPTS:]), tuple(json.loads(delivery.left_out)))


def _told(known: Known) -> tuple[Said, ...]:
    """The first receipt, which was for the whole submission, then those about this message."""
    first = known.submission
    begun = [Said("accepted", _WORDS[None], "", "", first.received_at, first.organisation, first.receipt_digest)] if first.receipt else []
    return (*begun, *(_said(one) for one in known.receipts if one.digest != first.receipt_digest))


def _said(record: ReceiptRecord) -> Said:
    receipt = kept(record.jws)
    fault = cause_of(receipt.fault.code).title if receipt.fault else ""
    return Said(record.stage, _WORDS[receipt.basis], receipt.recipient or "", fault, record.issued_at, record.organisation, record.digest)


def _audited(parts: ConsoleParts, record: MessageRecord, deliveries: Sequence[Delivery]) -> tuple[AuditEvent, ...]:
    """Of a message that many looked at, the last looks; of everything else, all."""
    queries, found = parts.store.queries, dict[int, AuditRecord]()
    of_deliveries = [subject for one in deliveries for subject in (one.delivery_id, f"delivery:{one.delivery_id}")]
    subjects = [record.submission_id, f"message:{record.message_id}", *of_deliveries]
    for one in (
        *queries.audit_about(subjects, MOST_EVENTS),
        *queries.audit_about([record.message_id], _FIRST),
        *parts.store.watch.audit(AuditSearch(subject=record.message_id), None, MOST_LOOKS),
    ):
        found[one.sequence] = one
    return tuple(found[sequence].event for sequence in sorted(found))


def _checked(parts: ConsoleParts, record: MessageRecord, known: Known) -> Checked:
    """The signature is that of what was handed in; a message that the gateway made in answer to it has none."""
    signed = AuditCode.SUBMISSION_ACCEPTED if record.reference != IN_ANSWER else None
    facts = next((event.facts for event in known.audited if event.code is signed), {})
    key_id = KeyId(str(facts.get("key", "")))
    return Checked(known.submission, key_id, parts.directory().keyring.keys.get(key_id), bool(known.submission.archive.wrapped_key))

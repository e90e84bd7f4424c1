"""Where an audit record leads: the page of the message, delivery, partner or alert that it is about.

What it is: the rule from a record's code, subject and facts to pages of the console. What it is not: a page; whether the
reader may open it, the page says. A record in a list is asked without the store: only what its own words say is linked.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent
from gateway.contract import Queries
from gateway.partners.directory import Directory
from schemas.identifiers import DeliveryId, OrganisationId, PartyCode, SubmissionId

_DELIVERY: Final = "Delivery"
_MESSAGE: Final = "Message"
_MESSAGES: Final = frozenset(
    {AuditCode.MESSAGE_ACCEPTED, AuditCode.MESSAGE_VIEWED, AuditCode.FIELD_REVEALED, AuditCode.TEST_SENT, AuditCode.RESPONSIBILITY_CHANGED}
)
_ABOUT: Final = re.compile(r"(delivery|message|alert|partner):([A-Za-z0-9._-]{1,200})")
_PLACES: Final = {
    "delivery": (_DELIVERY, "/dead-letters/"),
    "message": (_MESSAGE, "/messages/"),
    "alert": ("Alert", "/alerts/"),
    "partner": ("Partner", "/partners/"),
}
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Link:
    """One page."""

    text: str
    href: str


def links_of(event: AuditEvent, queries: Queries | None, directory: Directory) -> Sequence[Link]:
    """The nearest first; nothing for what has no page."""
    found = [*_stated(event), *(_looked_up(event, queries) if queries else ()), *_partners(event, directory)]
    return list(dict.fromkeys(found))[:_MOST]


def _stated(event: AuditEvent) -> Iterator[Link]:
    """What the subject itself names."""
    if (about := _ABOUT.fullmatch(event.subject)) is not None:
        words, path = _PLACES[about[1]]
        yield Link(words, path + about[2])
    elif event.code in _MESSAGES:
        yield Link(_MESSAGE, f"/messages/{event.subject}")
    elif _is_delivery(event):
        yield Link(_DELIVERY, f"/dead-letters/{event.subject}")
    elif event.code.value.startswith("alert.") and "rule" in event.facts and event.code not in (AuditCode.ALERT_MUTED, AuditCode.ALERT_UNMUTED):
        yield Link("Alert", f"/alerts/{event.subject}")


def _is_delivery(event: AuditEvent) -> bool:
    return event.code.value.startswith(("delivery.", "detail.", "notice.")) or event.facts.get("kind") == "discard"


def _looked_up(event: AuditEvent, queries: Queries) -> Iterator[Link]:
    """The message of a delivery, and those of a submission."""
    if _is_delivery(event):
        delivery = queries.deliveries([DeliveryId(event.subject)]).get(DeliveryId(event.subject))
        if delivery is not None and delivery.message_id:
            yield Link(_MESSAGE, f"/messages/{delivery.message_id}")
    elif event.code.value.startswith(("submission.", "message.", "receipt.")) and event.code not in _MESSAGES:
        yield from (Link(f"{_MESSAGE} {one.reference}", f"/messages/{one.message_id}") for one in queries.messages_of(SubmissionId(event.subject)))


def _partners(event: AuditEvent, directory: Directory) -> Iterator[Link]:
    """Organisations and parties that the record names."""
    for value in dict.fromkeys((event.subject, *(str(one) for one in event.facts.values()))):
        party = directory.parties.get(PartyCode(value))
        if OrganisationId(value) in directory.organisations:
            yield Link(f"Partner {value}", f"/partners/{value}")
        elif party is not None:
            yield Link(f"Partner {value}", f"/partners/{party.served_by}")

"""Fates: what becomes of each message of one interchange, before anything is made durable.

What it is: one judgement per message, in order: its way to its recipients, or what is wrong with it; and the
entries that a first receipt has for them. What it is not: the acceptance (`accept`), which the agreement may turn
into a refusal of the whole. Called by `accept`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.exchange.receipts import fault_claim
from gateway.exchange.route import Leg, check_header, legs
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from schemas.envelope import Entry, Header, Interchange, Message, Misread
from schemas.faults import Fault, Refusal, refusal_of
from schemas.identifiers import MessageId
from schemas.receipts import MessageVerdict

ACCEPTED, REFUSED = "accepted", "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that can go on its way."""

    message: Message
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """One message that cannot be taken, and all that is wrong with it."""

    entry: Entry | Misread
    faults: tuple[Fault, ...]
    """At least one, each with the number of the message."""


Fate = Taken | Rejected


def judge(interchange: Interchange, agreement: Agreement, directory: Directory, new_id: Callable[[], str]) -> tuple[Fate, ...]:
    """One fate per message, in order. Raises Refusal, of everything that is wrong, where the whole falls: by
    default with the first bad message, where the agreement takes the good ones only when there are none."""
    fates = tuple(_fate(entry, agreement, directory, new_id) for entry in interchange.entries)
    rejected = [fate for fate in fates if isinstance(fate, Rejected)]
    if rejected and (not agreement.partial or len(rejected) == len(fates)):
        raise refusal_of([fault for fate in rejected for fault in fate.faults])
    return fates


def verdict(fate: Fate) -> MessageVerdict:
    """The entry of one message in the acceptance receipt."""
    if isinstance(fate, Rejected):
        return _refused(fate.entry, fate.faults[0])
    return MessageVerdict(fate.message.message_id, fate.message.header.sender_message_id, ACCEPTED)


def of_the_fallen(interchange: Interchange, refusal: Refusal) -> tuple[MessageVerdict, ...]:
    """Entries of a refusal of the whole, none where no single message caused it. A message without a fault in its
    entry was good, and fell with the others."""
    told: dict[int, Fault] = {}
    for fault in (refusal.fault, *refusal.also):
        if fault.reference is not None:
            told.setdefault(fault.reference, fault)
    if not told:
        return ()
    return tuple(_refused(entry, told.get(entry.reference)) for entry in interchange.entries)


def _fate(entry: Entry | Misread, agreement: Agreement, directory: Directory, new_id: Callable[[], str]) -> Fate:
    if isinstance(entry, Misread):
        return Rejected(entry, _numbered(entry.faults, entry.reference))
    try:
        way = _way(entry.header, agreement, directory)
    except Refusal as refusal:
        return Rejected(entry, _numbered((refusal.fault, *refusal.also), entry.reference))
    return Taken(Message(MessageId(new_id()), entry.header, entry.payload), way)


def _way(header: Header, agreement: Agreement, directory: Directory) -> tuple[Leg, ...]:
    check_header(header, agreement)
    return legs(header, directory)


def _numbered(faults: Sequence[Fault], reference: int) -> tuple[Fault, ...]:
    return tuple(fault if fault.reference == reference else replace(fault, reference=reference) for fault in faults)


def _refused(entry: Entry | Misread, fault: Fault | None) -> MessageVerdict:
    """With the first thing that is wrong with it; the receipt's `also` tells the others."""
    return MessageVerdict("", entry.sender_message_id, REFUSED, fault_claim(fault) if fault else None)

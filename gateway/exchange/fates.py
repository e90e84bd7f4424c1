"""Fates: what becomes of each message of one interchange, before anything is made durable.

What it is: one judgement per message, in order: its way to its recipients, or what is wrong with it; and the
entries that a first receipt has for them. What it is not: the acceptance (`accept`), which the agreement may turn
into a refusal of the whole. Called by `accept`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.exchange.cases import Cases
from gateway.exchange.means import Means
from gateway.exchange.receipts import fault_claim
from gateway.exchange.recipients import Addressing, Way, recipients_of, way
from gateway.exchange.route import Leg, check_header
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from schemas.envelope import Entry, Header, Interchange, Message, Misread
from schemas.faults import Fault, FaultCode, Refusal, refusal_of, refuse
from schemas.identifiers import MessageId, PartyCode
from schemas.messages.interchange_status_notification import InterchangeStatusNotification
from schemas.receipts import MessageVerdict

ACCEPTED, REFUSED = "accepted", "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that can go on its way."""

    message: Message
    """With the recipients that it has, whatever its sender named."""
    legs: tuple[Leg, ...]
    addressing: Addressing = Addressing.NAMED
    left_out: tuple[str, ...] = ()
    """Of a broadcast."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One message that cannot be taken, and all that is wrong with it."""

    entry: Entry | Misread
    faults: tuple[Fault, ...]
    """At least one, each with the number of the message."""


Fate = Taken | Rejected


def judge(interchange: Interchange, agreement: Agreement, directory: Directory, cases: Cases, means: Means, now: datetime) -> tuple[Fate, ...]:
    """One fate per message, in order; `cases` learns who has to do with which. Raises Refusal, of everything that is
    wrong, where the whole falls: by default with the first bad message, where the agreement takes the good ones only
    when there are none."""
    judge_one = _Judge(agreement, directory, cases, means, now, alone=len(interchange.entries) == 1)
    fates = tuple(judge_one.fate(entry) for entry in interchange.entries)
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


@dataclass(frozen=True, slots=True)
class _Judge:
    """What is the same for all messages of one interchange."""

    agreement: Agreement
    directory: Directory
    cases: Cases
    means: Means
    now: datetime
    alone: bool
    """The interchange has one message."""

    def fate(self, entry: Entry | Misread) -> Fate:
        if isinstance(entry, Misread):
            return Rejected(entry, _numbered(entry.faults, entry.reference))
        try:
            found = self._way(entry)
        except Refusal as refusal:
            return Rejected(entry, _numbered((refusal.fault, *refusal.also), entry.reference))
        message_id, recipients = MessageId(self.means.new_id()), recipients_of(found.legs)
        self._note(entry.header, recipients, message_id)
        # What the sender named is in the archive; what is stored says who has it.
        header = entry.header if entry.header.recipients == recipients else replace(entry.header, recipients=recipients)
        return Taken(Message(message_id, header, entry.payload), found.legs, found.addressing, found.left_out)

    def _way(self, entry: Entry) -> Way:
        if isinstance(entry.payload, InterchangeStatusNotification) and not self.alone:
            # Among others nobody would read it as an answer, and it would be answered itself.
            raise refuse(FaultCode.STRUCTURE_INVALID, "A status notification travels alone: it answers for a whole interchange.")
        check_header(entry.header, self.agreement)
        return way(entry.header, entry.payload, self.directory, self.cases.of(entry.header.case_reference))

    def _note(self, header: Header, recipients: Sequence[PartyCode], message_id: MessageId) -> None:
        if header.case_reference is None:
            return
        self.cases.interest(header.case_reference, header.sender, "sent", message_id, self.now)
        for code in recipients:
            self.cases.interest(header.case_reference, code, "received", message_id, self.now)


def _numbered(faults: Sequence[Fault], reference: int) -> tuple[Fault, ...]:
    return tuple(fault if fault.reference == reference else replace(fault, reference=reference) for fault in faults)


def _refused(entry: Entry | Misread, fault: Fault | None) -> MessageVerdict:
    """With the first thing that is wrong with it; the receipt's `also` tells the others."""
    return MessageVerdict("", entry.sender_message_id, REFUSED, fault_claim(fault) if fault else None)

"""Reckoning: what happened, from the partners' journals and from receipts verified once more, and from nothing else.

What it is: every message that its sender holds a verified acceptance for, followed into the recipient's own journal
and back to the receipt of the last stage. What it is not: the gateway's word: neither its store nor its API is asked.
Called by the demo and the scenario tests when the story is over.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.rehearsal.jose import NotBelievedError, PublishedKeys
from gateway.rehearsal.journal import Entry, Noted
from gateway.rehearsal.receipt_book import FINAL, Held, ReceiptBook
from schemas.receipts import Stage

PROCESSED = "202"


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """One business fact on its way: what both ends call it."""

    sender: str
    recipient: str
    type: str
    case: str
    key: str
    named: str = ""
    """The version of the record that it names: what is sent again on another version is another thing."""

    def __str__(self) -> str:
        return f"{self.type} {self.key} of case {self.case} from {self.sender} to {self.recipient}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One partner's journal, and how its receipts are checked."""

    party: str
    organisation: str
    speaks_spg: bool
    """An SPG sender is told of the last stage by status notification as well."""
    entries: Sequence[Entry]


@dataclass(slots=True)
class Reckoning:
    """The counts, and everything that is not as it must be."""

    accepted: int = 0
    delivered: int = 0
    applied: int = 0
    not_applied: int = 0
    refused: int = 0
    duplicates: int = 0
    lost: list[Thing] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def reckon(witnesses: Sequence[Witness], keys: PublishedKeys) -> Reckoning:
    """Follow every accepted message to its end."""
    result = Reckoning()
    received = {witness.party: list(_received(witness)) for witness in witnesses}
    accepted: set[Thing] = set()
    for witness in witnesses:
        told = _Told(witness, keys, result)
        result.refused += len(_entries(witness, Noted.DECLINED))
        result.duplicates += sum(entry.text("stage") in ("", Stage.ACCEPTED.value) for entry in _entries(witness, Noted.REPEATED))
        for thing, reference in _sent(witness):
            if told.accepted(reference):
                accepted.add(thing)
                _follow(thing, told.last_stage(reference), received, result)
    _check_effects(accepted, received, result)
    _check_order(witnesses, accepted, received, result)
    return result


def _follow(thing: Thing, last: Stage | None, received: Mapping[str, list[Thing]], result: Reckoning) -> None:
    result.accepted += 1
    arrived = thing in received.get(thing.recipient, ())
    result.delivered += arrived
    if not arrived or last is None:
        result.lost.append(thing)
    elif last is Stage.APPLIED:
        result.applied += 1
    else:
        result.not_applied += 1


def _check_effects(accepted: set[Thing], received: Mapping[str, list[Thing]], result: Reckoning) -> None:
    for party, things in received.items():
        counted = Counter(things)
        result.faults += [f"done {times} times at {party}: {thing}" for thing, times in counted.items() if times > 1]
        result.faults += [f"at {party} without an acceptance: {thing}" for thing in counted if thing not in accepted]


def _check_order(witnesses: Sequence[Witness], accepted: set[Thing], received: Mapping[str, list[Thing]], result: Reckoning) -> None:
    """Within one recipient and case, things must arrive in the order in which they were sent."""
    for witness in witnesses:
        lanes: dict[tuple[str, str], list[Thing]] = {}
        for thing, _ in _sent(witness):
            if thing in accepted:
                lanes.setdefault((thing.recipient, thing.case), []).append(thing)
        for (recipient, case), sent in lanes.items():
            arrived = [thing for thing in dict.fromkeys(received.get(recipient, ())) if thing in sent]
            if arrived != [thing for thing in sent if thing in arrived]:
                result.faults.append(f"out of order at {recipient}: case {case} from {witness.party}")


class _Told:
    """What one sender was told, believed once more from the receipts in its journal."""

    def __init__(self, witness: Witness, keys: PublishedKeys, result: Reckoning) -> None:
        book = ReceiptBook(witness.organisation, keys)
        self._witness = witness
        self._first: dict[str, Held] = {}
        self._last: dict[str, Stage] = {}
        for jws in (entry.text("receipt") for entry in witness.entries if entry.noted in (Noted.ACCEPTED, Noted.DECLINED, Noted.RECEIPT)):
            try:
                self._note(book.take(jws)[0] if jws else None)
            except NotBelievedError as error:
                result.faults.append(f"a receipt in the journal of {witness.party} does not check: {error}")
        result.faults += [f"{witness.party} did not believe something: {entry.text('reason')}" for entry in _entries(witness, Noted.DISTRUSTED)]

    def accepted(self, reference: str) -> bool:
        """True where a verified acceptance names this reference: a receipt, or for SPG the signed 200 of its own exchange."""
        if self._witness.speaks_spg:
            return any(entry.text("reference") == reference for entry in _entries(self._witness, Noted.ACCEPTED))
        return reference in self._first

    def last_stage(self, reference: str) -> Stage | None:
        """The last stage that it was told of; for SPG the status notification must say the same."""
        first = self._first.get(reference)
        last = next((self._last.get(verdict.message_id) for verdict in first.receipt.messages), None) if first else None
        if not self._witness.speaks_spg or last is None:
            return last
        status = next((entry.text("status") for entry in _entries(self._witness, Noted.NOTIFIED) if entry.text("reference") == reference), "")
        return last if (status == PROCESSED) == (last is Stage.APPLIED) and status else None

    def _note(self, held: Held | None) -> None:
        if held is not None and held.stage is Stage.ACCEPTED:
            self._first[held.receipt.control_reference or ""] = held
        elif held is not None and held.stage in FINAL:
            self._last[held.receipt.subject] = held.stage


def _sent(witness: Witness) -> Iterator[tuple[Thing, str]]:
    """Each message once, in the order of its first sending."""
    seen: set[str] = set()
    for entry in _entries(witness, Noted.SENT):
        reference = entry.text("reference")
        if reference not in seen:
            seen.add(reference)
            yield Thing(witness.party, entry.text("receiver"), entry.text("type"), entry.text("case"), entry.text("key"), entry.text("named")), reference


def _received(witness: Witness) -> Iterator[Thing]:
    for entry in _entries(witness, Noted.RECEIVED):
        yield Thing(entry.text("sender"), witness.party, entry.text("type"), entry.text("case"), entry.text("key"), entry.text("named"))


def _entries(witness: Witness, noted: Noted) -> list[Entry]:
    return [entry for entry in witness.entries if entry.noted is noted]

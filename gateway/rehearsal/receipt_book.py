"""A partner's receipt book: every receipt of the gateway, checked against its published keys and its chain.

What it is: what a partner may rely on later: signature (RFC 7515), audience, and that each receipt names the one
before it on the same delivery. What it is not: the gateway's own memory. Called by the simulated partners as
receipts arrive, and once more by the reckoning, from the journals alone.
"""

import threading
from dataclasses import dataclass, field
from enum import Enum, auto

from gateway.rehearsal.jose import NotBelievedError, PublishedKeys, digest_of
from schemas.faults import Refusal
from schemas.receipts import Receipt, Stage, from_claims


class TooEarlyError(NotBelievedError):
    """The receipt before it is not held yet; it may be on its way."""


FIRST = frozenset({Stage.ACCEPTED, Stage.REFUSED})
FINAL = frozenset({Stage.APPLIED, Stage.NOT_APPLIED, Stage.DISCARDED})


class Standing(Enum):
    """What a receipt is to the book."""

    NEW = auto()
    KNOWN = auto()
    """Byte for byte one that is held already."""


@dataclass(frozen=True, slots=True)
class Held:
    """A receipt that was believed."""

    jws: str
    digest: str
    receipt: Receipt

    @property
    def stage(self) -> Stage:
        """Its stage."""
        return self.receipt.stage


@dataclass(slots=True)
class ReceiptBook:
    """One organisation's receipts. Safe to call from several threads."""

    organisation: str
    keys: PublishedKeys
    _held: dict[str, Held] = field(default_factory=dict)
    _first_by_message: dict[str, str] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, jws: str) -> tuple[Held, Standing]:
        """Believe one receipt or raise NotBelievedError: signature, audience, form, and place in its chain."""
        digest = digest_of(jws.encode())
        with self._guard:
            if digest in self._held:
                return self._held[digest], Standing.KNOWN
            held = Held(jws, digest, self._open(jws))
            self._check_chain(held.receipt)
            self._held[digest] = held
            for verdict in held.receipt.messages:
                if verdict.message_id:
                    self._first_by_message[verdict.message_id] = digest
            return held, Standing.NEW

    def first_of(self, message_id: str) -> Held | None:
        """The acceptance that names this message."""
        return self._held.get(self._first_by_message.get(message_id, ""))

    def later_of(self, message_id: str) -> tuple[Held, ...]:
        """Every later receipt about this message, in order of coming."""
        return tuple(held for held in self._held.values() if held.stage not in FIRST and held.receipt.subject == message_id)

    def _open(self, jws: str) -> Receipt:
        opened = self.keys.open(jws, kind="receipt", audience=self.organisation)
        try:
            receipt = from_claims(opened.claims())
        except Refusal as refusal:
            raise NotBelievedError("the claims are not those of a receipt") from refusal
        if receipt.audience != self.organisation or receipt.issued_at != opened.issued_at:
            raise NotBelievedError("claims and protected header differ")
        return receipt

    def _check_chain(self, receipt: Receipt) -> None:
        if receipt.stage in FIRST:
            return
        before = self._held.get(receipt.previous or "")
        if before is None:
            raise TooEarlyError(f"the receipt before this {receipt.stage} is not held")
        names_message = any(verdict.message_id == receipt.subject for verdict in before.receipt.messages)
        same_delivery = before.receipt.subject == receipt.subject and before.receipt.recipient == receipt.recipient
        if not (names_message if before.stage in FIRST else same_delivery and before.stage not in FINAL):
            raise NotBelievedError(f"this {receipt.stage} does not follow the receipt that it names")

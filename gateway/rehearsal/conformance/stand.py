"""The stand: one partner on trial, and everything that a case of the suite may do with it.

What it is: to write, sign, hand over and listen, in the words of a case, with a trail of what was sent and what came
back. What it is not: a judgement: the plays say what must be. Called by them. Nothing personal is in the trail, since
all people are made up.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from adapters.agencies.ndelius.answers import read_interchange_response
from adapters.contract import HandedOver, Handover, Refused, TryLater, WireMessage
from gateway.partners.agreement import Agreement, DeliveryMode, LastStage
from gateway.rehearsal.conformance.door import Heard, ProvingDoor
from gateway.rehearsal.conformance.letters import Letter, Writer
from gateway.rehearsal.conformance.lines import Line
from gateway.rehearsal.conformance.wrong import NotHere, Whose, Wrong
from gateway.rehearsal.journal import Entry, Noted
from gateway.trust.contract import Packaging, SealOrder, Signer
from schemas.faults import Refusal
from schemas.identifiers import OrganisationId
from schemas.receipts import Stage

FINAL = (Stage.APPLIED, Stage.NOT_APPLIED)
SHOWN_CHARACTERS = 1500


class Elsewhere(Protocol):
    """An address that is not the gateway's."""

    @property
    def calls(self) -> int:
        """How often somebody asked for something there."""

    def url(self, path: str) -> str:
        """Of something there."""


class Inside(Protocol):
    """A simulator that may be looked into, and switched off and on."""

    def noted(self, noted: Noted) -> Sequence[Entry]:
        """What its journal says."""

    def is_about(self, entry: Entry, letter: Letter) -> bool:
        """True where an entry is about this letter."""

    def kept_digest(self, letter: Letter) -> str:
        """What its journal notes of a document that was kept whole."""

    def stop(self) -> None: ...

    def start(self) -> None: ...

    def restart(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a trail."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a partner said on the spot."""

    handover: Handover
    seconds: float

    @property
    def refused(self) -> bool:
        """True where it said no, by the transport's word."""
        return isinstance(self.handover, Refused) or (isinstance(self.handover, TryLater) and self.handover.answer is not None)

    def words(self) -> str:
        """In words, for the trail."""
        if isinstance(self.handover, HandedOver):
            return f"handed over in {self.seconds * 1000:.0f} ms"
        return f"{'refused' if isinstance(self.handover, Refused) else 'not taken'}: {self.handover.fault.detail}"


@dataclass(slots=True, kw_only=True)
class Stand:
    """One partner on trial."""

    organisation: OrganisationId
    agreement: Agreement
    packaging: Packaging
    writer: Writer
    line: Line
    door: ProvingDoor
    signer: Signer
    """The key that the partner pins, or learns from the published set."""
    new_signer: Callable[[], Signer]
    """A fresh key of the kind that the packaging signs with."""
    patience_seconds: float
    inside: Inside | None = None
    sends: bool = True
    """False for a partner that sends receipts and nothing else."""
    home: Path | None = None
    """Of a partner on files: its own folder."""
    elsewhere: "Elsewhere | None" = None
    """Of a consumer of events: an address where nothing of ours lies."""
    trail: list[Step] = field(default_factory=list)
    subjects: set[str] = field(default_factory=set)
    """What can be talked about: everything that was sent."""

    @property
    def mode(self) -> DeliveryMode:
        """How the partner is reached."""
        return self.agreement.mode

    @property
    def is_soap(self) -> bool:
        """True for SPG in SOAP."""
        return self.packaging.name == "wss"

    def looked_into(self) -> Inside:
        """The simulator behind the partner. Raises NotHere for a real one."""
        if self.inside is None:
            raise NotHere("The partner's own journal cannot be read.")
        return self.inside

    # -- write, sign, hand over -----------------------------------------------------------------------------

    def letter(self, kind: str = "Contact", *, case: str | None = None, prepared_at: datetime | None = None, **changed: object) -> Letter:
        """A letter of this type. Raises NotHere where it was not agreed, or cannot be said in the partner's language."""
        if self.agreement.types is not None and kind not in self.agreement.types:
            raise NotHere(f"{kind} was not agreed.")
        try:
            return self.writer.write(kind, case=case, prepared_at=prepared_at, **changed)
        except Refusal as refusal:
            raise NotHere(f"The dialect {self.agreement.dialect} cannot say it: {refusal.fault.detail}") from refusal

    def seal(self, letter: Letter, *, now: datetime | None = None, signer: Signer | None = None, audience: str | None = None) -> WireMessage:
        """Sign a letter as the gateway does, or with one thing otherwise."""
        order = SealOrder(
            document=letter.document,
            kind="message",
            audience=self.organisation if audience is None else audience,
            now=now or datetime.now(UTC),
            soap_version=self.agreement.soap_version,
            media_type=self.writer.media_type,
        )
        return self.packaging.seal(order, signer or self.signer)

    def hand_over(self, letter: Letter, wire: WireMessage | None = None) -> Told:
        """Hand a letter over and hear what is said on the spot."""
        sent = wire or self.seal(letter)
        self.subjects |= {letter.message_id, letter.reference}
        self.lay_detail(letter)
        self.note(f"sent {letter.type} {letter.message_id}, {len(sent.body)} bytes", _shown(sent))
        began = time.monotonic()
        told = Told(self.line.hand_over(sent, letter.message_id), time.monotonic() - began)
        answer = getattr(told.handover, "answer", None)
        self.note(told.words(), _shown(answer) if isinstance(answer, WireMessage) else "")
        if isinstance(answer, WireMessage) and not self.is_soap and self.packaging.accepts(answer.content_type):
            self.door.take(answer)
        return told

    def lay_detail(self, letter: Letter) -> None:
        """Let the detail of an event lie where it says, signed anew at each fetch, unless another lies there."""
        detail = letter.detail
        if detail is not None:
            self.door.details.setdefault(letter.detail_path, lambda: self._signed_detail(detail, None))

    def _signed_detail(self, detail: bytes, signer: Signer | None) -> bytes:
        order = SealOrder(document=detail, kind="message", audience=self.organisation, now=datetime.now(UTC))
        return self.packaging.seal(order, signer or self.door.published[0]).body

    # -- listen ---------------------------------------------------------------------------------------------

    def statements(self, letter: Letter) -> list[Heard]:
        """Everything that was said about a letter so far, and believed."""
        with self.door.changed:
            return [heard for heard in self.door.heard if heard.subject == self._subject(letter)]

    def final(self, letter: Letter, seconds: float | None = None) -> Heard | None:
        """The first final word about a letter, or None when the time is up."""
        found: list[Heard] = []

        def came() -> bool:
            found[:] = [heard for heard in self.statements(letter) if heard.stage in FINAL]
            return bool(found)

        self.door.wait_for(came, self.patience_seconds if seconds is None else seconds)
        if found:
            self.note(f"came: {found[0].stage.value} {found[0].fault_code}".strip(), found[0].raw[:SHOWN_CHARACTERS])
        return found[0] if found else None

    def note(self, what: str, text: str = "") -> None:
        """Add a line to the trail."""
        self.trail.append(Step(what, text))

    # -- what must be ---------------------------------------------------------------------------------------

    def must_take(self, letter: Letter, wire: WireMessage | None = None) -> Told:
        """Hand over, and be taken at once."""
        told = self.hand_over(letter, wire)
        if not isinstance(told.handover, HandedOver):
            raise Wrong(f"A valid message was {told.words()}", "Take a valid message at the first call and answer 2xx once it is durable.", _whose(told))
        if self.is_soap:
            self._must_answer_soap(told.handover)
        return told

    def must_apply(self, letter: Letter, wire: WireMessage | None = None) -> Heard | None:
        """Hand over, be taken, and be told in a believed statement that it was applied. None where the partner's system
        cannot say more than that it has it."""
        self.must_take(letter, wire)
        return self.must_be_applied(letter)

    def must_be_applied(self, letter: Letter) -> Heard | None:
        """Be told that what was handed over before was applied."""
        if self.agreement.last_stage is LastStage.DELIVERED and self.mode is DeliveryMode.PUSH:
            return None
        heard = self.final(letter)
        if heard is None:
            raise Wrong(f"No believable receipt came within {self.patience_seconds:g} s.{self._why_not()}", _RECEIPT_TODO)
        if heard.stage is not Stage.APPLIED:
            raise Wrong(f"A valid message was not applied: {heard.fault_code}.", "Apply what is valid; the receipt's detail says what your system found.")
        self._must_have_effects(letter, 1)
        return heard

    def must_refuse(self, letter: Letter, wire: WireMessage | None = None, *, why: str) -> None:
        """Hand over something that is not to be done: whatever is answered, it must not be applied."""
        told = self.hand_over(letter, wire)
        if not told.refused and self.mode is not DeliveryMode.PUSH:
            self._marker()
        heard = self.final(letter, 0.0 if told.refused or self.mode is not DeliveryMode.PUSH else self._silence())
        self.door.clear_shelf()
        if heard is not None and heard.stage is Stage.APPLIED:
            raise Wrong(f"It was applied, although {why}.", "Check it before your case system sees it, and answer 4xx or a signed not-applied.")
        if not told.refused and heard is None and self.mode is DeliveryMode.PUSH and not self.is_soap:
            raise Wrong(f"It was taken with 2xx, although {why}.", "Answer 4xx, or a signed not-applied: a 2xx says that you have it.")
        self._must_have_effects(letter, 0)

    def must_refuse_laid(self, letter: Letter, signer: Signer, *, why: str) -> None:
        """The same for an event whose detail another key has signed."""
        detail = letter.detail
        if detail is not None:
            self.door.details[letter.detail_path] = lambda: self._signed_detail(detail, signer)
        self.must_refuse(letter, why=why)

    def effects(self, letter: Letter) -> int | None:
        """How often its case system did it; None where nobody can look."""
        if self.inside is None:
            return None
        inside = self.inside
        return sum(inside.is_about(entry, letter) for entry in inside.noted(Noted.APPLIED))

    def _must_have_effects(self, letter: Letter, wanted: int) -> None:
        found = self.effects(letter)
        if found is not None and found != wanted:
            raise Wrong(f"Its case system did it {found} times, and {wanted} is right.", "Let the receipt say what the case system did, and no other thing.")

    def _must_answer_soap(self, handover: HandedOver) -> None:
        try:
            if handover.answer is None:
                raise Wrong("The SOAP endpoint answered without a body.", "Answer with a signed SPGInterchangeResponse.")
            code = read_interchange_response(self.door.verify("wss", handover.answer).content)
        except Refusal as refusal:
            raise Wrong(
                f"The SOAP answer is not believed: {refusal.fault.code.value}.", "Sign the SPGInterchangeResponse with your pinned certificate."
            ) from None
        if code != 200:
            raise Wrong(f"The SOAP answer says {code}.", "Answer 200 once the interchange is durable.")

    def _marker(self) -> None:
        """A valid message behind a bad one: once it is receipted, the bad one was seen."""
        marker = self.letter()
        self.hand_over(marker)
        if self.final(marker) is None:
            raise Wrong("After something bad, a valid message was not applied.", "Set aside what you cannot believe; let it hold up nothing behind it.")

    def _silence(self) -> float:
        return min(0.3, self.patience_seconds)

    def _subject(self, letter: Letter) -> str:
        return letter.reference if self.is_soap else letter.message_id

    def _why_not(self) -> str:
        with self.door.changed:
            last = self.door.disbelieved[-1:]
        return f" Something came that could not be believed: {last[0].cause}." if last else ""


_RECEIPT_TODO = (
    "Sign a receipt with your pinned key for each message: our message id as subject, the digest of what you got, your party code, "
    "our audience, and the time now."
)


def _whose(told: Told) -> Whose:
    unreached = isinstance(told.handover, TryLater) and told.handover.answer is None
    return Whose.BOTH if unreached else Whose.PARTNER


def _shown(wire: WireMessage) -> str:
    text = wire.body[:SHOWN_CHARACTERS].decode("utf-8", "replace")
    return f"{wire.content_type}\n{text}{'…' if len(wire.body) > SHOWN_CHARACTERS else ''}"

"""Deliver: translate, fix, seal, hand over, settle.

What it is: the beats of the outbound road for one recipient over a batch. What it is not: the rules
(`gateway.exchange`) nor the call itself (`adapters.channels`). No transaction is open across a hand-over.
Lanes go side by side; within a lane one delivery at a time, the next only when the one before is out.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from adapters.contract import Channel, HandedOver, Handover, Refused, TryLater, WireMessage
from broker.parcel import Parcel
from gateway.changes import Changes
from gateway.contract import StoreUnavailable
from gateway.exchange import prepare, settle
from gateway.exchange.accept import Decision
from gateway.exchange.answers import AnswerNotBelieved, word_of_answer
from gateway.exchange.crosswalk import record_keys
from gateway.exchange.delivery import BLOCKING, BLOCKING_UNTIL_APPLIED
from gateway.exchange.enclosure import document_in
from gateway.exchange.results import Settled
from gateway.exchange.route import Leg
from gateway.exchange.translate import detail_place, fits, fix, translate
from gateway.partners.agreement import UNSEEN, DeliveryMode, OrderUntil
from gateway.partners.directory import Directory
from gateway.partners.party import Standing
from gateway.partners.pausing import paused
from gateway.records import Attempt, Delivery, DeliveryKind, DeliveryState, MessageRecord
from gateway.steps.around import Around
from gateway.steps.base import Parts, Step
from gateway.steps.breaker import Breakers
from gateway.telemetry_facts import Round
from gateway.trust.contract import SignerUnavailable
from gateway.trust.sealing import Unsealable, unseal, unseal_parcel
from schemas.catalogue import load
from schemas.envelope import Message
from schemas.faults import Fault, FaultCode, Refusal
from schemas.identifiers import DeliveryId, MessageId, PartyCode
from schemas.receipts import Basis, Stage

_PER_LANE = 50
_SETTLED = Settled(message_ids=())


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One delivery with what became of its hand-over."""

    delivery: Delivery
    handover: Handover
    attempt: Attempt


class DeliverStep(Step):
    """The outbound road."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._breakers = Breakers()

    def deliver(self, recipient: PartyCode, parcels: Sequence[Parcel]) -> None:
        """Hand over what these parcels name, and whatever of their lanes may follow. When it returns, every
        parcel may be acknowledged: what is not out has its next time in the store. Raises StoreUnavailable."""
        directory = self._directory()
        leg = leg_to(recipient, directory, self._now())
        if leg is None:
            return
        if leg.agreement.mode is DeliveryMode.SHELF:
            self._shelve(parcels)
            return
        inline = {parcel.delivery_id: parcel for parcel in parcels}
        lanes = self._load_lanes(leg, parcels)
        while heads := sorted((lane[0] for lane in lanes.values() if lane and self._due(lane[0])), key=lambda delivery: delivery.sequence):
            gone = self._round(heads, leg, directory, inline)
            for lane in [d.lane for d in heads]:
                if lanes[lane][0].delivery_id in gone:
                    lanes[lane].popleft()
                else:
                    del lanes[lane]

    def prepare(self, deliveries: Sequence[Delivery], leg: Leg, inline: Mapping[DeliveryId, Parcel]) -> tuple[list[Delivery], set[str]]:
        """Those that have, after this, a fixed and durable document, and the ids of those refused for good."""
        ready = [delivery for delivery in deliveries if fits(delivery, leg)]
        raw = [delivery for delivery in deliveries if not fits(delivery, leg)]
        messages = self._load_messages(raw, inline)
        made = [self._fix(delivery, messages.get(delivery.delivery_id), leg) for delivery in raw]
        fixed, changes = [after for after, _ in made], [change for _, change in made]
        stale = self._commit(changes)
        written = [place for place in range(len(raw)) if place not in stale]
        refused = {raw[place].delivery_id for place in written if changes[place].deliveries[0].state is DeliveryState.REFUSED}
        return ready + [after for place in written if (after := fixed[place]) is not None], set(refused)

    def _shelve(self, parcels: Sequence[Parcel]) -> None:
        """Nobody carries to a shelf: what was on its way when that was agreed is laid there. What changed meanwhile comes again."""
        now, found = self._now(), self._parts.store.queries.deliveries([parcel.delivery_id for parcel in parcels])
        carried = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.HANDED_OVER)
        self._commit([settle.shelved(delivery, now) for delivery in found.values() if delivery.state in carried])

    # -- load ----------------------------------------------------------------------------------------------

    def _load_lanes(self, leg: Leg, parcels: Sequence[Parcel]) -> dict[str, deque[Delivery]]:
        blocking = BLOCKING_UNTIL_APPLIED if leg.agreement.order is OrderUntil.APPLIED else BLOCKING
        queries, names = self._parts.store.queries, list(dict.fromkeys(parcel.lane for parcel in parcels))
        carried = {parcel.delivery_id for parcel in parcels}
        put_back = {parcel.delivery_id for parcel in parcels if parcel.sealed is None}
        lanes = {name: _in_hand(found, carried, put_back) for name, found in queries.lanes(leg.recipient, names, blocking, _PER_LANE).items()}
        seen = {delivery.delivery_id for lane in lanes.values() for delivery in lane}
        resend = [parcel.delivery_id for parcel in parcels if parcel.delivery_id not in seen]
        for delivery in queries.deliveries(resend).values() if resend else ():
            # Nobody receipted it yet: a resend that is due goes first; one that is not holds nothing up.
            if delivery.state is DeliveryState.HANDED_OVER and self._due(delivery):
                lanes.setdefault(delivery.lane, deque()).appendleft(delivery)
        return lanes

    def _due(self, delivery: Delivery) -> bool:
        if delivery.state is DeliveryState.WAITING:
            return True
        due_at = delivery.next_attempt_at
        return delivery.state in (DeliveryState.RETRYING, DeliveryState.HANDED_OVER) and (due_at is None or due_at <= self._now())

    def _load_messages(self, deliveries: Sequence[Delivery], inline: Mapping[DeliveryId, Parcel]) -> dict[str, Callable[[], Message]]:
        """How to open each, not yet done: what cannot be opened must be counted on its own row."""
        messages: dict[str, Callable[[], Message]] = {}
        missing: dict[MessageId, Delivery] = {}
        for delivery in deliveries:
            message = self._from_parcel(inline.get(delivery.delivery_id))
            if message is not None:
                messages[delivery.delivery_id] = partial(_same, message)
            elif delivery.message_id is not None:
                missing[delivery.message_id] = delivery
        records = self._parts.store.queries.messages(list(missing)) if missing else {}
        for message_id, record in records.items():
            messages[missing[message_id].delivery_id] = partial(self._open, record)
        return messages

    def _open(self, record: MessageRecord) -> Message:
        return load(unseal(record.canonical, self._parts.means.archive, record.message_id.encode()))

    def _from_parcel(self, parcel: Parcel | None) -> Message | None:
        if parcel is None or parcel.sealed is None:
            return None
        try:
            return load(unseal_parcel(parcel.sealed, self._parts.means.parcel_key, parcel.associated_data()))
        except Unsealable:
            # Altered on the way, or sealed under a key that is gone: the store has the message.
            return None

    # -- decide, act, decide again ---------------------------------------------------------------------------

    def _round(self, heads: Sequence[Delivery], leg: Leg, directory: Directory, inline: Mapping[DeliveryId, Parcel]) -> set[str]:
        """One delivery of each lane. Answers the ids of those that no longer hold their lane up."""
        now = self._now()
        until = self._breakers.open_until(leg.organisation, now)
        if until is not None:
            self._commit([settle.postponed(delivery, until, now) for delivery in heads])
            return set()
        ready, gone = self.prepare(heads, leg, inline)
        acting = self._now()
        outcomes = self._act(ready, leg)
        acted = self._now()
        if leg.agreement.mode is not DeliveryMode.QUEUE:
            # A breaker spares a partner's endpoint; a queue lies in our own broker, which says itself when it is back.
            self._breakers.note(leg.organisation, [outcome.handover for outcome in outcomes], leg.agreement, self._now())
        decisions = self._until_committed(outcomes, lambda some, again: self._judge(some, leg, directory, again=again))
        self._tell(leg, [(o.delivery, _tried(o, d)) for o, d in zip(outcomes, decisions, strict=True)], began=now, acting=acting, acted=acted)
        return gone | {o.delivery.delivery_id for o, d in zip(outcomes, decisions, strict=True) if _is_out(d, leg)}

    def _tell(self, leg: Leg, handed: Sequence[tuple[Delivery, Attempt]], *, began: datetime, acting: datetime, acted: datetime) -> None:
        ended = self._now()
        until = self._breakers.open_until(leg.organisation, ended)
        times = {"began": began, "acting": acting, "acted": acted, "ended": ended}
        self._parts.observe_round(
            Round(recipient=leg.recipient, organisation=leg.organisation, mode=leg.agreement.mode.value, handed=handed, breaker_until=until, **times)
        )

    def _fix(self, delivery: Delivery, opened: Callable[[], Message] | None, leg: Leg) -> tuple[Delivery | None, Changes]:
        now = self._now()
        try:
            if opened is None:
                raise Refusal(Fault(FaultCode.NOT_TRANSLATABLE, "The message is no longer kept."))
            adapter = self._parts.adapters[leg.agreement.dialect]
            place = detail_place(delivery, leg.agreement, self._parts.adapters, self._parts.means.public_url)
            message = opened()
            document = translate(message, delivery, leg.agreement, adapter, now, place, self._own_ids(message, leg))
            return fix(delivery, document, leg, self._parts.means, now)
        except Refusal as refusal:
            return None, settle.refused(delivery, refusal.fault, now, None)
        except StoreUnavailable:
            raise
        except Exception as bug:  # noqa: BLE001 - a bug on one item must not stop the others; it is counted on its row
            return None, settle.mistaken(delivery, type(bug).__name__, now, leg.agreement)

    def _own_ids(self, message: Message, leg: Leg) -> Mapping[tuple[str, str], str]:
        """What the recipient calls the records of the message, where it knows them by ids of its own."""
        if not leg.agreement.own_ids:
            return {}
        wanted = record_keys(message.payload, message.header.type, leg.organisation)
        return {wanted[key]: one.own.own_id for key, one in self._parts.store.queries.known_records(list(wanted)).items()}

    def _act(self, ready: Sequence[Delivery], leg: Leg) -> list[_Outcome]:
        channel = self._channel(leg)
        sealed: list[tuple[Delivery, WireMessage]] = []
        outcomes: list[_Outcome] = []
        for delivery in ready:
            try:
                sealed.append((delivery, self._seal(delivery, leg)))
            except (SignerUnavailable, Unsealable) as error:
                handover = TryLater(Fault(FaultCode.UNAVAILABLE, f"The document could not be signed: {type(error).__name__}."))
                outcomes.append(_Outcome(delivery, handover, self._attempt(delivery, handover)))
        handovers = channel.hand_over([(wire, prepare.address(d, leg.agreement, leg.organisation)) for d, wire in sealed]) if sealed else ()
        return outcomes + [_Outcome(d, h, self._attempt(d, h)) for (d, _), h in zip(sealed, handovers, strict=True)]

    def _channel(self, leg: Leg) -> Channel:
        return self._parts.channels[leg.agreement.mode.value]

    def _seal(self, delivery: Delivery, leg: Leg) -> WireMessage:
        return seal_document(delivery, leg, self._parts, self._now())

    def _attempt(self, delivery: Delivery, handover: Handover) -> Attempt:
        fault = handover.fault if isinstance(handover, TryLater | Refused) else None
        outcome = {HandedOver: "handed-over", TryLater: "try-later", Refused: "refused"}[type(handover)]
        return Attempt(
            delivery_id=delivery.delivery_id,
            number=delivery.attempts + 1,
            at=self._now(),
            outcome=outcome,
            fault=fault.code.value if fault else None,
            detail=fault.detail if fault else "",
        )

    def _judge(self, outcomes: Sequence[_Outcome], leg: Leg, directory: Directory, *, again: bool) -> list[Decision]:
        fresh = self._parts.store.queries.deliveries([o.delivery.delivery_id for o in outcomes]) if again else {}
        current = [fresh.get(o.delivery.delivery_id, o.delivery) for o in outcomes]
        around = self._around(current, directory) if leg.agreement.mode not in UNSEEN else Around(directory)
        decisions = []
        for delivery, outcome in zip(current, outcomes, strict=True):
            decisions.append(self._consequence(around.now(delivery), outcome, leg, around))
            around.note(decisions[-1].changes)
        return decisions

    def _consequence(self, delivery: Delivery, outcome: _Outcome, leg: Leg, around: Around) -> Decision:
        if delivery.version != outcome.delivery.version and delivery.state not in BLOCKING:
            # The recipient's own word came in while we were writing ours: it says more.
            return Decision(_SETTLED)
        return Decision(_SETTLED, self._changes(delivery, outcome, leg, around))

    def _changes(self, delivery: Delivery, outcome: _Outcome, leg: Leg, around: Around) -> Changes:
        now, handover = self._now(), outcome.handover
        match handover:
            case HandedOver() if leg.agreement.mode in UNSEEN and delivery.kind is DeliveryKind.MESSAGE:
                return settle.handed_to_queue(delivery, leg.agreement, now, outcome.attempt)
            case TryLater() if handover.answer is None:
                return settle.failed(delivery, handover.fault, leg.agreement, now, outcome.attempt)
            # Of a notice no receipt is owed: a queue's confirm, or a 2xx, is all there is to know.
            case HandedOver() if delivery.kind is DeliveryKind.NOTICE and (leg.agreement.mode in UNSEEN or leg.agreement.packaging != "wss"):
                word = settle.Word(stage=Stage.DELIVERED, basis=Basis.TRANSPORT)
                return settle.say(delivery, word, around.of(delivery), self._parts.means, now, attempt=outcome.attempt)
            case _:
                return self._answered(delivery, outcome, leg, around)

    def _answered(self, delivery: Delivery, outcome: _Outcome, leg: Leg, around: Around) -> Changes:
        """The peer said something: believe it only where its own signature, or the transport, says so."""
        now, handover = self._now(), outcome.handover
        # Answers to a document that travels as it is are compact receipts: there is no second place for a signature.
        packaging = self._parts.packagings["wss" if leg.agreement.packaging == "wss" else "jws"]
        lookup = self._lookup(around.directory, packaging.name)
        try:
            word = word_of_answer(handover, delivery, leg, packaging, lookup, issuer=self._parts.means.issuer, now=now)
        except AnswerNotBelieved as reason:
            fault = Fault(FaultCode.RECIPIENT_UNREACHABLE, str(reason))
            return settle.failed(
                delivery, fault, leg.agreement, now, replace(outcome.attempt, outcome="try-later", fault=fault.code.value, detail=fault.detail)
            )
        if word is not None:
            self._load_ids(around, [(delivery, word)])
            return settle.say(delivery, word, around.of(delivery), self._parts.means, now, attempt=outcome.attempt)
        fault = handover.fault if isinstance(handover, TryLater | Refused) else Fault(FaultCode.RECIPIENT_REFUSED)
        if isinstance(handover, TryLater):
            return settle.failed(delivery, fault, leg.agreement, now, outcome.attempt)
        return settle.refused(delivery, fault, now, outcome.attempt)


def _tried(outcome: _Outcome, decision: Decision) -> Attempt:
    """The try as it was written: what the peer's answer was worth is known only now."""
    written = decision.changes.attempts if decision.changes is not None else ()
    return written[0] if written else outcome.attempt


def _same(message: Message) -> Message:
    return message


def _in_hand(lane: Sequence[Delivery], carried: Collection[DeliveryId], put_back: Collection[DeliveryId]) -> deque[Delivery]:
    """What of a lane to work on now. Behind a head that was never tried, every delivery still has its own parcel
    on the way, with the message inside; behind one that failed, or that was put back on the road (after a pause,
    or a wiped broker), their parcels came and went."""
    if not lane or lane[0].state is not DeliveryState.WAITING or lane[0].failures or lane[0].delivery_id in put_back:
        return deque(lane)
    last = max((place for place, delivery in enumerate(lane) if delivery.delivery_id in carried), default=0)
    return deque(lane[: last + 1])


def leg_to(recipient: PartyCode, directory: Directory, now: datetime) -> Leg | None:
    """The way to a recipient; None while it may not be handed anything (suspended, unknown, paused)."""
    organisation, agreement = directory.organisation_of(recipient), directory.outbound(recipient)
    if organisation is None or agreement is None or organisation.standing not in (Standing.LIVE, Standing.PROVING):
        return None
    if paused(organisation, now):
        return None
    return Leg(recipient, organisation.organisation_id, agreement)


def seal_document(delivery: Delivery, leg: Leg, parts: Parts, now: datetime) -> WireMessage:
    """A fixed document, opened from the archive and freshly signed. Raises Unsealable, SignerUnavailable."""
    if delivery.document is None:
        raise Unsealable("the delivery has no document")
    document = document_in(unseal(delivery.document, parts.means.archive, delivery.delivery_id.encode()))
    packaging = parts.packagings[leg.agreement.packaging]
    media_type = parts.adapters[leg.agreement.dialect].media_type
    return prepare.package(delivery, document, leg.agreement, leg.organisation, packaging, parts.means, now, media_type=media_type)


def _is_out(decision: Decision, leg: Leg) -> bool:
    """True where the lane may go on: handed over (or, by agreement, applied), or refused for good."""
    blocking = BLOCKING_UNTIL_APPLIED if leg.agreement.order is OrderUntil.APPLIED else BLOCKING
    if decision.changes is None:
        return leg.agreement.order is OrderUntil.HANDED_OVER
    return decision.changes.deliveries[0].state not in blocking

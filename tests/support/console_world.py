"""A console over a whole small world: real store, real keys, made-up people, and messages in every state."""

from dataclasses import dataclass

from adapters.contract import Refused, TryLater
from broker.parcel import decode
from gateway.config import load_settings
from gateway.exchange.accept import parcel_entry
from gateway.exchange.results import Accepted
from gateway.operations import Operations
from gateway.partners.onboarding import Parts
from gateway.records import Delivery
from gateway.workers.orders import OrderWorker
from schemas.faults import Fault, FaultCode
from schemas.identifiers import DeliveryId, MessageId
from schemas.receipts import FaultClaim, Receipt, Stage, encode
from tests.support.console import URL, Browser, House
from tests.support.world import World, contact, make_world

DOWN = TryLater(Fault(FaultCode.RECIPIENT_UNREACHABLE, "The connection was refused."))
NO = Refused(Fault(FaultCode.RECIPIENT_REFUSED, "It answered 400."))
SECRETS = ("X000001", "Notes about a made-up person.", "Made,Up", "2500000002", "2026-11-20")
"""What the made-up messages hold that must never leave the server unasked."""


@dataclass
class Lit:
    """The world and the console over it."""

    world: World
    house: House

    def send(self, name: str, crn: str = "X000001", recipients: tuple[str, ...] = ("C17",)) -> MessageId:
        """Accept one Contact."""
        wire = self.world.signed("alpha", contact(name, recipients=recipients, crn=crn, notes=SECRETS[1]))
        result = self.world.pipeline.submit([self.world.submission("alpha", wire)])[0]
        assert isinstance(result, Accepted), result
        return result.message_ids[0]

    def delivery(self, message_id: MessageId) -> Delivery:
        return self.world.store.queries.deliveries_of_messages([message_id])[message_id][0]

    def hand_over(self, message_id: MessageId) -> Delivery:
        """This one alone: what else waits for the recipient goes on waiting."""
        delivery = self.delivery(message_id)
        parcel = parcel_entry(delivery, None, self.world.means)
        self.world.pipeline.deliver(delivery.recipient, [decode(parcel.body)])
        return self.delivery(message_id)

    def refuse(self, message_id: MessageId) -> Delivery:
        """The recipient says no."""
        self.world.queue.answers = [NO]
        return self.hand_over(message_id)

    def fail(self, message_id: MessageId) -> Delivery:
        """The recipient is away."""
        self.world.queue.answers = [DOWN]
        return self.hand_over(message_id)

    def say(self, message_id: MessageId, stage: Stage, fault: FaultClaim | None = None) -> None:
        """The recipient's own signed word."""
        delivery = self.delivery(message_id)
        receipt = Receipt(
            issuer="beta",
            audience=self.world.means.issuer,
            receipt_id=f"r-{message_id}-{stage}",
            issued_at=int(self.world.now.timestamp()),
            stage=stage,
            subject=str(message_id),
            recipient=delivery.recipient,
            sent_digest=delivery.sent_digest,
            fault=fault,
        )
        self.world.pipeline.submit([self.world.submission("beta", self.world.signed("beta", encode(receipt), kind="receipt"))])

    def tally(self) -> None:
        while self.world.store.oversight.tally(1000):
            pass

    def carry_out(self) -> int:
        """What the worker with the keys does."""
        return self.orders().look()

    def orders(self) -> OrderWorker:
        world = self.world
        parts = Parts(dialects=frozenset(), packagings=frozenset())
        operations = Operations(store=world.store, clock=lambda: world.now, parts=parts, means=world.means)
        return OrderWorker(world.store, lambda: world.now, world.means, operations, holder="t")

    def pass_time(self, **by: float) -> None:
        self.world.pass_time(**by)
        self.house.now = self.world.now

    def browser(self, *roles: object) -> Browser:
        return self.house.signed_in(*roles)  # type: ignore[arg-type]

    def delivery_now(self, delivery_id: DeliveryId) -> Delivery:
        return self.world.store.queries.deliveries([delivery_id])[delivery_id]


def light(url: str, *, console_url: str = URL, **settings: object) -> Lit:
    """An empty world at this database, and a console over it."""
    world = make_world(url)
    given = {"environment": "test", "console_url": console_url, "console_tls_ends_at_proxy": True, **settings}
    house = House(load_settings(**given), now=world.now, store=world.store, means=world.means, directory=world.store.partners.directory)
    return Lit(world, house)


def fill(lit: Lit) -> dict[str, MessageId]:
    """One message in every state, each of a case of its own."""
    found: dict[str, MessageId] = {}
    for number, state in enumerate(("handed-over", "applied", "delivered", "not-applied", "refused", "retrying", "waiting"), 1):
        found[state] = message_id = lit.send(f"m-{number}", crn=f"X00000{number}")
        if state == "refused":
            lit.refuse(message_id)
        elif state == "retrying":
            lit.fail(message_id)
        elif state != "waiting":
            lit.hand_over(message_id)
        if state in ("applied", "delivered", "not-applied"):
            fault = FaultClaim(code="not-applied", title="Not applied", detail="No such case.") if state == "not-applied" else None
            lit.say(message_id, Stage(state), fault)
    lit.tally()
    return found

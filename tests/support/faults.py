"""What befalls a broker under a running installation, and what its operator does about it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from broker.contract import BrokerUnavailable
from broker.node import PrivateNode
from broker.topology import GATEWAY, PARTNERS, Topology
from gateway.audit.events import AuditCode, AuditEvent
from gateway.bootstrap import clock
from gateway.partners.agreement import Direction, OrderUntil
from gateway.store.opening import open_store
from schemas.identifiers import PartyCode
from schemas.receipts import from_claims
from tests.support.exchange import Partners, claims
from tests.support.rabbitmq import PrivateVhosts, private_vhosts


@contextmanager
def vhosts_of(node: PrivateNode) -> Iterator[PrivateVhosts]:
    """Vhosts on a node that may be killed and wiped; nothing to clean up: the node ends with the test."""
    with private_vhosts(node) as made:
        yield made


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    """Looks often; False when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return False


def give_gateway_its_user(vhosts: PrivateVhosts) -> None:
    """What the operator does after a wipe: the gateway's own broker user is not in the gateway's store."""
    deadline = time.monotonic() + 30
    while True:
        try:
            vhosts.apply(Topology(vhosts=(GATEWAY, PARTNERS)))
            return
        except BrokerUnavailable:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def bugs_in(directory: Path) -> list[str]:
    """Lines of gateways' logs that tell of an error nobody expected. The log must be written from `info` on."""
    lines = [line for path in sorted(directory.glob("gateway-*.log")) for line in path.read_text().splitlines()]
    assert lines, "no gateway wrote a log"
    return [line for line in lines if '"event": "bug"' in line or '"kind": "bug:' in line or "Traceback" in line]


def keep_order_until_applied(database_url: str, party: str) -> None:
    """The agreement of those who need order through the loss of a broker's disk."""
    store = open_store(database_url)
    agreement = store.partners.directory().agreements[PartyCode(party), Direction.OUTBOUND]
    event = AuditEvent(AuditCode.PARTNER_CHANGED, clock(), "test")
    store.partners.put_agreement(replace(agreement, order=OrderUntil.APPLIED), event)
    store.close()


@dataclass
class ManyPartners(Partners):
    """Partners with hundreds of messages: receipts are read once, as they come, and the same bytes are kept once."""

    own_ids: dict[str, str] = field(default_factory=dict)
    """The sender's id by ours."""
    done: set[str] = field(default_factory=set)
    """Our ids of what was receipted as applied."""
    told: set[str] = field(default_factory=set)

    def finals(self) -> set[str]:
        return {self.own_ids.get(ours, f"unknown:{ours}") for ours in set(self.done)}

    def _take_receipt(self, body: bytes) -> None:
        text = body.decode()
        if text in self.told:
            return
        super()._take_receipt(body)
        self.told.add(text)
        receipt = from_claims(claims(text))
        self.own_ids |= {verdict.message_id: verdict.sender_message_id for verdict in receipt.messages}
        if receipt.stage.value == "applied":
            self.done.add(receipt.subject)

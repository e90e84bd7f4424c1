"""A gateway whose partners take events, behind its real doors: real pipeline, real store, callers with real keys."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from adapters.contract import WireMessage
from gateway.api.app import create_app
from gateway.api.parts import ApiParts
from gateway.audit.events import AuditCode, AuditEvent
from gateway.config import load_settings
from gateway.exchange.results import Accepted
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.records import Delivery
from gateway.telemetry import Telemetry
from gateway.trust import jws
from gateway.trust.caller import make_caller_token
from gateway.trust.contract import Limits, SenderTrust
from gateway.trust.keyring import KeyUse
from gateway.trust.minting import mint_ed25519
from gateway.trust.policy import STRICT
from gateway.trust.signing import public_record, signer_from_pem
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.world import AUDIENCE, NOW, PUBLIC_URL, World, both, contact, make_world

CALLERS = {name: signer_from_pem(mint_ed25519().private_pem) for name in ("alpha", "beta", "gamma")}
"""Each organisation's key of use `auth`."""
_token_ids, _numbers = itertools.count(), itertools.count()


def event_agreements() -> list[Agreement]:
    """C05 (alpha) sends; C17 (beta) is pushed events with canonical details; C20 (gamma) collects Caseflow documents."""
    return [
        *both("C05", dialect="canonical", packaging="jws", mode=DeliveryMode.QUEUE),
        *both("C17", dialect="domain-events", packaging="jws", mode=DeliveryMode.PUSH, endpoint="https://beta.example/in", detail_dialect="canonical"),
        *both("C20", dialect="caseflow", packaging="jws", mode=DeliveryMode.SHELF),
    ]


@dataclass
class EventHouse:
    """The world and its HTTP doors."""

    world: World
    client: httpx.AsyncClient
    portal: BlockingPortal
    token: str = field(default="", init=False)
    """The last one that was sent."""

    def hand_in(self, recipient: str = "C17", **said: Any) -> Delivery:
        """Alpha hands in a contact of a case that nothing was said of before."""
        number = next(_numbers)
        payload = contact(f"m{number}", recipients=(recipient,), **{"crn": f"X{number:06}", **said})
        (result,) = self.world.pipeline.submit([self.world.submission("alpha", self.world.signed("alpha", payload))])
        assert isinstance(result, Accepted), result
        return self.now_of(result.message_ids[0])

    def tell(self, recipient: str = "C17", **said: Any) -> Delivery:
        """The same, delivered as far as its recipient lets it."""
        delivery = self.hand_in(recipient, **said)
        self.world.deliver(recipient)
        return self.now_of(delivery.message_id)

    def now_of(self, message_id: Any) -> Delivery:
        return self.world.store.queries.deliveries_of_messages([message_id])[message_id][0]

    def events(self) -> list[dict[str, Any]]:
        """What was pushed to beta, in order."""
        return [json.loads(self.opened(wire.body)) for wire, address in self.world.push.handed if address.organisation == "beta"]

    def fetch(self, organisation: str, delivery_id: str, *, token: str = "") -> httpx.Response:
        """GET the detail, with a fresh token of the organisation."""
        path = f"/v1/deliveries/{delivery_id}/detail"
        self.token = token or make_caller_token(
            CALLERS[organisation],
            OrganisationId(organisation),
            audience=AUDIENCE,
            method="GET",
            url=PUBLIC_URL + path,
            now=self.world.now,
            token_id=f"t{next(_token_ids)}",
        )
        return self.portal.call(partial(self.client.get, path, headers={"Authorization": f"Bearer {self.token}"}))

    def opened(self, token: bytes, organisation: str = "beta") -> bytes:
        """The content of what we signed for an organisation, checked with our published key."""
        key = public_record(
            self.world.means.message_signer, organisation="gateway", use=KeyUse.SIGN, speaks_for=[], not_before=NOW, not_after=NOW + timedelta(days=9999)
        )
        wire = WireMessage(token, "application/jose")
        found = jws.JwsPackaging().verify(wire, lambda _: SenderTrust(key, STRICT, 10**9), audience=organisation, now=self.world.now, limits=Limits())
        assert found.kind == "message"
        return found.content

    def fetched(self, delivery: Delivery) -> list[AuditEvent]:
        """What the audit chain says of fetches of this delivery's detail."""
        return [record.event for record in self.world.store.queries.audit_about([delivery.delivery_id]) if record.event.code is AuditCode.DETAIL_FETCHED]

    @contextmanager
    def routed(self, code: str, organisation: str) -> Iterator[None]:
        """Another organisation in the place of a party's own, for a while."""
        party = self.world.store.partners.directory().parties[PartyCode(code)]
        changed = AuditEvent(AuditCode.PARTNER_CHANGED, NOW, code)
        self.world.store.partners.put_party(replace(party, route_to=OrganisationId(organisation)), changed)
        yield
        self.world.store.partners.put_party(party, changed)

    @contextmanager
    def agreed(self, party: str, direction: Direction = Direction.OUTBOUND, **changes: Any) -> Iterator[None]:
        """Another agreement with a party, for a while."""
        agreement = self.world.store.partners.directory().agreements[PartyCode(party), direction]
        changed = AuditEvent(AuditCode.PARTNER_CHANGED, NOW, party)
        self.world.store.partners.put_agreement(replace(agreement, **changes), changed)
        yield
        self.world.store.partners.put_agreement(agreement, changed)


@contextmanager
def event_house(url: str) -> Iterator[EventHouse]:
    """Everything, over a fresh store at `url`."""
    world = make_world(url, event_agreements())
    changed = AuditEvent(AuditCode.KEY_ADDED, NOW, "test")
    for name, key in CALLERS.items():
        ends = NOW + timedelta(days=3650)
        record = public_record(key, organisation=OrganisationId(name), use=KeyUse.AUTH, speaks_for=[], not_before=NOW - timedelta(days=1), not_after=ends)
        world.store.partners.put_key(record, changed)
    parts = ApiParts(
        settings=load_settings(environment="test", public_url=PUBLIC_URL, audience=AUDIENCE),
        intake=world.pipeline,
        store=world.store,
        directory=world.store.partners.directory,
        jwks=lambda: {"keys": []},
        clock=lambda: world.now,
        telemetry=Telemetry(),
    )
    app = create_app(parts)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 50000))
        yield EventHouse(world, httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, timeout=20), portal)
    world.store.close()
    assert world.bugs == []

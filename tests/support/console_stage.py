"""A console on a socket over a small world in one of its states, with an identity provider to sign in with: for real browsers.

Every GET route of the console becomes at least one address here, with ids of the world in it: `addresses` walks the
application, and fails for a route that it has no ids for, so that no test of all pages forgets a new one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from fastapi.routing import APIRoute
from lxml import etree
from playwright.sync_api import Browser
from starlette.routing import BaseRoute, Mount

from gateway.audit.events import AuditCode, AuditEvent
from gateway.config import load_settings
from gateway.console.composing import with_free_port
from gateway.control.alerts import AlertActions
from gateway.control.partners import PartnerActions
from gateway.control.work import WorkActions
from gateway.exchange.results import Accepted
from gateway.oversight.access import Role
from gateway.oversight.alert_rules import RULES
from gateway.oversight.records import AlertState, Operator, SessionKind
from gateway.rehearsal import interchange
from gateway.rehearsal.identity_provider import CLIENT_ID, ROLE_CLAIMS, Account, SimulatedProvider
from gateway.rehearsal.interchange import Addressing
from schemas.identifiers import DeliveryId, MessageId, OrganisationId, PartyCode
from tests.support.alerts import raised
from tests.support.browser import Tab, open_tab
from tests.support.console import House, running, serving
from tests.support.console_world import Lit, fill
from tests.support.world import make_world, seal_soap

STATES = ("empty", "full", "long")
ADA, BEN = Operator("u-ada", "Ada Example (fictional)"), Operator("u-ben", "Ben Example (fictional)")
EVERYTHING = Account("u-ada", "Ada Example (fictional)", tuple(ROLE_CLAIMS))
LONG_NAME = "Humberside-Lincolnshire-and-North-Yorkshire-Community-Rehabilitation-Company-Limited-(fictional)"
LONG_TEXT = "Wirsindübersechzigundschreibenohnejedenabstand" * 4 + ' <script>window.pwned=1</script> "><img src=x onerror=window.pwned=1> {{ 7*7 }} and so on.'
LETTERS = (interchange.CONTACT, interchange.ADDRESS, interchange.CUSTODY_RELEASE, interchange.TRANSFER_REQUEST)
_OF_A_PERSON = re.compile(r"CaseReferenceNumber|\w*User|OffenderID|EventID|StreetName|District|TownCity|County|Postcode|Notes|\w*Date|\w*StartTime")
_SHORTEST = 5
"""Characters: what is shorter stands on pages by chance."""


def routes_of(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    """Every route of an application but its static files; routers may stand inside one another."""
    for route in routes:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        if inner is not None:
            yield from routes_of(inner)
        elif not isinstance(route, Mount):
            assert isinstance(route, APIRoute), route
            yield route


@dataclass
class Stage:
    """A world, the console over it, and whom its people sign in with."""

    lit: Lit
    provider: SimulatedProvider
    messages: dict[str, MessageId] = field(default_factory=dict)
    personal: set[str] = field(default_factory=set)
    """What the made-up messages say of made-up people."""
    url: str = ""

    @property
    def house(self) -> House:
        return self.lit.house

    def delivery(self, state: str) -> DeliveryId:
        """That of the message in this state."""
        return self.lit.delivery(self.messages[state]).delivery_id

    @contextmanager
    def tab(self, browser: Browser, *roles: Role, **options: object) -> Iterator[Tab]:
        """A tab of somebody who is signed in already."""
        opened = self.house.parts.sessions.open(ADA, roles or tuple(Role), SessionKind.BROWSER, "test")
        with open_tab(browser, base_url=self.url, **options) as tab:
            tab.page.context.add_cookies([{"name": self.house.parts.cookies.session, "value": opened.token, "url": self.url}])
            yield tab

    def addresses(self, *, few: bool = False, api: bool = False) -> list[str]:
        """Every page: each GET route, with every id that it takes, or with a few that differ most. Or everything that programs may ask."""
        known, found = self._known(), []
        if few:
            known = {name: ids[:2] for name, ids in known.items()} | {"message_id": self._different() or known["message_id"]}
        for route in routes_of(list(self.house.app.routes)):
            if "GET" in (route.methods or ()) and route.path.startswith("/api/") == api and route.path not in NO_PAGES:
                found += [path + query for path in _filled(route.path, known) for query in _queries(self, route.path)]
        return found

    def _different(self) -> list[str]:
        return [self.messages[name] for name in ("refused", "applied", interchange.TRANSFER_REQUEST) if name in self.messages]

    def _known(self) -> Mapping[str, list[str]]:
        """Ids by the name that routes have for them. Where the world has none, one that nobody knows: the page says so."""
        oversight = self.lit.world.store.oversight
        alerts = [*oversight.alerts(AlertState.FIRING, 10), *oversight.alerts(AlertState.RESOLVED, 1)]
        return {
            "party": ["C17", "N00"],
            "organisation": ["beta"],
            "rule": ["exhausted-retries", "late-receipts"],
            "message_id": list(self.messages.values()) or ["nobody-knows"],
            "delivery_id": [self.delivery(state) for state in ("refused", "not-applied") if state in self.messages] or ["nobody-knows"],
            "alert_id": [alert.alert_id for alert in alerts] or ["nobody-knows"],
            "sequence": ["1", "5"],
            "standing": ["expected", "late", "negative"],
        }


NO_PAGES = {"/live", "/health", "/sign-in/start", "/sign-in/callback", "/sign-in/command-line"}
"""What answers GET and shows nobody a page by itself."""
_GROUP = "?group=recipient-refused%7CC17%7CContact"
QUERIES: dict[str, Callable[[Stage], list[str]]] = {
    "/queues/{party}": lambda _: ["", "?state=refused&state=set-aside"],
    "/dead-letters": lambda _: ["", "?fault=recipient-refused&recipient=C17&type=Contact", "?mine=true", "?recipient=C20"],
    "/dead-letters-retry": lambda stage: [_GROUP, f"?delivery={stage.delivery('refused')}"] if stage.messages else [_GROUP],
    "/dead-letters-discard": lambda stage: [_GROUP, f"?delivery={stage.delivery('refused')}"] if stage.messages else [_GROUP],
    "/messages": lambda _: ["", "?type=Contact&state=refused", "?party=C20&sender=N00"],
    "/receipts": lambda _: ["", "?standing=late&party=C17", "?standing=negative&party=C17", "?standing=expected&party=N00"],
    "/partners": lambda _: ["", "?party=C17"],
    "/audit": lambda _: ["", "?code=delivery.refused"],
}
"""What is asked of a page besides its address."""


def _queries(stage: Stage, path: str) -> list[str]:
    return QUERIES[path](stage) if path in QUERIES else [""]


def _filled(path: str, known: Mapping[str, list[str]]) -> list[str]:
    """The path with each value of its one parameter. A parameter nobody has ids for is a KeyError: give it some above."""
    names = re.findall(r"{(\w+)}", path)
    return [path.replace(f"{{{names[0]}}}", value) for value in known[names[0]]] if names else [path]


@contextmanager
def staged(folder: Path, state: str = "full") -> Iterator[Stage]:
    """The world in this state, its console on a socket."""
    world = make_world(f"sqlite:///{folder / f'{state}.db'}")
    provider = SimulatedProvider(people=(EVERYTHING, Account("u-vera", "Vera Example (fictional)", ("GATEWAY_VIEWER",))), now=lambda: world.now.timestamp())
    with running(provider):
        given = {"console_issuer": provider.issuer, "console_client_id": CLIENT_ID, "console_role_claims": dict(ROLE_CLAIMS)}
        settings = with_free_port(load_settings(environment="dev", console_port=0, stop_seconds=2, **given))
        house = House(settings, now=world.now, store=world.store, means=world.means, directory=world.store.partners.directory)
        stage = Stage(Lit(world, house), provider)
        _BY_STATE[state](stage)
        with serving(house) as stage.url:
            yield stage
    world.store.close()


def _empty(_: Stage) -> None: ...


def _full(stage: Stage) -> None:
    """Something of everything."""
    lit = stage.lit
    stage.messages = fill(lit)
    for number in range(3):
        lit.refuse(lit.send(f"again-{number}", crn=f"X00001{number}"))
    _letters(stage)
    _alerts(stage)
    work, parts = WorkActions(stage.house.parts.desk), stage.house.parts
    for about in (f"delivery:{stage.delivery('refused')}", f"message:{stage.messages['refused']}", "partner:beta", "group:recipient-refused|C17|Contact"):
        work.note(about, "We have asked them why.", BEN)
        work.assign(about, BEN, ADA)
    PartnerActions(parts.desk).ask_test(PartyCode("C17"), ADA)
    lit.carry_out()
    lit.pass_time(hours=5)
    lit.tally()


def _long(stage: Stage) -> None:
    """Every value that anybody may choose is as long and as rude as it may be, and a partner is paused."""
    lit, store = stage.lit, stage.lit.world.store
    event = AuditEvent(AuditCode.PARTNER_CHANGED, lit.world.now, "test")
    for organisation in store.partners.directory().organisations.values():
        store.partners.put_organisation(replace(organisation, name=LONG_NAME), event)
    for party in store.partners.directory().parties.values():
        store.partners.put_party(replace(party, name=LONG_NAME), event)
    stage.messages = fill(lit)
    for number in range(3):
        lit.refuse(lit.send("an-id-that-goes-on-and-on-" + f"{number:034}", crn=f"X00001{number}"))
    loud = Operator("u-long", LONG_NAME)
    _alerts(stage, value="1,234,567,890 messages, owed for up to 1,234 hours, the first: " + LONG_NAME, by=loud)
    work = WorkActions(stage.house.parts.desk)
    for about in (f"delivery:{stage.delivery('refused')}", f"message:{stage.messages['refused']}", "partner:beta"):
        work.note(about, LONG_TEXT, loud)
        work.assign(about, loud, loud)
    until = lit.world.now + timedelta(hours=3)
    PartnerActions(stage.house.parts.desk).pause(OrganisationId("beta"), until, "investigation", LONG_TEXT, loud)
    lit.tally()


_BY_STATE: dict[str, Callable[[Stage], None]] = {"empty": _empty, "full": _full, "long": _long}


def _letters(stage: Stage) -> None:
    """nDelius writes about made-up people, in its own words: names, addresses, notes."""
    world, numbers = stage.lit.world, count(1_600_000_000_000)
    for place, sample in enumerate(LETTERS):
        addressing = Addressing(sender="N00", receiver="C20" if place % 2 else "C17", reference=str(next(numbers)), prepared_at=world.now)
        letter = interchange.write(sample, addressing, {"CaseReferenceNumber": f"K18912{place}"})
        result = world.pipeline.submit([world.submission("ndelius", seal_soap(world, letter), channel="soap")])[0]
        assert isinstance(result, Accepted), result
        stage.messages[sample] = result.message_ids[0]
        stage.personal |= said_of_people(letter)


def said_of_people(letter: bytes) -> set[str]:
    """What a letter says of people, by the names of its elements; not as the gateway classes them."""
    texts = [(etree.QName(one).localname, (one.text or "").strip()) for one in etree.fromstring(letter).iter() if isinstance(one.tag, str)]
    return {text for name, text in texts if _OF_A_PERSON.fullmatch(name) and len(text) >= _SHORTEST}


def _alerts(stage: Stage, value: str = "43 messages", by: Operator = BEN) -> None:
    """One of every rule; some of them acknowledged, silenced or over."""
    world, actions = stage.lit.world, AlertActions(stage.house.parts.desk)
    subjects = {"open-breaker": "beta", "certificate-days": "gamma", "silence": "alpha", "audit-chain-break": "", "relay-late": ""}
    for rule in RULES:
        over = {"state": AlertState.RESOLVED, "resolved_at": world.now} if rule == "silence" else {}
        raised(world, f"alert-{rule}", rule, subjects.get(rule, "C17"), value=value, **over)
    actions.acknowledge("alert-open-breaker", by)
    actions.mute("certificate-days", "gamma", world.now + timedelta(hours=4), "known-work", "They are at it.", by)

"""Pausing and testing partners from the console, over the whole road: 22 parties, every dialect, channel and mode.

The gateway runs as a program, the console over the same store beside it; what arrived is read from the partners' own
journals, and what became of it from the console's pages.
"""

import html
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from broker.node import installed_server
from gateway import bootstrap, keystore
from gateway.config import load_settings
from gateway.control.partners import PartnerActions
from gateway.oversight.access import Role
from gateway.partners.agreement import DeliveryMode, LastStage
from gateway.partners.directory import Directory
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.record_versions import NO_VERSION
from gateway.store.opening import SqlStore, open_store
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.console import URL, VERA, Browser, House
from tests.support.everybody import Everybody, everybody
from tests.support.faults import bugs_in
from tests.support.integrity import findings

SECONDS = 45.0
SWEPT_SECONDS = 6.5
"""By then the sweeper has looked after everything that its courier left alone."""
CARRIED_SECONDS = 2.0
"""By then couriers have carried what they may."""
PING = "ConnectionNotification"
HELD = ("C01", "C04", "C08", "C10", "C16")
"""JSON pushed, a queue, a shelf, a drop folder, and SPG pushed; of five organisations."""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.rabbitmq,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("everybody"),
    pytest.mark.skipif(installed_server() is None and "CI" not in os.environ, reason="no RabbitMQ is installed"),
]


@dataclass(slots=True)
class Desk:
    """A console over the store of the stage, and somebody who may pause and test."""

    stage: Everybody
    store: SqlStore
    house: House

    @property
    def directory(self) -> Directory:
        return self.store.partners.directory()

    @property
    def browser(self) -> Browser:
        self.house.now = datetime.now(UTC)
        return self.house.signed_in(Role.OPERATOR)

    def organisation(self, party: str) -> OrganisationId:
        found = self.directory.organisation_of(PartyCode(party))
        assert found is not None
        return found.organisation_id

    def page(self, path: str) -> str:
        """The words of a page."""
        answer = self.browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())

    def post(self, path: str, form: Mapping[str, str] = {}) -> str:
        """Do it; where the browser is sent afterwards."""
        answer = self.browser.post(path, form)
        assert answer.status_code == 303, (path, answer.status_code, answer.text)
        return answer.headers["location"]

    def received(self, party: str, *, pings: bool = False) -> list[str]:
        """What came to a party, in order: keys of contacts, or test messages."""
        for side in self.stage.every_side():
            side.collect()
        found = self.stage.entries(party, Noted.RECEIVED)
        return [entry.text("key") for entry in found if (entry.text("type") == PING) is pings]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with everybody(tmp_path_factory.mktemp("console-partners")) as stage:
        store = open_store(stage.database_url)
        settings = load_settings(environment="test", console_url=URL, console_tls_ends_at_proxy=True, data_dir=stage.directory)
        keys = keystore.open_keys(stage.directory / "keys", need=bootstrap.KEYS_OF["console"])
        means = bootstrap.make_means(settings, keys)
        yield Desk(stage, store, House(settings, now=datetime.now(UTC), store=store, means=means, directory=store.partners.directory))
        store.close()


def patiently(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def send(desk: Desk, party: str, numbers: range) -> list[str]:
    """Contacts of one case to a party, in order; their keys."""
    keys = [str(2_600_000_000 + 1000 * int(party[1:]) + number) for number in numbers]
    for key in keys:
        values = {"CaseReferenceNumber": f"X8{party[1:]}001", "SPGVersion": NO_VERSION, "ContactID": key}
        answer = desk.stage.n00.head.send("Contact-ins-full.xml", party, values)[1]
        assert answer.accepted, (party, answer.code, answer.title)
    return keys


def test_every_mode_is_among_those_held(desk: Desk) -> None:
    held = [agreement for party in HELD if (agreement := desk.directory.outbound(PartyCode(party))) is not None]
    assert {agreement.mode for agreement in held} == set(DeliveryMode)
    assert {agreement.dialect for agreement in held} > {"ndelius", "canonical", "caseflow"}
    assert len({desk.organisation(party) for party in HELD}) == len(HELD)


def test_a_test_message_reaches_every_party_is_receipted_and_its_order_says_so(desk: Desk) -> None:
    parties = sorted(desk.directory.parties)
    assert len(parties) == 22
    for party in parties:
        assert desk.post(f"/partners/{desk.organisation(party)}/test", {"party": party}).endswith("/attempts?done=testing")
    waiting: set[str] = set(parties)

    def all_there() -> bool:
        waiting.difference_update({party for party in waiting if desk.received(party, pings=True)})
        return not waiting

    assert patiently(all_there), (waiting, desk.stage.failures())

    def last_word(party: PartyCode) -> str:
        agreement = desk.directory.outbound(party)
        return "Applied" if agreement is not None and agreement.last_stage is LastStage.APPLIED else "Delivered"

    def said() -> list[str]:
        pages = {organisation: desk.page(f"/partners/{organisation}/attempts") for organisation in {desk.organisation(party) for party in parties}}
        return [party for party in parties if not re.search(rf" {party} \d[^T]*? Done {last_word(party)} since ", pages[desk.organisation(party)])]

    assert patiently(lambda: not said()), said()
    assert {party: len(desk.received(party, pings=True)) for party in parties} == dict.fromkeys(parties, 1)


def test_what_comes_in_a_pause_waits_in_order_and_goes_on_when_it_is_resumed(desk: Desk) -> None:
    organisations = {party: desk.organisation(party) for party in HELD}
    before = {party: desk.received(party) for party in HELD}
    for organisation in organisations.values():
        desk.post(f"/partners/{organisation}/pause", {"reason": "partner-asked", "until": "1h"})
    sent = {party: send(desk, party, range(5)) for party in HELD}
    time.sleep(SWEPT_SECONDS)
    assert {party: desk.received(party) for party in HELD} == before
    for party, organisation in organisations.items():
        assert "Waiting meanwhile 5 deliveries" in desk.page(f"/partners/{organisation}"), party
        assert desk.post(f"/partners/{organisation}/resume") == f"/partners/{organisation}?done=resumed"
    assert patiently(lambda: {party: desk.received(party)[len(before[party]) :] for party in HELD} == sent), {party: desk.received(party) for party in HELD}


def test_a_pause_ends_by_itself(desk: Desk) -> None:
    before = {party: desk.received(party) for party in HELD}
    desk.house.now = datetime.now(UTC)
    until = desk.house.now + timedelta(seconds=15)
    for party in HELD:
        PartnerActions(desk.house.parts.desk).pause(desk.organisation(party), until, "investigation", "", VERA)
    sent = {party: send(desk, party, range(10, 13)) for party in HELD}
    time.sleep(CARRIED_SECONDS)
    assert {party: desk.received(party) for party in HELD} == before
    assert datetime.now(UTC) < until
    assert patiently(lambda: {party: desk.received(party)[len(before[party]) :] for party in HELD} == sent), {party: desk.received(party) for party in HELD}
    assert datetime.now(UTC) > until
    assert "Resume" not in desk.page(f"/partners/{desk.organisation('C04')}")


def test_nobody_stumbled_and_the_audit_is_whole(desk: Desk) -> None:
    assert desk.stage.failures() == []
    assert findings(desk.stage.database_url) == []
    assert bugs_in(desk.stage.directory) == []

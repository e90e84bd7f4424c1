"""The ten tasks that operators do most, done in a real browser by mouse, by keyboard alone, and without scripts.

Each way has a world of its own, and every page that a task comes by is looked at by axe on the way (by mouse).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from gateway.records import DeliveryState
from schemas.identifiers import MessageId, OrganisationId
from tests.support.browser import Tab, open_tab
from tests.support.console_stage import Stage, staged
from tests.support.console_world import SECRETS
from tests.support.hands import WAYS, Hand, hand, options_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]
CRN, NOTES = "X000002", SECRETS[1]


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def stage(way: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp(way)) as made:
        yield made


class Seen:
    """A hand, and what is wrong with the pages that it came by."""

    def __init__(self, way: str, tab: Tab) -> None:
        tab.page.set_default_timeout(6000)
        self.tab, self._looks, self.wrong = tab, way == "mouse", list[str]()
        self.hand: Hand = hand(way, tab)

    @property
    def address(self) -> str:
        return self.tab.page.url

    def look(self, heading: str) -> None:
        """A page with this heading; it is well."""
        expect(self.tab.page.get_by_role("heading", level=1)).to_contain_text(heading)
        if self._looks:
            self.wrong += self.tab.violations()

    def read(self, words: str) -> None:
        """It says this somewhere."""
        expect(self.tab.page.locator("main")).to_contain_text(words)


@contextmanager
def _at(stage: Stage, chromium: Browser, way: str, address: str) -> Iterator[Seen]:
    """Somebody with every role, at this page; at the end nothing was wrong on the way."""
    with stage.tab(chromium, **options_of(way)) as tab:
        seen = Seen(way, tab)
        tab.page.goto(address)
        yield seen
        assert seen.wrong == []
        assert tab.said == []


def _refused(stage: Stage, name: str, crn: str = "X000042") -> MessageId:
    """One more dead letter."""
    message_id = stage.lit.send(f"task-{name}", crn=crn)
    stage.lit.refuse(message_id)
    return message_id


def _state(stage: Stage, message_id: MessageId) -> DeliveryState:
    return stage.lit.delivery(message_id).state


def test_sign_in(chromium: Browser, stage: Stage, way: str) -> None:
    with open_tab(chromium, **options_of(way)) as tab:
        seen = Seen(way, tab)
        tab.page.goto(f"{stage.url}/queues")
        seen.look("Sign in")
        seen.hand.press("button", "Sign in with your work account")
        expect(tab.page.get_by_role("heading", level=1)).to_have_text("Simulated identity provider")
        seen.hand.press("link", "Ada Example (fictional): viewer, operator, reveal, auditor, admin")
        seen.look("Queues")
        expect(tab.page.get_by_role("banner")).to_contain_text("Ada Example (fictional)")
        seen.hand.press("button", "Sign out")
        seen.look("Sign in")
        tab.page.goto(f"{stage.url}/queues")
        seen.look("Sign in")
        assert (seen.wrong, tab.said) == ([], [])


def test_find_a_message_by_case_reference_number(chromium: Browser, stage: Stage, way: str) -> None:
    with _at(stage, chromium, way, "/messages") as seen:
        seen.look("Messages")
        seen.hand.open("Search and filter")
        seen.hand.write("Case reference number", CRN)
        seen.hand.press("button", "Search messages")
        expect(seen.tab.page).to_have_url(re.compile("search="))
        rows = seen.tab.page.get_by_role("table", name="Messages, newest first").locator("tbody tr")
        expect(rows).to_have_count(1)
        expect(rows.get_by_role("link").first).to_have_attribute("href", f"/messages/{stage.messages['applied']}")
        assert CRN not in seen.address + seen.tab.page.content()
        seen.look("Messages")


def test_open_a_message_and_reveal_a_field(chromium: Browser, stage: Stage, way: str) -> None:
    message_id = stage.messages["delivered"]
    with _at(stage, chromium, way, f"/messages/{message_id}") as seen:
        seen.look("Contact from C05 to C17")
        assert NOTES not in seen.tab.page.content()
        seen.hand.tick("Reveal Notes")
        seen.hand.press("button", "Reveal what is ticked")
        seen.look("Reveal 1 hidden field")
        seen.hand.press("button", "Reveal")
        seen.read("There is a problem")
        seen.look("Reveal 1 hidden field")
        seen.hand.choose("To find out why a message failed")
        seen.hand.press("button", "Reveal")
        seen.look("Contact from C05 to C17")
        seen.read(NOTES)
        assert not [secret for secret in SECRETS if secret != NOTES and secret in seen.tab.page.content()]
    with stage.tab(chromium) as tab:
        tab.page.goto(f"/messages/{message_id}")
        assert NOTES not in tab.page.content()


def test_retry_one_dead_letter(chromium: Browser, stage: Stage, way: str) -> None:
    message_id = _refused(stage, "one")
    with _at(stage, chromium, way, f"/dead-letters/{stage.lit.delivery(message_id).delivery_id}") as seen:
        seen.look("refused the message")
        seen.hand.press("button", "Retry")
        seen.look("Retry 1 dead letter")
        assert _state(stage, message_id) is DeliveryState.REFUSED
        seen.hand.press("button", "Put back on the road")
        seen.read("1 delivery was put back on the road.")
        assert _state(stage, message_id) is DeliveryState.WAITING


def test_retry_a_group(chromium: Browser, stage: Stage, way: str) -> None:
    message_ids = [_refused(stage, f"group-{number}", crn=f"X00005{number}") for number in range(2)]
    with _at(stage, chromium, way, "/dead-letters") as seen:
        seen.look("Dead letters")
        link = seen.tab.page.get_by_role("link", name=re.compile("^Retry all of ")).first
        seen.hand.press("link", " ".join(link.inner_text().split()))
        seen.look("Retry ")
        expect(seen.tab.page.locator("main")).to_contain_text("This is about exactly")
        seen.hand.press("button", "Put back on the road")
        seen.read("put back on the road.")
        assert {_state(stage, message_id) for message_id in message_ids} == {DeliveryState.WAITING}


def test_discard_with_a_reason(chromium: Browser, stage: Stage, way: str) -> None:
    message_id = _refused(stage, "discard", crn="X000043")
    with _at(stage, chromium, way, f"/dead-letters/{stage.lit.delivery(message_id).delivery_id}") as seen:
        seen.hand.press("button", "Discard")
        seen.look("Discard 1 dead letter")
        seen.hand.press("button", "Discard")
        seen.read("There is a problem")
        seen.look("Discard 1 dead letter")
        seen.hand.choose("Its sender says that it was sent in error")
        seen.hand.write("In a few words", "They rang us about it.")
        seen.hand.press("button", "Discard")
        seen.read("will be ended in a moment")
        assert _state(stage, message_id) is DeliveryState.REFUSED
        stage.lit.carry_out()
        assert _state(stage, message_id) is DeliveryState.DISCARDED


def test_pause_and_resume_a_partner(chromium: Browser, stage: Stage, way: str) -> None:
    partner = OrganisationId("beta")

    def pause() -> object:
        return stage.lit.world.store.partners.directory().organisations[partner].paused

    with _at(stage, chromium, way, "/partners/beta") as seen:
        seen.look("beta")
        seen.hand.press("button", "Pause")
        seen.look("Pause beta")
        seen.hand.choose("Planned maintenance at the partner")
        seen.hand.choose("For 1 hour")
        seen.hand.press("button", "Pause")
        seen.read("The partner is paused")
        seen.look("beta")
        assert pause() is not None
        seen.hand.press("button", "Resume")
        seen.look("Resume beta")
        seen.hand.press("button", "Resume")
        seen.read("Deliveries to the partner go on.")
        assert pause() is None


def test_send_a_test_message(chromium: Browser, stage: Stage, way: str) -> None:
    with _at(stage, chromium, way, "/partners/beta") as seen:
        seen.hand.press("button", "Send a test message")
        seen.look("Send a test message to beta")
        seen.hand.press("button", "Send the test message")
        seen.read("A test message will be sent in a moment.")
        assert len(stage.lit.world.store.oversight.waiting_orders(10)) == 1
        assert stage.lit.carry_out() == 1
        assert stage.lit.world.store.oversight.waiting_orders(10) == []


def test_acknowledge_and_mute_an_alert(chromium: Browser, stage: Stage, way: str) -> None:
    oversight = stage.lit.world.store.oversight
    with _at(stage, chromium, way, "/alerts") as seen:
        seen.look("Alerts")
        seen.hand.press("link", "Too many messages wait: C17")
        seen.look("Too many messages wait")
        seen.hand.press("button", "Acknowledge")
        seen.read("The alert is yours now.")
        found = oversight.alert("alert-depth")
        assert found is not None
        assert found.acknowledged_by is not None
        seen.hand.press("button", "Mute")
        seen.look("Mute")
        seen.hand.choose("4 hours")
        seen.hand.choose("Somebody is mending it")
        seen.hand.press("button", "Mute")
        seen.read("Nobody is told about this")
        assert ("depth", "C17") in {(one.rule, one.subject) for one in oversight.mutes(stage.lit.world.now)}


def test_search_the_audit(chromium: Browser, stage: Stage, way: str) -> None:
    with _at(stage, chromium, way, "/audit") as seen:
        seen.look("Audit")
        seen.hand.open("Search the audit")
        seen.hand.write("Subject", str(stage.delivery("refused")))
        seen.hand.pick("What happened", "delivery.refused")
        seen.hand.press("button", "Search")
        expect(seen.tab.page.locator("main table").first).to_contain_text("delivery.refused")
        expect(seen.tab.page.locator("main table tbody").first.locator("tr")).to_have_count(1)
        seen.look("Audit")

"""One message at the console: all that became of it, nothing that names a person, and every look on record."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.contract import StoreUnavailable
from gateway.control.partners import PartnerActions
from gateway.exchange.results import Accepted
from gateway.oversight.access import Role
from gateway.oversight.views import AuditSearch, MessageSearch
from gateway.trust.keyring import KeyUse
from gateway.trust.sealing import ArchiveKeys
from schemas.identifiers import MessageId, PartyCode
from schemas.receipts import Stage
from tests.support.console import VERA, House
from tests.support.console_world import SECRETS, Lit, fill, light
from tests.support.spg_to_c17 import to_c17
from tests.support.world import seal_soap

STATES = ("handed-over", "applied", "delivered", "not-applied", "refused", "retrying", "waiting")
_PARTNERS_WORD = "No such case."
"""What the recipient wrote into its receipt: it might have named somebody."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lit, dict[str, MessageId]]]:
    """A world that tests only look at."""
    lit = light(f"sqlite:///{tmp_path_factory.mktemp('message') / 'gateway.db'}")
    yield lit, fill(lit)
    lit.world.store.close()


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _looks(lit: Lit, message_id: MessageId) -> list[str]:
    wanted = AuditSearch(code=AuditCode.MESSAGE_VIEWED.value, subject=message_id)
    return [str(record.event.facts["by"]) for record in lit.world.store.watch.audit(wanted, None, 50)]


def _section(page: str, place: str) -> str:
    """From this heading to the next of its kind."""
    found = re.search(rf'<h2 class="govuk-heading-m" id="{place}">.*?(?=<h2 class="govuk-heading-m")', page, re.DOTALL)
    assert found, place
    return found[0]


@pytest.mark.parametrize("state", STATES)
def test_a_message_in_every_state_is_shown_whole_and_names_nobody(full: tuple[Lit, dict[str, MessageId]], state: str) -> None:
    lit, ids = full
    page = lit.browser(Role.OPERATOR, Role.REVEAL).get(f"/messages/{ids[state]}")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    number = STATES.index(state) + 1
    for fact in (ids[state], f"ref-m-{number}", f"m-{number}", "alpha over amqp", "0-9-14", "sha-256:"):
        assert fact in page.text
    words = {"handed-over": "Handed over", "not-applied": "Not applied"}.get(state, state.capitalize())
    assert re.search(rf">{words}</strong>", _section(page.text, "deliveries"))
    assert not [secret for secret in (*SECRETS, f"X00000{number}", _PARTNERS_WORD) if secret in page.text]
    assert "eyJ" not in page.text, "no receipt is handed out"


def test_what_was_checked_is_said_with_key_and_digests(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    checked = _section(lit.browser(Role.VIEWER).get(f"/messages/{ids['applied']}").text, "checks")
    record = lit.world.store.queries.messages([ids["applied"]])[ids["applied"]]
    submission = lit.world.store.queries.submissions([record.submission_id])[record.submission_id]
    key = next(one for one in lit.house.directory().keyring.keys.values() if one.organisation == "alpha" and one.use is KeyUse.SIGN)
    for fact in (key.key_id, "EdDSA", submission.content_digest, submission.receipt_digest, "Kept, sealed"):
        assert fact in checked
    assert "revoked" not in checked


def test_a_key_that_was_revoked_since_says_so(lit: Lit) -> None:
    sent = lit.send("m-1")
    key = next(one for one in lit.house.directory().keyring.keys.values() if one.organisation == "alpha")
    lit.world.store.partners.revoke_key(key.key_id, lit.world.now, AuditEvent(AuditCode.KEY_REVOKED, lit.world.now, key.key_id))
    assert "revoked since" in _section(lit.browser(Role.VIEWER).get(f"/messages/{sent}").text, "checks")


def test_content_shows_codes_and_hides_the_rest(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    content = _section(lit.browser(Role.VIEWER).get(f"/messages/{ids['applied']}").text, "content")
    assert "COAP" in content
    assert "…002" in content
    assert ">Hidden<" in content
    assert "Team: Code" in content
    assert "Your roles do not include revealing it" in content
    assert 'type="checkbox"' not in content


def test_the_recipients_no_leads_to_what_to_do(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    delivery = lit.delivery(ids["refused"])
    page = lit.browser(Role.VIEWER).get(f"/messages/{ids['refused']}").text
    assert "A person is needed" in page
    assert page.count(f'href="/dead-letters/{delivery.delivery_id}"') == 2
    assert "The recipient: It answered 400." in _section(page, "deliveries")
    assert "A person is needed" not in lit.browser(Role.VIEWER).get(f"/messages/{ids['applied']}").text


def test_attempts_and_the_next_one_are_shown(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    delivery = lit.delivery(ids["retrying"])
    page = _section(lit.browser(Role.VIEWER).get(f"/messages/{ids['retrying']}").text, "deliveries")
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at.strftime("%H:%M:%S") in page
    assert "The connection was refused." in page
    assert "Try later" in page


def test_receipts_say_whose_word_they_are(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    page = _section(lit.browser(Role.VIEWER).get(f"/messages/{ids['not-applied']}").text, "receipts")
    record = lit.world.store.queries.messages([ids["not-applied"]])[ids["not-applied"]]
    kept = [one for one in lit.world.store.queries.receipts_of_submission(record.submission_id) if one.message_id == ids["not-applied"]]
    assert kept
    assert all(one.digest in page for one in kept)
    assert "The recipient, by its own signed receipt" in page
    assert page.index("Accepted") < page.index("Not applied")
    assert "gateway receipts verify" in page


def test_the_timeline_tells_it_in_order(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    story = _section(lit.browser(Role.VIEWER).get(f"/messages/{ids['applied']}").text, "story")
    beats = ["Received, verified and stored", "Accepted for delivery", "Translated for C17", "Attempt 1 to C17: taken", "Handed over to C17", "Applied by C17"]
    places = [story.index(beat) for beat in (*beats, "Receipt signed: applied")]
    assert places == sorted(places)


def test_every_look_is_on_record_and_folded_away_until_asked_for(lit: Lit) -> None:
    sent = lit.send("m-1")
    browser = lit.browser(Role.VIEWER)
    first = browser.get(f"/messages/{sent}").text
    assert "1 look at it is left out." in first
    assert "This page was opened" not in first
    second = browser.get(f"/messages/{sent}?looks=true").text
    assert second.count("This page was opened") == 2
    assert second.count("by u-vera") == 2
    assert _looks(lit, sent) == ["u-vera", "u-vera"]


def test_of_very_many_looks_the_rest_of_the_story_stays(lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.console.pages.message.MOST_LOOKS", 3)
    monkeypatch.setattr("gateway.console.pages.message._FIRST", 1)
    sent = lit.send("m-1")
    browser = lit.browser(Role.VIEWER)
    for _ in range(6):
        page = browser.get(f"/messages/{sent}").text
    lit.refuse(sent)
    page = browser.get(f"/messages/{sent}?looks=true").text
    assert page.count("This page was opened") == 3
    assert "Accepted for delivery" in page
    assert "Attempt 1 to C17 was refused" in page


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR])
def test_no_record_no_look(full: tuple[Lit, dict[str, MessageId]], monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    def refuse(*_: object) -> None:
        raise StoreUnavailable

    lit, ids = full
    browser = lit.browser(role)
    monkeypatch.setattr(type(lit.world.store.oversight), "note_look", refuse)
    page = browser.get(f"/messages/{ids['applied']}")
    assert page.status_code == 503
    assert "ref-m-2" not in page.text


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_who_watches_without_searching_sees_what_became_of_it_alone(lit: Lit, role: Role) -> None:
    sent, other = lit.send("m-1"), lit.send("m-2")
    page = lit.browser(role).get(f"/messages/{sent}").text
    assert "Your roles show what became of a message, not what it says." in page
    assert "Accepted for delivery" in page
    for absent in ("COAP", other, 'action="/search', 'action="/work'):
        assert absent not in page
    assert _looks(lit, sent) == ["u-vera"]


def test_other_messages_of_the_case_are_linked(lit: Lit) -> None:
    sent, same, other = lit.send("m-1"), lit.send("m-2"), lit.send("m-3", crn="X000099")
    related = _section(lit.browser(Role.VIEWER).get(f"/messages/{sent}").text, "related")
    assert f'href="/messages/{same}"' in related
    assert other not in related
    assert f'href="/messages/{sent}"' not in related
    alone = _section(lit.browser(Role.VIEWER).get(f"/messages/{other}").text, "related")
    assert "None." in alone


def test_what_is_left_out_for_a_recipient_is_said(lit: Lit) -> None:
    sent = lit.send("m-1", recipients=("C20",))
    lost = replace(lit.delivery(sent), left_out='[{"pointer": "/payload/rar", "reason": "<b>no place for it"}]')
    done = AuditEvent(AuditCode.DELIVERY_PREPARED, lit.world.now, lost.delivery_id)
    assert not lit.world.store.unit_of_work.commit([Changes(deliveries=(lost,), events=(done,))]).stale
    page = lit.browser(Role.VIEWER).get(f"/messages/{sent}").text
    assert "Left out in the language of C20" in page
    assert "/payload/rar" in page
    assert "&lt;b&gt;no place for it" in page


def test_a_message_that_the_gateway_made_itself_claims_no_signature(lit: Lit) -> None:
    PartnerActions(lit.house.parts.desk).ask_test(PartyCode("C17"), VERA)
    assert lit.carry_out() == 1
    (row,) = lit.world.store.watch.find(MessageSearch(since=lit.world.now), 5)
    page = lit.browser(Role.VIEWER).get(f"/messages/{row.message.message_id}").text
    assert "The gateway made this message itself." in _section(page, "checks")
    assert "Holds" not in _section(page, "checks")
    assert "About no case" in page
    assert "This message is about no case." in page


def test_a_status_notification_is_the_gateways_own(lit: Lit) -> None:
    wire = seal_soap(lit.world, to_c17("CustodyDate-ins-full"))
    sent = lit.world.pipeline.submit([lit.world.submission("ndelius", wire, channel="soap", peer=None)])[0]
    assert isinstance(sent, Accepted)
    lit.hand_over(sent.message_ids[0])
    lit.say(sent.message_ids[0], Stage.APPLIED)
    (row,) = lit.world.store.watch.find(MessageSearch(since=lit.world.now, type="InterchangeStatusNotification"), 5)
    page = lit.browser(Role.VIEWER).get(f"/messages/{row.message.message_id}")
    assert page.status_code == 200
    assert "The gateway made this message itself, in answer to the submission below." in page.text
    assert 'href="/queues/N00"' in _section(page.text, "deliveries")
    assert "Holds" in _section(lit.browser(Role.VIEWER).get(f"/messages/{sent.message_ids[0]}").text, "checks")


def test_an_own_id_that_holds_a_case_shows_its_end(lit: Lit) -> None:
    sent = lit.send("X000042-17", crn="X000042")
    page = lit.browser(Role.VIEWER).get(f"/messages/{sent}").text
    assert "X000042" not in page
    assert "…-17" in page


def test_content_that_cannot_be_opened_is_said_to_be_gone(full: tuple[Lit, dict[str, MessageId]]) -> None:
    lit, ids = full
    world = lit.world
    house = House(
        lit.house.settings, now=world.now, store=world.store, means=replace(world.means, archive=ArchiveKeys("", {})), directory=world.store.partners.directory
    )
    page = house.signed_in(Role.REVEAL).get(f"/messages/{ids['applied']}").text
    assert "No longer kept" in page
    assert "Applied by C17" in page


def test_notes_and_who_has_it_stand_on_the_page(lit: Lit) -> None:
    sent = lit.send("m-1")
    browser = lit.browser(Role.OPERATOR)
    assert "Nobody has it yet." in browser.get(f"/messages/{sent}").text
    assert browser.post("/work/take", {"about": f"message:{sent}"}).headers["location"] == f"/messages/{sent}?done=assigned"
    browser.post("/work/note", {"about": f"message:{sent}", "text": "<i>Asked</i> the partner."})
    page = browser.get(f"/messages/{sent}?done=noted").text
    assert "You have it, since" in page
    assert "Give it back" in page
    assert "&lt;i&gt;Asked&lt;/i&gt; the partner." in page
    assert "Your note was kept." in page
    watching = lit.browser(Role.VIEWER).get(f"/messages/{sent}").text
    assert "&lt;i&gt;Asked&lt;/i&gt; the partner." in watching
    assert 'action="/work' not in watching


@pytest.mark.parametrize("message_id", ["no-such-message", "01900000-0000-7000-8000-000000000000", "%3Cscript%3E"])
def test_there_is_no_page_of_what_is_not_there(full: tuple[Lit, dict[str, MessageId]], message_id: str) -> None:
    page = full[0].browser(Role.VIEWER).get(f"/messages/{message_id}")
    assert page.status_code == 404
    assert "<script>alert" not in page.text

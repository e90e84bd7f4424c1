"""Signing in: the whole way to a provider and back, and everything that a provider or an attacker can get wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import pytest

from gateway.audit.events import AuditCode
from gateway.config import ConfigurationInvalid
from gateway.console.sign_in import local_path
from gateway.oversight.access import Role
from gateway.rehearsal.identity_provider import Flaw, SimulatedProvider
from tests.support.console import Browser, House, form_value, go_to_provider, house_for, provided, questions, running, sign_in


@pytest.fixture(scope="module")
def serving() -> Iterator[SimulatedProvider]:
    with running(SimulatedProvider(client_secret="it is:a secret+%")) as provider:
        yield provider


@pytest.fixture
def provider(serving: SimulatedProvider) -> Iterator[SimulatedProvider]:
    yield serving
    serving.flaw, serving.gives_id_token = Flaw.NONE, True


@pytest.fixture
def house(provider: SimulatedProvider) -> House:
    return provided(provider)


@pytest.fixture(autouse=True)
def _same_time(request: pytest.FixtureRequest) -> None:
    """The console's clock stands; the provider's tokens are of its time."""
    if "provider" in request.fixturenames:
        provider, house = request.getfixturevalue("provider"), request.getfixturevalue("house")
        provider.now = lambda: house.now.timestamp()


def test_there_and_back(house: House) -> None:
    browser = house.browser()
    assert "/sign-in/start?next=%2Fqueues" in browser.get("/sign-in", params={"next": "/queues"}).text
    done = sign_in(browser, "u-admin", "/sessions")
    assert (done.status_code, done.headers["location"]) == (303, "/sessions")
    page = browser.get("/sessions")
    assert page.status_code == 200
    assert "Ada Example (fictional)" in page.text
    [event] = house.oversight.events
    assert (event.code, event.subject) == (AuditCode.OPERATOR_SIGNED_IN, "u-admin")
    assert event.facts == {"how": "provider", "kind": "browser", "roles": "admin", "by": "u-admin"}


def test_whoever_is_signed_in_goes_on(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    assert browser.get("/sign-in", params={"next": "/sessions"}).headers["location"] == "/sessions"


def test_what_is_asked_of_the_provider(house: House) -> None:
    asked = questions(house.browser().get("/sign-in/start").headers["location"])
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert asked["redirect_uri"] == "https://console.example/sign-in/callback"
    assert asked["scope"] == "openid profile"
    [kept] = house.oversight.sign_ins.values()
    assert asked["state"] not in repr(house.oversight.sign_ins)
    assert (asked["nonce"], kept.facts["verifier"] in asked.values()) == (kept.facts["nonce"], False)


def test_several_roles_are_told_in_order(house: House) -> None:
    browser = house.browser()
    sign_in(browser, "u-reveal")
    [session] = house.oversight.kept.values()
    assert session.roles == (Role.OPERATOR, Role.REVEAL)


def test_a_session_begins_under_a_new_token_and_ends_the_one_before(house: House) -> None:
    browser = house.signed_in(Role.VIEWER)
    before = browser.http.cookies[house.parts.cookies.session]
    sign_in(browser, "u-admin")
    assert browser.http.cookies[house.parts.cookies.session] != before
    assert house.codes().count(AuditCode.OPERATOR_SIGNED_OUT) == 1
    assert len([one for one in house.oversight.kept.values() if one.ended_at is None]) == 1


def test_a_person_without_a_role_is_refused_on_record(house: House) -> None:
    browser = house.browser()
    refused = sign_in(browser, "u-nobody")
    assert refused.status_code == 403
    assert "You do not have access" in refused.text
    [event] = house.oversight.events
    assert (event.code, event.subject, event.facts["why"]) == (AuditCode.OPERATOR_REFUSED, "u-nobody", "no-role")
    assert house.oversight.kept == {}


@pytest.mark.parametrize(
    ("flaw", "why"),
    [
        (Flaw.WRONG_NONCE, "nonce"),
        (Flaw.WRONG_SIGNATURE, "signature"),
        (Flaw.UNKNOWN_KEY, "signature"),
        (Flaw.SHARED_SECRET, "signature"),
        (Flaw.UNSIGNED, "signature"),
        (Flaw.EXPIRED, "claims"),
        (Flaw.WRONG_ISSUER, "claims"),
        (Flaw.WRONG_AUDIENCE, "audience"),
        (Flaw.NO_SUBJECT, "subject"),
        (Flaw.NO_TOKEN, "no-token"),
    ],
)
def test_a_token_that_does_not_hold_signs_nobody_in(house: House, provider: SimulatedProvider, flaw: Flaw, why: str) -> None:
    provider.flaw = flaw
    refused = sign_in(house.browser(), "u-admin")
    assert refused.status_code == 403
    assert "could not be verified" in refused.text
    [event] = house.oversight.events
    assert (event.code, event.subject, event.facts["why"]) == (AuditCode.OPERATOR_REFUSED, "unknown", why)
    assert house.oversight.kept == {}


def test_a_provider_in_trouble_is_a_page(house: House, provider: SimulatedProvider) -> None:
    provider.flaw = Flaw.BROKEN
    assert sign_in(house.browser(), "u-admin").status_code == 503


def test_a_provider_that_is_away_is_a_page() -> None:
    house = house_for(console_issuer="http://127.0.0.1:9", console_client_id="c", console_role_claims={"a": "viewer"})
    away = house.browser().get("/sign-in/start")
    assert away.status_code == 503
    assert "identity provider cannot be reached" in away.text


def test_a_new_key_of_the_provider_is_fetched(house: House, provider: SimulatedProvider) -> None:
    sign_in(house.browser(), "u-admin")
    provider.change_keys()
    house.parts.provider._monotonic = lambda: 1e9  # type: ignore[union-attr]
    assert sign_in(house.browser(), "u-admin").status_code == 303


def test_an_access_token_where_the_provider_gives_no_id_token(house: House, provider: SimulatedProvider) -> None:
    provider.gives_id_token = False
    assert sign_in(house.browser(), "u-admin").status_code == 403
    other = provided(provider, console_token="access")
    assert sign_in(other.browser(), "u-admin").status_code == 303
    [session] = other.oversight.kept.values()
    assert session.roles == (Role.ADMIN,)


@pytest.mark.parametrize("flaw", [Flaw.WRONG_SIGNATURE, Flaw.UNSIGNED, Flaw.EXPIRED, Flaw.WRONG_AUDIENCE, Flaw.WRONG_ISSUER, Flaw.SHARED_SECRET])
def test_an_access_token_is_verified_just_the_same(house: House, provider: SimulatedProvider, flaw: Flaw) -> None:
    provider.gives_id_token, provider.flaw = False, flaw
    other = provided(provider, console_token="access")
    assert sign_in(other.browser(), "u-admin").status_code == 403


def test_an_access_token_must_name_the_audience_where_one_is_set(house: House, provider: SimulatedProvider) -> None:
    provider.gives_id_token = False
    assert sign_in(provided(provider, console_token="access", console_token_audience="somebody").browser(), "u-admin").status_code == 403


def test_an_answer_works_once(house: House) -> None:
    browser = house.browser()
    back = go_to_provider(browser, "u-admin")
    assert browser.get(back).status_code == 303
    again = browser.get(back)
    assert again.status_code == 400
    assert "Sign in again" in again.text


def test_an_answer_in_another_browser_signs_nobody_in(house: House) -> None:
    """Login forgery: an attacker's own code and state, sent to somebody as a link."""
    back = go_to_provider(house.browser(), "u-admin")
    victim = house.browser()
    assert victim.get(back).status_code == 400
    victim.get("/sign-in/start")
    assert victim.get(back).status_code == 400
    assert house.oversight.kept == {}


def test_an_answer_after_ten_minutes_is_too_late(house: House) -> None:
    browser = house.browser()
    back = go_to_provider(browser, "u-admin")
    house.pass_time(minutes=10)
    assert browser.get(back).status_code == 400


def test_a_code_stolen_from_another_sign_in_is_refused(house: House) -> None:
    """Injected code: state is the victim's, the code another's; PKCE tells them apart."""
    thief, victim = house.browser(), house.browser()
    stolen = questions(go_to_provider(thief, "u-admin"))["code"]
    own = questions(go_to_provider(victim, "u-viewer"))
    assert victim.get("/sign-in/callback", params={**own, "code": stolen}).status_code == 403
    assert house.oversight.kept == {}


def test_an_answer_that_claims_another_issuer_is_refused(house: House) -> None:
    browser = house.browser()
    back = questions(go_to_provider(browser, "u-admin"))
    assert browser.get("/sign-in/callback", params={**back, "iss": "https://other.example"}).status_code == 403


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=x", "?error=access_denied", f"?state={'x' * 5000}&code=y", "?state=&code="])
def test_nonsense_at_the_callback_is_a_page_and_not_on_record(house: House, query: str) -> None:
    said = house.browser().get(f"/sign-in/callback{query}")
    assert said.status_code == 400
    assert house.oversight.events == []


def test_a_person_who_declines_is_told_so(house: House) -> None:
    browser = house.browser()
    state = questions(browser.get("/sign-in/start").headers["location"])["state"]
    said = browser.get(f"/sign-in/callback?{urlencode({'error': 'access_denied', 'error_description': '<b>no</b>', 'state': state})}")
    assert said.status_code == 403
    assert "<b>no</b>" not in said.text


def test_strangers_cannot_begin_sign_ins_without_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.console.sign_in._STARTS", 3)
    busy = House(house.settings)
    assert [busy.browser().get("/sign-in/start").status_code for _ in range(4)] == [303, 303, 303, 429]
    assert len(busy.oversight.sign_ins) == 3


@pytest.mark.parametrize(
    ("asked", "goal"),
    [
        ("/queues?party=C05", "/queues?party=C05"),
        ("/", "/"),
        ("", "/"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("javascript:alert(1)", "/"),
        ("/\nx", "/"),
        ("/é", "/"),
        ("/sign-out", "/"),
        ("/sign-in?next=/sign-in", "/"),
        ("/live", "/"),
        ("/api/v1/x", "/"),
        ("/" + "x" * 600, "/"),
    ],
)
def test_afterwards_one_goes_to_paths_of_ours_alone(asked: str, goal: str) -> None:
    assert local_path(asked) == goal


def test_a_visitor_comes_back_to_the_page_that_was_asked_for(house: House) -> None:
    browser = house.browser()
    sent = browser.get("/sessions?order=name").headers["location"]
    assert sent == "/sign-in?next=%2Fsessions%3Forder%3Dname"
    assert "next=%2Fsessions%3Forder%3Dname" in browser.get(sent).text


def test_without_any_way_in_the_page_says_so() -> None:
    house = house_for()
    assert "Nobody can sign in" in house.browser().get("/sign-in").text
    assert house.browser().get("/sign-in/start").status_code == 404


class TestBootstrap:
    """The operator for development."""

    @pytest.fixture
    def dev(self) -> House:
        return house_for(console_bootstrap=True)

    def _try(self, browser: Browser, token: str) -> httpx.Response:
        csrf = form_value(browser.get("/sign-in").text, "csrf")
        return browser.post("/sign-in/token", {"token": token, "csrf": csrf, "next": "/sessions"}, token=None)

    def test_a_token_signs_in_with_every_role_and_a_banner(self, dev: House) -> None:
        assert dev.parts.bootstrap is not None
        token = dev.parts.bootstrap.new_token()
        assert token not in repr(dev.oversight.sign_ins)
        browser = dev.browser()
        done = self._try(browser, token)
        assert (done.status_code, done.headers["location"]) == (303, "/sessions")
        page = browser.get("/sessions").text
        assert "Development sign-in" in page
        [session] = dev.oversight.kept.values()
        assert set(session.roles) == set(Role)

    def test_a_token_works_once_and_for_a_day(self, dev: House) -> None:
        assert dev.parts.bootstrap is not None
        once, late = dev.parts.bootstrap.new_token(), dev.parts.bootstrap.new_token()
        assert self._try(dev.browser(), once).status_code == 303
        assert self._try(dev.browser(), once).status_code == 403
        dev.pass_time(days=1)
        assert self._try(dev.browser(), late).status_code == 403
        assert dev.codes() == [AuditCode.OPERATOR_SIGNED_IN, AuditCode.OPERATOR_REFUSED, AuditCode.OPERATOR_REFUSED]

    def test_five_tries_a_minute(self, dev: House) -> None:
        assert dev.parts.bootstrap is not None
        tries = [self._try(dev.browser(), f"guess-{number}").status_code for number in range(6)]
        assert tries == [403] * 5 + [429]
        assert self._try(dev.browser(), dev.parts.bootstrap.new_token()).status_code == 429

    def test_its_form_is_bound_to_the_browser(self, dev: House) -> None:
        assert dev.parts.bootstrap is not None
        csrf = form_value(dev.browser().get("/sign-in").text, "csrf")
        for other in (dev.browser(), dev.browser()):
            said = other.post("/sign-in/token", {"token": dev.parts.bootstrap.new_token(), "csrf": csrf}, token=None)
            assert said.status_code == 400
        assert dev.oversight.kept == {}

    def test_it_does_not_exist_where_it_was_not_asked_for(self) -> None:
        house = house_for()
        assert house.parts.bootstrap is None
        assert house.browser().post("/sign-in/token", {"token": "x", "csrf": "y"}, token=None).status_code == 404

    def test_it_does_not_exist_in_live(self) -> None:
        live = {"environment": "live", "public_url": "https://g.example", "tls_ends_at_proxy": True, "broker": "rabbitmq"}
        urls = {"broker_url": "amqp://mq/g", "broker_partners_url": "amqp://mq/p"}
        with pytest.raises(ConfigurationInvalid, match="console_bootstrap"):
            house_for(**live, **urls, console_bootstrap=True)

    def test_it_does_not_start_in_live_even_past_the_settings(self, dev: House) -> None:
        from gateway.config import Environment
        from gateway.console.bootstrap_operator import BootstrapOperator

        with pytest.raises(ConfigurationInvalid):
            BootstrapOperator(Environment.LIVE, dev.store.oversight, lambda: datetime.now(UTC), lambda: 0.0)

"""The list of partners: everybody with how they are doing, filtered, with links to what is behind each number."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.config import load_settings
from gateway.control.partners import PartnerActions
from gateway.oversight.access import Role
from gateway.oversight.keys import soonest_end
from gateway.partners.party import Organisation, Party, Standing
from gateway.store.opening import migrate, open_store
from gateway.trust.keyring import KeyRecord, KeyUse
from schemas.identifiers import KeyId, OrganisationId, PartyCode
from tests.support.console import URL, VERA, House
from tests.support.console_world import SECRETS, Lit, fill, light
from tests.support.world import NOW


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}")
    yield found
    found.world.store.close()


def _row(page: str, organisation: str) -> str:
    """The text of one line of the table."""
    found = re.search(rf'<tr class="govuk-table__row">\s*<th scope="row"[^>]*><a class="govuk-link" href="/partners/{organisation}">.*?</tr>', page, re.DOTALL)
    assert found, f"no line of {organisation}"
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def _listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="govuk-table__header"><a class="govuk-link" href="/partners/([a-z-]+)">', page)


def _put(lit: Lit, organisation: Organisation, *codes: str) -> None:
    event = AuditEvent(AuditCode.PARTNER_CHANGED, NOW, "test")
    lit.world.store.partners.put_organisation(organisation, event)
    for code in codes:
        lit.world.store.partners.put_party(Party(code=PartyCode(code), name=code, organisation=organisation.organisation_id), event)


def test_everybody_is_listed_with_figures_that_lead_somewhere(lit: Lit) -> None:
    fill(lit)
    page = lit.browser(Role.VIEWER).get("/partners").text
    assert sorted(_listed(page)) == ["alpha", "beta", "gamma", "ndelius"]
    assert _row(page, "beta") == (
        "beta Struggling C17 Never 23 Nov, midday 2 waiting, beta 1 dead letters, beta 0 late receipts, beta 3,650 days , keys of beta –"
    )
    assert "Working C05 23 Nov, midday Never" in _row(page, "alpha")
    for link in ("/queues/C17", "/dead-letters?recipient=C17", "/receipts?standing=late&amp;party=C17", "/partners/beta/keys", "/partners?health=struggling"):
        assert f'href="{link}"' in page
    assert not [secret for secret in SECRETS if secret in page]


def test_those_that_need_somebody_come_first(lit: Lit) -> None:
    fill(lit)
    assert _listed(lit.browser(Role.VIEWER).get("/partners").text)[0] == "beta"


FILTERS = {
    "health=struggling": ["beta"],
    "health=trouble": ["beta"],
    "health=working": ["alpha"],
    "party=C20": ["gamma"],
    "standing=live": ["alpha", "beta", "gamma", "ndelius"],
    "standing=live&party=C05": ["alpha"],
    "standing=suspended": [],
    "party=%3Cscript%3E": [],
}


def test_a_filter_leaves_those_that_are_like_it(lit: Lit) -> None:
    fill(lit)
    browser = lit.browser(Role.VIEWER)
    for query, expected in FILTERS.items():
        page = browser.get(f"/partners?{query}").text
        assert sorted(_listed(page)) == expected, query
        assert "<script>" not in page
        assert ("No partner is like this" in page) is (expected == [])


def test_an_organisation_of_many_parties_leads_to_its_own_page(lit: Lit) -> None:
    _put(lit, Organisation(organisation_id=OrganisationId("many"), name="Many <Ltd>"), "C01", "C02")
    page = lit.browser(Role.VIEWER).get("/partners").text
    row = _row(page, "many")
    assert row.startswith("Many &lt;Ltd&gt; Applied Joining C01 C02 Never Never 0 waiting")
    assert "No key" in row
    assert 'href="/partners/many#parties"' in page


def test_a_pause_is_loud_on_the_list_the_overview_and_the_queues(lit: Lit) -> None:
    until = lit.world.now + timedelta(hours=3)
    PartnerActions(lit.house.parts.desk).pause(OrganisationId("beta"), until, "partner-asked", "", VERA)
    browser = lit.browser(Role.VIEWER)
    assert "Paused C17" in _row(browser.get("/partners").text, "beta")
    for path in ("/", "/partners", "/queues", "/receipts"):
        page = browser.get(path).text
        assert 'aria-label="warning: Paused"' in page, path
        assert "23 November 2026 at 3pm" in page, path
    lit.pass_time(hours=3)
    assert "warning: Paused" not in browser.get("/").text


@pytest.mark.parametrize(("path", "words"), [("/partners", "No partners yet"), ("/receipts", "Nobody is sent to yet")])
def test_without_partners_a_page_says_what_brings_them(tmp_path: Path, path: str, words: str) -> None:
    url = f"sqlite:///{tmp_path / 'nobody.db'}"
    migrate(url)
    store = open_store(url)
    settings = load_settings(environment="test", console_url=URL, console_tls_ends_at_proxy=True)
    page = House(settings, store=store, directory=store.partners.directory).signed_in(Role.VIEWER).get(path)
    assert page.status_code == 200
    assert words in page.text
    store.close()


def _key(use: KeyUse, days: int, *, revoked: bool = False) -> KeyRecord:
    return KeyRecord(
        key_id=KeyId(f"{use}-{days}"),
        organisation=OrganisationId("beta"),
        use=use,
        algorithm="EdDSA",
        public_key=b"",
        not_before=NOW - timedelta(days=400),
        not_after=NOW + timedelta(days=days),
        revoked_at=NOW if revoked else None,
    )


def test_a_key_with_a_successor_may_end() -> None:
    end = soonest_end([_key(KeyUse.SIGN, 3), _key(KeyUse.SIGN, 300), _key(KeyUse.AUTH, 40), _key(KeyUse.TLS, 1, revoked=True)])
    assert end is not None
    assert (end.use, end.days_left(NOW)) == (KeyUse.AUTH, 40)
    over = soonest_end([_key(KeyUse.SIGN, -2)])
    assert over is not None
    assert over.days_left(NOW) == -2
    assert soonest_end([_key(KeyUse.SIGN, 9, revoked=True)]) is None


def test_keys_that_end_soon_are_marked(lit: Lit) -> None:
    store, event = lit.world.store, AuditEvent(AuditCode.KEY_ADDED, NOW, "test")
    _put(lit, Organisation(organisation_id=OrganisationId("late"), name="Late", standing=Standing.LIVE), "C02")
    store.partners.put_key(_key_of("late", -1), event)
    page = lit.browser(Role.VIEWER).get("/partners").text
    assert "Ended" in _row(page, "late")
    assert "29 days" in _row(page, "ndelius")
    assert '<strong class="govuk-tag govuk-tag--orange">29 days</strong>' in page


def _key_of(organisation: str, days: int) -> KeyRecord:
    key = _key(KeyUse.SIGN, days)
    return KeyRecord(
        key_id=KeyId(f"{organisation}-{days}"),
        organisation=OrganisationId(organisation),
        use=key.use,
        algorithm=key.algorithm,
        public_key=b"-",
        not_before=key.not_before,
        not_after=key.not_after,
    )

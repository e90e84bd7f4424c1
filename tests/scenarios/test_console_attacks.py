"""Attacks on the console's doors: sessions, forged requests, addresses, bytes that are no text, and what leaks."""

import asyncio
import logging
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from gateway.oversight.access import Role
from gateway.oversight.records import Operator, SessionKind
from schemas.identifiers import MessageId
from tests.support.console import SAME_ORIGIN, Browser, form_value
from tests.support.console_attacks import FORM, MULTIPART, fields_of, filled, form_post, knock, multipart, newest, page_routes
from tests.support.console_world import SECRETS, Lit, fill, light

EVERYTHING = tuple(Role)
MALLORY = Operator("u-mallory", "Mallory Example (fictional)")
NASTY = ("9" * 25, "-1", "x" * 3000, "\u202e\uff38\uff10", "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd", "a\r\nset-cookie: a=b")
COOKIE = "__Host-session"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lit, dict[str, MessageId]]]:
    """A world that no test here changes, but for its chain."""
    lit = light(f"sqlite:///{tmp_path_factory.mktemp('attacks') / 'gateway.db'}", console_bootstrap=True)
    yield lit, fill(lit)
    lit.world.store.close()


@pytest.fixture
def lit(tmp_path: Path) -> Iterator[Lit]:
    found = light(f"sqlite:///{tmp_path / 'gateway.db'}", console_bootstrap=True)
    yield found
    found.world.store.close()


def _bootstrap(lit: Lit, browser: Browser, goal: str = "/") -> str:
    """Sign in with a development token; where it leads."""
    assert lit.house.parts.bootstrap is not None
    given = {"token": lit.house.parts.bootstrap.new_token(), "csrf": form_value(browser.get("/sign-in").text, "csrf"), "next": goal}
    done = browser.post("/sign-in/token", given, token=None)
    assert done.status_code == 303, done.text
    return done.headers["location"]


def _with(lit: Lit, token: str) -> Browser:
    browser = lit.house.browser()
    browser.http.cookies.set(COOKIE, token, domain="console.example")
    return browser


class TestSessions:
    """A cookie is worth what its session is worth, and nothing after it."""

    def test_a_planted_cookie_never_becomes_a_session(self, lit: Lit) -> None:
        planted = "A" * 43
        victim = _with(lit, planted)
        _bootstrap(lit, victim)
        held = [one.value for one in victim.http.cookies.jar if one.name == COOKIE]
        assert planted not in held[-1:]
        assert _with(lit, planted).get("/").status_code == 303

    def test_a_sign_in_ends_the_session_before_it_and_its_forms(self, lit: Lit) -> None:
        assert lit.house.parts.bootstrap is not None
        browser = lit.house.browser()
        csrf = form_value(browser.get("/sign-in").text, "csrf")
        browser.become(lit.house.parts.sessions.open(MALLORY, (Role.VIEWER,), SessionKind.BROWSER, "test"))
        old = browser.http.cookies[COOKIE]
        assert browser.post("/sign-in/token", {"token": lit.house.parts.bootstrap.new_token(), "csrf": csrf}, token=None).status_code == 303
        assert _with(lit, old).get("/").status_code == 303
        assert browser.post("/sign-out").status_code == 403

    @pytest.mark.parametrize("end", ["signed out", "by an administrator", "idle", "too old"])
    def test_a_stolen_cookie_dies_with_its_session(self, lit: Lit, end: str) -> None:
        victim = lit.browser(Role.OPERATOR)
        thief = _with(lit, victim.http.cookies[COOKIE])
        assert thief.get("/").status_code == 200
        assert victim.session is not None
        if end == "signed out":
            victim.post("/sign-out")
        elif end == "by an administrator":
            assert lit.browser(Role.ADMIN).post(f"/sessions/{victim.session.session.removeprefix('sha-256:')}/end").status_code == 303
        elif end == "idle":
            lit.pass_time(minutes=30)
        else:
            for _ in range(31):
                lit.pass_time(minutes=20)
                thief.get("/")
        assert thief.get("/").status_code == 303
        thief.session = victim.session
        assert thief.post("/work/take", {"about": "partner:beta"}).status_code == 303
        assert newest(lit)[0].event.code.value != "work.assigned"

    def test_the_two_kinds_never_open_each_others_doors(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        bearer = lit.house.command_line(*EVERYTHING)
        cookie = lit.browser(*EVERYTHING).http.cookies[COOKIE]
        for route in page_routes(lit, "GET"):
            if not route.path.startswith("/sign-in") and route.path != "/health":
                assert lit.house.browser().get(filled(route.path, lit, ids), headers=bearer).status_code == 303, route.path
        token = bearer["authorization"].split()[1]
        assert _with(lit, token).get("/").status_code == 303
        for given in (f"Bearer {cookie}", f"bearer\t{cookie}", f"Basic {cookie}", "Bearer", "Bearer " + "x" * 5000):
            assert knock(lit, "GET", "/api/v1/queues", headers={"authorization": given}).status == 401
        assert lit.browser(*EVERYTHING).get("/api/v1/queues").status_code == 401

    def test_a_host_that_looks_like_a_path_changes_no_door(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        bearer = lit.house.command_line(*EVERYTHING)
        for host in ("x/api/", "console.example/api/v1?", "[", "a b", "console.example#/api/"):
            assert knock(lit, "GET", "/queues", headers={**bearer, "host": host}).status == 303

    def test_odd_cookies_are_no_error_and_come_back_from_nobody(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        for cookie in ('__Host-sign-in="a\\012b"', '__Host-sign-in="\\377"', "__Host-sign-in=" + "x" * 9000, '__Host-session="\\000"', "=;;;=a", "\xff\xfe"):
            answer = knock(lit, "GET", "/sign-in", headers={"cookie": cookie})
            assert answer.status == 200
            assert re.fullmatch(r"__Host-sign-in=[A-Za-z0-9_-]{43}; .*", answer.headers["set-cookie"])

    def test_guesses_of_strangers_wait_for_no_writer_and_hold_up_none(self, lit: Lit, tmp_path: Path) -> None:
        writer = sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        try:
            callback = knock(lit, "GET", "/sign-in/callback", query=b"state=guessed&code=x", headers={"cookie": "__Host-sign-in=x"})
            code = lit.house.browser().http.post("/api/v1/sessions", json={"code": "guessed", "verifier": "v" * 43})
        finally:
            writer.close()
        assert (callback.status, code.status_code) == (400, 401)
        assert time.monotonic() - started < 10


class TestForgery:
    """An action comes from a page of ours and of the same session."""

    def test_no_action_of_any_page_can_be_forged(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        browser, other = lit.browser(*EVERYTHING), lit.browser(*EVERYTHING)
        assert browser.session is not None
        assert other.session is not None
        own, theirs = {"csrf": browser.session.csrf}, {"csrf": other.session.csrf}
        before = newest(lit)[0].sequence
        for route in page_routes(lit, "POST"):
            path = filled(route.path, lit, ids)
            if path == "/sign-in/token":
                continue
            for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}, {}, {"origin": "null"}):
                assert browser.http.post(path, data=own, headers=headers).status_code == 403, (path, headers)
            for data in ({}, theirs, {"csrf": ""}, {"csrf": "~"}, {"csrf": "~AAAA"}, {"csrf": "~\u00e9"}, {"csrf": own["csrf"][:-1]}):
                assert browser.http.post(path, data=data, headers=SAME_ORIGIN).status_code in {400, 403}, (path, data)
            assert browser.http.post(f"{path}?{urlencode(own)}", headers=SAME_ORIGIN).status_code in {400, 403}
            for kind in ("text/plain", "application/json", "application/xml", "", f"{FORM}x"):
                body = urlencode(own).encode()
                assert form_post(lit, browser, path, body, kind).status in {400, 403}, (path, kind)
            for trick in ({"x-http-method-override": "POST"}, {"x-method-override": "POST"}, {"x-http-method": "POST"}):
                browser.get(f"{path}?_method=POST&{urlencode(own)}", headers=trick)
        looks = {"audit.searched", "message.viewed"}
        assert {one.event.code.value for one in newest(lit, 50) if one.sequence > before} <= looks

    def test_the_first_of_two_tokens_does_not_decide_alone(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        browser = lit.browser(Role.OPERATOR)
        assert browser.session is not None
        body = f"csrf={browser.session.csrf}&csrf=wrong&about=partner:beta".encode()
        assert form_post(lit, browser, "/work/take", body).status == 403

    def test_a_form_token_looks_different_in_every_page(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        browser = lit.browser(Role.OPERATOR)
        assert browser.session is not None
        pages = [browser.get("/dead-letters").text for _ in range(2)]
        seen = [found for page in pages for found in re.findall(r'name="csrf" value="([^"]+)"', page)]
        assert len(seen) > 2
        assert len(set(seen)) > 1
        assert not any(browser.session.csrf in page for page in pages)
        for token in (seen[0], seen[-1]):
            assert browser.post("/search", {"query": "no-such-reference-1"}, token=token).status_code == 303

    def test_the_sign_in_form_of_another_browser_signs_nobody_in(self, lit: Lit) -> None:
        assert lit.house.parts.bootstrap is not None
        attacker, victim = lit.house.browser(), lit.house.browser()
        taken = form_value(attacker.get("/sign-in").text, "csrf")
        token = lit.house.parts.bootstrap.new_token()
        for first in (False, True):
            if first:
                victim.get("/sign-in")
            for csrf in (taken, "", "x"):
                assert victim.post("/sign-in/token", {"token": token, "csrf": csrf}, token=None).status_code in {400, 403}
        assert not [one for one in victim.http.cookies.jar if one.name == COOKIE]


class TestAddresses:
    """Nothing that stands in an address breaks, leads away, or comes back as markup."""

    @pytest.mark.parametrize(
        "goal",
        ["//evil.example", "https://evil.example", "/\\evil.example", "/%09//evil.example", "javascript:alert(1)", "/\tevil", "/\r\nx: y", "/sign-out", "é/"],
    )
    def test_sign_in_leads_nowhere_else(self, lit: Lit, goal: str) -> None:
        to = _bootstrap(lit, lit.house.browser(), goal)
        assert re.fullmatch(r"/(?![/\\])[\x21-\x7e]*", to)

    def test_who_is_sent_to_sign_in_comes_back_here(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        for path in ("//evil.example/%2f..", "/queues//evil.example", "/\\evil.example"):
            location = knock(lit, "GET", path).headers.get("location", "/")
            assert location.startswith("/")
            assert not location.startswith(("//", "/\\"))

    def test_no_address_is_an_error_of_ours_or_markup(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        browser = lit.browser(*EVERYTHING)
        for route in page_routes(lit, "GET"):
            path = filled(route.path, lit, ids)
            wanted = [(path, {name: value}) for name in fields_of(route) for value in NASTY]
            if path != route.path:
                wanted += [(re.sub(r"\{[a-z_]+\}", quote(value, safe=""), route.path), {}) for value in NASTY]
            for where, params in wanted:
                answer = browser.get(where, params=params)
                assert answer.status_code < 500, (where, params)
                assert "<script>alert" not in answer.text, (where, params)
                assert "\n" not in answer.headers.get("location", "")
                assert "set-cookie: a=b" not in str(answer.headers)

    @pytest.mark.parametrize("who", ["stranger", "operator"])
    def test_addresses_that_are_no_text_are_refused_in_the_frame(self, full: tuple[Lit, dict[str, MessageId]], who: str) -> None:
        lit, _ = full
        browser = lit.browser(*EVERYTHING) if who == "operator" else None
        for path, query in (("/", b"a=\xff"), ("/queues", b"a=%00"), ("/nowhere", b"\x80"), ("/messages/a\x00b", b""), ("/queues/\udc80", b""), ("/x\n", b"")):
            answer = knock(lit, "GET", path, query=query, browser=browser)
            assert answer.status == 400
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert knock(lit, "GET", "/api/v1/queues", query=b"\xff").headers["content-type"] == "application/problem+json"

    def test_static_files_are_a_list_and_no_folder(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        release = re.search(r"/static/([0-9a-f]+)/", lit.house.browser().get("/sign-in").text)
        assert release
        for name in ("../app.py", "..%2fapp.py", "....//app.py", "/etc/passwd", "a\\..\\app.py", "console.css/../../app.py", ".", ""):
            for base in ("/static/", f"/static/{release[1]}/"):
                assert knock(lit, "GET", base + name).status == 404


class TestBytes:
    """Bodies that no form of ours has."""

    def test_bodies_are_answered_and_never_an_error_of_ours(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        browser = lit.browser(*EVERYTHING)
        assert browser.session is not None
        csrf, before = browser.session.csrf, newest(lit)[0].sequence
        names = ("about", "text", "reason", "group", "delivery", "hours", "rule", "subject", "alert", "query", "crn", "field", "purpose", "until", "year")
        odd = dict.fromkeys(names, "a\x00b")
        bodies = [
            (urlencode({"csrf": csrf, **odd, "expected": "1"}).encode(), FORM),
            (urlencode({"csrf": csrf, "until": "own", "year": "9" * 9, "month": "1", "day": "1", "clock": "1:1", "expected": "9" * 4000}).encode(), FORM),
            (f"csrf={csrf}&expected=-1&{'&'.join('delivery=x' for _ in range(3000))}".encode(), FORM),
            (b"\xff\xfe&&&==%%%zz%00", FORM),
            (multipart([("csrf", csrf.encode()), *((name, b"+2AA-") for name in names)]), f"{MULTIPART}; charset=utf-7"),
            (multipart([("csrf", csrf.encode()), *((name, rb"\ud800") for name in names)]), f"{MULTIPART}; charset=unicode_escape"),
            (multipart([("csrf", b"abc-\xff")]), f"{MULTIPART}; charset=punycode"),
            (multipart([("csrf", csrf.encode())]), f"{MULTIPART}; charset*=utf-8''undefined"),
            (b"--Y\r\n\r\n", MULTIPART),
            (b"x", "multipart/form-data"),
            (b"[" * 50_000, "application/json"),
        ]
        for route in page_routes(lit, "POST"):
            if route.path in {"/sign-out", "/audit/check", "/audit/export"}:
                continue
            for body, kind in bodies:
                answer = form_post(lit, browser, filled(route.path, lit, ids), body, kind)
                assert 300 <= answer.status < 500, (route.path, kind, body[:40])
        assert not [one.event for one in newest(lit, 20) if one.sequence > before and one.event.code.value.startswith(("work.", "delivery.", "partner."))]

    def test_forms_are_not_read_at_the_command_lines_door(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        for kind in (FORM, f"{MULTIPART}; charset=punycode", "Multipart/Form-Data; boundary=X"):
            for path in ("/api/v1/work/note", "/api/v1/sessions"):
                assert knock(lit, "POST", path, headers={"content-type": kind}, body=multipart([("a", b"\xff-")])).status == 400

    def test_documents_that_no_database_keeps_are_refused(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        bearer = {**lit.house.command_line(*EVERYTHING), "content-type": "application/json"}
        before = newest(lit)[0].sequence
        for path, body in (
            ("work/note", rb'{"about": "partner:beta", "text": "a\u0000b"}'),
            ("work/note", rb'{"about": "partner:beta", "text": "a\udc80b"}'),
            ("dead-letters/retry", rb'{"ids": ["\uD800"], "expect_count": 1}'),
            ("messages/search", rb'{"after": "a\u0000"}'),
            ("messages/search", b'{"control_reference": "\xed\xa0\x80"}'),
            (f"messages/{ids['applied']}/reveal", rb'{"fields": ["\ud800\ud800"], "purpose": "fault"}'),
            ("audit/search", b'{"before": 99999999999999999999999}'),
            ("audit/search", b"[" * 100_000),
        ):
            answer = knock(lit, "POST", f"/api/v1/{path}", headers=bearer, body=body)
            assert answer.status == 400, (path, body)
            assert answer.headers["content-type"] == "application/problem+json"
        assert newest(lit)[0].sequence == before
        whole = rb'{"about": "partner:beta", "text": "All well \ud83d\ude00"}'
        assert knock(lit, "POST", "/api/v1/work/note", headers=bearer, body=whole).status == 200

    @pytest.mark.parametrize("path", ["queues/C17", "dead-letters", "dead-letters/broker", "receipts/late"])
    @pytest.mark.parametrize("after", [2**63, 10**25, -1])
    def test_cursors_beyond_every_number_are_refused(self, full: tuple[Lit, dict[str, MessageId]], path: str, after: int) -> None:
        lit, _ = full
        bearer = lit.house.command_line(*EVERYTHING)
        assert knock(lit, "GET", f"/api/v1/{path}", query=f"after={after}".encode(), headers=bearer).status == 400
        assert knock(lit, "GET", f"/api/v1/{path}", query=b"after=9223372036854775807", headers=bearer).status == 200

    def test_lengths_that_nobody_can_mean(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        for length in ("9" * 5000, "-1", "1e9", "\xb2", "", "300000"):
            assert knock(lit, "POST", "/sign-out", headers={"content-length": length, **SAME_ORIGIN}).status == 413

    def test_a_slow_body_holds_up_nobody_else(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        browser, slow = lit.browser(*EVERYTHING), asyncio.Event()
        scope_headers = {"content-type": FORM, "cookie": f"{COOKIE}={browser.http.cookies[COOKIE]}", **SAME_ORIGIN}

        async def race() -> int:
            async def receive() -> dict[str, object]:
                await slow.wait()
                return {"type": "http.disconnect"}

            async def send(_: object) -> None:
                return None

            scope = {"type": "http", "method": "POST", "path": "/sign-out", "query_string": b"", "root_path": "", "scheme": "https", "http_version": "1.1"}
            pairs = [(name.encode(), value.encode()) for name, value in scope_headers.items()]
            late = asyncio.create_task(lit.house.app({**scope, "headers": pairs, "server": ("a", 1), "client": ("b", 2), "state": {}}, receive, send))  # type: ignore[arg-type]
            answer = await browser.http._client.get("/queues")
            slow.set()
            await late
            return answer.status_code

        assert asyncio.run(race()) == 200
        assert browser.get("/queues").status_code == 200


class TestLeaks:
    """What strangers, neighbours, caches and logs learn."""

    def test_every_answer_is_framed_and_kept_nowhere(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        browser = lit.browser(*EVERYTHING)
        asked = [("GET", filled(route.path, lit, ids)) for route in page_routes(lit, "GET")]
        asked += [("GET", "/nowhere"), ("PUT", "/queues"), ("DELETE", "/"), ("POST", "/work/note"), ("GET", "/api/v1/queues"), ("GET", "/static/x/none.css")]
        for who in (browser, lit.house.browser()):
            for method, path in asked:
                headers = who.http.request(method, path).headers
                assert headers["cache-control"] == "no-store", path
                assert headers["x-content-type-options"] == "nosniff", path
                assert headers["referrer-policy"] == "no-referrer", path
                policy = headers["content-security-policy"]
                assert "frame-ancestors 'none'" in policy, path
                assert "default-src 'none'" in policy, path
                assert "unsafe" not in policy, path

    def test_a_stranger_learns_nothing(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        for route in page_routes(lit, "GET"):
            text = lit.house.browser().get(filled(route.path, lit, ids)).text
            for known in ("C17", "beta", "Beta", "Contact", *ids.values(), *SECRETS):
                assert known not in text, (route.path, known)

    def test_what_is_and_what_is_not_look_alike_to_strangers(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        for there, nowhere in ((f"/messages/{ids['applied']}", "/messages/none"), ("/partners/beta", "/partners/none")):
            one, other = lit.house.browser().get(there), lit.house.browser().get(nowhere)
            assert (one.status_code, one.text) == (other.status_code, other.text)

    def test_a_search_belongs_to_whoever_made_it(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        address = lit.browser(Role.OPERATOR).post("/search", {"query": "X000001"}).headers["location"]
        mallory = lit.house.signed_in(*EVERYTHING, operator=MALLORY)
        assert mallory.get(address).status_code == 404
        found = re.search(r"search=([^&]+)", address)
        assert found
        assert mallory.post("/messages", {"search": found[1]}).status_code == 404

    def test_what_one_session_may_see_no_other_sees(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, ids = full
        seeing = lit.browser(Role.REVEAL)
        fields = re.findall(r'name="field" value="([^"]+)"', seeing.get(f"/messages/{ids['applied']}").text)[:20]
        body = urlencode({"csrf": seeing.session.csrf if seeing.session else "", "purpose": "fault", "text": "", "field": fields}, doseq=True).encode()
        assert form_post(lit, seeing, f"/messages/{ids['applied']}/reveal", body).status == 303
        assert SECRETS[1] in seeing.get(f"/messages/{ids['applied']}").text
        for other in (lit.browser(Role.REVEAL), lit.browser(*EVERYTHING), lit.house.signed_in(*EVERYTHING, operator=MALLORY)):
            assert SECRETS[1] not in other.get(f"/messages/{ids['applied']}").text
        bearer = lit.house.command_line(*EVERYTHING)
        assert SECRETS[1] not in lit.house.browser().get(f"/api/v1/messages/{ids['applied']}", headers=bearer).text

    def test_logs_and_addresses_name_nobody_and_hold_no_key(
        self, full: tuple[Lit, dict[str, MessageId]], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lit, ids = full
        caplog.set_level(logging.DEBUG)
        browser = lit.browser(*EVERYTHING)
        assert browser.session is not None
        said = [
            browser.post("/search", {"query": "X000001"}),
            browser.post("/messages", {"crn": "X000001"}),
            browser.post("/messages", {"crn": "X000001", "since": "never"}),
            browser.post("/work/note", {"about": "partner:beta", "text": "Case X000001 of Made,Up"}),
            browser.post("/work/note", {"about": "delivery:X000001", "text": "x"}),
            browser.post("/dead-letters-discard", {"expected": "1", "delivery": "X000001", "reason": "other", "text": "born 1980-01-01"}),
            browser.post("/search/case", {"message_id": ids["applied"]}),
            browser.get(f"/messages/{ids['applied']}"),
            lit.house.browser().post("/sign-in/token", {"token": "X000001", "csrf": "y"}, token=None),
        ]
        out = capsys.readouterr()
        logged = "\n".join([out.out, out.err, *(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))])
        addresses = "\n".join(answer.headers.get("location", "") for answer in said)
        bodies = "\n".join(answer.text for answer in said)
        for secret in (*SECRETS, browser.http.cookies[COOKIE], browser.session.csrf):
            assert secret not in logged
            assert secret not in addresses
        assert not [secret for secret in SECRETS[:4] if secret in bodies]
        assert not [one for one in newest(lit, 40) if "X000001" in f"{one.event.subject} {dict(one.event.facts)}"]

    def test_the_audit_keeps_no_session_that_could_be_used(self, full: tuple[Lit, dict[str, MessageId]]) -> None:
        lit, _ = full
        browser = lit.browser(Role.ADMIN)
        token = browser.http.cookies[COOKIE]
        assert token not in browser.get("/sessions").text
        opened = lit.house.parts.sessions.open(MALLORY, (Role.VIEWER,), SessionKind.COMMAND_LINE, "test")
        assert opened.token not in repr(opened)
        assert opened.token not in " ".join(f"{one.event.subject} {dict(one.event.facts)}" for one in newest(lit, 5))

"""Sessions: opaque, ended by idleness, time, the person or an administrator; cookies as strict as browsers allow."""

import pytest

from gateway.audit.events import AuditCode
from gateway.console.sessions import digest_of
from gateway.oversight.access import Role
from gateway.oversight.records import Operator, SessionKind
from tests.support.console import SAME_ORIGIN, House, house_for


@pytest.fixture
def house() -> House:
    return house_for()


def test_only_the_digest_is_kept(house: House) -> None:
    opened = house.parts.sessions.open(Operator("u", "U"), [Role.VIEWER], SessionKind.BROWSER, "test")
    assert len(opened.token) >= 43
    assert opened.token not in repr(opened)
    assert set(house.oversight.kept) == {digest_of(opened.token)}
    assert opened.token not in repr(house.oversight.kept)
    assert opened.session.csrf not in repr(opened)


def test_a_session_is_of_its_kind_alone(house: House) -> None:
    opened = house.parts.sessions.open(Operator("u", "U"), [Role.VIEWER], SessionKind.COMMAND_LINE, "test")
    assert house.parts.sessions.find(opened.token, SessionKind.COMMAND_LINE) is not None
    assert house.parts.sessions.find(opened.token, SessionKind.BROWSER) is None


@pytest.mark.parametrize("token", ["", "x" * 200, "unknown"])
def test_what_is_no_token_finds_nobody(house: House, token: str) -> None:
    assert house.parts.sessions.find(token, SessionKind.BROWSER) is None


def test_a_browser_is_forgotten_after_half_an_hour_without_use(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    house.pass_time(minutes=29)
    assert browser.get("/sessions").status_code == 200
    house.pass_time(minutes=29)
    assert browser.get("/sessions").status_code == 200
    house.pass_time(minutes=30)
    gone = browser.get("/sessions")
    assert (gone.status_code, gone.headers["location"]) == (303, "/sign-in?next=%2Fsessions")


def test_use_does_not_prolong_a_session_beyond_ten_hours(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    for _ in range(29):
        house.pass_time(minutes=20)
        assert browser.get("/sessions").status_code == 200
    house.pass_time(minutes=20)
    assert browser.get("/sessions").status_code == 303


def test_a_page_that_is_merely_open_does_not_count_as_use(house: House) -> None:
    opened = house.parts.sessions.open(Operator("u", "U"), [Role.VIEWER], SessionKind.BROWSER, "test")
    house.pass_time(minutes=29)
    assert house.parts.sessions.find(opened.token, SessionKind.BROWSER) is not None
    house.pass_time(minutes=1)
    assert house.parts.sessions.find(opened.token, SessionKind.BROWSER) is None


def test_use_is_written_once_a_minute(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    house.pass_time(seconds=61)
    for _ in range(5):
        browser.get("/sessions")
    assert len(house.oversight.touched) == 1


def test_a_command_line_may_be_idle_but_not_older_than_ten_hours(house: House) -> None:
    header, http = house.command_line(Role.VIEWER), house.browser().http
    house.pass_time(hours=9.9)
    assert http.get("/api/v1/sessions/current", headers=header).status_code == 200
    house.pass_time(hours=0.1)
    assert http.get("/api/v1/sessions/current", headers=header).status_code == 401


def test_signing_out_ends_the_session_on_our_side(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    kept = dict(browser.http.cookies)
    out = browser.post("/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in out.headers["set-cookie"]
    browser.http.cookies.update(kept)
    assert browser.get("/sessions").status_code == 303
    assert house.codes() == [AuditCode.OPERATOR_SIGNED_IN, AuditCode.OPERATOR_SIGNED_OUT]


def test_a_get_does_not_sign_out(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    assert browser.get("/sign-out").status_code == 405
    assert browser.get("/sessions").status_code == 200


def test_an_administrator_sees_sessions_and_ends_one(house: House) -> None:
    other = house.signed_in(Role.VIEWER, Role.ADMIN, operator=Operator("u-other", "Otto Example (fictional)"))
    admin = house.signed_in(Role.ADMIN)
    page = admin.get("/sessions").text
    assert "Otto Example (fictional)" in page
    assert other.session is not None
    number = other.session.session.removeprefix("sha-256:")
    assert f"/sessions/{number}/end" in page
    assert admin.post(f"/sessions/{number}/end").status_code == 303
    assert other.get("/sessions").status_code == 303
    event = house.oversight.events[-1]
    assert (event.code, event.subject, event.facts["by"]) == (AuditCode.SESSION_ENDED, "u-other", "u-vera")
    assert admin.post(f"/sessions/{number}/end").status_code == 409
    assert admin.post("/sessions/none/end").status_code == 400


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_nobody_else_does(house: House, role: Role) -> None:
    browser = house.signed_in(role)
    assert browser.get("/sessions").status_code == 403
    assert browser.post(f"/sessions/{'0' * 64}/end").status_code == 403


def test_the_cookie_is_as_strict_as_can_be() -> None:
    house = house_for(console_bootstrap=True)
    browser = house.browser()
    page = browser.get("/sign-in")
    assert "__Host-sign-in=" in page.headers["set-cookie"]
    assert house.parts.bootstrap is not None
    csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
    done = browser.post("/sign-in/token", {"token": house.parts.bootstrap.new_token(), "csrf": csrf}, token=None)
    [cookie] = [value for value in done.headers.get_list("set-cookie") if value.startswith("__Host-session=")]
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "path=/", "samesite=lax", "secure"}


def test_without_tls_on_this_machine_the_prefix_is_left_out() -> None:
    house = house_for(console_url="http://127.0.0.1:8081", console_tls_ends_at_proxy=False)
    assert (house.parts.cookies.session, house.parts.cookies.secure) == ("session", False)


def test_a_store_that_is_down_is_said_and_signs_nobody_in(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    house.oversight.down = True
    assert browser.get("/sessions").status_code == 503
    assert browser.http.get("/api/v1/sessions/current", headers={"authorization": "Bearer x", **SAME_ORIGIN}).json()["code"] == "unavailable"

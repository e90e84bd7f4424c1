"""Forged requests: an action comes from a page of ours and of the same session, or nothing happens."""

import pytest

from gateway.console.csrf import MAX_BODY_BYTES, Guard, origin_of
from gateway.oversight.access import Role
from tests.support.console import SAME_ORIGIN, URL, House, house_for


@pytest.fixture
def house() -> House:
    return house_for()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "same-origin", "origin": URL}, 303),
        ({"origin": URL}, 303),
        ({}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": URL}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": URL + ":8443"}, 403),
        ({"origin": "http://console.example"}, 403),
        ({"origin": "https://console.example.evil.example"}, 403),
        ({"referer": URL + "/sessions"}, 403),
    ],
)
def test_where_an_action_comes_from(house: House, headers: dict[str, str], status: int) -> None:
    browser = house.signed_in(Role.VIEWER)
    assert browser.post("/sign-out", headers=headers).status_code == status
    assert (house.oversight.kept[browser.session.session].ended_at is not None) == (status == 303)  # type: ignore[union-attr]


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_without_the_right_token_nothing_happens(house: House, token: str | None) -> None:
    browser = house.signed_in(Role.VIEWER)
    said = browser.post("/sign-out", token=token)
    assert said.status_code == 403
    assert "Nothing was done" in said.text
    assert browser.session is not None
    assert house.oversight.kept[browser.session.session].ended_at is None


def test_the_token_of_another_session_does_not_do(house: House) -> None:
    mine, other = house.signed_in(Role.VIEWER), house.signed_in(Role.VIEWER)
    assert other.session is not None
    assert mine.post("/sign-out", token=other.session.csrf).status_code == 403
    assert mine.post("/sign-out").status_code == 303


def test_the_token_in_the_address_or_as_json_does_not_do(house: House) -> None:
    browser = house.signed_in(Role.VIEWER)
    assert browser.session is not None
    token = browser.session.csrf
    assert browser.http.post(f"/sign-out?csrf={token}", headers=SAME_ORIGIN).status_code == 403
    assert browser.http.post("/sign-out", json={"csrf": token}, headers=SAME_ORIGIN).status_code == 403
    assert browser.http.post("/sign-out", content=f"csrf={token}", headers={**SAME_ORIGIN, "content-type": "text/plain"}).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_unsafe_method_is_guarded(house: House, method: str) -> None:
    browser = house.signed_in(Role.ADMIN)
    assert browser.http.request(method, "/sessions").status_code == 403


def test_a_cookie_is_worth_nothing_to_the_command_lines_door(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    assert browser.get("/api/v1/sessions/current").status_code == 401
    assert browser.http.delete("/api/v1/sessions/current", headers=SAME_ORIGIN).status_code == 401


def test_a_bearer_token_is_worth_nothing_at_a_page(house: House) -> None:
    header = house.command_line(Role.ADMIN)
    assert house.browser().get("/sessions", headers=header).status_code == 303


def test_a_browsers_token_is_no_bearer_token(house: House) -> None:
    browser = house.signed_in(Role.ADMIN)
    token = browser.http.cookies[house.parts.cookies.session]
    assert house.browser().get("/api/v1/sessions/current", headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_a_large_form_is_refused_announced_or_not(house: House) -> None:
    browser = house.signed_in(Role.VIEWER)
    much = "a=" + "x" * MAX_BODY_BYTES
    form = {**SAME_ORIGIN, "content-type": "application/x-www-form-urlencoded"}
    assert browser.http.post("/sign-out", content=much, headers=form).status_code == 413

    async def pieces():
        for start in range(0, len(much), 65536):
            yield much[start : start + 65536].encode()

    assert browser.http.post("/sign-out", content=pieces(), headers=form).status_code == 400


def test_a_file_is_never_taken(house: House) -> None:
    browser = house.signed_in(Role.VIEWER)
    assert browser.session is not None
    said = browser.http.post("/sign-out", data={"csrf": browser.session.csrf}, files={"f": b"x"}, headers=SAME_ORIGIN)
    assert said.status_code == 400


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://console.example", "https://console.example"),
        ("https://console.example:443/x", "https://console.example"),
        ("https://console.example:8443", "https://console.example:8443"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081"),
        ("http://[::1]:8081", "http://[::1]:8081"),
    ],
)
def test_origins_are_written_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_the_guard_is_where_it_must_be(house: House) -> None:
    """Outside of routing: what no route expects is refused just the same."""
    assert any(layer.cls is Guard for layer in house.app.user_middleware)
    assert house.browser().http.post("/no-such-page").status_code == 403

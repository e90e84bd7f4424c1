"""Every route asks for exactly one permission: all routes of the composed console are walked, for every role."""

import re
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from gateway.console.permitted import Permitted, SignedIn
from gateway.oversight.access import GRANTS, Permission, Role, permissions_of
from tests.support.console import SAME_ORIGIN, House, house_for

FREE = {
    ("GET", "/sign-in"),
    ("GET", "/sign-in/start"),
    ("GET", "/sign-in/callback"),
    ("POST", "/sign-in/token"),
    ("POST", "/api/v1/sessions"),
    ("GET", "/health"),
}
"""Whoever comes may ask these: whoever is not signed in has to be able to."""
ANYBODY_SIGNED_IN = {
    ("POST", "/sign-out"),
    ("GET", "/sign-in/command-line"),
    ("POST", "/sign-in/command-line"),
    ("GET", "/api/v1/sessions/current"),
    ("DELETE", "/api/v1/sessions/current"),
}
"""A session is needed and no permission: its own beginning and end."""


def _asked(dependant: Dependant) -> Iterator[Permitted | SignedIn]:
    for inner in dependant.dependencies:
        if isinstance(inner.call, Permitted | SignedIn):
            yield inner.call
        yield from _asked(inner)


def _routes(house: House) -> list[tuple[str, str, APIRoute]]:
    found = []
    for route in _all(house.app.routes):
        assert isinstance(route, APIRoute), f"{route!r} is no route that can ask for a permission"
        found += [(method, route.path, route) for method in sorted(route.methods)]
    return found


def _all(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    """Static files are a mount of their own; routers may stand inside one another."""
    for route in routes:
        if isinstance(route, Mount) and route.path == "/static":
            continue
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        if inner is not None:
            yield from _all(inner)
        else:
            yield route


HOUSE = house_for(console_bootstrap=True)
ROUTES = _routes(HOUSE)
each_route = pytest.mark.parametrize(("method", "path", "route"), ROUTES, ids=[f"{method} {path}" for method, path, _ in ROUTES])
GUARDED = [
    (method, path, permission)
    for method, path, route in ROUTES
    for asked in _asked(route.dependant)
    if isinstance(asked, Permitted)
    for permission in [asked.permission]
]


def test_there_are_routes() -> None:
    assert len(ROUTES) > 10
    assert {(method, path) for method, path, _ in ROUTES} >= FREE | ANYBODY_SIGNED_IN


@each_route
def test_route_asks_for_exactly_one_permission(method: str, path: str, route: APIRoute) -> None:
    asked = list(_asked(route.dependant))
    if (method, path) in FREE:
        assert asked == []
    elif (method, path) in ANYBODY_SIGNED_IN:
        assert asked == [SignedIn()]
    else:
        assert [type(one) for one in asked] == [Permitted], "deny by default: give it `permitted(Permission.…)`"


@each_route
def test_nobody_gets_anywhere_without_signing_in(method: str, path: str, route: APIRoute) -> None:
    if (method, path) in FREE:
        return
    said = HOUSE.browser().http.request(method, _filled(path), headers=SAME_ORIGIN)
    if path.startswith("/api/"):
        assert (said.status_code, said.json()["code"], said.headers["www-authenticate"]) == (401, "not-signed-in", "Bearer")
    else:
        assert said.status_code == 303
        assert said.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path", "permission"), GUARDED, ids=[f"{method} {path}" for method, path, _ in GUARDED])
def test_who_lacks_the_permission_is_refused(role: Role, method: str, path: str, permission: Permission) -> None:
    """The matrix: role × route. Whoever holds it is not refused for that; what becomes of the request is the page's affair."""
    if permission in permissions_of([role]):
        return  # proved for every page by its own tests
    if path.startswith("/api/"):
        said = HOUSE.browser().http.request(method, _filled(path), headers=HOUSE.command_line(role))
        assert (said.status_code, said.json()["code"]) == (403, "not-allowed")
    else:
        browser = HOUSE.signed_in(role)
        assert browser.session is not None
        data = {"csrf": browser.session.csrf} if method != "GET" else None
        said = browser.http.request(method, _filled(path), data=data, headers=SAME_ORIGIN)
        assert said.status_code == 403
        assert "You are not allowed to do this" in said.text


def test_every_unsafe_route_is_no_get() -> None:
    assert {method for method, _, _ in ROUTES} <= {"GET", "POST", "DELETE"}


def test_no_role_may_everything_but_by_addition() -> None:
    assert all(set(grants) < set(Permission) for grants in GRANTS.values())
    assert permissions_of(Role) == set(Permission)


def test_there_is_no_description_of_the_api_for_strangers() -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert HOUSE.browser().get(path).status_code == 404


def test_health_needs_nobody_and_tells_little() -> None:
    house = house_for()
    assert house.browser().get("/health").json() == {"ready": True, "store": "up"}
    house.store.up = False
    down = house.browser().get("/health")
    assert (down.status_code, down.json()) == (503, {"ready": False, "store": "down"})


def test_static_files_need_nobody() -> None:
    page = HOUSE.browser().get("/sign-in").text
    found = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert found
    assert HOUSE.browser().get(found[1]).status_code == 200


def test_errors_are_pages_for_people_and_problems_for_programs() -> None:
    page = HOUSE.browser().get("/no-such-page")
    assert page.status_code == 404
    assert "<h1" in page.text
    assert "nonce-" in page.headers["content-security-policy"]
    said = HOUSE.browser().get("/api/v1/no-such-thing")
    assert (said.status_code, said.headers["content-type"], said.json()["code"]) == (404, "application/problem+json", "not-found")


def test_a_bug_is_a_page_in_its_frame_and_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    house = house_for()
    browser = house.signed_in(Role.ADMIN)

    def broken() -> None:
        raise RuntimeError("X123456 is somebody's number")

    monkeypatch.setattr(type(house.parts.sessions), "active", lambda _self: broken())
    said = browser.get("/sessions")
    assert said.status_code == 500
    assert "X123456" not in said.text
    assert "urn:uuid:" in said.text
    assert "nonce-" in said.headers["content-security-policy"]


def _filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "0" * 64, path)

"""What can be done at the console can be done from the command line: every page and action has its verb."""

import re
from collections.abc import Iterator
from pathlib import Path

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from typer.core import TyperGroup
from typer.main import get_command

from gateway.cli import app
from gateway.oversight.reasons import DISCARD_REASONS, MUTE_REASONS, PAUSE_REASONS, REVEAL_PURPOSES
from tests.support.console import house_for

PAGE = Path(__file__).parents[3] / "docs" / "console" / "command-line.md"
VERBS = {
    ("GET", "/"): "queues",
    ("GET", "/queues"): "queues",
    ("GET", "/queues/{party}"): "queues",
    ("GET", "/dead-letters"): "dead-letters list",
    ("GET", "/dead-letters/{delivery_id}"): "dead-letters show",
    ("GET", "/dead-letters-retry"): "dead-letters retry",
    ("POST", "/dead-letters-retry/chosen"): "dead-letters retry",
    ("POST", "/dead-letters-retry"): "dead-letters retry",
    ("GET", "/dead-letters-discard"): "dead-letters discard",
    ("POST", "/dead-letters-discard/chosen"): "dead-letters discard",
    ("POST", "/dead-letters-discard"): "dead-letters discard",
    ("GET", "/messages"): "messages find",
    ("POST", "/messages"): "messages find",
    ("POST", "/search"): "messages find",
    ("GET", "/messages/{message_id}"): "messages show",
    ("POST", "/messages/{message_id}/reveal-ask"): "messages show",
    ("POST", "/messages/{message_id}/reveal"): "messages show",
    ("GET", "/receipts"): "receipts late",
    ("GET", "/partners"): "partners list",
    ("GET", "/partners/{organisation}"): "partners health",
    ("GET", "/partners/{organisation}/attempts"): "partners health",
    ("GET", "/partners/{organisation}/pause"): "partners pause",
    ("POST", "/partners/{organisation}/pause"): "partners pause",
    ("GET", "/partners/{organisation}/resume"): "partners resume",
    ("POST", "/partners/{organisation}/resume"): "partners resume",
    ("GET", "/partners/{organisation}/test"): "partners test",
    ("POST", "/partners/{organisation}/test"): "partners test",
    ("GET", "/alerts"): "alerts list",
    ("GET", "/alerts/{alert_id}"): "alerts show",
    ("POST", "/alerts/{alert_id}/acknowledge"): "alerts ack",
    ("GET", "/audit"): "audit search",
    ("POST", "/audit"): "audit search",
    ("GET", "/audit/{sequence}"): "audit show",
    ("POST", "/audit/check"): "audit check",
    ("POST", "/work/note"): "work note",
    ("POST", "/work/take"): "work take",
    ("POST", "/work/release"): "work release",
    ("POST", "/sign-out"): "logout",
    ("GET", "/sign-in/command-line"): "login",
    ("POST", "/sign-in/command-line"): "login",
}
"""Page or action → verb."""
NO_VERB = {
    ("GET", "/sign-in"): "pages of signing a browser in",
    ("GET", "/sign-in/start"): "the same",
    ("GET", "/sign-in/callback"): "the same",
    ("POST", "/sign-in/token"): "the same",
    ("GET", "/sessions"): "administrators end sessions in a browser",
    ("POST", "/sessions/{number}/end"): "the same",
    ("POST", "/search/case"): "takes the case of a message that is on the screen",
    ("GET", "/partners/{organisation}/keys"): "`gateway key list`, on the machine",
    ("GET", "/partners/{organisation}/profile"): "`gateway partner show`, on the machine",
    ("POST", "/audit/export"): "`gateway audit search --json` is a file already",
    ("GET", "/live"): "figures of an open page",
    ("GET", "/health"): "for balancers",
}
BESIDE = {"dead-letters broker", "messages timeline", "receipts expected", "receipts negative", "alerts mute", "alerts unmute", "work show", "whoami"}
"""Verbs for parts of a page."""
LOCAL = {"audit verify", "audit checkpoint", "receipts verify"}
NOUNS = {"dead-letters", "messages", "partners", "receipts", "alerts", "audit", "work"}


def _routes(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        inner = getattr(getattr(route, "original_router", None), "routes", None)
        if inner is not None:
            yield from _routes(inner)
        elif isinstance(route, APIRoute):
            yield from ((method, route.path) for method in route.methods)


PAGES = {(method, path) for method, path in _routes(house_for(console_bootstrap=True).app.routes) if not path.startswith("/api/")}


def _verbs() -> set[str]:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    found = {"queues", "login", "logout", "whoami"} & set(root.commands)
    for noun in NOUNS:
        group = root.commands[noun]
        assert isinstance(group, TyperGroup)
        found |= {f"{noun} {verb}" for verb in group.commands}
    return found


def _is_known(method: str, path: str) -> bool:
    """Silences are named by rule and subject on the pages, by alert on the command line; runbooks are documents."""
    return (method, path) in VERBS or (method, path) in NO_VERB or "mute" in path or path.startswith("/runbooks")


def test_every_page_and_action_has_its_verb() -> None:
    assert sorted(one for one in PAGES if not _is_known(*one)) == []


def test_what_is_listed_here_is_there() -> None:
    assert sorted(one for one in (*VERBS, *NO_VERB) if one not in PAGES) == []


def test_every_verb_belongs_to_a_page() -> None:
    assert _verbs() == {*VERBS.values(), *BESIDE, *LOCAL}


def test_the_page_lists_every_code_of_a_reason() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    listed = {line.split("`")[1].split(" ")[0]: set(re.findall(r"`([a-z-]+)`", line.split("|")[2])) for line in rows}
    known = {"dead-letters": DISCARD_REASONS, "partners": PAUSE_REASONS, "alerts": MUTE_REASONS, "messages": REVEAL_PURPOSES}
    assert listed == {noun: set(codes) for noun, codes in known.items()}

"""The papers agree with the program: generated pages, links, decisions, dependencies."""

import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from docs import generate
from gateway.audit.events import SENTENCES, AuditCode
from gateway.config import Settings
from gateway.exchange.delivery import TRANSITIONS, Event
from gateway.records import DeliveryState
from schemas.faults import FAULTS, FaultCode
from tests.support.tree import PACKAGES, ROOT, imported_by, name_of, sources, tracked_files

PAGES = [path for path in tracked_files() if path.suffix == ".md"]
DECISIONS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))


@pytest.mark.parametrize("name", generate.PAGES)
def test_generated_page_is_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generate.PAGES[name](), "run `make docs`"


def test_every_fault_has_its_row() -> None:
    assert set(FAULTS) == set(FaultCode)
    assert all(row.title and row.advice for row in FAULTS.values())


def test_every_audit_code_has_its_sentence() -> None:
    assert set(SENTENCES) == set(AuditCode)


def test_every_setting_is_described() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not field.description]


def test_every_state_and_event_is_used() -> None:
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(DeliveryState)
    assert {event for _, event in TRANSITIONS} == set(Event)


@cache
def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def _links(page: Path) -> list[str]:
    """Where a page's links lead, those to other sites and those inside code left out."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [target for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", target)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _links(page):
        name, _, anchor = target.partition("#")
        goal = (page.parent / name).resolve() if name else page
        if not goal.exists() or (anchor and goal.suffix == ".md" and anchor not in _anchors(goal)):
            broken.append(target)
    assert not broken


def test_every_page_can_be_reached() -> None:
    """A page that nobody comes to by links from the first one is a page that nobody reads."""
    reached, ahead = set[Path](), [ROOT / "docs/README.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached and page.suffix == ".md" and page.is_file():
            reached.add(page)
            ahead += [(page.parent / target.partition("#")[0]).resolve() for target in _links(page)]
    lost = [name_of(page) for page in PAGES if name_of(page).startswith("docs/") and page not in reached and page.parent.name != "changes"]
    assert not lost


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_decision_follows_the_template(decision: Path) -> None:
    heads = re.findall(r"^## (.+)$", decision.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert heads[:3] == ["Situation", "Decision", "Consequences"]


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[\[<>=;~ ]", line)[0].lower() for line in (*project["dependencies"], *project["optional-dependencies"]["dev"])}
    reasons = {
        name.lower() for name in re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/adr/0010-dependencies.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert wanted == reasons


def test_every_import_is_declared() -> None:
    """What is only there because something else needs it can be gone tomorrow."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[<>=;~ ]", line)[0].lower() for line in project["dependencies"]}
    provided = packages_distributions()
    reached = {name.split(".")[0] for path in sources() for name in imported_by(path)} - set(PACKAGES) - sys.stdlib_module_names
    undeclared = {name for name in reached if not declared & {found.lower().replace("_", "-") for found in provided.get(name, [])}}
    assert undeclared <= set(PART_OF)


PART_OF = {"starlette": "fastapi", "anyio": "fastapi", "markupsafe": "jinja2", "pydantic_core": "pydantic"}
"""Packages that another one promises as part of itself."""


def test_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_every_command_in_the_readme_exists() -> None:
    lines = "".join(re.findall(r"```sh\n(.*?)```", _readme(), flags=re.DOTALL)).splitlines()
    told = {match[1] for line in lines if (match := re.match(r"gateway ([a-z]+(?: [a-z]+)?)", line))}
    known = set(re.findall(r"^## `gateway ([^`]+)`", generate.cli_page(), flags=re.MULTILINE))
    assert told
    assert not [command for command in told if command not in known and command.split()[0] not in known]


def _readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")

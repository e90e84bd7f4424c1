"""What the verbs of operators share: asking the console, asking the person, and showing what was answered.

What it is: the small steps between `console_client.call` and a table. What it is not: a rule: what may be done, and what
a count is now, the console says. Called by the verbs that need a sign-in.
"""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from urllib.parse import quote

import typer

from gateway.commands.console_client import call, members
from gateway.commands.output import Answer, CommandError, Exit, Table, answer

Found = Mapping[str, object]
Column = tuple[str, str]
"""Heading, and the member that stands under it."""
API: Final = "/api/v1"
Hours = Annotated[float | None, typer.Option(min=0.1, help="For so many hours from now.")]
Until = Annotated[str | None, typer.Option(help="Until this time, like 2026-11-24T09:00; UK time where it names no zone.")]


def ask(*path: str, **params: str | int | None) -> Found:
    """Look. What is None is not asked."""
    return members(call("GET", _address(path), params={name: value for name, value in params.items() if value is not None}))


def tell(*path: str, body: Mapping[str, object] | None = None) -> Found:
    """Act, or search for what may stand in no address. What is None is left out."""
    return members(call("POST", _address(path), {name: value for name, value in (body or {}).items() if value is not None}))


def _address(path: Sequence[str]) -> str:
    return "/".join([API, *(quote(part, safe="") for part in path)])


def entries(found: Found, name: str) -> list[Found]:
    """A list of the answer."""
    listed = found.get(name)
    return [members(one) for one in listed] if isinstance(listed, list) else []


def within(found: Found, name: str) -> Found:
    """An object of the answer."""
    inner = found.get(name)
    return members(inner) if inner is not None else {}


def text(value: object) -> str:
    """A member for people: times to the second, lists in a row, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(text(one) for one in value)
    return _time(str(value))


def _time(value: str) -> str:
    """2026-11-23 12:00:00 of a time as documents have it; anything else unchanged."""
    return f"{value[:10]} {value[11:19]}" if len(value) == 24 and value[10] == "T" and value.endswith("Z") else value


def table(listed: Sequence[Found], columns: Sequence[Column], title: str = "", empty: str = "Nothing.") -> Table:
    """Rows of these members."""
    return Table(tuple(head for head, _ in columns), tuple(tuple(text(one.get(name)) for _, name in columns) for one in listed), title, empty)


def show(found: Found, tables: Sequence[Table] = (), lines: Sequence[str] = (), *, as_json: bool) -> None:
    """The console's document as it came, or its tables."""
    rest = {name: value for name, value in found.items() if name != "schema"}
    answer(Answer(str(found.get("schema", "")), rest, tuple(tables), tuple(lines)), as_json=as_json)


def more(found: Found, name: str = "after") -> tuple[str, ...]:
    """How to ask for the next page, where there is one."""
    return (f"more: --{name} {found[name]}",) if found.get(name) is not None else ()


def reason_of(reason: str | None, *, yes: bool) -> dict[str, object]:
    """Code and words, from `CODE:text` or from the person. Raises CommandError."""
    if reason is None and (yes or not somebody_types()):
        raise CommandError(Exit.USAGE, "reason-needed", "Say why: --reason CODE:TEXT.", "docs/console/command-line.md lists the codes")
    given = reason if reason is not None else str(typer.prompt("Why (CODE:TEXT)", err=True))
    code, _, words = given.partition(":")
    return {"reason": code.strip(), "text": words.strip()}


def somebody_types() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()


def confirm(question: str, word: str, *, yes: bool) -> None:
    """Have the person type a word that names what it is about. Raises CommandError."""
    if not yes and not somebody_types():
        raise CommandError(Exit.USAGE, "confirmation-needed", question, "look with --dry-run, then repeat with --yes")
    if not yes and str(typer.prompt(f"{question} Type {word} to go on", err=True)).strip() != word:
        raise CommandError(Exit.CONFLICT, "not-confirmed", "That was something else; nothing was done.")


def until_of(hours: float | None, until: str | None) -> str:
    """When it ends. Raises CommandError where neither or both were given."""
    if (hours is None) == (until is None):
        raise CommandError(Exit.USAGE, "end-needed", "Say when it ends: --hours or --until.")
    return until if until is not None else (datetime.now(UTC) + timedelta(hours=hours or 0)).isoformat(timespec="seconds")


def would(permission: str, what: str, *, as_json: bool) -> None:
    """A dry run: whether the person may do it, and what it would be. Raises CommandError (5)."""
    held = ask("sessions", "current").get("permissions")
    if not (isinstance(held, list) and permission in held):
        raise CommandError(Exit.NOT_ALLOWED, "not-allowed", "You are not allowed to do this.", "gateway whoami")
    answer(Answer("dry-run/1", {"dry_run": True, "would": what}, (), (f"would {what}; nothing was done",)), as_json=as_json)

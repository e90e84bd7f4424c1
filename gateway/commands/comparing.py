"""Two schemas, as `gateway schemas compare` names them, to what changed between them.

What it is: versions and files to facts, and changes to rows. What it is not: the comparison (`schemas.compatibility`).
"""

import json
from collections.abc import Mapping
from pathlib import Path

from gateway.api.schemas import JSON_FORM, XML_FORM, published
from gateway.commands.documents import read_bytes
from gateway.commands.output import Answer, CommandError, Exit, Table
from gateway.trust.contract import Limits
from gateway.trust.xml_guard import parse
from schemas.compatibility import Change, Facts, compare
from schemas.faults import Refusal
from schemas.json_facts import UnknownSchemaForm, facts_of_json
from schemas.versions import VERSIONS, unknown_between
from schemas.xsd_facts import facts_of_xsd

Changes = Mapping[str, tuple[Change, ...]]
"""Form (json, xml) to what changed."""
_FORMS = {"json": JSON_FORM, "xml": XML_FORM}
_SHOWN = 80
"""Characters of a value that a table shows; `--json` has all."""


def listing() -> Answer:
    """Every version with its files."""
    rows = [
        {"version": version, "date": date.isoformat(), **{form: f"schemas/published/{names[version]}" for form, names in _FORMS.items()}}
        for version, date in VERSIONS.items()
    ]
    table = Table(("version", "date", "JSON form", "XML form"), tuple(tuple(row.values()) for row in rows))
    return Answer("schemas/1", {"schemas": rows}, (table,))


def schema_bytes(version: str, form: str) -> bytes:
    """One published file. A version that does not exist is not found."""
    if version not in VERSIONS:
        raise CommandError(Exit.NOT_FOUND, "version-unknown", f"There is no version {version}.", details=("Known: " + ", ".join(VERSIONS) + ".",))
    return published(_FORMS[form][version])


def compared(old: str, new: str, form: str | None) -> Changes:
    """What changed, per form: of two versions both forms, else the form that a file has."""
    forms = {found for name in (old, new) if (found := _form_of_file(name))} | ({form} if form else set())
    if len(forms) > 1:
        raise CommandError(Exit.USAGE, "forms-differ", "A JSON Schema and an XSD cannot be compared.")
    return {one: compare(_facts(old, one), _facts(new, one)) for one in sorted(forms or _FORMS)}


def report(old: str, new: str, found: Changes) -> Answer:
    """The changes as JSON members, and as a table."""
    members = [_member(form, change) for form, changes in found.items() for change in changes]
    rows = tuple(tuple(_cell(one[name]) for name in ("breaking", "form", "path", "says", "before", "after")) for one in members)
    table = Table(("breaking", "form", "where", "what", "before", "after"), rows, empty="Nothing changed.")
    caveat = unknown_between(old, new) if old in VERSIONS and new in VERSIONS else ""
    said = {"old": old, "new": new, "forms": sorted(found), "changes": members, "caveat": caveat}
    return Answer("schemas-compared/1", said, (table,), (caveat,) if caveat else ())


def _member(form: str, change: Change) -> dict[str, object]:
    return {
        "breaking": change.breaking,
        "form": form,
        "kind": change.kind.value,
        "path": change.path,
        "says": change.sentence,
        "before": change.before,
        "after": change.after,
    }


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _form_of_file(name: str) -> str | None:
    """None for a version."""
    if name in VERSIONS:
        return None
    return "xml" if read_bytes(Path(name)).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else "json"


def _facts(name: str, form: str) -> Facts:
    content = schema_bytes(name, form) if name in VERSIONS else read_bytes(Path(name))
    try:
        return facts_of_xsd(parse(content, Limits())) if form == "xml" else _facts_of_json(content)
    except (UnknownSchemaForm, Refusal) as error:
        why = error.fault.detail if isinstance(error, Refusal) else str(error)
        raise CommandError(Exit.USAGE, "schema-unreadable", f"{name} is no schema that can be compared.", details=(why,) if why else ()) from error


def _facts_of_json(content: bytes) -> Facts:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise UnknownSchemaForm("It is no JSON.") from None
    if not isinstance(value, dict):
        raise UnknownSchemaForm("It is no JSON object.")
    return facts_of_json(value)

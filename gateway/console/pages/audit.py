"""Audit: who did what, when, about what; one record; the check of the chain; and what was found, as a file.

What it is: the pages of auditors, each look on record (`audit.searched`). What it is not: the check of the tables beside the
chain, which needs the machine itself (`gateway audit verify`). A case is never a filter here: the chain names none.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Form, Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.audit.events import SENTENCES, AuditCode, AuditRecord
from gateway.console.audit_filters import PATH, AskedAudit, AuditFilters, audit_filters
from gateway.console.audit_links import Link, links_of
from gateway.console.auditors import actions_of
from gateway.console.cursors import LARGEST
from gateway.console.errors import ConsoleError
from gateway.console.message_filters import FilterInvalid
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.control.auditing import MOST_EXPORTED, AuditActions, Check
from gateway.control.desk import NotThere
from gateway.oversight.access import Permission
from gateway.oversight.members import audited
from gateway.oversight.views import AuditSearch

Auditor = Annotated[Viewer, Depends(permitted(Permission.AUDIT))]
PAGE: Final = 50
_CHECKS: Final = 5
_FORMATS: Final[Mapping[str, str]] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
_COLUMNS: Final = ("sequence", "at", "code", "subject", "facts", "previous", "digest")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""
_GROUPS: Final = tuple(dict.fromkeys(code.value.partition(".")[0] + "." for code in AuditCode))


class Shown(AskedAudit):
    """One page of a search."""

    before: int | None = Field(default=None, ge=1, le=LARGEST)


class Exported(AskedAudit):
    """All of it, as a file."""

    format: Literal["csv", "jsonl"] = "csv"


def routes(parts: ConsoleParts) -> APIRouter:
    """Search, file, check, one record."""
    router, actions = APIRouter(), actions_of(parts)
    _add_search(router, parts, actions)
    _add_check(router, parts, actions)
    return router


def _add_search(router: APIRouter, parts: ConsoleParts, actions: AuditActions) -> None:
    @router.get(PATH)
    def search(request: Request, viewer: Auditor, asked: Annotated[Shown, Query()]) -> Response:
        """Newest first."""
        filters = _read(asked)
        found = actions.search(filters.wanted, asked.before, PAGE + 1, viewer.operator)
        return _page(parts, actions, request, viewer, filters, found, asked.before)

    @router.post(PATH)
    def typed(request: Request, viewer: Auditor, asked: Annotated[AskedAudit, Form()]) -> Response:
        """What was typed is checked before it stands in an address."""
        try:
            return RedirectResponse(audit_filters(asked).address(), HTTPStatus.SEE_OTHER)
        except FilterInvalid as invalid:
            kept = asked.model_copy(update={invalid.field: ""})
            error = {"field": invalid.field, "text": str(invalid)}
            return _page(parts, actions, request, viewer, AuditFilters(kept, AuditSearch()), None, None, (error,))

    @router.post(f"{PATH}/export")
    def export(viewer: Auditor, asked: Annotated[Exported, Form()]) -> Response:
        """What was found as a file: the newest, up to a bound."""
        filters = _read(asked)
        found = actions.search(filters.wanted, None, MOST_EXPORTED, viewer.operator, f"export-{asked.format}")
        text = as_csv(found) if asked.format == "csv" else as_lines(found)
        return Response(text, media_type=_FORMATS[asked.format], headers={"content-disposition": f'attachment; filename="audit.{asked.format}"'})


def _add_check(router: APIRouter, parts: ConsoleParts, actions: AuditActions) -> None:
    @router.post(f"{PATH}/check")
    def check(request: Request, viewer: Auditor) -> Response:
        """Walk the whole chain now. What came of it is said at once, and on record."""
        found = actions.check(viewer.operator)
        return parts.renderer.page(
            request, viewer, "audit_checked.html", found=found, words=_words(found), flaws=found.findings[:PAGE], crumbs=({"text": "Audit", "href": PATH},)
        )

    @router.get(f"{PATH}/{{sequence}}")
    def record(request: Request, viewer: Auditor, sequence: Annotated[int, Path(ge=1, le=LARGEST)]) -> Response:
        """One record: its facts, its place in the chain, and what it is about."""
        try:
            found = actions.record(sequence, viewer.operator)
        except NotThere as missing:
            raise ConsoleError(404) from missing
        return parts.renderer.page(
            request,
            viewer,
            "audit_record.html",
            record=found,
            sentence=SENTENCES[found.event.code],
            facts=[(name.replace("_", " "), str(value)) for name, value in sorted(found.event.facts.items())],
            links=links_of(found.event, parts.store.queries, parts.directory()),
            crumbs=({"text": "Audit", "href": PATH},),
        )


def _read(asked: AskedAudit) -> AuditFilters:
    """Raises ConsoleError: what names a person's number is not shown again, not even in a form."""
    try:
        return audit_filters(asked)
    except FilterInvalid as invalid:
        raise ConsoleError(400, text=str(invalid)) from invalid


def as_csv(records: Sequence[AuditRecord]) -> str:
    """One record a line; nothing that a spreadsheet would calculate."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for record in records:
        members = audited(record)
        writer.writerow([_cell(members[name]) for name in _COLUMNS])
    return file.getvalue()


def as_lines(records: Sequence[AuditRecord]) -> str:
    """One JSON document a line, unchanged."""
    return "".join(json.dumps(audited(record), ensure_ascii=False) + "\n" for record in records)


def _cell(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _page(
    parts: ConsoleParts,
    actions: AuditActions,
    request: Request,
    viewer: Viewer,
    filters: AuditFilters,
    found: Sequence[AuditRecord] | None,
    before: int | None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """The form, what it is narrowed by, and what was found; nothing is looked for while the form is wrong."""
    directory, shown = parts.directory(), (found or ())[:PAGE]
    return parts.renderer.page(
        request,
        viewer,
        "audit.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        errors=errors,
        asked=filters.asked,
        chosen=filters.params(),
        found=found,
        rows=[(record, _first(links_of(record.event, None, directory)), SENTENCES[record.event.code]) for record in shown],
        codes=[*_GROUPS, *(code.value for code in AuditCode)],
        older=filters.address(before=shown[-1].sequence) if found and len(found) > PAGE else "",
        newest=filters.address() if before else "",
        checks=actions.last_checks(_CHECKS),
        most=MOST_EXPORTED,
    )


def _first(links: Sequence[Link]) -> Link | None:
    return links[0] if links else None


def _words(found: Check) -> str:
    if not found.finished:
        return (
            f"The time was over after {found.records:,} of {found.until:,} records. Those hold; nothing is said of the rest. "
            "The gateway checks the whole chain once a day, and gateway audit verify does on the machine itself."
        )
    return f"All {found.records:,} records follow from one another." if found.whole else f"Of {found.records:,} records, some do not hold."

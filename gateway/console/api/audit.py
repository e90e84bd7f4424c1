"""The audit, for the command line: searched, one record, and checked now, each on record.

What it is: the page's search and check as documents. What it is not: the check of tables against the chain, which needs the
machine itself: `gateway audit verify`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import ConfigDict, Field
from starlette.responses import Response

from gateway.console.api.answers import BASE, document, refusing
from gateway.console.audit_filters import AskedAudit, audit_filters
from gateway.console.auditors import actions_of
from gateway.console.cursors import LARGEST
from gateway.console.parts import ConsoleParts
from gateway.console.permitted import permitted
from gateway.console.viewer import Viewer
from gateway.oversight.access import Permission
from gateway.oversight.members import audited

Auditor = Annotated[Viewer, Depends(permitted(Permission.AUDIT))]


class AuditSought(AskedAudit):
    """The filters of the page, and where to go on."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    before: int | None = Field(default=None, ge=1, le=LARGEST)
    limit: int = Field(default=50, ge=1, le=1000)


def routes(parts: ConsoleParts) -> APIRouter:
    """Search, record, check."""
    router, actions = APIRouter(prefix=BASE), actions_of(parts)

    @router.post("/audit/search")
    def search(viewer: Auditor, sought: AuditSought) -> Response:
        """Newest first."""
        with refusing():
            filters = audit_filters(sought)
            found = actions.search(filters.wanted, sought.before, sought.limit, viewer.operator, "command-line")
        return document("audit/1", records=[audited(one) for one in found], before=found[-1].sequence if len(found) == sought.limit else None)

    @router.get("/audit/{sequence}")
    def record(viewer: Auditor, sequence: Annotated[int, Path(ge=1, le=LARGEST)]) -> Response:
        """One record."""
        with refusing():
            return document("audit-record/1", record=audited(actions.record(sequence, viewer.operator)))

    @router.post("/audit/check")
    def check(viewer: Auditor) -> Response:
        """Walk the whole chain now, as far as a bounded time goes."""
        found = actions.check(viewer.operator)
        findings = [{"sequence": one.sequence, "flaw": one.flaw.value, "detail": one.detail} for one in found.findings]
        return document(
            "audit-checked/1", whole=found.whole, finished=found.finished, records=found.records, head=found.until, flaws=len(findings), findings=findings[:100]
        )

    return router

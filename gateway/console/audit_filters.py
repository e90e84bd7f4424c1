"""What a search of the audit is narrowed by, for the page, its pages by cursor, its export, and the command line.

What it is: the values of a form or an address, read and checked. What it is not: a way to a case: the chain names none,
and what looks like a person's number is refused before it stands in an address. Called by the audit's page and API.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from gateway.audit.events import AuditCode
from gateway.console.message_filters import FilterInvalid, moment_of
from gateway.oversight.redaction import shown_id
from gateway.oversight.views import AuditSearch

PATH: Final = "/audit"
NO_CASE: Final = (
    "The audit names no case and no person by their numbers. To find a case, search for its messages on the page Messages; then search here by message id."
)


class AskedAudit(BaseModel):
    """As it was typed."""

    by: str = Field(default="", max_length=200)
    """The operator's subject."""
    subject: str = Field(default="", max_length=240)
    code: str = Field(default="", max_length=40)
    """An event's code, or its beginning up to a dot."""
    since: str = Field(default="", max_length=40)
    until: str = Field(default="", max_length=40)


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """Read and checked."""

    asked: AskedAudit
    wanted: AuditSearch

    def params(self, without: str = "") -> dict[str, str]:
        """Of an address, but for one name."""
        return {name: value for name, value in self.asked.model_dump().items() if value and name != without}

    def address(self, without: str = "", before: int | None = None) -> str:
        """Of the page."""
        query = urlencode({**self.params(without), **({"before": before} if before else {})})
        return f"{PATH}?{query}" if query else PATH


def audit_filters(asked: AskedAudit) -> AuditFilters:
    """Raises FilterInvalid."""
    stripped = AskedAudit(**{name: str(getattr(asked, name)).strip() for name in AskedAudit.model_fields})
    for name in ("by", "subject"):
        value = getattr(stripped, name)
        if shown_id(value) != value:
            raise FilterInvalid(name, NO_CASE)
    if stripped.code and not any(code.value == stripped.code or (stripped.code.endswith(".") and code.value.startswith(stripped.code)) for code in AuditCode):
        raise FilterInvalid("code", "There is no such event. Give a code, like delivery.refused, or its beginning up to the dot, like delivery.")
    since, until = moment_of(stripped.since, "since"), moment_of(stripped.until, "until")
    if since and until and until <= since:
        raise FilterInvalid("until", "The end of the time must come after its start.")
    return AuditFilters(stripped, AuditSearch(since=since, until=until, subject=stripped.subject or None, code=stripped.code or None, by=stripped.by or None))

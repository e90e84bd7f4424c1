"""History: every profile document that was applied, and what one application writes.

What it is: frozen records. What it is not: a way back: an older document is applied again like any other, and is then
the newest. Made by `plan`, kept by the store.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from gateway.audit.events import AuditEvent
from gateway.partners.agreement import Agreement
from gateway.partners.party import Organisation, Party
from gateway.trust.digests import digest
from gateway.trust.keyring import KeyRecord
from schemas.identifiers import Digest, OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileVersion:
    """One profile document as it was applied."""

    organisation: OrganisationId
    version: int
    """Counted from 1 per organisation."""
    digest: Digest
    document: str
    """JSON."""
    applied_by: str
    applied_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryChanges:
    """All that one application writes, in one transaction."""

    organisations: tuple[Organisation, ...] = ()
    parties: tuple[Party, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    keys: tuple[KeyRecord, ...] = ()
    profiles: tuple[ProfileVersion, ...] = ()
    events: tuple[AuditEvent, ...] = ()


def written(document: dict[str, object]) -> tuple[str, Digest]:
    """A document as it is kept, and its digest."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    return text, digest(text.encode())

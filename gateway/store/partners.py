"""Partners: the directory as rows.

What it is: `gateway.contract.Partners`. Each write bumps the directory's version and appends its audit
event in the same transaction. What it is not: a judge of who may be a partner. Called by operations and,
for the snapshot, by the pipeline.
"""

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, TextClause, select, text

from gateway.audit.events import AuditEvent
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Party
from gateway.store.documents import (
    agreement_document,
    key_document,
    organisation_document,
    party_document,
    to_agreement,
    to_key,
    to_organisation,
    to_party,
)
from gateway.store.engine import Database
from gateway.store.head import HEAD_ID, lock_head
from gateway.store.tables import agreements, audit_head, keys, organisations, parties
from gateway.trust.keyring import KeyRecord, Keyring
from schemas.identifiers import KeyId

_PUT_ORGANISATION = text(
    "INSERT INTO organisations (organisation_id, document) VALUES (:organisation, :document) "
    "ON CONFLICT (organisation_id) DO UPDATE SET document = excluded.document"
)
_PUT_PARTY = text("INSERT INTO parties (code, document) VALUES (:code, :document) ON CONFLICT (code) DO UPDATE SET document = excluded.document")
_PUT_AGREEMENT = text(
    "INSERT INTO agreements (party, direction, document) VALUES (:party, :direction, :document) "
    "ON CONFLICT (party, direction) DO UPDATE SET document = excluded.document"
)
_PUT_KEY = text("INSERT INTO keys (key_id, document) VALUES (:key, :document) ON CONFLICT (key_id) DO UPDATE SET document = excluded.document")
_VERSION = select(audit_head.c.directory_version).where(audit_head.c.head_id == HEAD_ID)


class SqlPartners:
    """Keeps `gateway.contract.Partners`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def version(self) -> int:
        """Rises with each write."""
        with self._database.reading() as connection:
            version: int = connection.execute(_VERSION).scalar_one()
        return version

    def directory(self) -> Directory:
        """One consistent snapshot: read again where somebody wrote meanwhile."""
        with self._database.reading() as connection:
            while True:
                version = connection.execute(_VERSION).scalar_one()
                directory = _read(connection, version)
                if connection.execute(_VERSION).scalar_one() == version:
                    return directory

    def put_organisation(self, organisation: Organisation, event: AuditEvent) -> None:
        """Write or replace."""
        self._put(_PUT_ORGANISATION, {"organisation": organisation.organisation_id, "document": organisation_document(organisation)}, event)

    def put_party(self, party: Party, event: AuditEvent) -> None:
        """Write or replace."""
        self._put(_PUT_PARTY, {"code": party.code, "document": party_document(party)}, event)

    def put_agreement(self, agreement: Agreement, event: AuditEvent) -> None:
        """Write or replace, per party and direction."""
        values = {"party": agreement.party, "direction": agreement.direction.value, "document": agreement_document(agreement)}
        self._put(_PUT_AGREEMENT, values, event)

    def put_key(self, key: KeyRecord, event: AuditEvent) -> None:
        """Write or replace."""
        self._put(_PUT_KEY, {"key": key.key_id, "document": key_document(key)}, event)

    def revoke_key(self, key_id: KeyId, at: datetime, event: AuditEvent) -> None:
        """Mark it revoked from then on; an earlier revocation stands. Raises LookupError for an unknown key."""
        with self._database.writing() as connection:
            head = lock_head(connection)
            found = connection.execute(select(keys.c.document).where(keys.c.key_id == key_id)).scalar_one_or_none()
            if found is None:
                raise LookupError(key_id)
            key = to_key(found)
            since = at if key.revoked_at is None else min(at, key.revoked_at)
            connection.execute(_PUT_KEY, {"key": key_id, "document": key_document(replace(key, revoked_at=since))})
            head.directory_version += 1
            head.append((event,))
            head.save(connection)

    def _put(self, statement: TextClause, values: dict[str, str], event: AuditEvent) -> None:
        with self._database.writing() as connection:
            head = lock_head(connection)
            connection.execute(statement, values)
            head.directory_version += 1
            head.append((event,))
            head.save(connection)


def _read(connection: Connection, version: int) -> Directory:
    found_organisations = [to_organisation(document) for document in connection.scalars(select(organisations.c.document))]
    found_parties = [to_party(document) for document in connection.scalars(select(parties.c.document))]
    found_agreements = [to_agreement(document) for document in connection.scalars(select(agreements.c.document))]
    found_keys = [to_key(document) for document in connection.scalars(select(keys.c.document))]
    return Directory(
        version=version,
        organisations=MappingProxyType({organisation.organisation_id: organisation for organisation in found_organisations}),
        parties=MappingProxyType({party.code: party for party in found_parties}),
        agreements=MappingProxyType({(agreement.party, agreement.direction): agreement for agreement in found_agreements}),
        keyring=Keyring.of(found_keys),
    )

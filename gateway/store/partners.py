"""Partners: the directory as rows.

What it is: `gateway.contract.Partners`. Each write bumps the directory's version and appends its audit
event in the same transaction. What it is not: a judge of who may be a partner. Called by operations and,
for the snapshot, by the pipeline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, Row, TextClause, func, select, text

from gateway.audit.chain import microseconds
from gateway.audit.events import AuditEvent
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.history import DirectoryChanges, ProfileVersion
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
from gateway.store.rows import to_time
from gateway.store.tables import agreements, audit_head, keys, organisations, parties, profile_versions
from gateway.trust.keyring import KeyRecord, Keyring
from schemas.identifiers import Digest, KeyId, OrganisationId

_Values = dict[str, str | int]
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
_ADD_PROFILE = text(
    "INSERT INTO profile_versions (organisation, version, digest, document, applied_by, applied_at) "
    "VALUES (:organisation, :version, :digest, :document, :applied_by, :applied_at)"
)
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
        self._put(_PUT_ORGANISATION, _organisation(organisation), event)

    def put_party(self, party: Party, event: AuditEvent) -> None:
        """Write or replace."""
        self._put(_PUT_PARTY, _party(party), event)

    def put_agreement(self, agreement: Agreement, event: AuditEvent) -> None:
        """Write or replace, per party and direction."""
        self._put(_PUT_AGREEMENT, _agreement(agreement), event)

    def put_key(self, key: KeyRecord, event: AuditEvent) -> None:
        """Write or replace."""
        self._put(_PUT_KEY, _key(key), event)

    def revoke_key(self, key_id: KeyId, at: datetime, event: AuditEvent) -> None:
        """Mark it revoked from then on; an earlier revocation stands. Raises LookupError for an unknown key."""
        with self._database.writing() as connection:
            head = lock_head(connection)
            found = connection.execute(select(keys.c.document).where(keys.c.key_id == key_id)).scalar_one_or_none()
            if found is None:
                raise LookupError(key_id)
            key = to_key(found)
            since = at if key.revoked_at is None else min(at, key.revoked_at)
            connection.execute(_PUT_KEY, _key(replace(key, revoked_at=since)))
            head.directory_version += 1
            head.append((event,))
            head.save(connection)

    def apply(self, changes: DirectoryChanges, version: int) -> bool:
        """Write all of it, or nothing where somebody else wrote since this version."""
        with self._database.writing() as connection:
            head = lock_head(connection)
            if head.directory_version != version:
                return False
            for statement, rows in _statements(changes):
                if rows:
                    connection.execute(statement, rows)
            head.directory_version += 1
            head.append(changes.events)
            head.save(connection)
        return True

    def profiles(self, organisation: OrganisationId) -> Sequence[ProfileVersion]:
        """Oldest first."""
        wanted = select(profile_versions).where(profile_versions.c.organisation == organisation).order_by(profile_versions.c.version)
        with self._database.reading() as connection:
            return [_to_version(row) for row in connection.execute(wanted)]

    def latest_profiles(self, organisations: Sequence[OrganisationId]) -> Mapping[OrganisationId, ProfileVersion]:
        """The newest of each."""
        table = profile_versions.c
        newest = select(table.organisation, func.max(table.version).label("version")).where(table.organisation.in_(organisations)).group_by(table.organisation)
        latest = newest.subquery()
        wanted = select(profile_versions).join(latest, (table.organisation == latest.c.organisation) & (table.version == latest.c.version))
        with self._database.reading() as connection:
            found = [_to_version(row) for row in connection.execute(wanted)]
        return {version.organisation: version for version in found}

    def _put(self, statement: TextClause, values: _Values, event: AuditEvent) -> None:
        with self._database.writing() as connection:
            head = lock_head(connection)
            connection.execute(statement, values)
            head.directory_version += 1
            head.append((event,))
            head.save(connection)


def _statements(changes: DirectoryChanges) -> Sequence[tuple[TextClause, list[_Values]]]:
    return (
        (_PUT_ORGANISATION, [_organisation(one) for one in changes.organisations]),
        (_PUT_PARTY, [_party(one) for one in changes.parties]),
        (_PUT_AGREEMENT, [_agreement(one) for one in changes.agreements]),
        (_PUT_KEY, [_key(one) for one in changes.keys]),
        (_ADD_PROFILE, [_version_values(one) for one in changes.profiles]),
    )


def _organisation(organisation: Organisation) -> _Values:
    return {"organisation": organisation.organisation_id, "document": organisation_document(organisation)}


def _party(party: Party) -> _Values:
    return {"code": party.code, "document": party_document(party)}


def _agreement(agreement: Agreement) -> _Values:
    return {"party": agreement.party, "direction": agreement.direction.value, "document": agreement_document(agreement)}


def _key(key: KeyRecord) -> _Values:
    return {"key": key.key_id, "document": key_document(key)}


def _version_values(version: ProfileVersion) -> _Values:
    return asdict(version) | {"applied_at": microseconds(version.applied_at)}


def _to_version(row: Row[tuple[str | int, ...]]) -> ProfileVersion:
    return ProfileVersion(
        organisation=OrganisationId(row.organisation),
        version=row.version,
        digest=Digest(row.digest),
        document=row.document,
        applied_by=row.applied_by,
        applied_at=to_time(row.applied_at),
    )


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

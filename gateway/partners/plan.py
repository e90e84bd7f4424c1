"""A plan: everything that applying one profile would write, checked before any of it is written.

What it is: the profile's records run through the rules of `onboarding` one after the other, each seeing what
those before it would have written; what is there already, the same, is left out. What it is not: a writer.
Called by `gateway.operations`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from gateway.audit.events import AuditEvent
from gateway.partners import onboarding
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.onboarding import Parts
from gateway.partners.party import Organisation, Party
from gateway.partners.profile import KeyEntry, Profile
from gateway.trust.keyring import KeyRecord, Keyring
from gateway.trust.minting import certificate_der
from gateway.trust.signing import key_record_from_certificate, key_record_from_jwk
from schemas.identifiers import OrganisationId, PartyCode

BARE_KEY_LIFE = timedelta(days=2 * 365)
"""How long a key without a certificate is believed where its entry does not say."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be written, in this order, and the directory afterwards."""

    organisation: Organisation
    organisations: tuple[tuple[Organisation, AuditEvent], ...] = ()
    parties: tuple[tuple[Party, AuditEvent], ...] = ()
    agreements: tuple[tuple[Agreement, AuditEvent], ...] = ()
    keys: tuple[tuple[KeyRecord, AuditEvent], ...] = ()
    after: Directory

    @property
    def writes(self) -> int:
        """How many records differ from what is there."""
        return len(self.organisations) + len(self.parties) + len(self.agreements) + len(self.keys)


def plan(directory: Directory, profile: Profile, parts: Parts, now: datetime) -> Plan:
    """Raises OnboardingError for a rule that is broken, KeyUnusable for key material that cannot be used."""
    organisation, event = onboarding.put_organisation(directory, profile.organisation_record(), now)
    organisations = _unless_there(directory.organisations, [(organisation.organisation_id, organisation, event)])
    after = replace(directory, organisations=_merged(directory.organisations, {organisation.organisation_id: organisation}))

    checked_parties = [onboarding.put_party(after, party, now) for party in profile.party_records()]
    parties = _unless_there(after.parties, [(party.code, party, event) for party, event in checked_parties])
    after = replace(after, parties=_merged(after.parties, {party.code: party for party, _ in checked_parties}))

    checked_agreements = [onboarding.put_agreement(after, agreement, parts, now) for agreement in profile.agreements()]
    agreements = _unless_there(after.agreements, [((a.party, a.direction), a, event) for a, event in checked_agreements])
    after = replace(after, agreements=_merged(after.agreements, {(a.party, a.direction): a for a, _ in checked_agreements}))
    onboarding.require_undivided(after, organisation.organisation_id)

    keys: list[tuple[KeyRecord, AuditEvent]] = []
    for entry in profile.keys:
        wanted = key_record(entry, organisation.organisation_id, now)
        if _pinned_alike(after.keyring, wanted, entry):
            continue
        keys.append(onboarding.pin_key(after, wanted, now))
        after = replace(after, keyring=Keyring(_merged(after.keyring.keys, {wanted.key_id: wanted})))
    return Plan(organisation=organisation, organisations=organisations, parties=parties, agreements=agreements, keys=tuple(keys), after=after)


def key_record(entry: KeyEntry, organisation: OrganisationId, now: datetime) -> KeyRecord:
    """The record that an entry stands for. A certificate's own validity can only be narrowed. Raises KeyUnusable."""
    speaks_for = [PartyCode(code) for code in entry.speaks_for]
    if entry.certificate is not None:
        return _certified(entry, organisation, speaks_for)
    begins = entry.not_before or now
    jwk: dict[str, object] = dict(entry.jwk or {})
    return key_record_from_jwk(
        jwk if entry.algorithm is None else {**jwk, "alg": entry.algorithm},
        organisation=organisation,
        use=entry.use,
        speaks_for=speaks_for,
        not_before=begins,
        not_after=entry.not_after or begins + BARE_KEY_LIFE,
    )


def _certified(entry: KeyEntry, organisation: OrganisationId, speaks_for: list[PartyCode]) -> KeyRecord:
    der = certificate_der((entry.certificate or "").encode())
    record = key_record_from_certificate(der, organisation=organisation, use=entry.use, speaks_for=speaks_for)
    begins, ends = entry.not_before or record.not_before, entry.not_after or record.not_after
    return replace(
        record,
        algorithm=entry.algorithm or record.algorithm,
        not_before=max(begins, record.not_before),
        not_after=min(ends, record.not_after),
    )


def _pinned_alike(keyring: Keyring, wanted: KeyRecord, entry: KeyEntry) -> bool:
    """True where applying again would only move a default validity along with the clock."""
    pinned = keyring.find(wanted.key_id)
    if pinned is None:
        return False
    begins = pinned.not_before if entry.not_before is None else wanted.not_before
    ends = pinned.not_after if entry.not_after is None else wanted.not_after
    return replace(wanted, not_before=begins, not_after=ends) == pinned


def _unless_there(there: Mapping[K, V], wanted: list[tuple[K, V, AuditEvent]]) -> tuple[tuple[V, AuditEvent], ...]:
    return tuple((record, event) for key, record, event in wanted if there.get(key) != record)


def _merged(there: Mapping[K, V], more: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType({**there, **more})

"""A plan: everything that applying some profiles would write, checked before any of it is written.

What it is: the records of every profile run through the rules of `onboarding`, organisations first, so that one
document may name what another brings; each record sees those before it, and what is there already, the same, is left
out. Every mistake of every profile is gathered. What it is not: a writer. Called by `gateway.operations`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.partners import onboarding
from gateway.partners.agreement import Agreement, DeliveryMode
from gateway.partners.directory import Directory
from gateway.partners.history import DirectoryChanges, ProfileVersion, written
from gateway.partners.onboarding import OnboardingError, Parts, Rule
from gateway.partners.party import Organisation, Party
from gateway.partners.profile import KeyEntry, Profile
from gateway.trust.keyring import KeyRecord, Keyring
from gateway.trust.minting import certificate_der
from gateway.trust.signing import KeyUnusable, key_record_from_certificate, key_record_from_jwk
from schemas.identifiers import OrganisationId, PartyCode

BARE_KEY_LIFE = timedelta(days=2 * 365)
"""How long a key without a certificate is believed where its entry does not say."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """A profile, and where it was read: a file's name, or nothing."""

    source: str
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Why something cannot be applied, and where it stands."""

    source: str
    place: str
    error: OnboardingError | KeyUnusable

    def __str__(self) -> str:
        return f"{self.source + ': ' if self.source else ''}{self.place}: {self.error}"


class PlanRefused(Exception):
    """At least one mistake; nothing was written."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("; ".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one profile would write, in this order, and the directory after all of them."""

    source: str = ""
    organisation: Organisation
    organisations: tuple[tuple[Organisation, AuditEvent], ...] = ()
    parties: tuple[tuple[Party, AuditEvent], ...] = ()
    agreements: tuple[tuple[Agreement, AuditEvent], ...] = ()
    keys: tuple[tuple[KeyRecord, AuditEvent], ...] = ()
    records: int
    """How many records its document stands for."""
    after: Directory

    @property
    def writes(self) -> int:
        """How many records differ from what is there."""
        return len(self.organisations) + len(self.parties) + len(self.agreements) + len(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """What all profiles together would write."""

    plans: tuple[Plan, ...]
    before: Directory
    after: Directory
    versions: tuple[ProfileVersion, ...]
    """Of the documents that are not, as they stand, what was applied last."""

    @property
    def writes(self) -> int:
        """How many records differ from what is there."""
        return sum(plan.writes for plan in self.plans)

    def changes(self) -> DirectoryChanges:
        """All of it, with its audit events."""
        organisations = [pair for plan in self.plans for pair in plan.organisations]
        parties = [pair for plan in self.plans for pair in plan.parties]
        agreements = [pair for plan in self.plans for pair in plan.agreements]
        keys = [pair for plan in self.plans for pair in plan.keys]
        said = [event for pairs in (organisations, parties, agreements, keys) for _, event in pairs]
        return DirectoryChanges(
            organisations=tuple(record for record, _ in organisations),
            parties=tuple(record for record, _ in parties),
            agreements=tuple(record for record, _ in agreements),
            keys=tuple(record for record, _ in keys),
            profiles=self.versions,
            events=(*said, *(_applied(version) for version in self.versions)),
        )


def left_shelves(plans: Plans) -> tuple[PartyCode, ...]:
    """Parties whose deliveries wait on a shelf, and are carried once the plans are written."""
    return tuple(code for code in plans.before.parties if _on_shelf(plans.before, code) and not _on_shelf(plans.after, code))


def _on_shelf(directory: Directory, code: PartyCode) -> bool:
    agreed = directory.outbound(code)
    return agreed is not None and agreed.mode is DeliveryMode.SHELF


def plan(directory: Directory, profile: Profile, parts: Parts, now: datetime) -> Plan:
    """One profile. Raises OnboardingError for a rule that is broken, KeyUnusable for key material that cannot be used."""
    try:
        return plan_all(directory, [Sourced(source="", profile=profile)], parts, now).plans[0]
    except PlanRefused as refused:
        raise refused.mistakes[0].error from refused


def plan_all(
    directory: Directory,
    profiles: Sequence[Sourced],
    parts: Parts,
    now: datetime,
    *,
    by: str = "",
    latest: Mapping[OrganisationId, ProfileVersion] = MappingProxyType({}),
) -> Plans:
    """All profiles together. `latest` are the documents applied last. Raises PlanRefused with every mistake."""
    planner = _Planner(directory, parts, now)
    drafts = planner.run(profiles)
    if planner.mistakes:
        raise PlanRefused(tuple(planner.mistakes))
    plans = tuple(draft.plan(directory, planner.after) for draft in drafts)
    versions = tuple(_version(plan, one.profile, latest, by, now) for plan, one in zip(plans, profiles, strict=True))
    return Plans(plans=plans, before=directory, after=planner.after, versions=tuple(version for version in versions if version is not None))


@dataclass(slots=True)
class _Draft:
    """One profile on its way to a plan."""

    sourced: Sourced
    organisations: list[tuple[Organisation, AuditEvent]] = field(default_factory=list)
    parties: list[tuple[Party, AuditEvent]] = field(default_factory=list)
    agreements: list[tuple[Agreement, AuditEvent]] = field(default_factory=list)
    keys: list[tuple[KeyRecord, AuditEvent]] = field(default_factory=list)

    def plan(self, before: Directory, after: Directory) -> Plan:
        return Plan(
            source=self.sourced.source,
            organisation=self.organisations[0][0],
            organisations=_unless_there(before.organisations, [(record.organisation_id, record, event) for record, event in self.organisations]),
            parties=_unless_there(before.parties, [(record.code, record, event) for record, event in self.parties]),
            agreements=_unless_there(before.agreements, [((record.party, record.direction), record, event) for record, event in self.agreements]),
            keys=tuple(self.keys),
            records=len(self.organisations) + len(self.parties) + len(self.agreements) + len(self.sourced.profile.keys),
            after=after,
        )


class _Planner:
    """Runs records through the rules; what breaks one is noted, and what hangs on it is left out."""

    def __init__(self, directory: Directory, parts: Parts, now: datetime) -> None:
        self.after = directory
        self.mistakes: list[Mistake] = []
        self._parts, self._now = parts, now

    def run(self, profiles: Sequence[Sourced]) -> list[_Draft]:
        """Organisations, then parties, agreements and keys, then what has to hold between them."""
        drafts = [_Draft(sourced) for sourced in profiles]
        named: set[str] = set()
        for draft in drafts:
            self._organisation(draft, named)
        standing = [draft for draft in drafts if draft.organisations]
        for step in (self._parties, self._agreements, self._between, self._keys):
            for draft in standing:
                step(draft)
        return drafts

    def _organisation(self, draft: _Draft, named: set[str]) -> None:
        wanted = draft.sourced.profile.organisation_record()
        with self._noting(draft, "organisation"):
            if wanted.organisation_id in named:
                raise OnboardingError(Rule.ORGANISATION_TWICE, f"{wanted.organisation_id}.")
            named.add(wanted.organisation_id)
            record, event = onboarding.put_organisation(self.after, wanted, self._now)
            draft.organisations.append((record, event))
            self.after = replace(self.after, organisations=_merged(self.after.organisations, {record.organisation_id: record}))

    def _parties(self, draft: _Draft) -> None:
        for place, wanted in enumerate(draft.sourced.profile.party_records()):
            with self._noting(draft, f"parties.{place}"):
                record, event = onboarding.put_party(self.after, wanted, self._now)
                draft.parties.append((record, event))
                self.after = replace(self.after, parties=_merged(self.after.parties, {record.code: record}))

    def _agreements(self, draft: _Draft) -> None:
        places, taken = _places(draft), {party.code for party, _ in draft.parties}
        for wanted in draft.sourced.profile.agreements():
            if wanted.party not in taken:
                continue
            with self._noting(draft, f"{places[wanted.party]}.{wanted.direction}"):
                record, event = onboarding.put_agreement(self.after, wanted, self._parts, self._now)
                draft.agreements.append((record, event))
                self.after = replace(self.after, agreements=_merged(self.after.agreements, {(record.party, record.direction): record}))

    def _between(self, draft: _Draft) -> None:
        places = _places(draft)
        for party, _ in draft.parties:
            with self._noting(draft, f"{places[party.code]}.route_to"):
                onboarding.require_route(self.after, party.code)
        with self._noting(draft, "parties"):
            onboarding.require_undivided(self.after, draft.organisations[0][0].organisation_id)

    def _keys(self, draft: _Draft) -> None:
        for place, entry in enumerate(draft.sourced.profile.keys):
            with self._noting(draft, f"keys.{place}"):
                wanted = key_record(entry, draft.organisations[0][0].organisation_id, self._now)
                if _pinned_alike(self.after.keyring, wanted, entry):
                    continue
                draft.keys.append(onboarding.pin_key(self.after, wanted, self._now))
                self.after = replace(self.after, keyring=Keyring(_merged(self.after.keyring.keys, {wanted.key_id: wanted})))

    @contextmanager
    def _noting(self, draft: _Draft, place: str) -> Iterator[None]:
        try:
            yield
        except (OnboardingError, KeyUnusable) as error:
            self.mistakes.append(Mistake(source=draft.sourced.source, place=place, error=error))


def _places(draft: _Draft) -> Mapping[str, str]:
    return {entry.code: f"parties.{place}" for place, entry in enumerate(draft.sourced.profile.parties)}


def _version(plan: Plan, profile: Profile, latest: Mapping[OrganisationId, ProfileVersion], by: str, now: datetime) -> ProfileVersion | None:
    """None where the same document was applied last, and all of it still stands."""
    text, digest = written(profile.document())
    last = latest.get(plan.organisation.organisation_id)
    if last is not None and last.digest == digest and not plan.writes:
        return None
    number = 1 if last is None else last.version + 1
    return ProfileVersion(organisation=plan.organisation.organisation_id, version=number, digest=digest, document=text, applied_by=by, applied_at=now)


def _applied(version: ProfileVersion) -> AuditEvent:
    facts: dict[str, Fact] = {"what": "profile", "version": version.version, "digest": version.digest, "by": version.applied_by}
    return AuditEvent(AuditCode.PARTNER_CHANGED, version.applied_at, version.organisation, facts)


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

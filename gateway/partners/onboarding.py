"""Onboarding: which partner, agreement and key may be written, and how a standing may move.

What it is: pure rules over the directory that return the record to write and its audit event, or raise
`OnboardingError` with a coded row. What it is not: a writer: `gateway.operations` hands the records to the store.
Keys are pinned by thumbprint, never trusted by name; standings move only as the table `MOVES` says.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.audit.events import AuditCode, AuditEvent
from gateway.partners import fetching
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.partners.directory import Directory
from gateway.partners.filters import mistake_in
from gateway.partners.party import Organisation, Party, Standing
from gateway.partners.proving import unproved
from gateway.partners.reserved import RESERVED
from gateway.partners.rules import RULES as RULES
from gateway.partners.rules import OnboardingError as OnboardingError
from gateway.partners.rules import Parts as Parts
from gateway.partners.rules import Rule as Rule
from gateway.partners.terms import is_endpoint, out_of_range
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import LEGACY_SPG
from schemas.identifiers import KeyId, OrganisationId, PartyCode

MOVES: dict[Standing, frozenset[Standing]] = {
    Standing.APPLIED: frozenset({Standing.PROVING, Standing.LEFT}),
    Standing.PROVING: frozenset({Standing.LIVE, Standing.LEFT}),
    Standing.LIVE: frozenset({Standing.SUSPENDED, Standing.LEFT}),
    Standing.SUSPENDED: frozenset({Standing.LIVE, Standing.LEFT}),
    Standing.LEFT: frozenset(),
}
"""Which standing may follow which. A partner that left applies again under a new organisation id."""

ALGORITHMS = frozenset({"EdDSA", "ES256", "RS256", "PS256"})
"""JOSE names of what a partner may sign with: asymmetric only."""

LONGEST_KEY_LIFE = timedelta(days=5 * 366)
"""A pinned key is replaced well within this; overlapping keys make that no outage."""

_ORGANISATION_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_PARTY_CODE = re.compile(r"[A-Z0-9]{3}")
_LATER_STAGES = frozenset({"delivered", "applied", "not-applied", "discarded"})


def put_organisation(directory: Directory, wanted: Organisation, now: datetime) -> tuple[Organisation, AuditEvent]:
    """A new organisation starts as applied; a known one keeps its standing and its broker user."""
    if not _ORGANISATION_ID.fullmatch(wanted.organisation_id):
        raise OnboardingError(Rule.ORGANISATION_ID_INVALID)
    known = directory.organisations.get(wanted.organisation_id)
    if known is None:
        record = replace(wanted, standing=Standing.APPLIED, broker_user=None, broker_password_hash=None, proofs=(), paused=None)
    else:
        _require_not_left(known)
        ours = replace(wanted, standing=known.standing, proofs=known.proofs, paused=known.paused)
        record = replace(ours, broker_user=known.broker_user, broker_password_hash=known.broker_password_hash)
    return record, _changed(record.organisation_id, now, what="organisation", standing=record.standing.value)


def move(
    directory: Directory, organisation_id: OrganisationId, to: Standing, now: datetime, *, without_conformance: str = ""
) -> tuple[Organisation, AuditEvent]:
    """Move a standing as `MOVES` says. To go live, everything that `missing` names must be there; from proving, each
    party must have been proved too, or a reason says why it is let through without."""
    organisation = require_organisation(directory, organisation_id)
    if to not in MOVES[organisation.standing]:
        allowed = ", ".join(sorted(MOVES[organisation.standing])) or "nothing"
        raise OnboardingError(Rule.STANDING_MOVE, f"From {organisation.standing} to {to}; allowed from here: {allowed}.")
    if to is Standing.LIVE and (lacking := missing(directory, organisation_id, now)):
        raise OnboardingError(Rule.NOT_READY, " ".join(lacking))
    facts = {"before": organisation.standing.value, "standing": to.value}
    if to is Standing.LIVE and organisation.standing is Standing.PROVING and (lacking := unproved(directory, organisation)):
        if not without_conformance.strip():
            raise OnboardingError(Rule.NOT_PROVED, f"Not proved: {', '.join(lacking)}.")
        facts |= {"without_conformance": without_conformance.strip()}
    return replace(organisation, standing=to), _changed(organisation_id, now, what="standing", **facts)


def missing(directory: Directory, organisation_id: OrganisationId, now: datetime) -> tuple[str, ...]:
    """What an organisation still needs before it can be live, one sentence each."""
    parties = directory.parties_of(organisation_id)
    lacking = [] if parties else ["It runs no party."]
    lacking += [f"{code} has no agreement." for code in parties if not (directory.inbound(code) or directory.outbound(code))]
    signing = [key for key in directory.keyring.of_organisation(organisation_id, KeyUse.SIGN) if key.valid_at(now)]
    speaking = {code for key in signing for code in key.speaks_for}
    lacking += [f"No valid signing key speaks for {code}." for code in parties if directory.inbound(code) and code not in speaking]
    organisation = directory.organisations.get(organisation_id)
    lacking += [f"{code} is served by queue but has no broker user." for code in parties if _wants_queue(directory, code) and not _has_user(organisation)]
    return (*lacking, *fetching.lacking(directory, organisation_id, now))


def give_broker_user(directory: Directory, organisation_id: OrganisationId, *, user: str, password_hash: str, now: datetime) -> tuple[Organisation, AuditEvent]:
    """Remember the broker user of an organisation and the broker's own salted hash of its password."""
    organisation = require_organisation(directory, organisation_id)
    _require_not_left(organisation)
    event = _changed(organisation_id, now, what="broker-user", user=user)
    return replace(organisation, broker_user=user, broker_password_hash=password_hash), event


def put_party(directory: Directory, party: Party, now: datetime) -> tuple[Party, AuditEvent]:
    """A party belongs to one organisation for ever: receipts and keys were made under it."""
    if not _PARTY_CODE.fullmatch(party.code):
        raise OnboardingError(Rule.PARTY_CODE_INVALID)
    if party.code in RESERVED:
        raise OnboardingError(Rule.PARTY_CODE_INVALID, f"{party.code} is reserved: it stands for recipients that the gateway chooses.")
    _require_not_left(require_organisation(directory, party.organisation))
    known = directory.parties.get(party.code)
    if known is not None and known.organisation != party.organisation:
        raise OnboardingError(Rule.PARTY_TAKEN, f"{party.code}.")
    _check_divisions(directory, party)
    facts = {"route_to": party.route_to} if party.route_to is not None else {}
    return party, _changed(party.code, now, what="party", organisation=party.organisation, **facts)


def put_agreement(directory: Directory, agreement: Agreement, parts: Parts, now: datetime) -> tuple[Agreement, AuditEvent]:
    """Check one agreement against the parts that exist and against itself."""
    party = directory.parties.get(agreement.party)
    if party is None:
        raise OnboardingError(Rule.PARTY_UNKNOWN, f"{agreement.party}.")
    _require_not_left(require_organisation(directory, party.organisation))
    _check_parts(agreement, parts)
    _check_detail(agreement, parts)
    _check_broadcast(agreement)
    _check_policy(agreement)
    _check_way(agreement)
    _check_endpoints(agreement)
    if (mistake := out_of_range(agreement)) is not None:
        raise OnboardingError(Rule.VALUE_OUT_OF_RANGE, mistake)
    if (mistake := mistake_in(agreement.filters, outbound=agreement.direction is Direction.OUTBOUND)) is not None:
        raise OnboardingError(Rule.FILTER_INVALID, mistake)
    if agreement.own_ids and agreement.dialect not in parts.own_ids:
        raise OnboardingError(Rule.OWN_IDS_NOT_CARRIED, f"{agreement.dialect}; there is: {', '.join(sorted(parts.own_ids))}.")
    event = _changed(
        agreement.party,
        now,
        what="agreement",
        direction=agreement.direction.value,
        dialect=agreement.dialect,
        packaging=agreement.packaging,
        policy=agreement.policy.name,
        mode=agreement.mode.value,
    )
    return agreement, event


def require_route(directory: Directory, code: PartyCode) -> None:
    """Where a code is routed, there must be somebody who can take its place: a party of its own with terms for it."""
    party = directory.parties[code]
    if party.route_to is None:
        return
    target = directory.organisations.get(party.route_to)
    if target is None or target.standing is Standing.LEFT or target.organisation_id == party.organisation:
        raise OnboardingError(Rule.ROUTE_INVALID, f"{code}: name another organisation that is here.")
    if directory.stand_in(target.organisation_id, Direction.OUTBOUND) is None:
        raise OnboardingError(Rule.ROUTE_INVALID, f"{code}: {target.organisation_id} has no party of its own that messages are sent to.")


def require_undivided(directory: Directory, organisation: OrganisationId) -> None:
    """A signature is judged before its sender code is read, so what it is judged by must hang on the key alone."""
    inbound = [agreement for code in directory.parties_of(organisation) if (agreement := directory.inbound(code)) is not None]
    for packaging in {agreement.packaging for agreement in inbound}:
        alike = {(a.dialect, a.policy, a.max_age_seconds) for a in inbound if a.packaging == packaging}
        if len(alike) > 1:
            raise OnboardingError(Rule.ORGANISATION_DIVIDED, f"Packaging {packaging}.")


def pin_key(directory: Directory, key: KeyRecord, now: datetime) -> tuple[KeyRecord, AuditEvent]:
    """Check one key before it is pinned. Putting a known key again may change its validity and parties only."""
    _require_not_left(require_organisation(directory, key.organisation))
    if key.algorithm not in ALGORITHMS:
        raise OnboardingError(Rule.KEY_ALGORITHM, f"Allowed: {', '.join(sorted(ALGORITHMS))}.")
    _check_validity(key, now)
    _check_speaks_for(directory, key)
    for pinned in directory.keyring.keys.values():
        if pinned.key_id == key.key_id or pinned.public_key == key.public_key:
            _check_same(pinned, key)
    facts: dict[str, str | int | bool] = {"organisation": key.organisation, "use": key.use.value, "algorithm": key.algorithm}
    facts |= {"not_after": key.not_after.isoformat(), "speaks_for": " ".join(sorted(key.speaks_for))}
    return key, AuditEvent(AuditCode.KEY_ADDED, now, key.key_id, facts)


def revoke(directory: Directory, key_id: KeyId, *, reason: str, now: datetime) -> tuple[KeyRecord, AuditEvent]:
    """End a key now. Revoking twice keeps the first time."""
    key = directory.keyring.find(key_id)
    if key is None:
        raise OnboardingError(Rule.KEY_UNKNOWN)
    if key.revoked_at is not None:
        raise OnboardingError(Rule.KEY_REVOKED, f"It was revoked at {key.revoked_at.isoformat()}.")
    event = AuditEvent(AuditCode.KEY_REVOKED, now, key_id, {"organisation": key.organisation, "use": key.use.value, "reason": reason})
    return replace(key, revoked_at=now), event


def require_organisation(directory: Directory, organisation_id: OrganisationId) -> Organisation:
    """The organisation, or a refusal that says that it is not known."""
    organisation = directory.organisations.get(organisation_id)
    if organisation is None:
        raise OnboardingError(Rule.ORGANISATION_UNKNOWN)
    return organisation


def _require_not_left(organisation: Organisation) -> None:
    if organisation.standing is Standing.LEFT:
        raise OnboardingError(Rule.ORGANISATION_LEFT)


def _check_divisions(directory: Directory, party: Party) -> None:
    if (owner := directory.division_of(party.code)) is not None:
        raise OnboardingError(Rule.DIVISION_TAKEN, f"{party.code} is a division of {owner}.")
    for division in party.divisions:
        if division.code in directory.parties or division.code == party.code:
            raise OnboardingError(Rule.DIVISION_TAKEN, f"{division.code} is a party.")
        if directory.division_of(division.code) not in {None, party.code}:
            raise OnboardingError(Rule.DIVISION_TAKEN, f"{division.code} is another party's.")


def _changed(subject: str, now: datetime, **facts: str) -> AuditEvent:
    return AuditEvent(AuditCode.PARTNER_CHANGED, now, subject, facts)


def _wants_queue(directory: Directory, code: PartyCode) -> bool:
    agreement = directory.outbound(code)
    return agreement is not None and agreement.mode is DeliveryMode.QUEUE


def _has_user(organisation: Organisation | None) -> bool:
    return organisation is not None and organisation.broker_user is not None


def _check_parts(agreement: Agreement, parts: Parts) -> None:
    if agreement.dialect not in parts.dialects:
        raise OnboardingError(Rule.DIALECT_UNKNOWN, _known(agreement.dialect, parts.dialects))
    if agreement.version not in parts.versions:
        raise OnboardingError(Rule.VERSION_UNKNOWN, f"Found {agreement.version!r}; there is: {', '.join(parts.versions)}.")
    if agreement.packaging not in parts.packagings:
        raise OnboardingError(Rule.PACKAGING_UNKNOWN, _known(agreement.packaging, parts.packagings))
    if agreement.mode not in parts.modes:
        raise OnboardingError(Rule.CHANNEL_UNKNOWN, _known(agreement.mode, parts.modes))
    if parts.types and (strange := ((agreement.types or frozenset()) | agreement.broadcast_types) - parts.types):
        raise OnboardingError(Rule.TYPE_UNKNOWN, _known(min(strange), parts.types))


def _check_detail(agreement: Agreement, parts: Parts) -> None:
    points = agreement.direction is Direction.OUTBOUND and agreement.dialect in parts.pointing
    if not points and agreement.detail_dialect is not None:
        raise OnboardingError(Rule.DETAIL_MISMATCH, f"{agreement.dialect} hands everything over; leave detail_dialect out.")
    if not points:
        return
    if agreement.detail_dialect not in parts.details:
        raise OnboardingError(Rule.DETAIL_MISMATCH, f"detail_dialect: {_known(agreement.detail_dialect or 'none', parts.details)}")
    if agreement.packaging != "jws":
        raise OnboardingError(Rule.PACKAGING_MISMATCH, "Details are fetched as JWS; what points at them is believed in the same way.")


def _known(found: str, names: Iterable[str]) -> str:
    return f"Found {found!r}; there is: {', '.join(sorted(names))}."


def _check_policy(agreement: Agreement) -> None:
    # The legacy policy leaves the time stamp unsigned: it is bearable only where the payload carries a signed date.
    if agreement.policy == LEGACY_SPG and agreement.packaging != "wss":
        raise OnboardingError(Rule.POLICY_MISMATCH, f"{LEGACY_SPG.name} is for wss only.")
    if agreement.soap_version not in {"1.1", "1.2"}:
        raise OnboardingError(Rule.POLICY_MISMATCH, "SOAP is 1.1 or 1.2.")
    if strange := agreement.receipt_stages - _LATER_STAGES:
        raise OnboardingError(Rule.VALUE_OUT_OF_RANGE, f"receipt_stages: {_known(min(strange), _LATER_STAGES)}")


def _check_broadcast(agreement: Agreement) -> None:
    if agreement.broadcast_types and agreement.direction is Direction.OUTBOUND:
        raise OnboardingError(Rule.BROADCAST_INVALID, "broadcast_types belongs to what a party sends, its inbound agreement.")
    if strange := agreement.broadcast_types - (agreement.types if agreement.types is not None else agreement.broadcast_types):
        raise OnboardingError(Rule.BROADCAST_INVALID, f"{min(strange)} is not among its types.")


def _check_way(agreement: Agreement) -> None:
    # A detached signature needs a second place beside the document: a file, or a header of the call.
    if agreement.direction is Direction.OUTBOUND and agreement.packaging == "detached" and agreement.mode in (DeliveryMode.QUEUE, DeliveryMode.SHELF):
        raise OnboardingError(Rule.PACKAGING_MISMATCH, f"{agreement.packaging} is for drop and push, not for {agreement.mode}.")


def _check_endpoints(agreement: Agreement) -> None:
    pushed = agreement.direction is Direction.OUTBOUND and agreement.mode is DeliveryMode.PUSH
    if pushed and agreement.endpoint is None:
        raise OnboardingError(Rule.ENDPOINT_INVALID, "Push needs an endpoint.")
    if not pushed and agreement.direction is Direction.OUTBOUND and agreement.endpoint is not None:
        raise OnboardingError(Rule.ENDPOINT_INVALID, f"Mode {agreement.mode} has no endpoint.")
    for url in (agreement.endpoint, agreement.receipt_endpoint):
        if url is not None and not is_endpoint(url):
            raise OnboardingError(
                Rule.ENDPOINT_INVALID, "An endpoint is an https URL with a host and without user, query or fragment; http is for loopback only."
            )


def _check_validity(key: KeyRecord, now: datetime) -> None:
    if key.revoked_at is not None:
        raise OnboardingError(Rule.KEY_REVOKED)
    if not key.not_before < key.not_after:
        raise OnboardingError(Rule.KEY_VALIDITY, "It ends before it begins.")
    if key.not_after <= now:
        raise OnboardingError(Rule.KEY_VALIDITY, "It has ended.")
    if key.not_after - max(key.not_before, now) > LONGEST_KEY_LIFE:
        raise OnboardingError(Rule.KEY_VALIDITY, f"It would be believed for more than {LONGEST_KEY_LIFE.days} days; name an earlier end.")


def _check_speaks_for(directory: Directory, key: KeyRecord) -> None:
    owned = {code for code, party in directory.parties.items() if party.organisation == key.organisation}
    strange = key.speaks_for - owned - frozenset(directory.parties_of(key.organisation))
    if strange:
        raise OnboardingError(Rule.KEY_SPEAKS_FOR, f"{min(strange)} is not one of its parties.")
    if key.use is KeyUse.SIGN and not key.speaks_for:
        raise OnboardingError(Rule.KEY_SPEAKS_FOR, "Name at least one party.")


def _check_same(pinned: KeyRecord, key: KeyRecord) -> None:
    if pinned.organisation != key.organisation:
        raise OnboardingError(Rule.KEY_TAKEN)
    if (pinned.use, pinned.algorithm) != (key.use, key.algorithm):
        raise OnboardingError(Rule.KEY_USE, f"It is pinned for {pinned.use} with {pinned.algorithm}.")
    if pinned.revoked_at is not None:
        raise OnboardingError(Rule.KEY_REVOKED)

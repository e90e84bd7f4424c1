"""The situation: what the rules of alerting are asked about, read from the store and the directory.

What it is: the picture of the gateway, and what it does not show: the oldest that waits, keys that end, the relay, and
what the last check of the audit chain said. What it is not: a judgement (`gateway.oversight.alerting`). Called by the watcher.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from gateway.audit.events import AuditCode
from gateway.contract import Store
from gateway.control.picture import ON_THE_ROAD, Line, Picture, take
from gateway.oversight.alerting import Facts, OrganisationFacts, PartyFacts
from gateway.oversight.chain_checks import chain_facts
from gateway.oversight.views import AuditSearch
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Standing
from gateway.partners.pausing import paused
from gateway.partners.watching import Thresholds
from gateway.records import DeliveryState
from gateway.trust.keyring import Keyring, KeyUse

WATCHED: Final = frozenset({Standing.LIVE, Standing.SUSPENDED})
"""Whose alerts there are: whoever is not live yet, or has left, is expected to be quiet."""


def situation(store: Store, directory: Directory, now: datetime, relay_silent: timedelta, relay_late: timedelta) -> Facts:
    """Everything, now. Raises StoreUnavailable."""
    picture = take(store, directory, now)
    latest = store.watch.audit(AuditSearch(code=AuditCode.AUDIT_CHECKED.value), None, 1)
    return Facts(
        at=now,
        parties=tuple(_parties(store, picture)),
        organisations=tuple(_organisations(directory, picture)),
        chain=chain_facts(latest[0].event if latest else None),
        relay_silent=relay_silent,
        relay_late=relay_late,
    )


def _parties(store: Store, picture: Picture) -> Iterator[PartyFacts]:
    for line in picture.lines:
        if line.agreement is None or line.organisation.standing not in WATCHED:
            continue
        yield PartyFacts(
            party=line.party,
            thresholds=line.agreement.thresholds,
            waiting=line.waiting,
            waiting_since=_oldest(store, line) if line.waiting else None,
            late=line.late,
            owed_since=line.receipts.oldest_expected_at if line.receipts else None,
            set_aside=line.count(DeliveryState.SET_ASIDE),
            held=_held(line.organisation, picture.at),
        )


def _oldest(store: Store, line: Line) -> datetime | None:
    """Of what is not handed over: the picture's oldest may be one whose word is awaited, which is another rule's."""
    found = store.watch.queue_items(line.party, frozenset(ON_THE_ROAD), 0, 1)
    return found[0].delivery.created_at if found else None


def _organisations(directory: Directory, picture: Picture) -> Iterator[OrganisationFacts]:
    for organisation in directory.organisations.values():
        if organisation.standing not in WATCHED:
            continue
        lines = picture.of(organisation.organisation_id)
        agreements = [line.agreement for line in lines if line.agreement]
        activity = [line.activity for line in lines if line.activity]
        heard = [at for one in activity for at in (one.last_accepted_at, one.last_delivered_at) if at is not None]
        quickest = _first_to_be_missed(agreements)
        yield OrganisationFacts(
            organisation=organisation.organisation_id,
            failures=max((one.failures_since_success for one in activity), default=0),
            breaker_failures=min((one.breaker_failures for one in agreements), default=0),
            heard_at=max(heard, default=None),
            silence_hours=quickest.thresholds.silence_hours if quickest else 0,
            working_hours=quickest.working_hours if quickest else None,
            keys_end=_keys_end(directory.keyring, organisation),
            certificate_days=max((one.thresholds.certificate_days for one in agreements), default=Thresholds().certificate_days),
            held=_held(organisation, picture.at),
        )


def _held(organisation: Organisation, now: datetime) -> bool:
    return organisation.standing is Standing.SUSPENDED or paused(organisation, now)


def _first_to_be_missed(agreements: Collection[Agreement]) -> Agreement | None:
    """The agreement with the shortest silence: several parties of one organisation are heard through one system."""
    return min((one for one in agreements if one.thresholds.silence_hours), key=lambda one: one.thresholds.silence_hours, default=None)


def _keys_end(keyring: Keyring, organisation: Organisation) -> Mapping[str, datetime]:
    found = {use: [key.not_after for key in keyring.of_organisation(organisation.organisation_id, use) if key.revoked_at is None] for use in KeyUse}
    return {use.value: max(ends) for use, ends in found.items() if ends}

"""The checks of `gateway doctor`.

What it is: one function per check, each answering with what it found and a remedy. What it is not: a monitor:
it looks once. Nothing here writes, and no secret or URL with one is printed.
"""

import os
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from broker.contract import BrokerUnavailable
from broker.differences import State as Found
from gateway import bootstrap
from gateway.commands.context import now, own_keys
from gateway.commands.folder_checks import exchanging_files, look_at
from gateway.commands.reconciling import compared
from gateway.config import BrokerKind, ConfigurationInvalid, Environment, Settings, load_settings
from gateway.contract import Store, StoreUnavailable
from gateway.keystore import KeystoreError
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Standing
from gateway.records import DeadLetterState
from gateway.store.opening import open_store
from gateway.trust.keyring import KeyRecord
from gateway.trust.minting import certificate_der, certificate_ends
from gateway.trust.signing import KeyUnusable

LEAST_FREE_BYTES = 1024**3
SOON = timedelta(days=30)
OLDEST_PYTHON = (3, 11)
_MOST_COUNTED, _MOST_NAMED = 100, 5
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
CLOCK_TOLERANCE = timedelta(seconds=300)


class State(StrEnum):
    """How it looks."""

    GOOD = "ok"
    WARNING = "warning"
    BAD = "FAILED"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One look."""

    name: str
    state: State
    found: str
    remedy: str = ""


def examine() -> tuple[Check, ...]:
    """All checks, in order; those that need settings or the store are skipped without them."""
    try:
        settings = load_settings()
    except ConfigurationInvalid as error:
        return _python(), Check("settings", State.BAD, str(error), "correct the settings named; docs/settings.md")
    found = [_python(), Check("settings", State.GOOD, f"{settings.environment}, audience {settings.audience}"), _keys(settings), _disk(settings)]
    found += [_door(settings, now()), *_store_checks(settings)]
    return tuple(found)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Check("python", State.BAD, version, "install Python 3.11 or newer")
    return Check("python", State.GOOD, version)


def _keys(settings: Settings) -> Check:
    try:
        keys = own_keys(settings)
    except KeystoreError as error:
        return Check("own keys", State.BAD, str(error), "gateway init, or restore the folder from its copy")
    ends = certificate_ends(keys.wss_signer.certificate) if keys.wss_signer.certificate else None
    if ends is not None and ends - now() < SOON:
        return Check("own keys", State.WARNING, f"the WS-Security certificate ends {ends:%Y-%m-%d}", "tell the partners, then gateway key rotate wss")
    return Check("own keys", State.GOOD, f"archive key {keys.archive.current}, {len(keys.archive.keys)} in all")


def _disk(settings: Settings) -> Check:
    place = settings.data_dir if settings.data_dir.exists() else Path()
    free = shutil.disk_usage(place).free
    text = f"{free / 1024**3:.1f} GiB free"
    if free < LEAST_FREE_BYTES:
        return Check("disk", State.BAD, text, "free or add space: nothing is accepted on a full disk")
    return Check("disk", State.GOOD, text)


def _door(settings: Settings, at: datetime) -> Check:
    if settings.tls_certificate is None:
        return Check("door certificate", State.SKIPPED, "TLS ends at a proxy" if settings.tls_ends_at_proxy else "plain HTTP: for development only")
    try:
        ends = certificate_ends(certificate_der(settings.tls_certificate.read_bytes()))
    except (OSError, KeyUnusable):
        return Check("door certificate", State.BAD, "tls_certificate cannot be read", "name a PEM file that this account may read")
    return _ending("door certificate", ends, at, "renew the server certificate")


def _ending(name: str, ends: datetime, at: datetime, remedy: str) -> Check:
    days = (ends - at).days
    state = State.BAD if ends <= at else State.WARNING if ends - at < SOON else State.GOOD
    return Check(name, state, f"{days} days left", "" if state is State.GOOD else remedy)


def _store_checks(settings: Settings) -> list[Check]:
    try:
        store = open_store(settings.database_url.get_secret_value())
    except ValueError as error:
        return [Check("store", State.BAD, str(error), "set database_url to a SQLite file or to PostgreSQL")]
    with closing(store):
        if not store.ready():
            return [Check("store", State.BAD, "it cannot be written, or its tables are missing", "gateway init; then look at the database's own log")]
        try:
            return [Check("store", State.GOOD, "reachable and migrated"), *_with_store(settings, store)]
        except StoreUnavailable as error:
            return [Check("store", State.BAD, str(error), "look at the database's own log")]


def _with_store(settings: Settings, store: Store) -> list[Check]:
    directory, at = store.partners.directory(), now()
    checks: list[Callable[[], Check]] = [
        lambda: _clock(store, at),
        lambda: _relay(settings, store, at),
        lambda: _broker(settings, directory),
        lambda: _partner_keys(directory, at),
        lambda: _partners(store, directory),
        lambda: _details(settings, directory),
        lambda: _dead_letters(store),
    ]
    return [*(check() for check in checks), *_folders(settings, directory, at)]


def _clock(store: Store, at: datetime) -> Check:
    """The audit chain remembers the latest time that was ever seen here."""
    head = store.checkpoints.head()
    last = store.queries.audit(head.sequence - 1, 1) if head.sequence else ()
    if last and last[0].event.at > at + CLOCK_TOLERANCE:
        return Check("clock", State.BAD, "this clock is behind the last audit record", "set the clock (chrony, systemd-timesyncd) on every machine")
    return Check("clock", State.GOOD, f"{at:%Y-%m-%d %H:%M:%S} UTC, not behind the audit chain")


def _relay(settings: Settings, store: Store, at: datetime) -> Check:
    depth, last = store.outbox.depth(), store.outbox.last_confirmed()
    text = f"{depth} owed, last confirm {last:%Y-%m-%d %H:%M:%S} UTC" if last else f"{depth} owed, no confirm yet"
    late = last is None or at - last > timedelta(seconds=settings.relay_late_seconds)
    if depth and late:
        return Check("relay", State.BAD, text, "gateway serve --role relay must be running and reach the broker")
    return Check("relay", State.GOOD, text)


def _broker(settings: Settings, directory: Directory) -> Check:
    if settings.broker is BrokerKind.MEMORY:
        return Check("broker", State.SKIPPED, "inside the process of gateway serve; partners cannot use queues")
    admin = bootstrap.administrator(settings)
    if admin is None:
        return Check("broker", State.WARNING, "no broker_management_url: its topology cannot be looked at", "set broker_management_url, or check it by hand")
    with closing(admin):
        try:
            found = compared(settings, admin, directory)
        except BrokerUnavailable as error:
            return Check("broker", State.BAD, str(error), "start RabbitMQ with its management plug-in; check address, user and password")
    unknown = sum(one.state is Found.UNKNOWN for one in found)
    wrong = [f"{one.kind} {one.name} {one.state}" for one in found if one.state is not Found.UNKNOWN]
    if wrong:
        more = f" and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
        return Check("broker", State.BAD, f"{', '.join(wrong[:_MOST_NAMED])}{more}", "gateway broker apply --plan, then without --plan")
    return Check("broker", State.GOOD, f"reachable and as the directory says, {unknown} things unknown")


def _partner_keys(directory: Directory, at: datetime) -> Check:
    live = {one.organisation_id for one in directory.organisations.values() if one.standing is Standing.LIVE}
    latest: dict[tuple[str, str], KeyRecord] = {}
    for key in directory.keyring.keys.values():
        place = (key.organisation, key.use.value)
        if key.organisation in live and key.revoked_at is None and (place not in latest or latest[place].not_after < key.not_after):
            latest[place] = key
    ending = sorted(f"{organisation} {use}" for (organisation, use), key in latest.items() if key.not_after - at < SOON)
    if ending:
        return Check("partners' keys", State.WARNING, f"without a key for the next {SOON.days} days: {', '.join(ending)}", "ask for a new key, gateway key add")
    return Check("partners' keys", State.GOOD, f"{len(directory.keyring.keys)} pinned, none of a live partner ends soon")


def _partners(store: Store, directory: Directory) -> Check:
    live = sum(one.standing is Standing.LIVE for one in directory.organisations.values())
    text = f"{live} of {len(directory.organisations)} organisations live, {len(store.queries.queues())} parties with deliveries"
    return Check("partners", State.GOOD if live else State.WARNING, text, "" if live else "gateway partner apply FILE; docs/partners/onboarding.md")


def _details(settings: Settings, directory: Directory) -> Check:
    """Whether those who are sent events can reach what these point at."""
    parties = sorted(agreement.party for agreement in directory.agreements.values() if agreement.detail_dialect is not None)
    if not parties:
        return Check("details", State.SKIPPED, "no partner fetches them")
    if urlsplit(settings.public_url).hostname in _THIS_MACHINE:
        state = State.BAD if settings.environment is Environment.LIVE else State.WARNING
        return Check("details", state, f"public_url is this machine; {', '.join(parties)} cannot fetch from elsewhere", "set public_url to what partners call")
    return Check("details", State.GOOD, f"{', '.join(parties)} fetch them from {settings.public_url}")


def _folders(settings: Settings, directory: Directory, at: datetime) -> list[Check]:
    """The folders of every organisation that exchanges files."""
    owners = exchanging_files(directory)
    if not owners:
        return [Check("drop folders", State.SKIPPED, "no partner exchanges files")]
    if settings.drop_root is None:
        names = ", ".join(owner.organisation_id for owner in owners)
        return [Check("drop folders", State.BAD, f"no drop_root: messages of {names} wait", "set drop_root; docs/protocol/files.md")]
    return [_folders_of(owner, settings, settings.drop_root / owner.organisation_id, at) for owner in owners]


def _folders_of(owner: Organisation, settings: Settings, home: Path, at: datetime) -> Check:
    name = f"folders of {owner.organisation_id}"
    if settings.drop_make_folders and not home.exists() and os.access(home.parent, os.W_OK | os.X_OK, effective_ids=True):
        return Check(name, State.GOOD, "not there yet: made when they are first needed")
    look = look_at(home, at)
    if look.wrong:
        state = State.BAD if owner.standing is Standing.LIVE else State.WARNING
        return Check(name, state, "; ".join(look.wrong), "mount or make them, for the account of the gateway; docs/protocol/files.md")
    if look.lately:
        found = f"{look.lately} of {look.quarantined} batches in quarantine came within a day"
        return Check(name, State.WARNING, found, "read the .fault.json beside each, and tell the partner")
    return Check(name, State.GOOD, f"all there and writable, {look.quarantined} batches in quarantine, none new")


def _dead_letters(store: Store) -> Check:
    waiting = store.dead_letters.list(0, _MOST_COUNTED, DeadLetterState.NEEDS_A_PERSON)
    if not waiting:
        return Check("dead letters", State.GOOD, "none needs a person")
    count = f"{len(waiting)} or more" if len(waiting) == _MOST_COUNTED else str(len(waiting))
    return Check("dead letters", State.WARNING, f"{count} need a person", "gateway offline dead-letters list --state needs-a-person")

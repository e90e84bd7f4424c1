"""The operator's desk: settings, store and keys, opened for one command and closed after it.

What it is: where commands meet the house, and where its errors become exit codes. What it is not: light:
commands import it when they run, not when the help is printed. Called by every command that does work.
"""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from broker.contract import BrokerUnavailable
from gateway.commands.output import CommandError, Exit
from gateway.config import ConfigurationInvalid, Environment, Settings, load_settings
from gateway.contract import Store, StoreUnavailable
from gateway.keystore import KeystoreError, OwnKeys, open_keys
from gateway.operations import NotFoundError, NotPossibleError, Operations
from gateway.partners.onboarding import OnboardingError, Parts, Rule
from gateway.partners.profile import ProfileError
from gateway.store.opening import open_store
from gateway.trust.sealing import case_lookup
from gateway.trust.signing import KeyUnusable
from schemas.faults import FAULTS, Category, Refusal
from schemas.telling import bounded, line, members

_UNKNOWN = frozenset({Rule.ORGANISATION_UNKNOWN, Rule.PARTY_UNKNOWN, Rule.KEY_UNKNOWN})
_STATE = frozenset(
    {
        Rule.ORGANISATION_LEFT,
        Rule.STANDING_MOVE,
        Rule.NOT_READY,
        Rule.NOT_PROVED,
        Rule.PARTY_TAKEN,
        Rule.KEY_TAKEN,
        Rule.KEY_USE,
        Rule.KEY_REVOKED,
    }
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What one command works with."""

    settings: Settings
    store: Store
    operations: Operations
    by: str
    """Who does it, for the audit: the account of the operating system."""


def now() -> datetime:
    """UTC."""
    return datetime.now(UTC)


@contextmanager
def reporting() -> Iterator[None]:
    """Errors that the house knows become what a command says; anything else is a bug and passes."""
    try:
        yield
    except tuple(_EXPLAIN) as error:
        raise next(explain for kind, explain in _EXPLAIN.items() if isinstance(error, kind))(error) from error


@contextmanager
def configured() -> Iterator[Settings]:
    """The settings, with errors explained."""
    with reporting():
        yield load_settings()


@contextmanager
def operating(*, with_keys: bool = False, wired: bool = False) -> Iterator[Desk]:
    """Settings and store. With keys, cases can be looked up; wired, agreements can be checked against the parts
    that exist and, with keys, receipts can be signed. Both cost time that a mere look should not take."""
    with configured() as settings:
        keys = own_keys(settings) if with_keys else None
        store = open_store(settings.database_url.get_secret_value())
        try:
            _require_ready(store)
            yield Desk(settings, store, _operations(settings, store, keys, wired=wired), f"cli:{getpass.getuser()}")
        finally:
            store.close()


def own_keys(settings: Settings) -> OwnKeys:
    """The gateway's own keys; in live nobody else may be able to read them."""
    return open_keys(settings.keys_dir, strict=settings.environment is Environment.LIVE)


def _require_ready(store: Store) -> None:
    if not store.ready():
        raise CommandError(
            Exit.UNAVAILABLE, "store-not-ready", "The store cannot be written now, or its tables were never made.", "gateway init; gateway doctor"
        )


def _operations(settings: Settings, store: Store, keys: OwnKeys | None, *, wired: bool) -> Operations:
    lookup = partial(case_lookup, keys.lookup_key) if keys else None
    if not wired:
        # No part is known, so every agreement would be refused: nothing can be written unchecked.
        return Operations(store=store, clock=now, parts=Parts(dialects=frozenset(), packagings=frozenset()), lookup=lookup)
    # Two seconds of imports: the whole house.
    from gateway import bootstrap

    means = bootstrap.make_means(settings, keys) if keys else None
    return Operations(store=store, clock=now, parts=bootstrap.onboarding_parts(settings), means=means, lookup=lookup)


def _onboarding(error: Exception) -> CommandError:
    rule = error.rule if isinstance(error, OnboardingError) else Rule.NOT_READY
    code = Exit.NOT_FOUND if rule in _UNKNOWN else Exit.CONFLICT if rule in _STATE else Exit.USAGE
    return CommandError(code, rule.value, str(error))


def _profile(error: Exception) -> CommandError:
    details = error.mistakes if isinstance(error, ProfileError) else ()
    return CommandError(Exit.USAGE, "profile-invalid", "The document is not a profile.", "compare with docs/partners/onboarding.md", details)


def _refusal(error: Exception) -> CommandError:
    if not isinstance(error, Refusal):
        raise TypeError("not a refusal")
    fault = error.fault
    row = FAULTS[fault.code]
    code = Exit.NOT_SIGNED_IN if row.category is Category.SECURITY else Exit.USAGE
    # Whoever runs this command checks his own file: he may know which check failed.
    first = line({name: value for name, value in members(fault).items() if name not in {"code", "blame"}})
    also, more = bounded(error.also)
    rest = (*(line(members(other)) for other in also), f"and {more} more" if more else "", f"check: {error.cause}" if error.cause else "")
    details = tuple(part for part in (first, *rest) if part)
    return CommandError(code, fault.code.value, row.title + ".", row.advice, details)


def _plain(code: Exit, name: str, remedy: str = "") -> Callable[[Exception], CommandError]:
    def explain(error: Exception) -> CommandError:
        text = str(error) or type(error).__name__
        return CommandError(code, name, text, remedy)

    return explain


_EXPLAIN: dict[type[Exception], Callable[[Exception], CommandError]] = {
    OnboardingError: _onboarding,
    ProfileError: _profile,
    Refusal: _refusal,
    ConfigurationInvalid: _plain(Exit.USAGE, "settings-invalid", "see docs/settings.md"),
    KeystoreError: _plain(Exit.UNAVAILABLE, "keys-unavailable", "gateway doctor"),
    KeyUnusable: _plain(Exit.USAGE, "key-unusable"),
    NotFoundError: _plain(Exit.NOT_FOUND, "not-found"),
    NotPossibleError: _plain(Exit.CONFLICT, "not-possible"),
    StoreUnavailable: _plain(Exit.UNAVAILABLE, "store-unavailable", "gateway doctor"),
    BrokerUnavailable: _plain(Exit.UNAVAILABLE, "broker-unavailable", "gateway doctor"),
}

"""Alerting: what a person should be told of, and when that begins and ends.

What it is: what rules are asked about (`Facts`), when each finds something, and the passage of an alert from raised to
resolved. What it is not: their words and links (`alert_rules`), a reader of the store, nor a teller. Called by the watcher.

Theory of operation. A rule looks at one moment: it finds something (`Finding`), finds nothing, or is not asked (`held`:
people have decided that nothing is handed to a partner, so that what waits for it is no news). An alert is raised once
for a rule and subject, when the rule has found it for as long as its `lasting`; and it is resolved when the rule has
not found it for as long as its `quiet`. So whoever flaps has one alert that goes on, and nobody is rung up every minute.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.oversight.alert_rules import NO_TIME, RULES
from gateway.oversight.records import Alert, AlertState
from gateway.oversight.working_time import time_between
from gateway.partners.hours import WorkingHours
from gateway.partners.watching import Thresholds
from schemas.identifiers import OrganisationId, PartyCode

SEEN_EVERY: Final = timedelta(minutes=1)
"""An alert whose value stays is written again no more often than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyFacts:
    """One party as a recipient."""

    party: PartyCode
    thresholds: Thresholds
    waiting: int = 0
    """Not handed over yet."""
    waiting_since: datetime | None = None
    """When the oldest of them was made."""
    late: int = 0
    owed_since: datetime | None = None
    """Since when the oldest last word is owed, late or not."""
    set_aside: int = 0
    held: bool = False
    """People have decided that nothing is handed to it now: it is paused or suspended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationFacts:
    """Whoever runs the systems of one or more parties."""

    organisation: OrganisationId
    failures: int = 0
    """In a row, of its worst party."""
    breaker_failures: int = 0
    """From how many on its endpoint is left alone; 0 where nothing is handed to it."""
    heard_at: datetime | None = None
    """When it last sent something, or said what became of something; None where it never did."""
    silence_hours: int = 0
    working_hours: WorkingHours | None = None
    keys_end: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    """When the last key of each use ends."""
    certificate_days: int = 0
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFacts:
    """What the last check of the audit chain said."""

    flaws: int = 0
    first: str = ""
    """The first of them in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the rules are asked about, at one moment. Organisations that are not live, nor suspended, are left out."""

    at: datetime
    parties: Collection[PartyFacts] = ()
    organisations: Collection[OrganisationFacts] = ()
    chain: ChainFacts = ChainFacts()
    relay_silent: timedelta = NO_TIME
    """How long there has been a backlog without a confirm."""
    relay_late: timedelta = NO_TIME
    """From when on that is late; zero switches the rule off."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, in words: `43 minutes` against `30 minutes`."""

    value: str
    threshold: str


Key = tuple[str, str]
"""Rule and subject."""
Seen = tuple[str, Finding | None]
"""A subject, and what was found about it; None where the rule is not asked now."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all rules say of one moment."""

    found: Mapping[Key, Finding]
    held: frozenset[Key] = frozenset()


def judge(facts: Facts) -> Judgement:
    """Ask every rule."""
    found: dict[Key, Finding] = {}
    held: set[Key] = set()
    for rule, ask in _ASKED.items():
        for subject, finding in ask(facts):
            if finding is None:
                held.add((rule, subject))
            else:
                found[rule, subject] = finding
    return Judgement(found, frozenset(held))


class Step(StrEnum):
    """What becomes of an alert."""

    RAISED = "raised"
    SEEN = "seen"
    """Still there: no event, nobody is told."""
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Change:
    """One step of one alert, as it is to be written."""

    step: Step
    alert: Alert


def decide(
    firing: Sequence[Alert], judgement: Judgement, pending: Mapping[Key, datetime], now: datetime, new_id: Callable[[], str]
) -> tuple[list[Change], Mapping[Key, datetime]]:
    """What changes, and since when each finding that has not lasted long enough has been there (`pending` of the next time)."""
    known = {(alert.rule, alert.subject) for alert in firing}
    since = {key: pending.get(key, now) for key in judgement.found if key not in known}
    ripe = [key for key, began in since.items() if now - began >= RULES[key[0]].lasting]
    changes = [change for alert in firing if (change := _next(alert, judgement, now)) is not None]
    changes += [Change(Step.RAISED, _raised(new_id(), key, judgement.found[key], now)) for key in ripe]
    return changes, {key: began for key, began in since.items() if key not in ripe}


def _next(alert: Alert, judgement: Judgement, now: datetime) -> Change | None:
    key = (alert.rule, alert.subject)
    finding = judgement.found.get(key)
    if finding is not None:
        news = finding.value != alert.value or now - alert.seen_at >= SEEN_EVERY
        return Change(Step.SEEN, replace(alert, value=finding.value, seen_at=now)) if news else None
    quiet = RULES[alert.rule].quiet if alert.rule in RULES else NO_TIME
    if key in judgement.held or now - alert.seen_at < quiet:
        return None
    return Change(Step.RESOLVED, replace(alert, state=AlertState.RESOLVED, resolved_at=now))


def _raised(alert_id: str, key: Key, finding: Finding, now: datetime) -> Alert:
    return Alert(
        alert_id=alert_id,
        rule=key[0],
        subject=key[1],
        state=AlertState.FIRING,
        value=finding.value,
        threshold=finding.threshold,
        raised_at=now,
        seen_at=now,
    )


def _oldest_waiting(facts: Facts) -> Iterator[Seen]:
    for one in facts.parties:
        longest = timedelta(minutes=one.thresholds.waiting_minutes)
        if not longest or one.waiting_since is None:
            continue
        if one.held:
            yield one.party, None
        elif facts.at - one.waiting_since >= longest:
            yield one.party, Finding(in_words(facts.at - one.waiting_since), in_words(longest))


def _depth(facts: Facts) -> Iterator[Seen]:
    for one in facts.parties:
        if 0 < one.thresholds.waiting < one.waiting:
            yield one.party, None if one.held else Finding(_counted(one.waiting, "message"), _counted(one.thresholds.waiting, "message"))


def _late_receipts(facts: Facts) -> Iterator[Seen]:
    for one in facts.parties:
        if not one.thresholds.receipt_minutes or not one.late or one.owed_since is None:
            continue
        longest = timedelta(minutes=one.thresholds.receipt_minutes)
        value = f"{_counted(one.late, 'receipt')}, owed for up to {in_words(facts.at - one.owed_since)}"
        yield one.party, None if one.held else Finding(value, in_words(longest))


def _exhausted_retries(facts: Facts) -> Iterator[Seen]:
    """Also of whoever is held: it was set aside before, and waits for a person all the same."""
    for one in facts.parties:
        if 0 < one.thresholds.set_aside <= one.set_aside:
            yield one.party, Finding(_counted(one.set_aside, "delivery", "deliveries"), _counted(one.thresholds.set_aside, "delivery", "deliveries"))


def _open_breaker(facts: Facts) -> Iterator[Seen]:
    for one in facts.organisations:
        if 0 < one.breaker_failures <= one.failures:
            finding = Finding(_counted(one.failures, "failure") + " in a row", _counted(one.breaker_failures, "failure"))
            yield one.organisation, None if one.held else finding


def _certificate_days(facts: Facts) -> Iterator[Seen]:
    for one in facts.organisations:
        if not one.certificate_days or not one.keys_end:
            continue
        use, ends = min(one.keys_end.items(), key=lambda item: item[1])
        if ends - facts.at < timedelta(days=one.certificate_days):
            yield one.organisation, Finding(f"{_left(ends, facts.at)} ({_USES.get(use, use)})", _counted(one.certificate_days, "day"))


def _audit_chain_break(facts: Facts) -> Iterator[Seen]:
    if facts.chain.flaws:
        yield "", Finding(f"{_counted(facts.chain.flaws, 'flaw')}, the first: {facts.chain.first}", "none")


def _silence(facts: Facts) -> Iterator[Seen]:
    for one in facts.organisations:
        if not one.silence_hours or one.heard_at is None:
            continue
        silent, longest = time_between(one.working_hours, one.heard_at, facts.at), timedelta(hours=one.silence_hours)
        if one.held:
            yield one.organisation, None
        elif silent >= longest:
            hours = "hour" if one.working_hours is None else "working hour"
            yield one.organisation, Finding(_counted(silent // timedelta(hours=1), hours), _counted(one.silence_hours, hours))


def _relay_late(facts: Facts) -> Iterator[Seen]:
    if facts.relay_late and facts.relay_silent >= facts.relay_late:
        yield "", Finding(in_words(facts.relay_silent), in_words(facts.relay_late))


_ASKED: Final[Mapping[str, Callable[[Facts], Iterator[Seen]]]] = {
    "oldest-waiting": _oldest_waiting,
    "depth": _depth,
    "late-receipts": _late_receipts,
    "exhausted-retries": _exhausted_retries,
    "open-breaker": _open_breaker,
    "certificate-days": _certificate_days,
    "audit-chain-break": _audit_chain_break,
    "silence": _silence,
    "relay-late": _relay_late,
}
_USES: Final = {"sign": "signing key", "auth": "key for calls", "tls": "client certificate"}
_UNITS: Final = (("second", timedelta(seconds=1), 120), ("minute", timedelta(minutes=1), 120), ("hour", timedelta(hours=1), 48))


def in_words(time: timedelta) -> str:
    """43 minutes: whole units of one kind, so that it changes seldom."""
    for name, size, most in _UNITS:
        if time < most * size:
            return _counted(max(time // size, 0), name)
    return _counted(time.days, "day")


def _left(ends: datetime, now: datetime) -> str:
    return f"ended {in_words(now - ends)} ago" if ends <= now else f"{in_words(ends - now)} left"


def _counted(count: int, singular: str, plural: str = "") -> str:
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"

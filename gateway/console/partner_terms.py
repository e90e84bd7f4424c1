"""What is agreed with a partner, in rows that people read.

What it is: the pure function from an agreement to names and words, what is as usual included. What it is not: the profile
that it came from, which is kept as it was applied. Called by the page of a partner's profile.
"""

from collections.abc import Iterator, Sequence

from gateway.console.words import duration, number
from gateway.partners.agreement import Agreement, DeliveryMode, Direction, LastStage, OrderUntil
from gateway.partners.filters import Match
from gateway.partners.hours import DAYS, WorkingHours
from gateway.partners.watching import Thresholds

Row = tuple[str, str]
_MODES = {
    DeliveryMode.PUSH: "We call its endpoint",
    DeliveryMode.QUEUE: "It takes messages from its queue in our broker",
    DeliveryMode.SHELF: "It collects from its mailbox here",
    DeliveryMode.DROP: "We leave files in a folder that it takes them from",
}
_UNTIL = {OrderUntil.HANDED_OVER: "when the one before is handed over", OrderUntil.APPLIED: "when the one before is applied"}
_LAST = {LastStage.DELIVERED: "Delivered: it cannot say more", LastStage.APPLIED: "Applied in its case system, or not"}


def rows_of(agreement: Agreement) -> Sequence[Row]:
    """Everything that steers the road in this direction."""
    inward = agreement.direction is Direction.INBOUND
    return [*_language(agreement), *(_taking(agreement) if inward else [*_handing(agreement), *_watched(agreement.thresholds)])]


def _language(agreement: Agreement) -> Iterator[Row]:
    yield "Language", f"{agreement.dialect}, version {agreement.version}"
    yield "Signature", f"{agreement.packaging}, policy {agreement.policy.name}"
    yield "Message types", "All" if agreement.types is None else ", ".join(sorted(agreement.types))
    yield "Test messages", "Taken" if agreement.test_allowed else "Refused"
    if agreement.own_ids:
        yield "Names of records", "Its own ids, beside those of the probation case system"


def _taking(agreement: Agreement) -> Iterator[Row]:
    if agreement.absorb:
        yield "Disabled", "What it sends is verified, kept and refused; nobody gets it"
    yield "Interchange", f"At most {number(agreement.max_messages)} messages and {number(agreement.max_bytes)} bytes; {_whole(agreement)}"
    yield "Oldest message taken", duration(agreement.max_age_seconds)
    yield "Later receipts it wants", ", ".join(sorted(agreement.receipt_stages)) or "None"
    if agreement.broadcast_types:
        yield "Broadcast types", ", ".join(sorted(agreement.broadcast_types))


def _whole(agreement: Agreement) -> str:
    return "the good ones are taken where others are refused" if agreement.partial else "all of it or nothing"


def _handing(agreement: Agreement) -> Iterator[Row]:
    retry = agreement.retry
    yield "How", _MODES[agreement.mode]
    if agreement.endpoint:
        yield "Endpoint", agreement.endpoint
    if agreement.receipt_endpoint:
        yield "Endpoint for receipts", agreement.receipt_endpoint
    yield "Order", f"The next message of a case goes {_UNTIL[agreement.order]}"
    yield "Last word it can say", _LAST[agreement.last_stage]
    yield "Waits for an answer", duration(agreement.timeout_seconds)
    yield "Tries again", f"After {duration(retry.first_seconds)}, then at most every {duration(retry.longest_seconds)}, {number(retry.attempts)} times in all"
    if agreement.mode in (DeliveryMode.QUEUE, DeliveryMode.DROP):
        yield "Hands over again", f"After {duration(retry.resend_seconds)} without its receipt"
    yield "Left alone", f"For {duration(agreement.breaker_seconds)} after {number(agreement.breaker_failures)} failures in a row"
    yield "Content filter", _filtered(agreement)
    yield "Broadcasts", _broadcasts(agreement)
    yield "Working hours", _hours(agreement.working_hours)


def _filtered(agreement: Agreement) -> str:
    only, excepted = agreement.filters.only, agreement.filters.excepted
    said = [f"only {_matches(only)}" if only else "", f"except {_matches(excepted)}" if excepted else ""]
    words = "; ".join(part for part in said if part)
    return words[:1].upper() + words[1:] or "Takes everything that is agreed"


def _matches(rules: Sequence[Match]) -> str:
    return " or ".join(_match(rule) for rule in rules)


def _match(rule: Match) -> str:
    parts = [", ".join(sorted(some)) for some in (rule.types, rule.actions) if some is not None]
    return " and ".join([*parts, *(f"{pointer} in {', '.join(sorted(codes))}" for pointer, codes in rule.codes)]) or "everything"


def _broadcasts(agreement: Agreement) -> str:
    kinds = [words for words, wanted in (("reference data", agreement.broadcast_reference_data), ("cases", agreement.broadcast_offender_data)) if wanted]
    return f"Gets those of {' and '.join(kinds)}" if kinds else "Gets none"


def _hours(hours: WorkingHours | None) -> str:
    if hours is None:
        return "None: it is tried alike at all hours"
    days = ", ".join(day.value.capitalize() for day in DAYS if day in hours.days)
    return f"{days}, {hours.opens} to {hours.closes} ({hours.zone})"


def _watched(thresholds: Thresholds) -> Iterator[Row]:
    told = (
        ("more than {} messages wait", thresholds.waiting),
        ("the oldest has waited {} minutes", thresholds.waiting_minutes),
        ("its last word is owed for {} minutes", thresholds.receipt_minutes),
        ("{} or more are set aside", thresholds.set_aside),
        ("nothing is heard for {} working hours", thresholds.silence_hours),
        ("a key ends within {} days", thresholds.certificate_days),
    )
    said = [words.format(number(value)) for words, value in told if value]
    yield "A person is told", f"When {'; '.join(said)}" if said else "Never"

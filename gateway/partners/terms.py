"""Terms: which numbers and addresses of an agreement can be meant.

What it is: ranges and the form of an endpoint. What it is not: the rules between the parts of an agreement, nor the
refusal (`onboarding`, which asks here).
"""

from urllib.parse import urlsplit

from gateway.partners.agreement import Agreement
from gateway.partners.watching import Thresholds

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_endpoint(url: str) -> bool:
    """True for an https URL with a host and without user, query or fragment; http is for loopback only."""
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    extras = parts.username or parts.password or parts.query or parts.fragment
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    return bool(secure and parts.hostname and port_is_valid and not extras and url.isprintable() and " " not in url)


def out_of_range(agreement: Agreement) -> str | None:
    """One sentence about a number that cannot be meant; None where all can."""
    retry = agreement.retry
    ranges: dict[str, tuple[float, float, float]] = {
        "max_bytes": (agreement.max_bytes, 1, 20 * 1024 * 1024),
        "max_messages": (agreement.max_messages, 1, 10_000),
        "max_age_seconds": (agreement.max_age_seconds, 60, 90 * 24 * 3600),
        "timeout_seconds": (agreement.timeout_seconds, 0.1, 300),
        "breaker_failures": (agreement.breaker_failures, 1, 1000),
        "breaker_seconds": (agreement.breaker_seconds, 0, 3600),
        "retry.first_seconds": (retry.first_seconds, 0.01, 3600),
        "retry.factor": (retry.factor, 1, 10),
        "retry.longest_seconds": (retry.longest_seconds, retry.first_seconds, 24 * 3600),
        "retry.attempts": (retry.attempts, 1, 100_000),
        "retry.resend_seconds": (retry.resend_seconds, 0.01, 7 * 24 * 3600),
        **_of_thresholds(agreement.thresholds),
    }
    for name, (value, least, most) in ranges.items():
        if not least <= value <= most:
            return f"{name} must lie between {least:g} and {most:g}."
    return None


def _of_thresholds(thresholds: Thresholds) -> dict[str, tuple[float, float, float]]:
    return {
        "thresholds.waiting": (thresholds.waiting, 0, 10_000_000),
        "thresholds.waiting_minutes": (thresholds.waiting_minutes, 0, 31 * 24 * 60),
        "thresholds.receipt_minutes": (thresholds.receipt_minutes, 0, 31 * 24 * 60),
        "thresholds.set_aside": (thresholds.set_aside, 0, 10_000_000),
        "thresholds.silence_hours": (thresholds.silence_hours, 0, 31 * 24),
        "thresholds.certificate_days": (thresholds.certificate_days, 0, 365),
    }

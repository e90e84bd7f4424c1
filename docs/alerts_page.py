"""The page of alerts: every rule with what it watches, and how people are told.

What it is: the maker of docs/alerts.md. What it is not: the place of any rule: each stands once, in the code. Called by
`docs.generate`.
"""

from collections.abc import Iterable

from docs.markdown import table
from gateway.oversight.alert_rules import RULES
from gateway.oversight.alerting import in_words
from gateway.partners.watching import Thresholds

_THRESHOLDS = {
    "oldest-waiting": "waiting_minutes",
    "depth": "waiting",
    "late-receipts": "receipt_minutes",
    "exhausted-retries": "set_aside",
    "certificate-days": "certificate_days",
    "silence": "silence_hours",
}
"""What of a partner's agreement a rule hangs on; the others are the same for everybody."""
_OTHERWISE = {
    "open-breaker": "`breaker_failures` of the agreement",
    "audit-chain-break": "any flaw",
    "relay-late": "the setting `relay_late_seconds`",
}
_TELLING = """## Raised once, over by itself

An alert is raised once for a rule and what it is about, and is over when its cause has been away for the time in the last column: a
partner that flaps has one alert that goes on, and nobody is rung up every minute. What a person can mend for certain is over at once.
Rules are asked every `GATEWAY_ALERTS_INTERVAL_SECONDS`, by one process of role `timers` at a time.

While a partner is paused or suspended, what waits for it, what it owes and its silence raise nothing; what was raised before stays.
Partners that are not live yet, or have left, have no alerts. A threshold of 0 switches a rule off for that partner
([profiles](partners/profiles.md)).

What came to the audit chain since the last look is checked as often; the whole chain once a day (`GATEWAY_AUDIT_CHECK_HOURS`), page by
page. `gateway audit verify` checks the tables against it as well.

## What people do

At the console or with `gateway alerts`: *acknowledge* (others see who has it), *mute* (nobody is told about this rule for this partner
until a time, with a reason; the alert is still there), *unmute*. Each is on record under the person's name.

## By mail

`GATEWAY_SMTP_URL`, `GATEWAY_ALERTS_MAIL_FROM` and `GATEWAY_ALERTS_MAIL_TO`, and host and port in `GATEWAY_EGRESS_ALLOW`. A letter goes over
TLS or not at all, but to a mail server on the same machine. It says what was found, the threshold, since when, and has links to
the alert, to what it is about, and to the runbook. There is nothing of a person in it: rules see counts, ages and codes of parties.

## By webhook

`GATEWAY_ALERTS_WEBHOOK_URL`, https, and its host in `GATEWAY_EGRESS_ALLOW`. The body is a compact JWS (RFC 7515, `application/jose`) with
`typ` of `alert+jws`, signed by the key that signs receipts: check it with the gateway's key set, `/.well-known/jwks.json`.
"""
_MEMBERS = (
    ("iss", "The gateway, as in its receipts"),
    ("iat", "When this was said, in seconds"),
    ("jti", "The same for each try: whoever sees it twice was told twice"),
    ("environment", "`dev`, `test` or `live`"),
    ("what", "`raised` or `resolved`"),
    ("alert_id", "The same for both"),
    ("rule, title, severity", "As above; `warning` or `critical`"),
    ("subject", "A party's code, an organisation's id, or empty: the whole gateway"),
    ("value, threshold", "What was seen, and against what, in words"),
    ("raised_at, resolved_at", "ISO 8601, UTC; the second one only where it is over"),
    ("alert_url, page_url, runbook_url", "The alert, what it is about, and what to do, at the console"),
)
_PATIENCE = """Answer 2xx within 15 seconds. Anything else, of a webhook or a mail server, is tried again: after half a minute, then at growing
intervals up to an hour, for a day; then it is given up. Each telling, and each that was given up, is on record (`alert.told`). What was over
before it could be told is told once, as resolved; what came and went while it was muted is not told.
"""


def _threshold(rule: str) -> str:
    name = _THRESHOLDS.get(rule)
    return _OTHERWISE[rule] if name is None else f"`{name}`, by default {getattr(Thresholds(), name)}"


def _rows() -> Iterable[list[object]]:
    for code, rule in RULES.items():
        after = in_words(rule.quiet) if rule.quiet else "at once"
        yield [f"[{code}](runbooks/{code}.md)", rule.severity.value, rule.words, _threshold(code), after]


def page(notice: str) -> str:
    """All of it."""
    return "\n".join(
        [
            "# Alerts\n",
            notice,
            "What the gateway watches by itself, whom it tells and how. Prometheus has rules of its own, from outside: [metrics](metrics.md).\n",
            "## Rules\n",
            table(("Rule and runbook", "Severity", "What it means", "Threshold", "Over after"), _rows()),
            _TELLING,
            table(("Member", "What it holds"), ((f"`{name}`", words) for name, words in _MEMBERS)),
            _PATIENCE,
        ]
    )

"""Writes docs/metrics.md: every metric from the table in the code, every alert from its file, and how traces and logs are read.

What it is: a page of `docs.generate`. What it is not: the place of any fact that stands in `gateway.telemetry_metrics`.
"""

from collections.abc import Iterable
from pathlib import Path

import yaml

from docs.markdown import table
from gateway.telemetry_metrics import INSTRUMENTS, Instrument, Kind

ALERTS = Path(__file__).resolve().parent / "operations/monitoring/alerts.yml"

_INTRO = """\
Every process tells what it did in three ways, all off what it has committed: a line in its log, counters for Prometheus,
and, where a collector is named, spans of a trace. None of them holds content, names of people or numbers of cases.
"""
_READING = """\
The door for machines answers `/metrics`. Every process, whatever its role, answers it at `GATEWAY_METRICS_HOST` and
`GATEWAY_METRICS_PORT` as well where the port is set (and `/health/live`, for probes): workers have no other door. Both are for
the networks of `GATEWAY_METRICS_NETWORKS` alone; anybody else gets 404. Behind a proxy on the same machine every caller looks
like that machine: let the proxy keep `/metrics` to itself.

```sh
curl http://127.0.0.1:9464/metrics
```

With the compose file everything is there already: Prometheus with the alert rules, Grafana with the dashboard, and Jaeger
for traces. `deploy/new-secrets` makes Grafana's password (user `admin`).

```sh
GATEWAY_TRACES_ENDPOINT=http://jaeger:4318/v1/traces docker compose --profile monitoring up --detach
cat deploy/secrets/grafana-password   # then open http://127.0.0.1:3000
```

The files are in [operations/monitoring](operations/monitoring/): `prometheus.yml`, `alerts.yml`, `dashboard.json`, and what
Grafana loads at its start.
"""
_LABELS = """\
Counters end in `_total` and histograms in `_bucket`, `_sum` and `_count` when they are read. Labels are bounded: `recipient`,
`sender`, `organisation` and `partner` are codes of the directory; `step`, `state`, `stage`, `outcome`, `door` and `fault` are
words of the gateway. A name that is none of these counts as `other`, so nobody outside can make the number of series grow.

| Signal | Where |
|---|---|
| Traffic | `gateway_submissions`, `gateway_messages`, `gateway_deliveries`, `gateway_attempts`, `gateway_published` |
| Latency | `gateway_delivery_seconds` from acceptance to each stage, `gateway_step_seconds`, `gateway_request_seconds` |
| Errors | `gateway_faults` by step, partner and fault; `gateway_refusals` of strangers; `gateway_bugs` |
| Saturation | `gateway_waiting`, `gateway_oldest_waiting_seconds`, `gateway_relay_backlog`, `gateway_breaker_open`, `gateway_batch_items`, `process_…` |

Counters begin at 0 with each process, so sum their rates over processes. The gauges that tell of the store (marked *one
process*) are told by the one process with role `timers` that looks, at every `GATEWAY_TIMERS_INTERVAL_SECONDS`, not at the
reading of `/metrics`; the others do not tell them at all. `gateway_figures_timestamp_seconds` says how old they are.
"""
_ALERTS = """\
The console has alerts of its own, with limits for each partner; these rules speak also when the gateway cannot. Each has a
page that says what to look at and what to do.
"""
_TRACES = """\
`GATEWAY_TRACES_ENDPOINT` names an OpenTelemetry collector (OTLP over HTTP, protobuf). Without it no span is made and nothing is
called. A submission is one trace; a message that is handed in alone has it for itself, and messages of one interchange
share it.

| Span | Process | From | To |
|---|---|---|---|
| `submit` | door: `api`, `intake-amqp`, `intake-files` | the bytes arrived | durable, with its receipt |
| `store` | the same | the commit that it shared began | it ended |
| `publish` | `relay` | the window of publications began | the broker confirmed it |
| `deliver` | `courier` | a round for the recipient began | what became of it was durable |
| `hand over` | `courier` | the channel was given the documents | the partner had answered |
| `receipt` | door, or `courier` | the recipient's word was believed | durable, with ours to the sender |

The trace's id is the submission's id without its hyphens, and the span of the door has the second half of it as its own id. So
no context needs to travel: rows and parcels name the submission, every span hangs below the door's, and a resend after days
is still in the trace of its message. To find a message's trace, take the submission from its page or from
`gateway messages show`. The way back (notices to the sender) is in the same trace. Partners are told nothing of it.

Attributes are `gateway.submission`, `gateway.organisation`, `gateway.door`, `gateway.delivery`, `gateway.message`,
`gateway.recipient`, `gateway.mode`, `gateway.attempt`, `gateway.outcome`, `gateway.state`, `gateway.basis` and `gateway.fault`:
ids and codes of the gateway's own. Neither a case (not even its lookup) nor a reference that a sender chose is among them.

`GATEWAY_TRACES_SHARE` takes a share of submissions; the id decides, so all processes take the same ones. Where the collector is
away, spans are dropped and messages are not held up. The exporter library reads some variables by itself:
`OTEL_EXPORTER_OTLP_HEADERS` for a collector that wants a token, `OTEL_EXPORTER_OTLP_CERTIFICATE` for its CA.
"""
_LOGS = """\
Every event of the [audit chain](audit-events.md) is one line of JSON on stderr, written by the process that committed it, once
it is durable: those of messages, those of operators (with the person in `fact_by`), of partners, keys and checkpoints. A
command of `gateway` prints none: its events are in the chain alone.

```json
{"event": "delivery.retried", "subject": "0190a1b2-…", "at": "2026-11-23T12:00:00+00:00", "fact_recipient": "C17",
 "fact_by": "a.person", "level": "info"}
```

A value that could be content (markup, quotes, tokens, long texts) is replaced by `[withheld]`.
"""


def page(notice: str) -> str:
    """The whole page."""
    parts = (
        *("# Metrics, traces and logs\n", notice, _INTRO, "## Where to read\n", _READING, "## Metrics\n", _LABELS),
        *(table(("Metric", "Kind", "Labels", "What it says"), map(_row, INSTRUMENTS)), "## Alert rules\n", _ALERTS, _alerts()),
        *("## Traces\n", _TRACES, "## Logs\n", _LOGS),
    )
    return "\n".join(parts)


_OF_THE_STORE = ("gateway_waiting", "gateway_oldest_waiting_seconds", "gateway_relay_", "gateway_figures_", "gateway_key_days_left", "gateway_alerts_firing")


def _row(one: Instrument) -> list[object]:
    labels = ", ".join(f"`{label}`" for label in one.labels) or "none"
    steps = f" Steps: {', '.join(f'{bucket:g}' for bucket in one.buckets)}." if one.kind is Kind.HISTOGRAM else ""
    single = " *One process.*" if one.name.startswith(_OF_THE_STORE) else ""
    return [f"`{one.name}`", one.kind.value, labels, f"{one.text}{steps}{single}"]


def _alerts() -> str:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    return table(("Alert", "Severity", "When", "What to do"), _alert_rows(rules))


def _alert_rows(rules: Iterable[dict[str, dict[str, str]]]) -> Iterable[list[object]]:
    for rule in rules:
        runbook = rule["annotations"]["runbook"].removeprefix("docs/")
        wait = f" for {rule['for']}" if "for" in rule else ""
        told = f"[{Path(runbook).stem}]({runbook})" if (ALERTS.parents[2] / runbook).is_file() else f"`{runbook}`"
        yield [f"`{rule['alert']}`", rule["labels"]["severity"], f"`{rule['expr']}`{wait}", told]

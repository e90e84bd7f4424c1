"""The dashboard, the alert rules and the scrape settings speak of metrics, labels and processes that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gateway.bootstrap import ROLES
from gateway.records import DeliveryState
from gateway.telemetry import Telemetry
from gateway.telemetry_metrics import INSTRUMENTS, Instrument
from schemas.faults import FaultCode

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/operations/monitoring"
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
SCRAPES = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
RUNBOOKS = {
    *("oldest-waiting", "depth", "late-receipts", "exhausted-retries", "open-breaker", "certificate-days", "audit-chain-break", "silence"),
    *("gateway-down", "relay-late"),
}
BY_EXPOSED: dict[str, Instrument] = {name: one for one in INSTRUMENTS for name in one.exposed}
OF_THE_SCRAPE = frozenset({"job", "instance", "role"})
METRIC = re.compile(r"\b(?:gateway|process)_[a-z_]+|\bup\b")
SELECTOR = re.compile(r"\b([a-z_]+)\{([^}]*)\}")
MATCHER = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPING = re.compile(r"\bby \(([^)]*)\)")
VALUES: dict[str, frozenset[str]] = {
    "state": frozenset({state.value for state in DeliveryState} | {"accepted", "delayed", "retried"}),
    "stage": frozenset({"handed-over", "delivered", "applied", "not-applied"}),
    "step": frozenset({"submit", "commit", "publish", "deliver", "hand-over", "settle"}),
    "rule": frozenset(RUNBOOKS),
    "outcome": frozenset({"accepted", "refused", "duplicate", "handed-over", "delivered", "try-later", "confirmed", "left"}),
    "fault": frozenset(code.value for code in FaultCode),
    "job": frozenset({"gateway"}),
}


def panels() -> Iterator[dict]:  # type: ignore[type-arg]
    return (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


TARGETS = [pytest.param(target, id=f"{panel['title']}-{target['refId']}") for panel in panels() for target in panel["targets"]]
QUERIES = [*(pytest.param(one.values[0]["expr"], id=one.id) for one in TARGETS), *(pytest.param(rule["expr"], id=rule["alert"]) for rule in RULES)]  # type: ignore[index,call-overload]


def process_metrics() -> set[str]:
    return set(re.findall(r"^(process_[a-z_]+)", Telemetry().render()[0].decode(), flags=re.MULTILINE))


def labels_of(metric: str) -> frozenset[str]:
    instrument = BY_EXPOSED.get(metric)
    own = frozenset(instrument.labels) if instrument else frozenset()
    return own | OF_THE_SCRAPE | ({"le"} if metric.endswith("_bucket") else frozenset())


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_exists(query: str) -> None:
    found = set(METRIC.findall(query))
    assert found
    assert found <= BY_EXPOSED.keys() | process_metrics() | {"up"}


@pytest.mark.parametrize("query", QUERIES)
def test_every_label_is_one_of_its_metric(query: str) -> None:
    for metric, inside in SELECTOR.findall(query):
        matched = MATCHER.findall(inside)
        assert matched
        assert {label for label, _, _ in matched} <= labels_of(metric)
        for label, _, value in matched:
            assert value.startswith("$") or not VALUES.get(label) or set(value.split("|")) <= VALUES[label]
    there = frozenset().union(*(labels_of(metric) for metric in METRIC.findall(query)))
    assert {label.strip() for inside in GROUPING.findall(query) for label in inside.split(",")} <= there


@pytest.mark.parametrize("query", QUERIES)
def test_brackets_are_even(query: str) -> None:
    for opening, closing in ("()", "{}", "[]"):
        assert query.count(opening) == query.count(closing)


@pytest.mark.parametrize("target", TARGETS)
def test_a_legend_names_what_the_query_leaves(target: dict[str, str]) -> None:
    named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    left = {label.strip() for inside in GROUPING.findall(target["expr"]) for label in inside.split(",")}
    whole = not re.search(r"\b(sum|max|min)\b", target["expr"])
    assert named <= (left or (labels_of(METRIC.findall(target["expr"])[0]) if whole else set()))


def test_the_dashboard_shows_the_four_signals_and_every_panel_says_what_it_is() -> None:
    rows = {panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"}
    assert {"Traffic", "Latency", "Errors", "Saturation"} <= rows
    assert all(panel["description"] and panel["targets"] for panel in panels())
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    sources = yaml.safe_load((FOLDER / "grafana/datasources/sources.yml").read_text(encoding="utf-8"))["datasources"]
    assert {panel["datasource"]["uid"] for panel in panels()} <= {source["uid"] for source in sources}


def test_every_metric_of_ours_is_drawn_or_alerted_on() -> None:
    """A metric that nobody looks at is one to take away."""
    used = {BY_EXPOSED[name].name for query in QUERIES for name in METRIC.findall(str(query.values[0])) if name in BY_EXPOSED}
    text = json.dumps(DASHBOARD["templating"])
    assert {one.name for one in INSTRUMENTS if one.name not in used and one.name not in text} == {"gateway_events", "gateway_level"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    runbook = ROOT / rule["annotations"]["runbook"]
    assert runbook.parent == ROOT / "docs/runbooks"
    assert runbook.stem in RUNBOOKS
    assert rule["labels"]["severity"] in {"warning", "critical"}
    named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    left = {label.strip() for inside in GROUPING.findall(str(rule["expr"])) for label in inside.split(",")}
    assert named <= (left or OF_THE_SCRAPE)


def test_every_cause_has_its_rule() -> None:
    assert {Path(rule["annotations"]["runbook"]).stem for rule in RULES} == RUNBOOKS
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_every_role_is_read() -> None:
    (job,) = SCRAPES["scrape_configs"]
    assert job["job_name"] == "gateway"
    read = {config["labels"]["role"]: config["targets"] for config in job["static_configs"]}
    assert set(ROLES) <= read.keys()
    port = COMPOSE["services"]["api"]["environment"]["GATEWAY_METRICS_PORT"]
    assert all(targets == [f"{role}:{port}"] for role, targets in read.items())


def test_what_may_read_metrics_is_the_network_of_prometheus_alone() -> None:
    (pool,) = COMPOSE["networks"]["monitoring"]["ipam"]["config"]
    assert COMPOSE["networks"]["monitoring"]["internal"] is True
    allowed = json.loads(COMPOSE["services"]["relay"]["environment"]["GATEWAY_METRICS_NETWORKS"])
    assert set(allowed) == {"127.0.0.0/8", "::1/128", pool["subnet"]}
    assert COMPOSE["services"]["prometheus"]["networks"] == ["monitoring"]
    assert "monitoring" in COMPOSE["services"]["relay"]["networks"]


def test_every_file_is_there_and_mounted() -> None:
    configs = {name: ROOT / entry["file"] for name, entry in COMPOSE["configs"].items()}
    assert all(path.is_file() for path in configs.values())
    mounted = {config["source"] for service in COMPOSE["services"].values() for config in service.get("configs", [])}
    assert mounted == configs.keys()
    assert {path for path in FOLDER.rglob("*") if path.is_file()} == set(configs.values())


def test_monitoring_is_asked_for() -> None:
    """Who runs the gateway without it pulls none of its images."""
    assert {name for name, service in COMPOSE["services"].items() if service.get("profiles") == ["monitoring"]} == {"prometheus", "grafana", "jaeger"}

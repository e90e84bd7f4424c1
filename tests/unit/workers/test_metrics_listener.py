"""The listener of processes without a door: two paths, for those who may read."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from gateway.config import Settings, load_settings
from gateway.observing import make_telemetry, start_listener
from gateway.telemetry import Telemetry
from gateway.workers.metrics_listener import ListenerNotStarted, MetricsListener


@pytest.fixture
def listener() -> Iterator[MetricsListener]:
    telemetry = Telemetry()
    telemetry.batch("submit", 3)
    made = MetricsListener("127.0.0.1", 0, ("127.0.0.0/8",), telemetry.render)
    made.start()
    yield made
    made.stop()


def read(listener: MetricsListener, path: str, method: str = "GET") -> httpx.Response:
    return httpx.request(method, listener.url + path, trust_env=False, timeout=5)


def test_it_shows_what_was_counted(listener: MetricsListener) -> None:
    answer = read(listener, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'gateway_batch_items_count{step="submit"} 1.0' in answer.text
    assert "process_resident_memory_bytes" in answer.text
    assert read(listener, "/health/live").json() == {"status": "live"}


@pytest.mark.parametrize("path", ["/", "/metrics/", "/metrics?x=1", "/v1/messages"])
def test_it_knows_no_other_path(listener: MetricsListener, path: str) -> None:
    assert read(listener, path).status_code == 404


def test_it_takes_nothing_in(listener: MetricsListener) -> None:
    assert read(listener, "/metrics", "POST").status_code == 501


def test_it_names_no_versions(listener: MetricsListener) -> None:
    assert "Python" not in read(listener, "/metrics").headers["server"]


def test_strangers_see_nothing() -> None:
    made = MetricsListener("127.0.0.1", 0, ("10.0.0.0/8",), Telemetry().render)
    made.start()
    answers = [read(made, path) for path in ("/metrics", "/health/live")]
    made.stop()
    assert [(answer.status_code, answer.content) for answer in answers] == [(404, b""), (404, b"")]


def test_a_taken_port_is_said(listener: MetricsListener) -> None:
    port = int(listener.url.rpartition(":")[2])
    with pytest.raises(ListenerNotStarted, match=f"127.0.0.1:{port}"):
        MetricsListener("127.0.0.1", port, ("127.0.0.0/8",), Telemetry().render)


def test_whoever_opens_and_says_nothing_stops_nobody(listener: MetricsListener) -> None:
    host, _, port = listener.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5):
        assert read(listener, "/health/live").status_code == 200


def settings(**given: object) -> Settings:
    return load_settings(**given)


def test_without_a_port_there_is_none() -> None:
    assert start_listener(settings(), Telemetry()) is None


def test_with_a_port_there_is_one() -> None:
    made = start_listener(settings(metrics_port=0), Telemetry())
    assert made is not None
    assert read(made, "/health/live").status_code == 200
    made.stop()


def test_traces_cost_nothing_where_no_collector_is_named() -> None:
    assert make_telemetry(settings(), ("api",))._traces is None
    made = make_telemetry(settings(traces_endpoint="http://127.0.0.1:1/v1/traces"), ("api",))
    assert made._traces is not None
    made.close()

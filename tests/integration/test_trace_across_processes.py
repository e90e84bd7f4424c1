"""Door, relay and courier in processes of their own, with a real RabbitMQ between them: a message is still one trace."""

from pathlib import Path

import pytest

from tests.support.collector import collector
from tests.support.exchange import Partners, installation, payloads
from tests.support.rabbitmq import PrivateVhosts

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow, pytest.mark.timeout(120)]
ROLES = ("intake-amqp", "relay", "courier")


def test_a_message_is_one_trace_across_the_broker(rabbitmq: PrivateVhosts, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    with collector() as collected, installation(tmp_path, url, rabbitmq, traces_endpoint=collected.endpoint) as place:
        partners = Partners(place, payloads(3))
        processes = [place.start(roles=role) for role in ROLES]
        partners.start()
        try:
            assert partners.wait_for_all(60), (partners.errors, place.logs())
        finally:
            partners.stop()
        for process in processes:
            process.terminate()
            assert process.wait(30) == 0, place.logs()
        services, traces = collected.services(), collected.traces()
    whole = [trace for trace, spans in traces.items() if {"submit", "publish", "deliver", "hand over", "receipt"} <= {span.name for span in spans}]
    assert len(whole) == 3
    for trace in whole:
        assert services[trace] == {f"gateway-{role}" for role in ROLES}
        (root,) = [span for span in traces[trace] if not span.parent_span_id]
        assert root.span_id.hex() == trace[16:]
        ids = {span.span_id for span in traces[trace]}
        assert all(span.parent_span_id in ids for span in traces[trace] if span is not root)

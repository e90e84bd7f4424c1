"""Settings of an installation whose broker is a test's own pair of vhosts on a real RabbitMQ."""

import pytest

from broker.topology import GATEWAY, PARTNERS
from tests.support.rabbitmq import PrivateVhosts


def point_at(vhosts: PrivateVhosts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line find these vhosts, as the gateway's own user and as the broker's administrator."""
    credentials = vhosts.node.credentials
    monkeypatch.setenv("GATEWAY_BROKER", "rabbitmq")
    monkeypatch.setenv("GATEWAY_BROKER_URL", vhosts.urls[GATEWAY])
    monkeypatch.setenv("GATEWAY_BROKER_PARTNERS_URL", vhosts.urls[PARTNERS])
    administrator = f"://{credentials.user}:{credentials.password}@"
    monkeypatch.setenv("GATEWAY_BROKER_MANAGEMENT_URL", vhosts.node.management_url.replace("://", administrator, 1))

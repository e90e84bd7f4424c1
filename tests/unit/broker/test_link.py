"""Connections that never come about end in bounded time and one kind of error, without secrets."""

import socket
import ssl
import threading
import time

import pytest

from broker import link
from broker.contract import BrokerUnavailable, Publication
from broker.rabbitmq import RabbitBroker
from broker.topology import GATEWAY

HOST = "127.0.0.1"
SECRET = "hunter2-hunter2"
ITEM = Publication(GATEWAY, GATEWAY, "key", b"x", "id")


def broker_at(port: int, scheme: str = "amqp") -> RabbitBroker:
    return RabbitBroker({GATEWAY: f"{scheme}://gateway:{SECRET}@{HOST}:{port}/gateway"}, ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def refused(port: int, scheme: str = "amqp") -> str:
    broker = broker_at(port, scheme)
    with pytest.raises(BrokerUnavailable) as by_publisher:
        broker.publisher().publish([ITEM])
    consumer = broker.consumer(GATEWAY, "queue")
    for _ in range(2):
        with pytest.raises(BrokerUnavailable) as by_consumer:
            consumer.receive(1, 0.1)
    broker.close()
    assert SECRET not in str(by_publisher.value) + str(by_consumer.value)
    return str(by_publisher.value)


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind((HOST, 0))
        assert "the connection failed" in refused(unused.getsockname()[1])


def test_a_listener_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "OPEN_SECONDS", 0.3)
    monkeypatch.setattr(link, "CLOSE_SECONDS", 0.1)
    with socket.create_server((HOST, 0)) as silent:
        started = time.monotonic()
        assert "did not open" in refused(silent.getsockname()[1])
        assert time.monotonic() - started < 5


def test_a_broker_without_tls_is_not_talked_to_over_amqps() -> None:
    with socket.create_server((HOST, 0)) as plain:
        port = plain.getsockname()[1]
        broker = broker_at(port, "amqps")
        plain.settimeout(5)

        def answer() -> None:
            connection, _ = plain.accept()
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(BrokerUnavailable):
            broker.publisher().publish([ITEM])
        thread.join()
        broker.close()

"""One private RabbitMQ node for all test processes, and a pair of vhosts for each test that wants one."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from broker.admin import RabbitAdmin
from broker.node import PrivateNode, installed_server
from broker.rabbitmq import RabbitBroker
from broker.topology import GATEWAY, PARTNERS, Topology, gateway_user, password_hash

SHARED = Path(__file__).parents[2] / "var" / "tests" / "rabbitmq"
NEEDED = "RabbitMQ is not installed: install the package rabbitmq-server"


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    with place.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _alone(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def shared_node(directory: Path = SHARED) -> Iterator[PrivateNode]:
    """The node that every test process on this machine uses: the first starts it afresh, the last ends it.

    Each process holds a shared lock while it uses the node; who gets it exclusively is alone.
    """
    directory.mkdir(parents=True, exist_ok=True)
    node = PrivateNode(directory / "node")
    with (directory / "users.lock").open("a") as users:
        with _locked(directory / "start.lock"):
            if _alone(users):
                node.kill()
                node.wipe()
            fcntl.flock(users, fcntl.LOCK_SH)
            node.start()
        try:
            yield node
        finally:
            with _locked(directory / "start.lock"):
                if _alone(users):
                    node.kill()


@dataclass(frozen=True)
class PrivateVhosts:
    """The two vhosts of one test on the shared node, under names of their own."""

    node: PrivateNode
    admin: RabbitAdmin
    names: dict[str, str]
    user: str
    password: str

    @property
    def urls(self) -> dict[str, str]:
        """AMQP URLs of the gateway's own user, by logical vhost."""
        return self.urls_of(self.user, self.password)

    def urls_of(self, user: str, password: str) -> dict[str, str]:
        """AMQP URLs of any user, by logical vhost."""
        return {logical: self.node.amqp_url(real, user, password) for logical, real in self.names.items()}

    def broker(self) -> RabbitBroker:
        """A client as the gateway's own user; the caller closes it."""
        return RabbitBroker(self.urls)

    def apply(self, topology: Topology) -> None:
        """Make this, and the gateway's own user."""
        self.admin.apply(topology + gateway_user(self.user, password_hash(self.password, os.urandom(4))))


@contextmanager
def private_vhosts(node: PrivateNode) -> Iterator[PrivateVhosts]:
    """Fresh vhosts on a node, deleted afterwards."""
    mark = secrets.token_hex(4)
    names = {GATEWAY: f"{GATEWAY}-{mark}", PARTNERS: f"{PARTNERS}-{mark}"}
    admin = RabbitAdmin(node.management_url, node.credentials.user, node.credentials.password, vhosts=names)
    own = PrivateVhosts(node, admin, names, f"gateway-{mark}", secrets.token_hex(8))
    try:
        yield own
    finally:
        admin.remove_vhosts()
        admin.remove_user(own.user)
        admin.close()


def require_server() -> None:
    """Skip at home; in CI, where GATEWAY_TESTS_REQUIRE_SERVICES is set, a missing server is a failure."""
    if installed_server() is None:
        if os.environ.get("GATEWAY_TESTS_REQUIRE_SERVICES"):
            pytest.fail(NEEDED)
        pytest.skip(NEEDED)


@pytest.fixture(scope="session")
def rabbitmq_node() -> Iterator[PrivateNode]:
    """The shared node. Do not stop it: other test processes use it; make a `PrivateNode` of your own for that."""
    require_server()
    with shared_node() as node:
        yield node


@pytest.fixture
def rabbitmq(rabbitmq_node: PrivateNode) -> Iterator[PrivateVhosts]:
    """Two fresh vhosts on the shared node, with an administrator's client and a user for the gateway."""
    with private_vhosts(rabbitmq_node) as own:
        yield own


@pytest.fixture
def own_rabbitmq_node(tmp_path: Path) -> Iterator[Callable[[], PrivateNode]]:
    """Makes nodes that a test may kill and wipe as it likes; they end with the test."""
    require_server()
    nodes: list[PrivateNode] = []

    def make() -> PrivateNode:
        node = PrivateNode(tmp_path / f"rabbitmq-{len(nodes)}")
        nodes.append(node)
        node.start()
        return node

    yield make
    for node in nodes:
        node.kill()

"""The private node: its life, its privacy, and that its data outlives a kill and not a wipe."""

import json
import os
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from broker.admin import RabbitAdmin
from broker.free_ports import HOST
from broker.node import NodeFailed, PrivateNode
from broker.topology import gateway_topology
from schemas.identifiers import PartyCode
from tests.support.rabbitmq import SHARED

pytestmark = pytest.mark.rabbitmq
MakeNode = Callable[[], PrivateNode]


def listening(pid: int) -> set[tuple[str, int]]:
    """Every TCP address on which a process listens, out of /proc."""
    own = set()
    for place in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed while we looked; a listening socket stays open
            own.add(str(place.readlink()))
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                address, _, port = fields[1].partition(":")
                words = bytes.fromhex(address)
                packed = b"".join(words[place : place + 4][::-1] for place in range(0, len(words), 4))
                found.add((socket.inet_ntop(family, packed), int(port, 16)))
    return found


def test_it_listens_on_loopback_and_nowhere_else(rabbitmq_node: PrivateNode) -> None:
    assert rabbitmq_node.pid is not None
    ports = rabbitmq_node.ports
    assert listening(rabbitmq_node.pid) == {(HOST, ports.amqp), (HOST, ports.management), (HOST, ports.distribution)}
    assert not {ports.amqp, ports.management, ports.distribution, ports.epmd} & {5672, 15672, 25672, 4369}


def test_its_secrets_are_readable_by_its_owner_alone(rabbitmq_node: PrivateNode) -> None:
    home = SHARED / "node"
    for name in ("node.json", "rabbitmq.conf", ".erlang.cookie"):
        assert stat.S_IMODE((home / name).stat().st_mode) & 0o077 == 0, name
    assert rabbitmq_node.credentials.password not in repr(rabbitmq_node.credentials)
    assert json.loads((home / "node.json").read_text())["credentials"]["user"] != "guest"


def test_it_keeps_ports_over_a_kill_forgets_all_over_a_wipe_and_takes_its_epmd_along(own_rabbitmq_node: MakeNode, tmp_path: Path) -> None:
    node = own_rabbitmq_node()
    ports, credentials, first = node.ports, node.credentials, node.pid
    admin = RabbitAdmin(node.management_url, credentials.user, credentials.password, vhosts={"gateway": "kept"})
    admin.apply(gateway_topology([PartyCode("C05")]))
    with pytest.raises(NodeFailed):
        node.wipe()
    node.kill()
    assert node.pid is None
    assert not Path(f"/proc/{first}/fd").exists() or not any(Path(f"/proc/{first}/fd").iterdir())
    again = PrivateNode(tmp_path / "rabbitmq-0")
    again.start()
    assert (again.ports, again.credentials) == (ports, credentials)
    assert node.pid == again.pid != first
    assert {figures.queue for figures in admin.queue_figures()} == {"outbound.C05", "dead"}
    again.stop()
    again.wipe()
    node.start()
    assert admin.queue_figures() == ()
    admin.close()
    _assert_that_stopping_it_stops_its_epmd(node, tmp_path)


def _assert_that_stopping_it_stops_its_epmd(node: PrivateNode, tmp_path: Path) -> None:
    epmd = int((tmp_path / "rabbitmq-0" / "epmd.pid").read_text())
    assert Path(f"/proc/{epmd}/cmdline").read_bytes().startswith(b"/usr/bin/epmd")
    node.stop()
    assert not (tmp_path / "rabbitmq-0" / "epmd.pid").exists()
    assert not Path(f"/proc/{epmd}/exe").exists()
    with socket.socket() as probe:
        assert probe.connect_ex((HOST, node.ports.epmd)) != 0
    node.stop()


def test_a_server_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    broken = tmp_path / "rabbitmq-server"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o700)
    node = PrivateNode(tmp_path / "node", server=broken)
    with pytest.raises(NodeFailed, match="ended while starting"):
        node.start()
    assert node.pid is None
    assert not (tmp_path / "node" / "epmd.pid").exists()


def test_a_stale_pid_file_of_another_process_kills_nobody(tmp_path: Path) -> None:
    node = PrivateNode(tmp_path)
    node.pid_file.write_text(str(os.getpid()))
    assert node.pid is None
    node.kill()
    assert not node.pid_file.exists()

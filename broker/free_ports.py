"""Free ports: where the programs that a run starts may listen.

What it is: ports of loopback that nobody listens at, from below the range out of which Linux takes the near ends of
connections: one from there could be gone again before it is used. What it is not: a promise: somebody else may choose
the same. Called by whoever starts a server of its own: nodes, rehearsals, tests.
"""

import random
import socket
from typing import Final

HOST: Final = "127.0.0.1"
PORTS: Final = range(20000, 32000)
"""Linux's own choice begins at 32768 (`ip_local_port_range`)."""


def is_free(port: int, host: str = HOST) -> bool:
    """True where somebody could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int, host: str = HOST) -> list[int]:
    """So many different ones, at random.

    Raises OSError where there are not enough.
    """
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, k=len(PORTS)):
        if is_free(port, host):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no {count} ports are free on {host} from {PORTS.start} to {PORTS.stop - 1}")


def free_port(host: str = HOST) -> int:
    """One of them."""
    return free_ports(1, host)[0]

"""A private RabbitMQ node under a directory of ours, from an installed server.

What it is: one broker for tests, the demo and a single machine: own ports, cookie, data, logs and epmd, on
loopback only, as any user. What it is not: a cluster, nor the system's RabbitMQ, which is never touched.
Called by `bootstrap`, `rehearsal` and the tests. Follows the RabbitMQ "File and Directory Locations" guide.
"""

import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

from broker.free_ports import HOST, free_ports, is_free

NODE_NAME = "gateway@localhost"
ADMIN_USER = "gateway-admin"
SERVERS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/sbin/rabbitmq-server",
    "/opt/homebrew/sbin/rabbitmq-server",
)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"
"""Below the ephemeral range of Linux, so that no outgoing connection takes a port while the node is down."""
STOP_SECONDS = 30.0
CONFIGURATION = """\
listeners.tcp.1 = {host}:{amqp}
management.tcp.ip = {host}
management.tcp.port = {management}
default_user = {user}
default_pass = {password}
default_user_tags.administrator = true
disk_free_limit.absolute = 200MB
vm_memory_high_watermark.relative = 0.3
max_message_size = 33554432
heartbeat = 30
collect_statistics_interval = 1000
raft.wal_max_size_bytes = 67108864
log.file.level = info
"""
"""The write-ahead log is smaller than the default of 512 MB, which would be held in memory as well."""


class NodeFailed(Exception):
    """The private node cannot be started or stopped. Its log directory says why."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the node listens, all on loopback."""

    amqp: int
    management: int
    distribution: int
    epmd: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """The administrator that replaces `guest`."""

    user: str
    password: str = field(repr=False)


def installed_server() -> Path | None:
    """The `rabbitmq-server` script of an installed package, or None.

    Debian's wrapper in /usr/sbin switches to the user rabbitmq and is therefore passed over.
    """
    found = [Path(place) for place in SERVERS if Path(place).exists()]
    on_path = shutil.which("rabbitmq-server", path=SYSTEM_PATH)
    if not found and on_path and Path(on_path).parent != Path("/usr/sbin"):
        found = [Path(on_path)]
    return found[0] if found else None


class PrivateNode:
    """One node, its life bound to a directory: who opens the same directory sees the same node."""

    def __init__(self, directory: Path, *, server: Path | None = None) -> None:
        self._directory = directory.resolve()
        self._server = server
        self._facts: tuple[Ports, Credentials] | None = None

    @property
    def pid_file(self) -> Path:
        """Where the process id of the Erlang machine stands while it runs."""
        return self._directory / "node.pid"

    @property
    def ports(self) -> Ports:
        """Fixed at the first start, kept over restarts and wipes while they stay free."""
        return self._known()[0]

    @property
    def credentials(self) -> Credentials:
        """The node's administrator; made at the first start."""
        return self._known()[1]

    @property
    def management_url(self) -> str:
        """Base of the management API, without credentials."""
        return f"http://{HOST}:{self.ports.management}"

    @property
    def pid(self) -> int | None:
        """Process id of the running Erlang machine, or None."""
        return self._alive(self.pid_file)

    def amqp_url(self, vhost: str, user: str | None = None, password: str | None = None) -> str:
        """URL of one (real) vhost; as the administrator unless a user is named. Holds the password: never log it."""
        name, secret = (user, password or "") if user is not None else (self.credentials.user, self.credentials.password)
        return f"amqp://{quote(name, safe='')}:{quote(secret, safe='')}@{HOST}:{self.ports.amqp}/{quote(vhost, safe='')}"

    def start(self, timeout_seconds: float = 60.0) -> None:
        """Start and wait until it answers; a node that runs already is taken over. Raises NodeFailed."""
        deadline = time.monotonic() + timeout_seconds
        if self.pid is None:
            self._launch()
        while not self._answers():
            if self.pid is None:
                self._stop_epmd()
                raise NodeFailed(f"RabbitMQ ended while starting, see {self._directory / 'log'}")
            if time.monotonic() > deadline:
                self.kill()
                raise NodeFailed(f"RabbitMQ did not answer within {timeout_seconds:.0f} s, see {self._directory / 'log'}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in good order (SIGTERM), then its epmd. Does nothing when it is down."""
        self._end(self.pid_file, signal.SIGTERM)
        self._stop_epmd()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL), then its epmd."""
        self._end(self.pid_file, signal.SIGKILL)
        self._stop_epmd()

    def wipe(self) -> None:
        """Delete all its data. Ports and administrator stay, so that clients find the empty node again."""
        if self.pid is not None:
            raise NodeFailed("stop the node before wiping it")
        shutil.rmtree(self._directory / "mnesia", ignore_errors=True)

    def _launch(self) -> None:
        server = self._server or installed_server()
        if server is None:
            raise NodeFailed("no RabbitMQ server is installed: install the package rabbitmq-server")
        ports, credentials = self._settle_facts()
        self._write_files(ports, credentials)
        self._stop_epmd()
        environment = self._environment(server, ports)
        self._spawn(self._epmd_file, ["epmd", "-port", str(ports.epmd), "-address", HOST], environment)
        self._await_port(ports.epmd)
        self._spawn(self.pid_file, [str(server)], environment)

    def _spawn(self, pid_file: Path, command: list[str], environment: dict[str, str]) -> None:
        """Start a process that may outlive us, in a session of its own, and write down its id."""
        program = shutil.which(command[0], path=environment["PATH"])
        if program is None:
            raise NodeFailed(f"{command[0]} is not installed")
        output = pid_file.with_suffix(".out")
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        pid = os.posix_spawn(program, [program, *command[1:]], environment, file_actions=streams, setsid=True)
        pid_file.write_text(str(pid))

    def _environment(self, server: Path, ports: Ports) -> dict[str, str]:
        """Everything that the server scripts would otherwise look up in /etc or in the user's home."""
        own = self._directory
        return {
            "PATH": f"{SYSTEM_PATH}:{server.parent}",
            "HOME": str(own),
            "LANG": "C.UTF-8",
            # the script then replaces itself by the Erlang machine, so that the child's pid is the node's
            "RUNNING_UNDER_SYSTEMD": "true",
            "ERL_EPMD_PORT": str(ports.epmd),
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_CRASH_DUMP_SECONDS": "0",  # a dump would hold messages
            "RABBITMQ_NODENAME": NODE_NAME,
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(ports.amqp),
            "RABBITMQ_DIST_PORT": str(ports.distribution),
            "RABBITMQ_MNESIA_BASE": str(own / "mnesia"),
            "RABBITMQ_LOG_BASE": str(own / "log"),
            "RABBITMQ_PID_FILE": str(own / "rabbitmq.pid"),
            "RABBITMQ_CONF_ENV_FILE": str(own / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(own / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(own / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(own / "enabled_plugins"),
            # schedulers without work sleep at once instead of spinning: the node shares its cores with all the others
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
        }

    def _write_files(self, ports: Ports, credentials: Credentials) -> None:
        own = self._directory
        _write_secret(own / "node.json", json.dumps({"ports": asdict(ports), "credentials": asdict(credentials)}))
        settings = {"host": HOST, "amqp": ports.amqp, "management": ports.management}
        _write_secret(own / "rabbitmq.conf", CONFIGURATION.format(user=credentials.user, password=credentials.password, **settings))
        (own / "advanced.config").write_text("[].\n")
        (own / "rabbitmq-env.conf").write_text("")
        (own / "enabled_plugins").write_text("[rabbitmq_management].\n")

    def _settle_facts(self) -> tuple[Ports, Credentials]:
        """What an earlier start chose, where its ports are still free, else fresh ones."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        ports, credentials = self._read() or (None, Credentials(ADMIN_USER, secrets.token_urlsafe(24)))
        if ports is None or not all(is_free(port) for port in asdict(ports).values()):
            ports = Ports(*free_ports(4))
        self._facts = (ports, credentials)
        return self._facts

    def _known(self) -> tuple[Ports, Credentials]:
        self._facts = self._read() or self._facts
        if self._facts is None:
            raise NodeFailed("the node was never started")
        return self._facts

    def _read(self) -> tuple[Ports, Credentials] | None:
        place = self._directory / "node.json"
        if not place.exists():
            return None
        facts = json.loads(place.read_text())
        return Ports(**facts["ports"]), Credentials(**facts["credentials"])

    def _answers(self) -> bool:
        """True when both listeners are up: AMQP takes a connection and management knows its administrator."""
        token = base64.b64encode(f"{self.credentials.user}:{self.credentials.password}".encode()).decode()
        connection = http.client.HTTPConnection(HOST, self.ports.management, timeout=5)
        try:
            connection.request("GET", "/api/whoami", headers={"Authorization": f"Basic {token}"})
            return connection.getresponse().status == http.HTTPStatus.OK and not is_free(self.ports.amqp)
        except OSError:
            return False
        finally:
            connection.close()

    @property
    def _epmd_file(self) -> Path:
        return self._directory / "epmd.pid"

    def _stop_epmd(self) -> None:
        self._end(self._epmd_file, signal.SIGKILL)

    def _await_port(self, port: int) -> None:
        deadline = time.monotonic() + 5
        while is_free(port):
            if time.monotonic() > deadline:
                raise NodeFailed("epmd does not listen")
            time.sleep(0.01)

    def _end(self, pid_file: Path, kind: signal.Signals) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while (pid := self._alive(pid_file)) is not None:
            os.kill(pid, signal.SIGKILL if time.monotonic() > deadline else kind)
            time.sleep(0.05)
        _reap(pid_file)
        pid_file.unlink(missing_ok=True)

    def _alive(self, pid_file: Path) -> int | None:
        """The process that a pid file names, if it lives and was started for this directory."""
        pid = _written(pid_file)
        if pid is None:
            return None
        # the environment reads as empty for a moment while the process replaces its program, and while it ends
        while not (environment := _environment_of(pid)):
            if _has_ended(pid):
                return None
            time.sleep(0.005)
        return pid if f"HOME={self._directory}".encode() in environment.split(b"\0") else None


def _written(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def _environment_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _has_ended(pid: int) -> bool:
    """True when its last thread is gone too: until then it holds its ports."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state in "ZX" and len(list(Path(f"/proc/{pid}/task").iterdir())) <= 1
    except (FileNotFoundError, ProcessLookupError):
        return True


def _reap(pid_file: Path) -> None:
    """Collect the exit status of a child; what another process started is not ours to wait for."""
    pid = _written(pid_file)
    with contextlib.suppress(ChildProcessError):
        if pid is not None:
            os.waitpid(pid, 0)


def _write_secret(place: Path, text: str) -> None:
    place.touch(mode=0o600)
    place.write_text(text)

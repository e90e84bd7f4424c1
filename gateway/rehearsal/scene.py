"""The scene of a rehearsal: a private broker and store, the gateway as a real process, three partners and an identity provider around it.

What it is: everything set up under one directory, on free ports of loopback, with TLS everywhere, and taken down
again. What it is not: the story (`story`). Called by the demo and by the scenario tests. Nothing outside the directory
is touched, and only what was started here is stopped.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from broker.free_ports import free_port, is_free
from broker.rabbitmq import RabbitBroker
from gateway import keystore
from gateway.rehearsal import profiles
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import CrcKeys
from gateway.rehearsal.identity_provider import CLIENT_ID, PEOPLE, ROLE_CLAIMS, Account, SimulatedProvider
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.json_crc import JsonCrc
from gateway.rehearsal.languages import Answering, CanonicalLanguage, CaseflowLanguage
from gateway.rehearsal.ndelius import NdeliusIdentity, NdeliusKeys, SimulatedNdelius
from gateway.rehearsal.profiles import Document, Subject
from gateway.rehearsal.programs import Program, Setting, write_settings
from gateway.rehearsal.queue_crc import QueueCrc
from gateway.rehearsal.services import BrokerSide, Database, Report, clear, onboard, start_broker, start_database
from gateway.rehearsal.shelf_crc import ShelfCrc
from gateway.trust.certificates import CertificateUse
from gateway.trust.keyring import KeyUse
from gateway.trust.signing import key_record_from_certificate
from gateway.trust.wss import WssPackaging
from schemas.identifiers import OrganisationId

AUDIENCE = "interagency-gateway.rehearsal"
NDELIUS = Subject(organisation="ndelius", party="N00", name="National Probation Service, nDelius")
LARKSPUR = Subject(organisation="larkspur", party="C07", name="Larkspur Rehabilitation (fictional)")
WEXCOMBE = Subject(organisation="wexcombe", party="C14", name="Wexcombe Partnership (fictional)")
EVERYBODY = (NDELIUS, LARKSPUR, WEXCOMBE)
OPERATORS = (Account("u-all", "Alex Example (fictional)", tuple(ROLE_CLAIMS)), *(one for one in PEOPLE if set(one.roles) & set(ROLE_CLAIMS)))
"""Who may sign in to the console: whoever has every role first."""
CONSOLE_PORT = 8181
"""Where the console is looked for first by whoever wants to find it again."""


@dataclass(slots=True)
class Scene:
    """What stands on the stage. Made by `set_up`, taken down by `close`."""

    directory: Path
    base_url: str
    gateway: Program
    authority: DevelopmentAuthority
    database_url: str
    n00: SimulatedNdelius
    c07: JsonCrc
    c14: QueueCrc | ShelfCrc
    console_url: str
    provider: SimulatedProvider
    _broker_url: str
    _closing: ExitStack = field(default_factory=ExitStack)

    def start_c14(self) -> None:
        """The partner on AMQP (or on the shelf) goes to work."""
        if isinstance(self.c14, QueueCrc):
            broker = RabbitBroker({"partners": self._broker_url})
            self._closing.callback(broker.close)
            self.c14.start(broker, WEXCOMBE.organisation)
        else:
            self.c14.start()

    def failures(self) -> list[str]:
        """What the partners' own programs stumbled over."""
        return [*self.n00.failures, *self.c07.failures, *self.c14.failures]

    def close(self) -> None:
        """Stop everything that was started here: the partners first, whose connections a server would wait for."""
        self._close_partners()
        self._closing.close()

    def leave_running(self) -> None:
        """Stop the partners, and leave gateway, broker and store to the user."""
        self._closing.pop_all()
        self._close_partners()

    def _close_partners(self) -> None:
        for partner in (self.c14, self.c07, self.n00):
            partner.close()
        self.provider.stop()


def set_up(directory: Path, database: Database, report: Report, console_port: int = 0) -> Scene:
    """Everything from an empty directory to three connected partners. The console takes this port, or any where it is taken."""
    directory = directory.resolve()
    clear(directory)
    with ExitStack() as stack:
        database_url, broker = _start_services(directory, database, report, stack)
        if broker is None:
            report("the broker inside the gateway's process stands in for RabbitMQ, and C14 collects from its shelf instead")
        scene = _assemble(directory, database_url, broker, report, stack, console_port)
        scene._closing = stack.pop_all()
        return scene


def _start_services(directory: Path, database: Database, report: Report, stack: ExitStack) -> tuple[str, BrokerSide | None]:
    with ThreadPoolExecutor(2) as pool:
        broker = pool.submit(start_broker, directory, EVERYBODY, (WEXCOMBE,), report, stack)
        url = pool.submit(start_database, directory, database, report, stack)
        return url.result(), broker.result()


def _assemble(directory: Path, database_url: str, broker: BrokerSide | None, report: Report, stack: ExitStack, console_port: int) -> Scene:
    report("making keys and certificates")
    authority = DevelopmentAuthority(directory / "authority")
    n00, c07, c14 = _partners(directory, authority, stack, with_rabbitmq=broker is not None)
    n00.start()
    c07.start()
    provider = SimulatedProvider(people=OPERATORS)
    provider.start()
    stack.callback(provider.stop)
    port, console = free_port(), console_port if console_port and is_free(console_port) else free_port()
    settings_path = directory / "gateway.toml"
    keystore.create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
    settings = _settings(directory, database_url, authority, port, (n00.endpoint(), c07.endpoint())) | _console(console, provider)
    write_settings(settings_path, settings | (broker.settings() if broker else {}))
    onboard(database_url, _profiles(authority, n00, c07, c14), broker, report)
    program = Program("gateway", settings_path, directory / "gateway.log", directory / "gateway.pid")
    report("starting the gateway")
    program.start(["serve"])
    stack.callback(program.stop)
    base_url = f"https://localhost:{port}"
    _await_ready(program, base_url, authority)
    broker_url = broker.partner_url(WEXCOMBE.organisation) if broker else ""
    scene = Scene(directory, base_url, program, authority, database_url, n00, c07, c14, f"http://127.0.0.1:{console}", provider, broker_url)
    _connect(scene, directory)
    return scene


def _partners(
    directory: Path, authority: DevelopmentAuthority, stack: ExitStack, *, with_rabbitmq: bool
) -> tuple[SimulatedNdelius, JsonCrc, QueueCrc | ShelfCrc]:
    journals = directory / "journals"
    signing = authority.issue(NDELIUS.organisation, CertificateUse.SIGN)
    n00 = SimulatedNdelius(
        NdeliusIdentity(organisation=NDELIUS.organisation, party=NDELIUS.party, name=NDELIUS.name, gateway_audience=AUDIENCE, message_statuses=True),
        NdeliusKeys(signing.signer(), PartnerKey.generate()),
        WssPackaging(),
        journals / "N00.jsonl",
        authority.server_context(NDELIUS.organisation),
    )
    c07 = JsonCrc(
        _identity(LARKSPUR),
        CrcKeys(PartnerKey.generate(), PartnerKey.generate()),
        CaseflowLanguage(),
        Answering(provider=LARKSPUR.party, user="Bellweather,Jory"),
        journals / "C07.jsonl",
        authority.server_context(LARKSPUR.organisation),
    )
    make = QueueCrc if with_rabbitmq else ShelfCrc
    rejecting = Answering(provider=WEXCOMBE.party, user="Quill,Marlow", rejected_reason="INC")
    c14 = make(_identity(WEXCOMBE), CrcKeys(PartnerKey.generate(), PartnerKey.generate()), CanonicalLanguage(), rejecting, journals / "C14.jsonl")
    for partner in (n00, c07, c14):
        stack.callback(partner.close)
    return n00, c07, c14


def _identity(subject: Subject) -> CrcIdentity:
    return CrcIdentity(organisation=subject.organisation, party=subject.party, name=subject.name, gateway_audience=AUDIENCE)


def _profiles(authority: DevelopmentAuthority, n00: SimulatedNdelius, c07: JsonCrc, c14: QueueCrc | ShelfCrc) -> list[Document]:
    first = profiles.spg(
        NDELIUS,
        endpoint=n00.endpoint(),
        policy="strict",
        sign=authority.issue(NDELIUS.organisation, CertificateUse.SIGN),
        auth=n00.keys.auth,
        tls=authority.issue(NDELIUS.organisation, CertificateUse.CLIENT),
        message_statuses=True,
    )
    second = profiles.pushed(
        LARKSPUR,
        dialect=c07.language.name,
        endpoint=c07.endpoint(),
        receipt_endpoint=c07.receipt_endpoint(),
        sign=c07.keys.sign,
        auth=c07.keys.auth,
        tls=authority.issue(LARKSPUR.organisation, CertificateUse.CLIENT),
    )
    if isinstance(c14, QueueCrc):
        return [first, second, profiles.queued(WEXCOMBE, dialect=c14.language.name, sign=c14.keys.sign)]
    client = authority.issue(WEXCOMBE.organisation, CertificateUse.CLIENT)
    return [first, second, profiles.shelved(WEXCOMBE, dialect=c14.language.name, sign=c14.keys.sign, auth=c14.keys.auth, tls=client)]


def _settings(directory: Path, database_url: str, authority: DevelopmentAuthority, port: int, endpoints: tuple[str, ...]) -> dict[str, Setting]:
    server = authority.issue("gateway", CertificateUse.SERVER)
    return {
        "environment": "test",
        "data_dir": directory,
        "database_url": database_url,
        "broker": "memory",
        "audience": AUDIENCE,
        "keys_dir": directory / "keys",
        "public_url": f"https://localhost:{port}",
        "http_port": port,
        "tls_certificate": server.certificate_path,
        "tls_private_key": server.key_path,
        "tls_client_ca": authority.root_path,
        "client_certificates": "required",
        "egress_allow": [httpx.URL(url).netloc.decode() for url in endpoints],
        "egress_ca": authority.root_path,
        "egress_certificate": _joined(directory, authority),
        "sweeper_interval_seconds": 1.0,
        "sweep_seconds": 2.0,
    }


def _console(port: int, provider: SimulatedProvider) -> dict[str, Setting]:
    return {
        "console_port": port,
        "console_issuer": provider.issuer,
        "console_client_id": CLIENT_ID,
        "console_role_claims": dict(ROLE_CLAIMS),
        "alerts_interval_seconds": 2.0,
    }


def _joined(directory: Path, authority: DevelopmentAuthority) -> Path:
    """Client certificate and key of the gateway in one file."""
    client = authority.issue("gateway", CertificateUse.CLIENT)
    joined = directory / "authority" / "gateway-egress.pem"
    joined.touch(mode=0o600)
    joined.write_text(client.certificate_path.read_text() + client.key_path.read_text())
    return joined


def _await_ready(program: Program, base_url: str, authority: DevelopmentAuthority) -> None:
    with httpx.Client(verify=authority.client_context(NDELIUS.organisation), timeout=5, trust_env=False) as client:

        def ready() -> bool:
            try:
                return client.get(base_url + "/health/ready").status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        program.wait_until(ready)


def _connect(scene: Scene, directory: Path) -> None:
    own = keystore.open_keys(directory / "keys")
    certificate = own.wss_signer.certificate or b""
    pinned = key_record_from_certificate(certificate, organisation=OrganisationId("gateway"), use=KeyUse.SIGN, speaks_for=())
    scene.n00.connect(scene.base_url, scene.authority.client_context(NDELIUS.organisation), pinned)
    scene.c07.connect(scene.base_url, scene.authority.client_context(LARKSPUR.organisation))
    if isinstance(scene.c14, QueueCrc):
        scene.c14.connect(scene.n00.link.published_keys())
    else:
        scene.c14.connect(scene.base_url, scene.authority.client_context(WEXCOMBE.organisation))
    scene.start_c14()

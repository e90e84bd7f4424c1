"""One gateway behind its public doors, with a partner of every kind around it.

N00 speaks SPG over SOAP, C07 is pushed to, C16 collects from its shelf, and C14 has its own queue where a RabbitMQ is
given; without one, the broker inside the gateway's process carries the parcels. Partners are the simulated ones of
`gateway.rehearsal`: what is proved is read from their journals and from receipts that they verified.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from broker.free_ports import free_port
from broker.rabbitmq import RabbitBroker
from broker.topology import gateway_topology, partners_topology, password_hash
from gateway import bootstrap, keystore
from gateway.contract import Store
from gateway.operations import Operations
from gateway.partners.party import Standing
from gateway.partners.profile import read_profile
from gateway.rehearsal import profiles
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import CrcKeys
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.json_crc import JsonCrc
from gateway.rehearsal.languages import Answering, CanonicalLanguage, CaseflowLanguage
from gateway.rehearsal.ndelius import NdeliusIdentity, NdeliusKeys, SimulatedNdelius
from gateway.rehearsal.profiles import Document, Subject
from gateway.rehearsal.programs import write_settings
from gateway.rehearsal.queue_crc import QueueCrc
from gateway.rehearsal.shelf_crc import ShelfCrc
from gateway.store.opening import migrate, open_store
from gateway.trust.certificates import CertificateUse
from gateway.trust.keyring import KeyUse
from gateway.trust.signing import key_record_from_certificate
from gateway.trust.unsafe_legacy import UnsafeLegacyWssPackaging
from gateway.trust.wss import WssPackaging
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.doomed import Child
from tests.support.rabbitmq import PrivateVhosts

AUDIENCE = "interagency-gateway.test"
NDELIUS = Subject(organisation="ndelius", party="N00", name="Probation, fictional")
PUSHED = Subject(organisation="larkspur", party="C07", name="Larkspur, fictional")
QUEUED = Subject(organisation="wexcombe", party="C14", name="Wexcombe, fictional")
SHELVED = Subject(organisation="thornbury", party="C16", name="Thornbury, fictional")
EVERYBODY = (NDELIUS, PUSHED, QUEUED, SHELVED)
PATIENCE_SECONDS = 20.0


@dataclass
class House:
    """Files, partners and address of one gateway; its process is started and killed by the test."""

    directory: Path
    base_url: str
    settings: Path
    database_url: str
    authority: DevelopmentAuthority
    n00: SimulatedNdelius
    c07: JsonCrc
    c14: QueueCrc
    c16: ShelfCrc
    vhosts: PrivateVhosts | None
    password: str
    children: list[Child] = field(default_factory=list)
    _brokers: list[RabbitBroker] = field(default_factory=list)

    def start(self, point: str = "-", roles: Sequence[str] = ()) -> Child:
        """A gateway process that is ready, doomed to die at a point."""
        child = Child(self.settings, point, list(roles), self.directory / f"gateway-{len(self.children)}.log")
        self.children.append(child)
        self._await_ready(child)
        return child

    def bury(self, child: Child) -> None:
        """Wait until it was killed."""
        assert child.wait(30) == -9, self.logs()

    def connect(self) -> None:
        """The partners learn the gateway's published keys, over its own door."""
        own = keystore.open_keys(self.directory / "keys")
        certificate = own.wss_signer.certificate or b""
        pinned = key_record_from_certificate(certificate, organisation=OrganisationId("gateway"), use=KeyUse.SIGN, speaks_for=())
        self.n00.connect(self.base_url, self.authority.client_context(NDELIUS.organisation), pinned)
        self.c07.connect(self.base_url, self.authority.client_context(PUSHED.organisation))
        self.c16.connect(self.base_url, self.authority.client_context(SHELVED.organisation))
        self.c14.connect(self.n00.link.published_keys())

    def start_c14(self) -> None:
        """The partner on AMQP goes to work, as its own broker user."""
        assert self.vhosts is not None
        broker = RabbitBroker(self.vhosts.urls_of(self.broker_user, self.password))
        self._brokers.append(broker)
        self.c14.start(broker, self.broker_user)

    @property
    def broker_user(self) -> str:
        """C14's user at the broker."""
        return f"{self.vhosts.user}-{QUEUED.organisation}" if self.vhosts else QUEUED.organisation

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database, as another process sees it."""
        with closing(open_store(self.database_url)) as opened:
            yield opened

    def logs(self) -> str:
        """What the gateway's processes wrote."""
        return "\n".join(path.read_text() for path in sorted(self.directory.glob("gateway-*.log")))

    def failures(self) -> list[str]:
        """What the partners' own programs stumbled over."""
        return [*self.n00.failures, *self.c07.failures, *self.c14.failures, *self.c16.failures]

    def close(self) -> None:
        """Stop the partners, then the gateway."""
        for partner in (self.c16, self.c14, self.c07, self.n00):
            partner.close()
        for broker in self._brokers:
            broker.close()
        self.close_gateway()

    def close_gateway(self) -> None:
        """Stop its processes in good order."""
        for child in self.children:
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            if child.wait(30) is None:
                child.kill()

    def _await_ready(self, child: Child) -> None:
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            assert child.poll() is None, self.logs()
            try:
                if httpx.get(self.base_url + "/health/ready", timeout=5, trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the gateway did not become ready: " + self.logs())


@contextmanager
def house(
    directory: Path, database_url: str, *, vhosts: PrivateVhosts | None = None, policy: str = "strict", by_message: bool = False, **settings: object
) -> Iterator[House]:
    """Everything but the running process. `by_message`: of nDelius the good messages of an interchange are taken
    alone, and status notifications have an entry per message, both ways."""
    directory.mkdir(parents=True, exist_ok=True)
    authority = DevelopmentAuthority(directory / "authority")
    with ExitStack() as stack:
        n00, c07, c14, c16 = _partners(directory, authority, policy, by_message=by_message)
        n00.start()
        c07.start()
        keystore.create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
        port = free_port()
        file = directory / "gateway.toml"
        made = House(directory, f"http://127.0.0.1:{port}", file, database_url, authority, n00, c07, c14, c16, vhosts, "made-up")
        stack.callback(made.close)
        write_settings(file, _settings(made, port) | settings)  # type: ignore[arg-type]
        _onboard(made, _profiles(made, policy, by_message=by_message))
        if vhosts is not None:
            parties, organisations = [PartyCode(one.party) for one in EVERYBODY], [OrganisationId(one.organisation) for one in EVERYBODY]
            vhosts.apply(gateway_topology(parties) + partners_topology(organisations))
        yield made


def _partners(directory: Path, authority: DevelopmentAuthority, policy: str, *, by_message: bool) -> tuple[SimulatedNdelius, JsonCrc, QueueCrc, ShelfCrc]:
    journals = directory / "journals"
    subject = {"organisation": NDELIUS.organisation, "party": NDELIUS.party, "name": NDELIUS.name}
    identity = NdeliusIdentity(**subject, gateway_audience=AUDIENCE, message_statuses=by_message)
    packaging = WssPackaging() if policy == "strict" else UnsafeLegacyWssPackaging()
    keys = NdeliusKeys(authority.issue(NDELIUS.organisation, CertificateUse.SIGN).signer(), PartnerKey.generate())
    n00 = SimulatedNdelius(identity, keys, packaging, journals / "N00.jsonl", authority.server_context(NDELIUS.organisation))
    takes = {one.party: Answering(provider=one.party, user="Made,Up") for one in EVERYBODY}
    pushed = (_identity(PUSHED), _keys(), CaseflowLanguage(), takes["C07"], journals / "C07.jsonl", authority.server_context(PUSHED.organisation))
    queued = QueueCrc(_identity(QUEUED), _keys(), CanonicalLanguage(), takes["C14"], journals / "C14.jsonl")
    shelved = ShelfCrc(_identity(SHELVED), _keys(), CanonicalLanguage(), takes["C16"], journals / "C16.jsonl")
    return n00, JsonCrc(*pushed), queued, shelved


def _identity(subject: Subject) -> CrcIdentity:
    return CrcIdentity(organisation=subject.organisation, party=subject.party, name=subject.name, gateway_audience=AUDIENCE)


def _keys() -> CrcKeys:
    return CrcKeys(PartnerKey.generate(), PartnerKey.generate())


def _profiles(made: House, policy: str, *, by_message: bool) -> list[Document]:
    issue, c07, c14, c16 = made.authority.issue, made.c07, made.c14, made.c16
    tls = {one.party: issue(one.organisation, CertificateUse.CLIENT) for one in EVERYBODY}
    return [
        profiles.spg(
            NDELIUS,
            endpoint=made.n00.endpoint(),
            policy=policy,
            sign=issue(NDELIUS.organisation, CertificateUse.SIGN),
            auth=made.n00.keys.auth,
            tls=tls["N00"],
            partial=by_message,
            message_statuses=by_message,
        ),
        profiles.pushed(
            PUSHED,
            dialect="caseflow",
            endpoint=c07.endpoint(),
            receipt_endpoint=c07.receipt_endpoint(),
            sign=c07.keys.sign,
            auth=c07.keys.auth,
            tls=tls["C07"],
        ),
        profiles.queued(QUEUED, dialect="canonical", sign=c14.keys.sign),
        profiles.shelved(SHELVED, dialect="canonical", sign=c16.keys.sign, auth=c16.keys.auth, tls=tls["C16"]),
    ]


def _onboard(made: House, documents: Sequence[Document]) -> None:
    migrate(made.database_url)
    with made.store() as store:
        operations = Operations(store=store, clock=bootstrap.clock, parts=bootstrap.onboarding_parts())
        for document in documents:
            organisation = operations.apply_profile(read_profile(document)).organisation.organisation_id
            if organisation == QUEUED.organisation:
                operations.give_broker_user(organisation, user=made.broker_user, password_hash=password_hash(made.password, b"salt"))
            operations.move(organisation, Standing.PROVING)
            operations.move(organisation, Standing.LIVE, without_conformance="a test")


def _settings(made: House, port: int) -> dict[str, object]:
    client = made.authority.issue("gateway", CertificateUse.CLIENT)
    joined = made.directory / "egress.pem"
    joined.touch(mode=0o600)
    joined.write_text(client.certificate_path.read_text() + client.key_path.read_text())
    endpoints = (made.n00.endpoint(), made.c07.endpoint())
    return {
        "environment": "test",
        "data_dir": made.directory,
        "database_url": made.database_url,
        "audience": AUDIENCE,
        "keys_dir": made.directory / "keys",
        "public_url": made.base_url,
        "http_port": port,
        "console_port": 0,
        "egress_allow": [httpx.URL(url).netloc.decode() for url in endpoints],
        "egress_ca": made.authority.root_path,
        "egress_certificate": joined,
        "sweep_seconds": 0.5,
        "sweeper_interval_seconds": 0.2,
        "relay_interval_seconds": 0.02,
        "lease_seconds": 1.5,
        **_broker_settings(made.vhosts),
    }


def _broker_settings(vhosts: PrivateVhosts | None) -> dict[str, object]:
    if vhosts is None:
        return {"broker": "memory"}
    credentials = vhosts.node.credentials
    return {
        "broker": "rabbitmq",
        "broker_url": vhosts.urls["gateway"],
        "broker_partners_url": vhosts.urls["partners"],
        "broker_management_url": vhosts.node.management_url.replace("://", f"://{credentials.user}:{credentials.password}@", 1),
    }

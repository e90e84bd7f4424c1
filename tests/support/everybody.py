"""All 22 parties of `partners/*.yaml` around one gateway process, each in its own language over its own channel.

The profiles are the published example set; `everybody_sides.rehearsed` puts endpoints, keys and shorter waits into them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml

from broker.free_ports import free_port
from gateway import keystore
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.jose import PublishedKeys
from gateway.rehearsal.journal import Entry, Noted
from gateway.rehearsal.profiles import Document
from gateway.rehearsal.programs import Program, Setting, write_settings
from gateway.rehearsal.reckoning import Witness
from gateway.rehearsal.services import BrokerSide, clear, onboard, start_broker
from gateway.trust.certificates import CertificateUse
from tests.support.everybody_sides import AUDIENCE, Doors, Ground, Side, SpgSide, rehearsed, side_of, subjects

PROFILES = Path(__file__).parents[2] / "partners"
SPEAKS_SPG = frozenset({"N00", "C16", "C17", "C21"})


def published() -> list[Document]:
    """The example set, without the stub for tests."""
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(PROFILES.glob("*.yaml"))]
    return [one for one in found if one["organisation"]["id"] != "po-stub"]


@dataclass(slots=True)
class Everybody:
    """What stands on the stage."""

    directory: Path
    database_url: str
    gateway: Program
    keys: PublishedKeys
    n00: SpgSide
    sides: Mapping[str, Side]
    """The side of every party but N00, by code."""

    def every_side(self) -> list[Side]:
        """Each organisation once."""
        return list({id(side): side for side in (self.n00, *self.sides.values())}.values())

    def failures(self) -> list[str]:
        """What the partners' own programs stumbled over."""
        return [failure for side in self.every_side() for failure in side.failures()]

    def entries(self, party: str, *noted: Noted) -> list[Entry]:
        """What a party's own journal says, of some kinds."""
        side = self.n00 if party == "N00" else self.sides[party]
        return [entry for entry in side.journals(party)[0].entries() if entry.noted in noted]

    def witnesses(self, cases: Mapping[str, str]) -> list[Witness]:
        """Every party's part of the journals. `cases`: which party each case is with, which tells whose a sent message is."""
        sides: dict[str, Side] = {"N00": self.n00, **self.sides}
        return [
            Witness(party=party, organisation=side.organisation, speaks_spg=party in SPEAKS_SPG, entries=_part(party, side, cases))
            for party, side in sides.items()
        ]


def _part(party: str, side: Side, cases: Mapping[str, str]) -> list[Entry]:
    own, *common = side.journals(party)
    shared = [
        entry for journal in common for entry in journal.entries() if entry.noted not in (Noted.RECEIVED, Noted.APPLIED, Noted.NOT_APPLIED, Noted.NOTIFIED)
    ]
    # The first party's journal holds what its siblings sent, too: nDelius alone sends about cases that are others'.
    own_entries = [entry for entry in own.entries() if entry.noted is not Noted.SENT or party == "N00" or cases.get(entry.text("case"), party) == party]
    found = [*own_entries, *(entry for entry in shared if entry.noted is not Noted.SENT or cases.get(entry.text("case")) == party)]
    return sorted(found, key=lambda entry: entry.at)


@contextmanager
def everybody(directory: Path) -> Iterator[Everybody]:
    """Everything from an empty directory to 22 connected parties. Needs an installed RabbitMQ."""
    clear(directory)
    with ExitStack() as stack:
        ground = Ground(directory, DevelopmentAuthority(directory / "authority"))
        documents = published()
        sides = {subjects(one)[0]: side_of(one, ground) for one in documents}
        profiles = [rehearsed(one, sides[subjects(one)[0]].terms()) for one in documents]
        broker = _broker(ground, documents, stack)
        program, doors = _gateway(ground, profiles, broker, stack)
        for side in sides.values():
            # whoever is connected goes first: a server waits for its callers
            stack.callback(side.close)
            side.join(doors)
        n00 = sides["ndelius"]
        assert isinstance(n00, SpgSide)
        by_party = {one.party: sides[one.organisation] for document in documents for one in subjects(document)[1] if one.party != "N00"}
        yield Everybody(directory, f"sqlite:///{directory / 'gateway.db'}", program, doors.keys, n00, by_party)


def _broker(ground: Ground, documents: Sequence[Document], stack: ExitStack) -> BrokerSide:
    every = [one for document in documents for one in subjects(document)[1]]
    on_amqp = [one for one in every if one.party == "C04"]
    # the private node lives where the rest does: it is started and stopped here alone
    side = start_broker(ground.directory, every, on_amqp, lambda _: None, stack)
    assert side is not None
    return side


def _gateway(ground: Ground, profiles: Sequence[Document], broker: BrokerSide, stack: ExitStack) -> tuple[Program, Doors]:
    directory, port = ground.directory, free_port()
    base_url = f"https://localhost:{port}"
    keystore.create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
    write_settings(directory / "gateway.toml", _settings(ground, port, profiles) | broker.settings())
    onboard(f"sqlite:///{directory / 'gateway.db'}", profiles, broker, lambda _: None)
    program = Program("gateway", directory / "gateway.toml", directory / "gateway-0.log", directory / "gateway.pid")
    program.start(["serve"])
    stack.callback(program.stop)
    with httpx.Client(verify=ground.authority.client_context("ndelius"), timeout=5, trust_env=False) as client:
        program.wait_until(lambda: _is_ready(client, base_url))
    certificate = keystore.open_keys(directory / "keys").wss_signer.certificate or b""
    keys = PublishedKeys(keystore.read_public_jwks(directory / "keys"))
    return program, Doors(base_url, keys, certificate, broker.partner_url("purple-futures"))


def _is_ready(client: httpx.Client, base_url: str) -> bool:
    try:
        return client.get(base_url + "/health/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _settings(ground: Ground, port: int, profiles: Sequence[Document]) -> dict[str, Setting]:
    directory, authority = ground.directory, ground.authority
    server, client = (authority.issue("gateway", use) for use in (CertificateUse.SERVER, CertificateUse.CLIENT))
    joined = directory / "egress.pem"
    joined.touch(mode=0o600)
    joined.write_text(client.certificate_path.read_text() + client.key_path.read_text())
    return {
        "environment": "test",
        "data_dir": directory,
        "database_url": f"sqlite:///{directory / 'gateway.db'}",
        "audience": AUDIENCE,
        "keys_dir": directory / "keys",
        "http_port": port,
        "console_port": 0,
        "public_url": f"https://localhost:{port}",
        "tls_certificate": server.certificate_path,
        "tls_private_key": server.key_path,
        "tls_client_ca": authority.root_path,
        "client_certificates": "required",
        "egress_allow": sorted({netloc for profile in profiles for netloc in _places(profile)}),
        "egress_ca": authority.root_path,
        "egress_certificate": joined,
        "drop_root": directory / "files",
        "drop_interval_seconds": 0.1,
        "sweeper_interval_seconds": 1.0,
        "sweep_seconds": 5.0,
    }


def _places(profile: Document) -> list[str]:
    outbound = profile["outbound"]
    assert isinstance(outbound, Mapping)
    return [httpx.URL(str(outbound[name])).netloc.decode() for name in ("endpoint", "receipt_endpoint") if name in outbound]

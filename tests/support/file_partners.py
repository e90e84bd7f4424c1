"""A gateway with two partners on files: one speaks flat files, one our canonical form. Nothing else is around it."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from adapters.agencies.canonical.adapter import CanonicalAdapter
from adapters.agencies.flatfile.adapter import FlatFileAdapter
from adapters.contract import Outgoing
from gateway import bootstrap, keystore
from gateway.operations import Operations
from gateway.partners.party import Standing
from gateway.partners.profile import read_profile
from gateway.rehearsal import profiles
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import CrcKeys
from gateway.rehearsal.described import DescribedLanguage
from gateway.rehearsal.file_crc import FileCrc
from gateway.rehearsal.jose import PartnerKey, PublishedKeys
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.languages import Answering, CanonicalLanguage, Language
from gateway.rehearsal.profiles import Subject
from gateway.rehearsal.programs import write_settings
from gateway.store.opening import open_store
from schemas.envelope import Entry, Message
from schemas.identifiers import MessageId, PartyCode
from tests.support.databases import migrate_quickly
from tests.support.doomed import Child
from tests.support.faults import wait_until
from tests.support.world import AUDIENCE, contact

FLAT = Subject(organisation="larkspur", party="C07", name="Larkspur, fictional")
PLAIN = Subject(organisation="thornbury", party="C16", name="Thornbury, fictional")


@dataclass
class Yard:
    """Folders, partners and settings; the gateway's process is started and killed by the test."""

    directory: Path
    settings: Path
    base_url: str
    database_url: str
    flat: FileCrc
    plain: FileCrc
    children: list[Child] = field(default_factory=list)

    def start(self, point: str = "-", roles: Sequence[str] = ()) -> Child:
        """A gateway process that is ready, doomed to die at a point."""
        child = Child(self.settings, point, list(roles), self.directory / f"gateway-{len(self.children)}.log")
        self.children.append(child)
        assert wait_until(lambda: child.poll() is not None or self._is_ready(), 40), self.logs()
        return child

    def logs(self) -> str:
        """What the gateway's processes wrote."""
        return "\n".join(path.read_text() for path in sorted(self.directory.glob("gateway-*.log")))

    def home(self, subject: Subject) -> Path:
        """The folders of one partner."""
        return self.directory / "files" / subject.organisation

    def all_applied(self, sent: int) -> bool:
        """True where the sender holds receipts of both stages for everything."""
        return len(self.flat.journal.entries(Noted.ACCEPTED)) >= sent and len(self.flat.journal.entries(Noted.RECEIPT)) >= sent

    def stop(self) -> None:
        """End the gateway's processes in good order."""
        for child in self.children:
            if child.poll() is None:
                child.terminate()
        for child in self.children:
            if child.wait(30) is None:
                child.kill()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(self.base_url + "/health/ready", timeout=5, trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def yard(directory: Path, port: int) -> Iterator[Yard]:
    """Everything but the running gateway."""
    database_url, settings = f"sqlite:///{directory / 'gateway.db'}", directory / "gateway.toml"
    keystore.create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
    (directory / "files").mkdir()
    flat, plain = _partner(directory, FLAT, DescribedLanguage(FlatFileAdapter())), _partner(directory, PLAIN, CanonicalLanguage())
    agreed = [profiles.dropped(FLAT, dialect="flatfile", sign=flat.keys.sign), profiles.dropped(PLAIN, dialect="canonical", sign=plain.keys.sign)]
    _onboard(database_url, agreed)
    write_settings(settings, _settings(directory, database_url, port))
    for partner in (flat, plain):
        partner.connect(PublishedKeys(keystore.read_public_jwks(directory / "keys")))
    made = Yard(directory, settings, f"http://127.0.0.1:{port}", database_url, flat, plain)
    try:
        yield made
    finally:
        made.stop()
        flat.close()
        plain.close()


def batch(number: int, *, crn: str = "X000001") -> bytes:
    """A flat file with one contact from C07 for C16. All of it is made up."""
    interchange = CanonicalAdapter().read(contact(f"m-{number}", sender="C07", recipients=["C16"], crn=crn, notes=f"Made up {number}."))
    (entry,) = interchange.entries
    assert isinstance(entry, Entry)
    outgoing = Outgoing(
        sender=PartyCode("C07"), recipient=PartyCode("C16"), control_reference=f"{number:08}", answers=None, version="0-9-14", prepared_at=datetime.now(UTC)
    )
    return FlatFileAdapter().write(Message(MessageId(f"m-{number}"), entry.header, entry.payload), outgoing).content


def _partner(directory: Path, subject: Subject, language: Language) -> FileCrc:
    identity = CrcIdentity(organisation=subject.organisation, party=subject.party, name=subject.name, gateway_audience=AUDIENCE)
    home = directory / "files" / subject.organisation
    for name in ("inbox", "outbox/receipts", "done", "quarantine"):
        (home / name).mkdir(parents=True)
    keys = CrcKeys(PartnerKey.generate(), PartnerKey.generate())
    return FileCrc(identity, keys, language, Answering(subject.party, "Made,Up"), directory / f"{subject.party}.jsonl", home)


def _onboard(database_url: str, documents: Sequence[profiles.Document]) -> None:
    migrate_quickly(database_url)
    with closing(open_store(database_url)) as store:
        operations = Operations(store=store, clock=bootstrap.clock, parts=bootstrap.onboarding_parts())
        for document in documents:
            organisation = operations.apply_profile(read_profile(document)).organisation.organisation_id
            operations.move(organisation, Standing.PROVING)
            operations.move(organisation, Standing.LIVE, without_conformance="a test")


def _settings(directory: Path, database_url: str, port: int) -> dict[str, str | int | float | bool]:
    return {
        "environment": "test",
        "data_dir": str(directory),
        "database_url": database_url,
        "audience": AUDIENCE,
        "keys_dir": str(directory / "keys"),
        "public_url": f"http://127.0.0.1:{port}",
        "http_port": port,
        "console_port": 0,
        "drop_root": str(directory / "files"),
        "drop_interval_seconds": 0.05,
        "sweep_seconds": 0.5,
        "sweeper_interval_seconds": 0.2,
        "relay_interval_seconds": 0.02,
        "lease_seconds": 1.5,
    }

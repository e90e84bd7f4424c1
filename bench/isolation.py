"""Isolation: whether one partner that is dead, slow or sends garbage makes the others' messages slower.

What it is: eight partners on push behind one gateway whose roles are processes of their own, and rounds in turn: all
of them well, and the same while one is down, one answers after five seconds, and one hands in garbage as fast as it can.
What it is not: throughput (`gateway bench`). Exits with 1 where a limit is missed: `python -m bench.isolation`.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, cycle
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from gateway import keystore
from gateway.rehearsal import profiles
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.case_system import CrcIdentity
from gateway.rehearsal.crc import CrcKeys
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.journal import Entry, Noted
from gateway.rehearsal.json_crc import JsonCrc
from gateway.rehearsal.languages import Answering, CanonicalLanguage
from gateway.rehearsal.measuring import machine, pin_to_two_cores, quantile
from gateway.rehearsal.profiles import Document, Subject
from gateway.rehearsal.programs import Program, Setting, write_settings
from gateway.rehearsal.services import clear, onboard, start_broker
from gateway.trust.certificates import CertificateUse
from schemas.receipts import Stage
from tests.support.doors import free_port
from tests.support.world import contact

DIRECTORY = Path("var") / "bench-isolation"
AUDIENCE = "interagency-gateway.bench"
LIMIT = 1.2
SENDER = "C01"
GOOD, DEAD, SLOW, WILD = ("C02", "C03", "C04", "C05", "C06"), "C07", "C08", "C09"
PARTIES = (SENDER, *GOOD, DEAD, SLOW, WILD)
ROLES = ("api", "relay", "courier", "sweeper")
TROUBLES = ("dead", "slow", "garbage")
SLOW_SECONDS = 5.0
EACH_PER_SECOND = 4
"""To each partner but the sender and the wild one, in every round: what differs is how they do."""
PATIENCE_SECONDS = 60.0
GARBAGE = os.urandom(2000)


@dataclass(slots=True)
class Meter:
    """When each message was handed in, accepted and applied, on one clock."""

    handed_in: dict[str, float] = field(default_factory=dict)
    accepted: dict[str, float] = field(default_factory=dict)
    applied: dict[str, float] = field(default_factory=dict)
    recipient: dict[str, str] = field(default_factory=dict)

    def outstanding(self, parties: Sequence[str]) -> int:
        """How many of what was sent to these is not applied yet."""
        return sum(1 for case, party in list(self.recipient.items()) if party in parties and case not in self.applied)


@dataclass(slots=True)
class Scene:
    """What was started."""

    base_url: str
    partners: Mapping[str, JsonCrc]
    authority: DevelopmentAuthority
    meter: Meter
    cases: Iterator[int] = field(default_factory=lambda: count(1))

    def send(self, party: str, case: str) -> None:
        """One message, in a case of its own, so that it waits for no other."""
        payload = contact(f"b-{case}", sender=SENDER, recipients=[party], crn=case)
        self.meter.recipient[case], self.meter.handed_in[case] = party, time.monotonic()
        held = self.partners[SENDER].send(payload)
        self.meter.accepted[case] = time.monotonic()
        if held is None or held.stage is not Stage.ACCEPTED:
            raise SystemExit("a message of the bench was not accepted")


def main() -> int:
    """Run it and print what was measured; 0 only if both ratios are within the limit and nothing was lost."""
    options = _options()
    cores = pin_to_two_cores()
    directory = options.directory.resolve()
    clear(directory)
    alone: list[str] = []
    troubled: list[str] = []
    garbage = 0
    with ExitStack() as stack:
        scene = _set_up(directory, stack)
        _round(scene, (*GOOD, DEAD, SLOW), options.seconds)
        for _ in range(options.rounds):
            alone += _round(scene, (*GOOD, DEAD, SLOW), options.seconds)
            with _trouble(scene, options.troubles), _garbage(scene, directory, wanted="garbage" in options.troubles) as sent:
                troubled += _round(scene, (*GOOD, DEAD, SLOW), options.seconds)
            garbage += sum(sent)
            _await_all(scene, (DEAD, SLOW))
        report = _report(scene.meter, alone, troubled, garbage) | {
            "rounds": options.rounds,
            "troubles": options.troubles,
            "seconds": options.seconds,
            "cores": cores,
            **machine(),
        }
    text = json.dumps(report, indent=2) if options.json else "\n".join(f"{name:24} {value}" for name, value in report.items())
    sys.stdout.write(text + "\n")
    return 0 if report["within_limit"] else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.isolation")
    parser.add_argument("--rounds", type=int, default=4, help="of each kind, in turn")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each round")
    parser.add_argument("--troubles", nargs="+", choices=TROUBLES, default=list(TROUBLES), help="to find out which one it is")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    return parser.parse_args()


def _round(scene: Scene, parties: Sequence[str], seconds: float) -> list[str]:
    """Messages at an even pace, whatever becomes of them; the cases of those for good partners, all applied."""
    per_second = EACH_PER_SECOND * len(parties)
    began, mine = time.monotonic(), []
    with ThreadPoolExecutor(8) as pool:
        sent = []
        for number, party in zip(range(int(per_second * seconds)), cycle(parties), strict=False):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            case = f"X{next(scene.cases):06}"
            sent.append(pool.submit(scene.send, party, case))
            mine += [case] if party in GOOD else []
        for one in sent:
            one.result()
    _await_all(scene, GOOD)
    return mine


def _await_all(scene: Scene, parties: Sequence[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := scene.meter.outstanding(parties):
        if time.monotonic() > deadline:
            raise SystemExit(f"{left} messages to {', '.join(parties)} were not applied within {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.05)


@contextmanager
def _trouble(scene: Scene, troubles: Sequence[str]) -> Iterator[None]:
    """One partner down, one slow; afterwards both well again."""
    dead, slow = scene.partners[DEAD], scene.partners[SLOW]
    if "dead" in troubles:
        dead.stop()
    slow.delay_seconds = SLOW_SECONDS if "slow" in troubles else 0.0
    try:
        yield
    finally:
        slow.delay_seconds = 0.0
        if "dead" in troubles:
            dead.start()


@contextmanager
def _garbage(scene: Scene, directory: Path, *, wanted: bool) -> Iterator[list[int]]:
    """One partner sending garbage. Yields the list that will hold how many pieces it sent."""
    told: list[int] = []
    if not wanted:
        yield told
        return
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    key = directory / "wild.pem"
    scene.partners[WILD].keys.auth.save(key)
    wild = spawn.Process(target=_send_garbage, args=(theirs, scene.base_url, str(directory / "authority"), str(key)))
    wild.start()
    ours.recv()
    try:
        yield told
    finally:
        ours.send("stop")
        told.append(ours.recv() if ours.poll(PATIENCE_SECONDS) else 0)
        wild.join(PATIENCE_SECONDS)


def _send_garbage(parent: Connection, base_url: str, authority: str, key: str) -> None:
    """A process of its own: an authenticated partner that hands in what nobody signed, without a pause."""
    organisation = _organisation(WILD)
    tls = DevelopmentAuthority(Path(authority)).client_context(organisation)
    link = GatewayLink(base_url, Caller(organisation, PartnerKey.load(Path(key)), AUDIENCE), tls)
    parent.send("ready")
    sent = 0
    while not parent.poll():
        answer = link.post("/v1/messages", GARBAGE)
        if answer.is_success:
            raise SystemExit("garbage was taken")
        sent += 1
    link.close()
    parent.send(sent)


def _report(meter: Meter, alone: Sequence[str], troubled: Sequence[str], garbage: int) -> dict[str, object]:
    found: dict[str, object] = {"schema": "bench-isolation/1", "messages_alone": len(alone), "messages_in_trouble": len(troubled), "garbage": garbage}
    within = True
    for name, start in (("accepted_to_applied", meter.accepted), ("handed_in_to_applied", meter.handed_in)):
        for label, share in (("p50", 0.5), ("p95", 0.95)):
            quiet, loud = (quantile(sorted(meter.applied[case] - start[case] for case in cases), share) for cases in (alone, troubled))
            found[f"{name}_{label}_ms"] = [round(1000 * quiet, 1), round(1000 * loud, 1)]
            found[f"{name}_{label}_ratio"] = round(loud / quiet, 2)
            within = within and (name != "accepted_to_applied" or loud / quiet <= LIMIT)
    return found | {"limit": LIMIT, "within_limit": within, "load_average": [round(one, 1) for one in os.getloadavg()]}


# -- setting up --------------------------------------------------------------------------------------------


def _set_up(directory: Path, stack: ExitStack) -> Scene:
    authority, meter = DevelopmentAuthority(directory / "authority"), Meter()
    partners = {party: _partner(party, directory, authority, meter) for party in PARTIES}
    subjects = [_subject(party) for party in PARTIES]
    broker = start_broker(directory, subjects, (), lambda _: None, stack)
    if broker is None:
        raise SystemExit("the bench needs an installed rabbitmq-server")
    for partner in partners.values():
        partner.start()
    port = free_port()
    base_url, database_url = f"https://localhost:{port}", f"sqlite:///{directory / 'gateway.db'}"
    keystore.create(directory / "keys", issuer=AUDIENCE, now=datetime.now(UTC))
    own = _settings(directory, authority, port, [partner.endpoint() for partner in partners.values()])
    write_settings(directory / "gateway.toml", own | {"database_url": database_url} | broker.settings())
    onboard(database_url, [_profile(_subject(party), partner, authority) for party, partner in partners.items()], broker, lambda _: None)
    programs = [Program(role, directory / "gateway.toml", directory / f"{role}.log", directory / f"{role}.pid") for role in ROLES]
    for program in programs:
        program.start(["serve", "--role", program.name])
        stack.callback(program.stop)
    for partner in partners.values():
        stack.callback(partner.close)
    with httpx.Client(verify=authority.client_context("bench"), timeout=5, trust_env=False) as client:
        programs[0].wait_until(lambda: _is_up(client, base_url))
    for party, partner in partners.items():
        partner.connect(base_url, authority.client_context(_organisation(party)))
    return Scene(base_url, partners, authority, meter)


def _is_up(client: httpx.Client, base_url: str) -> bool:
    try:
        return client.get(base_url + "/health/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _organisation(party: str) -> str:
    return f"bench-{party.lower()}"


def _subject(party: str) -> Subject:
    return Subject(organisation=_organisation(party), party=party, name=f"{party}, fictional")


def _partner(party: str, directory: Path, authority: DevelopmentAuthority, meter: Meter) -> JsonCrc:
    one = _subject(party)
    identity = CrcIdentity(organisation=one.organisation, party=party, name=one.name, gateway_audience=AUDIENCE)
    keys, answering = CrcKeys(PartnerKey.generate(), PartnerKey.generate()), Answering(party, "Made,Up")
    tls = authority.server_context(one.organisation)
    partner = JsonCrc(identity, keys, CanonicalLanguage(), answering, directory / "journals" / f"{party}.jsonl", tls)

    def note(entry: Entry) -> None:
        if entry.noted is Noted.APPLIED:
            meter.applied[entry.text("case")] = time.monotonic()

    partner.journal.follow(note)
    return partner


def _profile(one: Subject, partner: JsonCrc, authority: DevelopmentAuthority) -> Document:
    tls = authority.issue(one.organisation, CertificateUse.CLIENT)
    places = {"endpoint": partner.endpoint(), "receipt_endpoint": partner.receipt_endpoint()}
    document = profiles.pushed(one, dialect="canonical", sign=partner.keys.sign, auth=partner.keys.auth, tls=tls, **places)
    parties = document["parties"]
    if not isinstance(parties, list):
        raise TypeError("a profile has parties")
    parties[0]["outbound"]["timeout_seconds"] = 4 * SLOW_SECONDS
    return document


def _settings(directory: Path, authority: DevelopmentAuthority, port: int, endpoints: Sequence[str]) -> dict[str, Setting]:
    server, client = (authority.issue("gateway", use) for use in (CertificateUse.SERVER, CertificateUse.CLIENT))
    joined = directory / "authority" / "gateway-egress.pem"
    joined.touch(mode=0o600)
    joined.write_text(client.certificate_path.read_text() + client.key_path.read_text())
    return {
        "environment": "test",
        "log_level": "warning",
        "audience": AUDIENCE,
        "data_dir": directory,
        "keys_dir": directory / "keys",
        "public_url": f"https://localhost:{port}",
        "http_port": port,
        "client_certificates": "required",
        "tls_client_ca": authority.root_path,
        "tls_certificate": server.certificate_path,
        "tls_private_key": server.key_path,
        "egress_ca": authority.root_path,
        "egress_certificate": joined,
        "egress_allow": [httpx.URL(url).netloc.decode() for url in endpoints],
    }


if __name__ == "__main__":
    raise SystemExit(main())

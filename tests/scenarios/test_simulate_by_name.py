"""`gateway simulate ndelius` and `gateway simulate C05` beside `gateway serve`: four programs, loopback, and an operator's commands.

Only the first word is spoken by this test, with the keys of nDelius's own folder: a transfer request. What follows is between the programs.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from broker.free_ports import free_port
from gateway.rehearsal import interchange, simulator_folder
from gateway.rehearsal.gateway_link import Caller, GatewayLink
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.journal import Entry, Noted, read
from gateway.rehearsal.ndelius import NdeliusIdentity, NdeliusKeys, SimulatedNdelius
from gateway.rehearsal.simulator import AUTH, JOURNAL, PROFILE, Folder
from gateway.trust.certificates import CertificateUse
from gateway.trust.keyring import KeyUse
from gateway.trust.signing import key_record_from_certificate
from gateway.trust.wss import WssPackaging
from schemas.identifiers import OrganisationId
from tests.support.operators import installation
from tests.support.tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
LIMIT_SECONDS, PATIENCE_SECONDS = 60, 60.0
TERMS = {"version": "0-9-14", "retry": {"first_seconds": 0.2, "factor": 1.5, "longest_seconds": 1.0, "resend_seconds": 20.0}}
AGREED: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "N00": ("ndelius", {"dialect": "ndelius", "version": "0-9-14", "packaging": "wss"}),
    "C05": ("crc-thames", {"dialect": "caseflow", "version": "0-9-14", "packaging": "jws"}),
}
FROM_THE_CRC = "ConsolidatedTransferResponse"


class Stage:
    """A folder, the operator's commands, and where the programs' words go."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.base_url = path, f"http://localhost:{free_port()}"
        self.desk = installation(path / "gw", monkeypatch)
        self.set = monkeypatch.setenv
        for name, value in {"HTTP_PORT": self.base_url.rpartition(":")[2], "PUBLIC_URL": self.base_url, "CONSOLE_PORT": "0"}.items():
            self.set(f"GATEWAY_{name}", value)
        self.set("PYTHONPATH", str(ROOT))

    @contextmanager
    def program(self, name: str, *arguments: str) -> Iterator[None]:
        with (self.path / f"{name}.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "gateway", *arguments], cwd=self.path, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT_SECONDS) == 0, self.said(name)

    def said(self, name: str) -> str:
        return (self.path / f"{name}.log").read_text()[-3000:]

    def folder(self, name: str) -> Folder:
        return simulator_folder.load(self.path / "gw" / "simulators" / name)

    def journal(self, name: str, *noted: Noted) -> list[Entry]:
        path = self.path / "gw" / "simulators" / name / JOURNAL
        return [entry for entry in read(path) if entry.noted in noted] if path.exists() else []

    def waited(self, holds: Callable[[], object], *names: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, "\n".join(self.said(name) for name in names)
            time.sleep(0.1)


def agree(stage: Stage) -> None:
    """What was agreed with both, without keys: those of the simulators come with their own profiles."""
    for party, (organisation, terms) in AGREED.items():
        outbound = {**terms, "mode": "push", "endpoint": f"https://{organisation}.example/in", "retry": TERMS["retry"]}
        one = {"code": party, "name": "Made up", "inbound": terms, "outbound": outbound}
        profile = {"organisation": {"id": organisation, "name": "Made up (fictional)"}, "parties": [one]}
        stage.desk.ask("partner", "apply", stage.desk.write(f"{organisation}.json", profile), "--yes")


def connect(stage: Stage, names: tuple[str, ...]) -> None:
    """The simulators' own profiles, applied; and the gateway is allowed to call them."""
    folders = [stage.folder(name) for name in names]
    roots = "".join((folder.path / "authority" / "root.pem").read_text() for folder in folders)
    (stage.path / "roots.pem").write_text(roots)
    stage.set("GATEWAY_EGRESS_CA", str(stage.path / "roots.pem"))
    stage.set("GATEWAY_EGRESS_ALLOW", json.dumps([f"localhost:{folder.listen().port}" for folder in folders]))
    for folder in folders:
        stage.desk.ask("partner", "apply", str(folder.path / PROFILE), "--yes")
        stage.desk.ask("partner", "standing", folder.said.organisation, "proving")
        stage.desk.ask("partner", "standing", folder.said.organisation, "live", "--without-conformance", "a test")


@contextmanager
def hand_of_ndelius(stage: Stage) -> Iterator[SimulatedNdelius]:
    """Somebody who works at nDelius: its keys, and another journal."""
    folder = stage.folder("ndelius")
    said, tls = folder.said, folder.client_tls()
    identity = NdeliusIdentity(organisation=said.organisation, party=said.party, name=said.name, gateway_audience=said.gateway.audience)
    keys = NdeliusKeys(folder.authority().issue(said.organisation, CertificateUse.SIGN).signer(), PartnerKey.load(folder.path / AUTH))
    n00 = SimulatedNdelius(identity, keys, WssPackaging(), stage.path / "hand.jsonl", folder.authority().server_context(said.organisation))
    link = GatewayLink(stage.base_url, Caller(said.organisation, keys.auth, said.gateway.audience), tls)
    try:
        record = key_record_from_certificate(link.published_certificates()[-1], organisation=OrganisationId("gateway"), use=KeyUse.SIGN, speaks_for=())
        n00.connect(stage.base_url, tls, record)
        yield n00
    finally:
        link.close()
        n00.close()


def is_ready(stage: Stage) -> bool:
    try:
        return httpx.get(stage.base_url + "/health/ready", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def values(number: int) -> dict[str, str]:
    taker = {"OMTransferToProvider": "C05", "OMTransferToResponsibleTeam": "C05KNT", "OMTransferToResponsibleOfficer": "C05A192"}
    return {"CaseReferenceNumber": f"X60{number:04}", "TransferID": str(2_500_000_000 + number), "SPGVersion": "0" * 32, **taker}


def test_two_partners_by_name_and_a_message_between_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, names = Stage(tmp_path, monkeypatch), ("ndelius", "C05")
    agree(stage)
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(stage.program(name, "simulate", name))
        for name in names:
            stage.waited(lambda name=name: "waiting for the gateway" in stage.said(name), name)  # type: ignore[misc]
        connect(stage, names)
        stack.enter_context(stage.program("serve", "serve"))
        stage.waited(lambda: is_ready(stage), "serve")
        for name in names:
            stage.waited(lambda name=name: "is connected" in stage.said(name), name)  # type: ignore[misc]
        n00 = stack.enter_context(hand_of_ndelius(stage))

        # -- one asks, the other answers by itself, and its answer is applied and receipted
        assert n00.send(interchange.TRANSFER_REQUEST, "C05", values(1))[1].accepted

        def answered() -> list[Entry]:
            return [entry for entry in stage.journal("ndelius", Noted.APPLIED) if entry.text("type") == FROM_THE_CRC]

        stage.waited(answered, "serve", "C05", "ndelius")
        (sent,) = stage.journal("C05", Noted.SENT)
        assert (sent.text("type"), sent.text("receiver"), sent.text("case")) == (FROM_THE_CRC, "N00", "X600001")
        stage.waited(lambda: [one for one in stage.journal("C05", Noted.RECEIPT) if one.text("stage") == "applied"], "serve", "C05")
        (accepted,) = stage.journal("C05", Noted.ACCEPTED)
        assert accepted.text("reference") == sent.text("reference")

        # -- a fault, written into its file while it runs, and taken away again
        faults = stage.folder("C05").path / "faults.txt"
        faults.write_text("http-503-then-ok\nnot-applied-everything\n")
        assert n00.send(interchange.TRANSFER_REQUEST, "C05", values(2))[1].accepted
        stage.waited(lambda: stage.journal("C05", Noted.NOT_APPLIED), "serve", "C05")
        assert [one.text("case") for one in stage.journal("C05", Noted.NOT_APPLIED)] == ["X600002"]
        faults.write_text("")
        assert n00.send(interchange.TRANSFER_REQUEST, "C05", values(3))[1].accepted
        stage.waited(lambda: len(answered()) == 2, "serve", "C05", "ndelius")
        assert [one.text("case") for one in stage.journal("C05", Noted.APPLIED)] == ["X600001", "X600003"]
    assert "has stopped" in stage.said("C05")
    assert "has stopped" in stage.said("ndelius")

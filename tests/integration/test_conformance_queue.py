"""The conformance kit before a partner on its queue in a real RabbitMQ: a simulator with a broker user of its own.

Nothing is shared with it but the broker, and the keys that each publishes.
"""

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from broker.free_ports import free_port
from broker.topology import PARTNERS
from gateway.commands.output import Exit
from gateway.rehearsal import simulator, simulator_folder
from tests.support.brokered import point_at
from tests.support.operators import Installation, installation
from tests.support.rabbitmq import PrivateVhosts

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(180)]
ON_TRIAL = ("conformance", "run", "--partner", "C05", "--json")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rabbitmq: PrivateVhosts) -> Installation:
    made = installation(tmp_path / "gateway", monkeypatch)
    point_at(rabbitmq, monkeypatch)
    monkeypatch.setenv("GATEWAY_HTTP_PORT", str(free_port()))
    return made


@pytest.fixture
def organisation(rabbitmq: PrivateVhosts) -> Iterator[str]:
    """Broker users are shared by all vhosts of the node."""
    name = f"crc-{secrets.token_hex(4)}"
    yield name
    rabbitmq.admin.remove_user(name)


def onboard(desk: Installation, organisation: str, dialect: str, vhosts: PrivateVhosts) -> simulator.Folder:
    """As an operator does it: a folder, its profile applied, its broker user made, its password handed over."""
    folder, audience = desk.folder / "thames", "interagency-gateway.dev"
    wish = {"dialect": dialect, "channel": "queue", "gateway_url": f"http://localhost:{os.environ['GATEWAY_HTTP_PORT']}", "audience": audience}
    simulator_folder.create(folder, simulator_folder.Wish(organisation=organisation, party="C05", **wish))
    desk.ask("partner", "apply", str(folder / "profile.yaml"), "--yes")
    users = desk.ask("broker", "apply", "--yes")["users"]
    assert isinstance(users, list)
    url = vhosts.urls_of(organisation, users[0]["password"])[PARTNERS]
    said = yaml.safe_load((folder / "partner.yaml").read_text())
    (folder / "partner.yaml").write_text(yaml.safe_dump(said | {"broker": {"url": url, "user": organisation}}))
    desk.ask("partner", "standing", organisation, "proving")
    return simulator_folder.load(folder)


@contextmanager
def running(folder: simulator.Folder, *faults: str) -> Iterator[None]:
    stop, reports = threading.Event(), list[str]()
    thread = threading.Thread(target=simulator.run, args=(folder, faults, stop, reports.append))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert reports[-1] == "C05 has stopped"


@pytest.mark.parametrize("dialect", ["canonical", "caseflow"])
def test_a_good_partner_on_its_queue_passes_and_goes_live(desk: Installation, organisation: str, rabbitmq: PrivateVhosts, dialect: str) -> None:
    folder = onboard(desk, organisation, dialect, rabbitmq)
    with running(folder):
        report = desk.run(*ON_TRIAL, "--patience", "20")
    results = report.json["cases"]
    assert isinstance(results, list)
    assert [(one["id"], one["found"]) for one in results if one["verdict"] == "failed"] == []
    assert report.code == 0
    assert sum(one["verdict"] == "passed" for one in results) >= 50
    assert desk.ask("partner", "standing", organisation, "live")["standing"] == "live"


@pytest.mark.parametrize(("fault", "group"), [("receipt-never", "receipts"), ("accepts-bad-signature", "signature"), ("accepts-wrong-audience", "audience")])
def test_a_spoiled_partner_on_its_queue_does_not(
    desk: Installation, organisation: str, rabbitmq: PrivateVhosts, monkeypatch: pytest.MonkeyPatch, fault: str, group: str
) -> None:
    monkeypatch.setattr("gateway.commands.proving.WARM_UP_SECONDS", 1.0)
    folder = onboard(desk, organisation, "canonical", rabbitmq)
    with running(folder, fault):
        said = desk.run(*ON_TRIAL, "--group", group, "--patience", "1")
    assert said.code == Exit.CHECKS_FAILED, said.out[-800:]
    assert said.json["passed"] is False


def test_without_rabbitmq_it_is_not_tried(desk: Installation, organisation: str, rabbitmq: PrivateVhosts, monkeypatch: pytest.MonkeyPatch) -> None:
    onboard(desk, organisation, "canonical", rabbitmq)
    monkeypatch.setenv("GATEWAY_BROKER", "memory")
    said = desk.run(*ON_TRIAL)
    assert (said.code, said.error["code"]) == (Exit.USAGE, "conformance-not-possible")

"""`gateway simulate NAME`: a partner by its code or its organisation, its folder made at first use, and found again."""

import shutil
import threading
from pathlib import Path

import pytest
import yaml

from gateway.commands.output import CommandError
from gateway.commands.simulating import folder_of
from gateway.rehearsal import simulator
from gateway.rehearsal.simulator import BrokerEntry, Folder
from tests.support.operators import Installation

PARTNERS = Path(__file__).parents[3] / "partners"
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place with the example set, and no store yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("GATEWAY_DROP_ROOT", str(tmp_path / "drop"))
    shutil.copytree(PARTNERS, tmp_path / "partners")
    return tmp_path


def test_a_name_has_a_folder_at_home_made_once(house: Path) -> None:
    made = folder_of("ndelius")
    assert made.path.resolve() == (house / "var" / "simulators" / "ndelius").resolve()
    assert (made.said.dialect, made.said.party) == ("ndelius", "N00")
    key = (made.path / simulator.SIGN).read_bytes()
    assert folder_of("ndelius") == made
    assert (made.path / simulator.SIGN).read_bytes() == key
    assert folder_of(str(made.path)) == made, "a folder is a folder still"


def test_a_code_brings_its_siblings_along(house: Path) -> None:
    del house
    said = folder_of("C15").said
    assert (said.organisation, said.party, said.dialect, said.channel) == ("working-links", "C15", "flatfile", "drop")
    assert said.also == ("C10", "C19")


@pytest.mark.parametrize("name", sorted(yaml.safe_load(path.read_text(encoding="utf-8"))["organisation"]["id"] for path in PARTNERS.glob("*.yaml")))
def test_every_partner_of_the_example_set_can_be_simulated(house: Path, name: str) -> None:
    folder, stop = folder_of(name), threading.Event()
    if folder.said.home is not None:
        Path(folder.said.home).mkdir(parents=True)
    if folder.said.channel == "queue":
        broker = BrokerEntry(url="amqp://nobody:nothing@localhost:9/partners", user="nobody")
        folder = Folder(folder.path, folder.said.model_copy(update={"broker": broker}))

    def report(sentence: str) -> None:
        if "waiting for the gateway" in sentence:
            stop.set()

    nobody = folder.said.gateway.model_copy(update={"url": "http://localhost:9"})
    folder = Folder(folder.path, folder.said.model_copy(update={"gateway": nobody}))
    assert simulator.run(folder, (), stop, report) == 0
    assert house in folder.path.resolve().parents


def test_who_is_nobody_is_said(house: Path) -> None:
    del house
    with pytest.raises(CommandError):
        folder_of("C99")


def test_what_was_agreed_in_the_store_goes_first(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    agreed = {"dialect": "canonical", "version": "0-9-14", "packaging": "jws"}
    party = {"code": "C15", "name": "Thames", "inbound": agreed, "outbound": {**agreed, "mode": "shelf"}}
    profile = {"organisation": {"id": "crc-thames", "name": "Thames (fictional)"}, "parties": [party]}
    assert desk.run("partner", "apply", desk.write("thames.json", profile), "--yes").code == 0
    monkeypatch.chdir(PARTNERS.parent)
    said = folder_of("C15").said
    assert (said.organisation, said.dialect, said.channel) == ("crc-thames", "canonical", "shelf")

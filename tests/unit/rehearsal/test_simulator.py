"""The folder of a simulated partner: its profile can be applied, and the program in it starts, waits and stops."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from gateway import bootstrap
from gateway.partners.directory import Directory
from gateway.partners.plan import plan
from gateway.partners.profile import read_profile
from gateway.rehearsal import simulator, simulator_folder
from gateway.rehearsal.journal import Noted, read
from gateway.rehearsal.simulator import BrokerEntry, Folder, NotConfiguredError
from gateway.rehearsal.simulator_folder import Wish

WAYS = (
    ("canonical", "push"),
    ("caseflow", "queue"),
    ("canonical", "shelf"),
    ("ndelius", "push"),
    ("domain-events", "push"),
    ("domain-events", "queue"),
    ("flatfile", "drop"),
)


def made(path: Path, dialect: str, channel: str, *, own_ids: bool = False) -> Folder:
    home = path / "home"
    home.mkdir()
    wish = Wish(
        organisation="larkspur",
        party="C07",
        dialect=dialect,
        channel=channel,
        gateway_url="http://localhost:9",
        audience="gateway.test",
        home=str(home) if channel == "drop" else "",
        own_ids=own_ids,
    )
    folder = simulator_folder.create(path / "partner", wish)
    assert simulator_folder.load(path / "partner") == folder
    if channel != "queue":
        return folder
    return Folder(folder.path, folder.said.model_copy(update={"broker": BrokerEntry(url="amqp://nobody:nothing@localhost:9/partners", user="nobody")}))


@pytest.mark.parametrize(("dialect", "channel"), WAYS)
def test_its_profile_can_be_applied_as_it_stands(tmp_path: Path, dialect: str, channel: str) -> None:
    folder = made(tmp_path, dialect, channel)
    profile = read_profile(yaml.safe_load((folder.path / simulator.PROFILE).read_text()))
    planned = plan(Directory(), profile, bootstrap.onboarding_parts(), datetime.now(UTC))
    assert planned.organisation.organisation_id == "larkspur"
    (outbound,) = [agreement for agreement, _ in planned.agreements if agreement.direction.value == "outbound"]
    assert (outbound.dialect, outbound.mode.value) == (dialect, channel)
    assert (folder.path / simulator.CONFIGURATION).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("dialect", "channel"), WAYS)
def test_it_waits_for_the_gateway_and_stops_when_it_is_told(tmp_path: Path, dialect: str, channel: str) -> None:
    folder, stop, said = made(tmp_path, dialect, channel), threading.Event(), list[str]()

    def report(sentence: str) -> None:
        said.append(sentence)
        if "waiting for the gateway" in sentence:
            stop.set()

    faults = ("receipt-never",) if dialect in ("canonical", "ndelius") else ()
    assert simulator.run(folder, faults, stop, report) == 0
    assert "faults: " + (",".join(faults) or "none") in said[0]
    assert said[-1] == "C07 has stopped"
    noted = [entry.noted for entry in read(folder.path / simulator.JOURNAL)]
    assert noted == ([Noted.UP] if channel == "push" else [])


@pytest.mark.parametrize(("dialect", "channel"), [("ndelius", "shelf"), ("flatfile", "push"), ("welsh", "push"), ("canonical", "pigeon")])
def test_what_no_partner_can_be_is_said(tmp_path: Path, dialect: str, channel: str) -> None:
    with pytest.raises(NotConfiguredError):
        made(tmp_path, dialect, channel)


@pytest.mark.parametrize(("dialect", "channel"), [way for way in WAYS if way[0] != "ndelius"])
def test_one_with_own_ids_has_them_agreed_both_ways_and_says_them(tmp_path: Path, dialect: str, channel: str) -> None:
    folder = made(tmp_path, dialect, channel, own_ids=True)
    planned = plan(Directory(), read_profile(yaml.safe_load((folder.path / simulator.PROFILE).read_text())), bootstrap.onboarding_parts(), datetime.now(UTC))
    assert [agreement.own_ids for agreement, _ in planned.agreements] == [True, True]
    assert simulator._identity(folder.said).own_ids


def test_spg_has_no_place_for_own_ids(tmp_path: Path) -> None:
    with pytest.raises(NotConfiguredError, match="own ids"):
        made(tmp_path, "ndelius", "push", own_ids=True)


def test_a_broken_configuration_is_said_without_what_stands_in_it(tmp_path: Path) -> None:
    (tmp_path / simulator.CONFIGURATION).write_text("broker: {url: amqp://u:secret@host}")
    with pytest.raises(NotConfiguredError) as error:
        simulator_folder.load(tmp_path)
    assert "secret" not in str(error.value)

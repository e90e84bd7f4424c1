"""The kit before partners on files and consumers of events as it meets real ones: over their folders, endpoint or mailbox.

The partner is a simulator, run from a folder of its own as `gateway simulate` does; nothing is shared with it but what both publish.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from broker.free_ports import free_port
from gateway.commands.output import Exit
from gateway.rehearsal import simulator, simulator_folder
from gateway.rehearsal.journal import Noted, read
from tests.support.operators import Installation, installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
ON_TRIAL = ("conformance", "run", "--partner", "C05", "--json")
WAYS = [("flatfile", "drop"), ("canonical", "drop"), ("domain-events", "push"), ("domain-events", "shelf")]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    port, made = free_port(), installation(tmp_path / "gateway", monkeypatch)
    monkeypatch.setenv("GATEWAY_HTTP_PORT", str(port))
    monkeypatch.setenv("GATEWAY_PUBLIC_URL", f"http://localhost:{port}")
    monkeypatch.setenv("GATEWAY_DROP_ROOT", str(tmp_path / "files"))
    (tmp_path / "files").mkdir()
    return made


def home_of(desk: Installation) -> Path:
    return desk.folder.parent / "files" / "crc-thames"


def onboard(desk: Installation, monkeypatch: pytest.MonkeyPatch, dialect: str, channel: str) -> simulator.Folder:
    """As an operator does it."""
    folder, home = desk.folder / "thames", home_of(desk)
    if channel == "drop":
        for name in ("inbox", "outbox/receipts", "done", "quarantine"):
            (home / name).mkdir(parents=True)
    wish = simulator_folder.Wish(
        organisation="crc-thames",
        party="C05",
        dialect=dialect,
        channel=channel,
        gateway_url=os.environ["GATEWAY_PUBLIC_URL"],
        audience="interagency-gateway.dev",
        home=str(home) if channel == "drop" else "",
    )
    made = simulator_folder.create(folder, wish)
    if channel == "push":
        monkeypatch.setenv("GATEWAY_EGRESS_ALLOW", f'["localhost:{made.listen().port}"]')
        monkeypatch.setenv("GATEWAY_EGRESS_CA", str(folder / "authority" / "root.pem"))
    desk.ask("partner", "apply", str(folder / simulator.PROFILE), "--yes")
    desk.ask("partner", "standing", "crc-thames", "proving")
    return made


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


def files_in(*folders: Path) -> list[str]:
    return [path.name for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("dialect", "channel"), WAYS)
def test_a_good_partner_passes_and_goes_live(desk: Installation, monkeypatch: pytest.MonkeyPatch, dialect: str, channel: str) -> None:
    folder = onboard(desk, monkeypatch, dialect, channel)
    with running(folder):
        report = desk.run(*ON_TRIAL, "--patience", "20")
    results = report.json["cases"]
    assert isinstance(results, list)
    assert [(one["id"], one["found"]) for one in results if one["verdict"] == "failed"] == []
    assert report.code == 0
    passed = {one["group"] for one in results if one["verdict"] == "passed"}
    assert ("files" if channel == "drop" else "details") in passed
    assert sum(one["verdict"] == "passed" for one in results) >= 50
    assert desk.ask("partner", "standing", "crc-thames", "live")["standing"] == "live"
    assert Noted.APPLIED in [entry.noted for entry in read(folder.path / simulator.JOURNAL)]
    if channel == "drop":
        assert files_in(home_of(desk) / "outbox", home_of(desk) / "inbox") == []
        assert files_in(home_of(desk) / "done"), "what a real partner put down is kept"


@pytest.mark.parametrize(
    ("dialect", "channel", "fault", "group"),
    [
        ("flatfile", "drop", "ignores-manifest-digests", "files"),
        ("canonical", "drop", "manifest-first", "files"),
        ("flatfile", "drop", "receipt-never", "receipts"),
        ("domain-events", "push", "fetches-from-anywhere", "details"),
        ("domain-events", "push", "ignores-detail-digest", "details"),
        ("domain-events", "shelf", "ignores-detail-digest", "details"),
    ],
)
def test_a_spoiled_one_does_not(desk: Installation, monkeypatch: pytest.MonkeyPatch, dialect: str, channel: str, fault: str, group: str) -> None:
    monkeypatch.setattr("gateway.commands.proving.WARM_UP_SECONDS", 2.0)
    folder = onboard(desk, monkeypatch, dialect, channel)
    with running(folder, fault):
        said = desk.run(*ON_TRIAL, "--group", group, "--patience", "1")
    assert said.code == Exit.CHECKS_FAILED, said.out[-800:]
    assert said.json["passed"] is False


def test_what_lies_in_an_inbox_is_not_the_kits_to_take(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    onboard(desk, monkeypatch, "flatfile", "drop")
    (home_of(desk) / "inbox" / "000017.csv").write_text("made up")
    said = desk.run(*ON_TRIAL)
    assert (said.code, said.error["code"]) == (Exit.USAGE, "conformance-not-possible")
    assert files_in(home_of(desk)) == ["000017.csv"]


def test_without_its_folders_it_is_not_tried(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = onboard(desk, monkeypatch, "flatfile", "drop")
    (home_of(desk) / "done").rmdir()
    said = desk.run(*ON_TRIAL)
    assert (said.code, said.error["code"]) == (Exit.USAGE, "conformance-not-possible")
    assert "done" in str(said.error)
    monkeypatch.delenv("GATEWAY_DROP_ROOT")
    assert "drop_root" in str(desk.run(*ON_TRIAL).error)
    assert yaml.safe_load((folder.path / simulator.CONFIGURATION).read_text())["home"] == str(home_of(desk))

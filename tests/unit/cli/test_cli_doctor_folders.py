"""`gateway doctor` and the folders of partners that exchange files."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.audit.events import AuditCode, AuditEvent
from gateway.commands import folder_checks
from gateway.commands.context import now
from gateway.contract import Store
from gateway.partners.party import Standing
from tests.support.drop_folders import make_folders
from tests.support.operators import Installation

FILED = {
    "organisation": {"id": "crc-filed", "name": "Files CRC (fictional)"},
    "parties": [
        {
            "code": "C09",
            "name": "Files",
            "inbound": {"dialect": "flatfile", "version": "0-9-14", "packaging": "detached", "mode": "drop"},
            "outbound": {"dialect": "flatfile", "version": "0-9-14", "packaging": "detached", "mode": "drop"},
        }
    ],
}


@pytest.fixture
def root(desk: Installation, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folders of the only file partner should be; it is applied, and its folders are not made."""
    desk.ask("partner", "apply", desk.write("filed.json", FILED), "--yes")
    root = desk.folder / "drop"
    root.mkdir()
    monkeypatch.setenv("GATEWAY_DROP_ROOT", str(root))
    return root


def found(desk: Installation, name: str = "folders of crc-filed") -> tuple[str, str, str]:
    listed = desk.run("doctor", "--json").json["checks"]
    assert isinstance(listed, list)
    [check] = [one for one in listed if one["name"] == name]
    return check["state"], check["found"], check["remedy"]


def go_live(store: Store) -> None:
    """Its keys are another matter."""
    [record] = store.partners.directory().organisations.values()
    event = AuditEvent(AuditCode.PARTNER_CHANGED, now(), record.organisation_id, {})
    store.partners.put_organisation(replace(record, standing=Standing.LIVE), event)


def test_without_such_a_partner_there_is_nothing_to_look_at(desk: Installation) -> None:
    assert found(desk, "drop folders")[0] == "skipped"


def test_without_a_root_their_messages_wait(desk: Installation, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del root
    monkeypatch.delenv("GATEWAY_DROP_ROOT")
    state, said, _ = found(desk, "drop folders")
    assert (state, said) == ("FAILED", "no drop_root: messages of crc-filed wait")


def test_folders_that_are_there_are_good(desk: Installation, root: Path) -> None:
    make_folders(root, "crc-filed")
    assert found(desk) == ("ok", "all there and writable, 0 batches in quarantine, none new", "")


@pytest.mark.parametrize("missing", ["inbox", "done", "quarantine", "outbox/receipts"])
def test_a_missing_folder_is_named(desk: Installation, root: Path, missing: str) -> None:
    (make_folders(root, "crc-filed") / missing).rmdir()
    state, said, remedy = found(desk)
    assert (state, said) == ("warning", f"{missing} is missing")
    assert remedy


def test_of_a_live_partner_it_is_a_failure(desk: Installation, root: Path) -> None:
    desk.change(go_live)
    assert found(desk)[0] == "FAILED"
    assert found(desk)[1].startswith("inbox is missing; done is missing")
    make_folders(root, "crc-filed")
    assert found(desk)[0] == "ok"


def test_a_link_is_no_folder(desk: Installation, root: Path) -> None:
    home = make_folders(root, "crc-filed")
    (home / "done").rmdir()
    (home / "done").symlink_to(home / "inbox", target_is_directory=True)
    assert found(desk)[1] == "done is no folder (a link counts as none)"


def test_what_this_account_may_not_write_is_told(desk: Installation, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_folders(root, "crc-filed")
    # root may write everywhere, so the answer of the system is stood in for
    monkeypatch.setattr(folder_checks.os, "access", lambda path, *_, **__: Path(path) != home / "inbox")
    assert found(desk)[1] == "inbox cannot be written by this account"


@pytest.mark.parametrize(("apart", "state"), [("quarantine", "warning"), ("done", "warning"), ("receipts", "ok")])
def test_two_file_systems_are_told_where_files_move_between_them(
    desk: Installation, root: Path, monkeypatch: pytest.MonkeyPatch, apart: str, state: str
) -> None:
    make_folders(root, "crc-filed")
    # a second file system needs a mount, which tests may not make
    monkeypatch.setattr(folder_checks, "device_of", lambda path: int(path.name == apart))
    assert found(desk)[0] == state
    assert state == "ok" or found(desk)[1] == "inbox, done and quarantine are not on one file system"


def test_quarantine_that_grows_is_told_and_what_lies_there_for_long_is_counted(desk: Installation, root: Path) -> None:
    quarantine = make_folders(root, "crc-filed") / "quarantine"
    for name in ("000001-a", "000002-b"):
        (quarantine / name).mkdir()
        (quarantine / f"{name}.fault.json").write_text("{}")
    assert found(desk)[:2] == ("warning", "2 of 2 batches in quarantine came within a day")
    earlier = time.time() - 2 * 24 * 3600
    os.utime(quarantine / "000001-a.fault.json", (earlier, earlier))
    assert found(desk)[1] == "1 of 2 batches in quarantine came within a day"
    os.utime(quarantine / "000002-b.fault.json", (earlier, earlier))
    assert found(desk)[:2] == ("ok", "all there and writable, 2 batches in quarantine, none new")


def test_folders_that_are_made_when_needed_may_be_missing(desk: Installation, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_DROP_MAKE_FOLDERS", "true")
    assert found(desk)[0] == "ok"
    (root / "crc-filed").mkdir()
    assert found(desk)[0] == "warning", "a home that lacks something may be a mount that is away"

"""The channel `drop`: whole batches or none, whatever happens on the way."""

import errno
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.channels import drop_folder
from adapters.channels.catalogue import CHANNELS
from adapters.channels.drop_folder import Folder, NotPlainError, UnsafeNameError
from adapters.channels.file_drop import FileDropChannel
from adapters.contract import Address, HandedOver, Handover, TryLater, WireMessage
from schemas.faults import FaultCode
from schemas.identifiers import OrganisationId, PartyCode
from tests.support.drop_folders import Killed, full_disk, interrupted, make_folders

NORTH, NOBODY = OrganisationId("north-crc"), OrganisationId("nobody")
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DOCUMENT = b"H;N00;000017\r\n1;X000001;made up\r\nT;1\r\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_folders(tmp_path, NORTH)


@pytest.fixture
def channel(tmp_path: Path, home: Path) -> FileDropChannel:
    assert home.is_dir()
    return FileDropChannel(tmp_path, clock=lambda: NOW)


def address(message_id: str = "0190-a", *, organisation: OrganisationId = NORTH, recipient: str = "C05", is_receipt: bool = False) -> Address:
    return Address(organisation=organisation, recipient=PartyCode(recipient), message_id=message_id, is_receipt=is_receipt)


def signed(document: bytes = DOCUMENT, mark: str = "h..s", media_type: str = "text/csv") -> WireMessage:
    return WireMessage(document, media_type, {"signature": mark})


def hand(channel: FileDropChannel, *items: tuple[WireMessage, Address]) -> list[Handover]:
    return list(channel.hand_over(items))


def later(outcome: Handover) -> str:
    assert isinstance(outcome, TryLater)
    assert outcome.fault.code is FaultCode.RECIPIENT_UNREACHABLE
    assert outcome.answer is None
    return outcome.fault.detail


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.is_file())


def complete(folder: Path) -> dict[str, dict[str, bytes]]:
    """What a partner takes: each manifest with the files that it names, all of them there and as it says."""
    found: dict[str, dict[str, bytes]] = {}
    for manifest in sorted(folder.glob("*.manifest.json")):
        said = json.loads(manifest.read_bytes())
        files = {entry["name"]: (folder / entry["name"]).read_bytes() for entry in said["files"]}
        for entry in said["files"]:
            assert len(files[entry["name"]]) == entry["size"]
            assert hashlib.sha256(files[entry["name"]]).hexdigest() == entry["sha256"]
        found[said["id"]] = files
    return found


def test_the_catalogue_names_it_as_it_names_itself(tmp_path: Path) -> None:
    assert CHANNELS["drop"](tmp_path).name == "drop"


def test_a_message_is_its_document_its_signature_and_a_manifest(channel: FileDropChannel, home: Path) -> None:
    assert hand(channel, (signed(), address())) == [HandedOver()]
    assert names(home / "outbox") == ["C05-0190-a.csv", "C05-0190-a.csv.jws", "C05-0190-a.manifest.json"]
    assert (home / "outbox" / "C05-0190-a.csv").read_bytes() == DOCUMENT
    assert (home / "outbox" / "C05-0190-a.csv.jws").read_bytes() == b"h..s"
    assert json.loads((home / "outbox" / "C05-0190-a.manifest.json").read_bytes()) == {
        "manifest": 1,
        "id": "C05-0190-a",
        "kind": "message",
        "message_id": "0190-a",
        "recipient": "C05",
        "prepared_at": "2026-03-02T09:30:00Z",
        "files": [
            {"name": "C05-0190-a.csv", "media_type": "text/csv", "size": len(DOCUMENT), "sha256": hashlib.sha256(DOCUMENT).hexdigest()},
            {"name": "C05-0190-a.csv.jws", "media_type": "application/jose", "size": 4, "sha256": hashlib.sha256(b"h..s").hexdigest()},
        ],
    }


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("application/json", "C05-0190-a.json"),
        ("application/xml; charset=utf-8", "C05-0190-a.xml"),
        ("application/octet-stream", "C05-0190-a.bin"),
        ("image/../../etc", "C05-0190-a.bin"),
    ],
)
def test_the_media_type_chooses_the_ending(channel: FileDropChannel, home: Path, media_type: str, name: str) -> None:
    hand(channel, (signed(media_type=media_type), address()))
    assert name in names(home / "outbox")
    said = json.loads((home / "outbox" / "C05-0190-a.manifest.json").read_bytes())
    assert said["files"][0]["media_type"] == media_type


def test_receipts_lie_apart(channel: FileDropChannel, home: Path) -> None:
    wire = WireMessage(b"a.b.c", "application/jose")
    assert hand(channel, (wire, address("r-1", is_receipt=True))) == [HandedOver()]
    assert complete(home / "outbox") == {}
    assert complete(home / "outbox/receipts") == {"r-1": {"r-1.receipt.jws": b"a.b.c"}}


def test_in_order_of_name_is_in_order_of_acceptance_whatever_the_ids(channel: FileDropChannel, home: Path) -> None:
    ids = ["0190-c", "0190-a", "0190-b"]
    for number, message_id in enumerate(ids, start=9):
        for is_receipt in (False, True):
            (outcome,) = hand(channel, (signed(), replace(address(message_id, is_receipt=is_receipt), sequence=number)))
            assert isinstance(outcome, HandedOver)
    messages = [name for name in names(home / "outbox") if name.endswith(".csv")]
    assert messages == [f"C05-{number:012}-{message_id}.csv" for number, message_id in enumerate(ids, start=9)]
    receipts = [name for name in names(home / "outbox/receipts") if name.endswith(".receipt.jws")]
    assert receipts == [f"{number:012}-{message_id}.receipt.jws" for number, message_id in enumerate(ids, start=9)]


def test_two_parties_of_one_organisation_may_be_sent_the_same_message(channel: FileDropChannel, home: Path) -> None:
    hand(channel, (signed(b"five"), address()), (signed(b"six"), address(recipient="C06")))
    assert [files[f"{stem}.csv"] for stem, files in complete(home / "outbox").items()] == [b"five", b"six"]


def _state(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {name: ((at := (folder / name).stat()).st_ino, at.st_mtime_ns, (folder / name).read_bytes()) for name in names(folder)}


@pytest.mark.parametrize("form", ["detached", "compact"])
def test_handing_over_again_changes_nothing_while_it_lies_there(channel: FileDropChannel, home: Path, form: str) -> None:
    def wire(mark: str) -> WireMessage:
        return signed(mark=f"h..{mark}") if form == "detached" else WireMessage(f"h.p.{mark}".encode(), "application/jose")

    hand(channel, (wire("first"), address()))
    before = _state(home / "outbox")
    assert hand(channel, (wire("again"), address())) == [HandedOver()]
    assert _state(home / "outbox") == before


def test_what_the_partner_took_is_put_down_again(channel: FileDropChannel, home: Path) -> None:
    hand(channel, (signed(), address()))
    for name in names(home / "outbox"):
        (home / "outbox" / name).unlink()
    hand(channel, (signed(mark="h..again"), address()))
    assert complete(home / "outbox")["C05-0190-a"] == {"C05-0190-a.csv": DOCUMENT, "C05-0190-a.csv.jws": b"h..again"}


@pytest.mark.parametrize(
    "bend",
    [
        lambda outbox: (outbox / "C05-0190-a.csv").unlink(),
        lambda outbox: (outbox / "C05-0190-a.csv").write_bytes(b"half"),
        lambda outbox: (outbox / "C05-0190-a.manifest.json").unlink(),
        lambda outbox: (outbox / "C05-0190-a.manifest.json").write_bytes(b"{"),
        lambda outbox: (outbox / "C05-0190-a.manifest.json").write_bytes(b"[" * 60_000),
        lambda outbox: (outbox / "C05-0190-a.manifest.json").write_bytes(b'{"files": [{"name": [], "size": 1}]}'),
        lambda outbox: ((outbox / "C05-0190-a.manifest.json").unlink(), (outbox / "C05-0190-a.manifest.json").symlink_to("/etc/hostname")),
        lambda outbox: ((outbox / "C05-0190-a.csv").unlink(), (outbox / "C05-0190-a.csv").symlink_to("/etc/hostname")),
    ],
)
def test_whatever_lies_there_in_part_is_replaced(channel: FileDropChannel, home: Path, bend: Callable[[Path], object]) -> None:
    hand(channel, (signed(), address()))
    bend(home / "outbox")
    assert hand(channel, (signed(), address())) == [HandedOver()]
    assert complete(home / "outbox")["C05-0190-a"]["C05-0190-a.csv"] == DOCUMENT


def test_another_document_under_the_same_name_takes_its_place_manifest_first(channel: FileDropChannel, home: Path) -> None:
    hand(channel, (signed(b"old"), address()))
    hand(channel, (signed(b"new"), address()))
    assert complete(home / "outbox")["C05-0190-a"]["C05-0190-a.csv"] == b"new"


# -- what can go wrong


def test_without_a_root_everything_waits() -> None:
    assert "drop_root" in later(hand(FileDropChannel(None), (signed(), address()))[0])


def test_an_organisation_without_folders_waits_and_the_rest_stand(channel: FileDropChannel, home: Path) -> None:
    outcomes = hand(channel, (signed(), address("a")), (signed(), address("b", organisation=NOBODY)), (signed(), address("c")))
    assert [type(outcome) for outcome in outcomes] == [HandedOver, TryLater, HandedOver]
    assert later(outcomes[1]) == "The recipient's folder is not there."
    assert not (home.parent / NOBODY).exists()


def test_an_outbox_that_is_a_link_is_not_followed(channel: FileDropChannel, home: Path, tmp_path: Path) -> None:
    (home / "outbox/receipts").rmdir()
    (home / "outbox").rmdir()
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (home / "outbox").symlink_to(elsewhere)
    assert "folder" in later(hand(channel, (signed(), address()))[0])
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("message_id", ["../x", "a/b", "", "a\0b", "é", "x" * 300])
def test_an_id_that_is_no_file_name_is_no_exception(channel: FileDropChannel, home: Path, message_id: str) -> None:
    assert later(hand(channel, (signed(), address(message_id, recipient="../C" if not message_id else "C05")))[0])
    assert names(home / "outbox") == []


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "no room"),
        (errno.EACCES, "may not be written"),
        (errno.EROFS, "may not be written"),
        (errno.EIO, "EIO"),
        (errno.ESTALE, "ESTALE"),
    ],
)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename"])
def test_every_failure_is_a_coded_fault_and_leaves_no_manifest(
    channel: FileDropChannel, home: Path, monkeypatch: pytest.MonkeyPatch, code: int, detail: str, call: str
) -> None:
    # the third and fourth opened file are the document and what lies beside it; of the rest the first will do
    with interrupted(monkeypatch, 5 if call == "open" else 1, lambda: OSError(code, os.strerror(code)), (call,)):
        assert detail in later(hand(channel, (signed(), address()))[0])
    assert complete(home / "outbox") == {}
    assert hand(channel, (signed(), address())) == [HandedOver()]
    assert names(home / "outbox") == ["C05-0190-a.csv", "C05-0190-a.csv.jws", "C05-0190-a.manifest.json"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_a_mount_without_fsync_is_borne(channel: FileDropChannel, home: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def no_fsync(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(drop_folder.os, "fsync", no_fsync)
    assert hand(channel, (signed(), address())) == [HandedOver()]
    assert len(complete(home / "outbox")) == 1


def test_a_mount_whose_rename_does_not_replace_is_borne(channel: FileDropChannel, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.rename

    def rename(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        if target in os.listdir(dst_dir_fd):
            raise FileExistsError(errno.EEXIST, "SSH_FX_FAILURE")
        original(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(drop_folder.os, "rename", rename)
    for document in (b"old", b"new"):
        assert hand(channel, (signed(document), address())) == [HandedOver()]
    with Folder(home / "outbox") as outbox:
        outbox.write("plain.txt", b"1")
        outbox.write("plain.txt", b"2")
    assert (home / "outbox/plain.txt").read_bytes() == b"2"
    assert complete(home / "outbox")["C05-0190-a"]["C05-0190-a.csv"] == b"new"


@pytest.mark.parametrize("before", ["a part of it", "another document"])
def test_killed_between_any_two_steps_nobody_sees_half_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str) -> None:
    deaths, old = 0, b"of an earlier try"
    for at in range(1, 200):
        home = make_folders(tmp_path / str(at), NORTH)
        channel = FileDropChannel(tmp_path / str(at), clock=lambda: NOW)
        hand(channel, (signed(old), address()))
        if before == "a part of it":
            (home / "outbox" / "C05-0190-a.manifest.json").unlink()
        (home / "outbox" / ".tmp-C05-0190-a.csv.0123abcd").write_bytes(b"of a writer that died")
        alive = True
        with interrupted(monkeypatch, at, Killed):
            try:
                hand(channel, (signed(), address()))
            except Killed:
                alive, deaths = False, deaths + 1
        whole = [files["C05-0190-a.csv"] for files in complete(home / "outbox").values()]
        assert whole in ([], [DOCUMENT], *([[old]] if before == "another document" else []))
        assert hand(channel, (signed(), address())) == [HandedOver()]
        assert names(home / "outbox") == ["C05-0190-a.csv", "C05-0190-a.csv.jws", "C05-0190-a.manifest.json"]
        assert list(complete(home / "outbox")) == ["C05-0190-a"]
        if alive:
            break
    assert deaths > 15


def test_a_full_disk_at_any_step_is_no_exception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = set()
    for at in range(1, 60):
        home = make_folders(tmp_path / str(at), NORTH)
        channel = FileDropChannel(tmp_path / str(at), clock=lambda: NOW)
        with interrupted(monkeypatch, at, full_disk):
            (outcome,) = hand(channel, (signed(), address()))
        outcomes.add(type(outcome))
        assert list(complete(home / "outbox")) in ([], ["C05-0190-a"])
        assert hand(channel, (signed(), address())) == [HandedOver()]
        assert len(complete(home / "outbox")) == 1
    assert outcomes == {TryLater, HandedOver}


def test_a_reader_that_takes_a_batch_as_soon_as_its_manifest_appears_never_misses_a_file(channel: FileDropChannel, home: Path) -> None:
    taken: dict[str, dict[str, bytes]] = {}
    stop, outbox = threading.Event(), home / "outbox"

    def take() -> None:
        while not stop.is_set() or list(outbox.glob("*.manifest.json")):
            for stem, files in complete(outbox).items():
                taken[stem] = files
                for name in files:
                    (outbox / name).unlink()
                (outbox / f"{stem}.manifest.json").unlink()

    reader = threading.Thread(target=take)
    reader.start()
    try:
        for number in range(150):
            big = DOCUMENT * (1 + number % 7 * 500)
            assert hand(channel, (signed(big), address(f"m-{number:03}"))) == [HandedOver()]
            if number % 10 == 0:
                time.sleep(0.002)
    finally:
        stop.set()
        reader.join(20)
    assert sorted(taken) == [f"C05-m-{number:03}" for number in range(150)]
    assert names(outbox) == []


# -- the folder itself


def test_a_folder_reads_plain_files_alone(home: Path) -> None:
    (home / "inbox/plain").write_bytes(b"12345")
    (home / "inbox/link").symlink_to(home / "inbox/plain")
    (home / "inbox/folder").mkdir()
    os.mkfifo(home / "inbox/pipe")
    with Folder(home, "inbox") as inbox:
        assert inbox.names() == ["folder", "link", "pipe", "plain"]
        assert inbox.read("plain", 3) == b"1234"
        assert inbox.sha256("plain") == hashlib.sha256(b"12345").hexdigest()
        for name in ("link", "folder", "pipe"):
            with pytest.raises(NotPlainError):
                inbox.read(name, 10)
        for name in ("../inbox/plain", ".", "..", "/etc/hostname", ".hidden", "", "a\nb"):
            with pytest.raises(UnsafeNameError):
                inbox.read(name, 10)
        assert inbox.look("nothing") is None


def test_manifests_hold_nothing_but_ids_and_numbers(channel: FileDropChannel, home: Path) -> None:
    wire = replace(signed(b"Somebody Made-Up, X000001"), headers={"signature": "h..s", "x-name": "Somebody"})
    hand(channel, (wire, address()))
    assert b"Somebody" not in (home / "outbox/C05-0190-a.manifest.json").read_bytes()

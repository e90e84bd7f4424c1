"""The door for files: whole batches are taken once, everything else is kept with its reason."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from broker.parcel import Parcel
from gateway.audit.events import AuditCode
from gateway.contract import MessageFilter, StoreUnavailable
from gateway.pipeline import Pipeline
from gateway.records import Delivery, DeliveryState
from gateway.trust import jws
from gateway.workers.inbox import Patience
from gateway.workers.intake_files import FileIntake, FoldersAwayError, Pace
from gateway.workers.loop import Crew
from gateway.workers.sweeper import Sweeper
from schemas.faults import FAULTS, FaultCode
from schemas.identifiers import PartyCode
from schemas.receipts import Receipt, Stage, encode
from tests.support.drop_folders import Killed, interrupted
from tests.support.file_batches import ALPHA, LIMIT, Depot, close, deliver_all, entry, make_depot, manifest
from tests.support.world import AUDIENCE, contact


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[Depot]:
    made = make_depot(tmp_path)
    yield made
    close(made)


@pytest.fixture(scope="module")
def one_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Depot]:
    made = make_depot(tmp_path_factory.mktemp("depot"))
    yield made
    close(made)


@pytest.fixture
def shared(one_for_all: Depot) -> Depot:
    """Empty folders around a store that others used before: quick, where nothing is taken."""
    one_for_all.empty()
    return one_for_all


def test_a_whole_batch_is_taken_receipted_and_kept(depot: Depot) -> None:
    files = depot.send("b-1")
    assert depot.look() == 1
    assert depot.accepted() == 1
    assert depot.files("inbox") == {}
    done = depot.files("done")
    assert {Path(name).name: content for name, content in done.items() if not name.endswith("manifest.json")} == files
    assert len({Path(name).parent for name in done}) == 1
    receipt = depot.receipt("b-1")
    assert (receipt.stage, receipt.audience, len(receipt.messages)) == (Stage.ACCEPTED, "alpha", 1)
    said = json.loads(depot.files("outbox/receipts")["b-1.manifest.json"])
    assert (said["kind"], said["answers"], [file["name"] for file in said["files"]]) == ("receipt", "b-1", ["b-1.receipt.jws"])
    assert depot.look() == 0


def test_what_is_kept_for_proof_is_a_signature_that_anybody_can_check(depot: Depot) -> None:
    depot.send("b-1")
    depot.look()
    deliver_all(depot, "C17")
    (handed, _), *_ = depot.world.queue.handed
    assert handed.content_type == "application/jose"
    (record,) = depot.world.store.queries.submissions([depot.receipt("b-1").subject]).values()  # type: ignore[list-item]
    assert (record.packaging, record.channel, record.content_type, record.key.scheme) == ("detached", "file", "application/jose", "batch")


def test_batches_are_taken_in_order_of_their_names(depot: Depot) -> None:
    for number in (3, 1, 2):
        depot.send(f"b-{number}", f"m-{number}", notes=str(number))
    assert depot.look() == 3
    accepted = [event.subject for event in depot.world.events if event.code is AuditCode.SUBMISSION_ACCEPTED]
    assert accepted == [depot.receipt(f"b-{number}").subject for number in (1, 2, 3)]


def test_more_than_one_look_holds_comes_at_the_next(tmp_path: Path) -> None:
    depot = make_depot(tmp_path, items=2)
    for number in range(5):
        depot.send(f"b-{number}", f"m-{number}")
    assert [depot.look() for _ in range(4)] == [2, 2, 1, 0]
    assert depot.accepted() == 5
    close(depot)


def test_a_batch_that_comes_again_gets_the_same_receipt_byte_for_byte(depot: Depot) -> None:
    depot.send("b-1")
    depot.look()
    first = depot.files("outbox/receipts")
    depot.send("b-1")
    assert depot.look() == 1
    assert depot.files("outbox/receipts") == first
    for name in first:
        (depot.home / "outbox/receipts" / name).unlink()
    depot.send("again", mark=depot.signed(contact("m-1")))
    depot.look()
    assert depot.files("outbox/receipts")["again.receipt.jws"] == first["b-1.receipt.jws"]
    assert depot.accepted() == 1


def test_a_batch_that_comes_again_late_gets_the_later_receipts_too(depot: Depot) -> None:
    depot.send("b-1")
    depot.look()
    deliver_all(depot, "C17")
    message_id = depot.receipt("b-1").messages[0].message_id
    (delivery,) = depot.world.store.queries.deliveries_of_messages([message_id])[message_id]  # type: ignore[list-item,index]
    claims = Receipt(
        issuer="beta",
        audience=AUDIENCE,
        receipt_id="r",
        issued_at=1,
        stage=Stage.APPLIED,
        subject=message_id,
        recipient="C17",
        sent_digest=delivery.sent_digest,
    )
    depot.world.pipeline.submit([depot.world.submission("beta", depot.world.signed("beta", encode(claims), kind="receipt"))])
    deliver_all(depot, "C05")
    by_notice = [content for name, content in depot.files("outbox/receipts").items() if name.endswith(".jws") and not name.startswith("b-1")]
    depot.send("b-1")
    depot.look()
    assert by_notice == [depot.files("outbox/receipts")["b-1.later-1.receipt.jws"]]
    assert depot.receipt("b-1.later-1").stage is Stage.APPLIED


def test_another_document_under_the_same_number_is_refused_and_the_first_stands(depot: Depot) -> None:
    depot.send("b-1")
    depot.look()
    depot.send("b-2", notes="Another.")
    depot.look()
    receipt = depot.receipt("b-2")
    assert (receipt.stage, receipt.fault and receipt.fault.code) == (Stage.REFUSED, "key-reused")
    assert {path.partition(".")[0] for path in depot.files("done")} == {"b-1", "b-2"}


def test_authentic_content_that_is_refused_is_told_so_and_put_away(depot: Depot) -> None:
    depot.send("b-1", recipients=("C99",))
    depot.look()
    receipt = depot.receipt("b-1")
    assert (receipt.stage, receipt.fault and receipt.fault.code) == (Stage.REFUSED, "unknown-recipient")
    assert depot.files("quarantine") == {}
    assert depot.files("inbox") == {}


@pytest.mark.parametrize(
    "mark",
    [
        lambda depot: depot.signed(b"something else"),
        lambda depot: depot.signed(contact("m-1"), audience="interagency-gateway.live"),
        lambda depot: "",
        lambda depot: "é..é",
    ],
)
def test_a_signature_that_is_not_believed_goes_into_quarantine_with_a_signed_refusal(depot: Depot, mark: Callable[[Depot], str]) -> None:
    files = depot.send("b-1", mark=mark(depot))
    depot.look()
    assert depot.receipt("b-1").stage is Stage.REFUSED
    assert set(depot.reasons()) == {"b-1"}
    kept = {Path(name).name: content for name, content in depot.files("quarantine").items()}
    assert files.items() <= kept.items()
    assert depot.files("done") == {}
    assert depot.accepted() == 0


def test_a_compact_message_needs_an_agreement_for_it(depot: Depot) -> None:
    token = jws.sign(contact("m-1"), "message", depot.world.signers["alpha"], audience=AUDIENCE, now=depot.world.now)
    depot.put("b-1", {"b-1.jws": token})
    depot.look()
    receipt = depot.receipt("b-1")
    assert (receipt.stage, receipt.fault and receipt.fault.code) == (Stage.REFUSED, "partner-not-live")


# -- receipts of the partner


def sent_to_alpha(depot: Depot) -> tuple[str, bytes]:
    """Something that lies in alpha's outbox: its id and document."""
    depot.world.pipeline.submit([depot.world.submission("beta", depot.world.signed("beta", contact("m-9", sender="C17", recipients=["C05"])))])
    deliver_all(depot, "C05")
    said = next(json.loads(content) for name, content in depot.files("outbox").items() if name.endswith("manifest.json"))
    return said["message_id"], depot.files("outbox")[said["files"][0]["name"]]


def receipt_for(message_id: str, document: bytes, stage: Stage = Stage.APPLIED) -> bytes:
    return encode(
        Receipt(
            issuer="alpha",
            audience=AUDIENCE,
            receipt_id="r-1",
            issued_at=1,
            stage=stage,
            subject=message_id,
            recipient="C05",
            sent_digest=jws.digest(document),
        )
    )


def delivery_of(depot: Depot, message_id: str) -> Delivery:
    (delivery,) = depot.world.store.queries.deliveries_of_messages([message_id])[message_id]  # type: ignore[list-item,index]
    return delivery


def state_of(depot: Depot, message_id: str) -> DeliveryState:
    return delivery_of(depot, message_id).state


@pytest.mark.parametrize("form", ["compact", "detached"])
def test_a_receipt_of_the_partner_settles_what_it_was_sent(depot: Depot, form: str) -> None:
    message_id, document = sent_to_alpha(depot)
    assert state_of(depot, message_id) is DeliveryState.HANDED_OVER
    claims = receipt_for(message_id, document)
    token = jws.sign(claims, "receipt", depot.world.signers["alpha"], audience=AUDIENCE, now=depot.world.now)
    if form == "compact":
        depot.put("r-1", {"r-1.receipt.jws": token})
    else:
        depot.put("r-1", {"r-1.json": claims, "r-1.json.jws": depot.signed(claims, kind="receipt").encode()})
    depot.look()
    assert state_of(depot, message_id) is DeliveryState.APPLIED
    assert depot.files("outbox/receipts") == {}
    assert {Path(name).parts[0].partition(".")[0] for name in depot.files("done")} == {"r-1"}


def test_what_was_taken_and_never_receipted_is_put_down_again(depot: Depot) -> None:
    message_id, document = sent_to_alpha(depot)
    for name in depot.files("outbox"):
        (depot.home / "outbox" / name).unlink()
    depot.world.pass_time(seconds=899)
    sweeper = Sweeper(depot.world.store, lambda: depot.world.now, depot.world.means, holder="test")
    assert sweeper.sweep() == 0
    depot.world.pass_time(seconds=2)
    assert sweeper.sweep() == 1
    deliver_all(depot, "C05")
    (again,) = [content for name, content in depot.files("outbox").items() if name.startswith("C05-") and name.endswith(f"-{message_id}.json")]
    assert again == document
    assert state_of(depot, message_id) is DeliveryState.HANDED_OVER


def test_a_message_waits_while_the_folder_is_away(depot: Depot) -> None:
    (depot.home / "outbox").rename(depot.home / "away")
    depot.world.pipeline.submit([depot.world.submission("beta", depot.world.signed("beta", contact("m-9", sender="C17", recipients=["C05"])))])
    deliver_all(depot, "C05")
    (found,) = depot.world.store.queries.find(MessageFilter(), 10)
    assert state_of(depot, found.message_id) is DeliveryState.RETRYING
    (depot.home / "away").rename(depot.home / "outbox")
    depot.world.pass_time(seconds=60)
    waiting = delivery_of(depot, found.message_id)
    depot.world.pipeline.deliver(PartyCode("C05"), [Parcel("deliver", waiting.delivery_id, waiting.recipient, waiting.lane)])
    assert state_of(depot, found.message_id) is DeliveryState.HANDED_OVER


def test_a_receipt_for_something_else_is_kept_with_its_reason(depot: Depot) -> None:
    message_id, document = sent_to_alpha(depot)
    token = jws.sign(receipt_for(message_id, document + b" "), "receipt", depot.world.signers["alpha"], audience=AUDIENCE, now=depot.world.now)
    depot.put("r-1", {"r-1.receipt.jws": token})
    depot.look()
    assert depot.reasons() == {"r-1": "receipt-digest-mismatch"}
    assert state_of(depot, message_id) is DeliveryState.HANDED_OVER


# -- batches that are none


DOCUMENT = b'{"made": "up"}'
GOOD = [entry("b-1.json", DOCUMENT), entry("b-1.json.jws", b"h..s")]


def said(*entries: dict[str, object], **changes: object) -> bytes:
    return manifest("b-1", entries or GOOD, **changes)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "batch-manifest-invalid"),
        (b"{", "batch-manifest-invalid"),
        (b"[]", "batch-manifest-invalid"),
        (b"[" * 30_000, "batch-manifest-invalid"),
        (said()[:-1] + b', "id": "b-1"}', "batch-manifest-invalid"),
        (said(manifest=2), "batch-manifest-invalid"),
        (said(manifest=True), "batch-manifest-invalid"),
        (said(id="b-2"), "batch-manifest-invalid"),
        (said(id=None), "batch-manifest-invalid"),
        (said(note="free text"), "batch-manifest-invalid"),
        (said(files=[]), "batch-manifest-invalid"),
        (said(GOOD[0], GOOD[0]), "batch-manifest-invalid"),
        (said(*GOOD, entry("b-1.txt", b"")), "batch-manifest-invalid"),
        (said(GOOD[0]), "batch-manifest-invalid"),
        (said(GOOD[0], entry("b-1.xml.jws", b"h..s")), "batch-manifest-invalid"),
        (said(entry("../b-1.json", DOCUMENT), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("/etc/hostname", DOCUMENT), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("b-1./../x", DOCUMENT), GOOD[1]), "batch-manifest-invalid"),
        (said(entry(".b-1.json", DOCUMENT), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("b-2.json", DOCUMENT), entry("b-2.json.jws", b"h..s")), "batch-manifest-invalid"),
        (said(entry("b-1.json\n", DOCUMENT), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("b-1.manifest.json", DOCUMENT), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("b-1.json", DOCUMENT, size="14"), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("b-1.json", DOCUMENT, size=-1), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("b-1.json", DOCUMENT, sha256="0" * 63), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("b-1.json", DOCUMENT, media_type="text/csv\r\nx: y"), GOOD[1]), "batch-manifest-invalid"),
        (said(entry("b-1.json", DOCUMENT, sha256="0" * 64), GOOD[1]), "batch-file-differs"),
        (said(entry("b-1.json", DOCUMENT, size=3), GOOD[1]), "batch-file-differs"),
        (said(entry("b-1.json", DOCUMENT, size=LIMIT + 1), GOOD[1]), "too-large"),
        (said(GOOD[0], entry("b-1.json.jws", b"h..s", size=20_000)), "too-large"),
        (b" " * 70_000 + said(), "too-large"),
    ],
)
def test_each_broken_batch_goes_into_quarantine_whole(shared: Depot, raw: bytes, code: str) -> None:
    shared.put("b-1", {"b-1.json": DOCUMENT, "b-1.json.jws": b"h..s"}, raw)
    assert shared.look() == 1
    assert shared.reasons() == {"b-1": code}
    kept = [Path(name).name for name in shared.files("quarantine") if not name.endswith(".fault.json")]
    assert "b-1.manifest.json" in kept
    assert shared.refused == [FaultCode(code)]
    assert shared.files("outbox") == {}
    assert shared.world.events == []


def test_the_reason_names_code_title_detail_and_advice_and_no_value(shared: Depot) -> None:
    shared.put("b-1", {"b-1.json": DOCUMENT, "b-1.json.jws": b"h..s"}, said(entry("b-1.json", DOCUMENT, sha256="Somebody"), GOOD[1]))
    shared.look()
    (reason,) = [json.loads(content) for name, content in shared.files("quarantine").items() if name.endswith(".fault.json")]
    row = FAULTS[FaultCode.BATCH_MANIFEST_INVALID]
    assert (reason["code"], reason["title"], reason["advice"], reason["pointer"]) == (
        row.title and "batch-manifest-invalid",
        row.title,
        row.advice,
        "/files/0/sha256",
    )
    assert reason["detail"]
    assert "Somebody" not in json.dumps(reason)


@pytest.mark.parametrize("kind", ["document", "signature", "manifest"])
@pytest.mark.parametrize("trick", ["link", "link out", "folder", "pipe"])
def test_links_folders_and_pipes_are_never_opened(shared: Depot, tmp_path: Path, kind: str, trick: str) -> None:
    shared.send("b-1")
    target = shared.home / "inbox" / {"document": "b-1.json", "signature": "b-1.json.jws", "manifest": "b-1.manifest.json"}[kind]
    content = target.read_bytes()
    target.unlink()
    (outside := tmp_path / "outside").write_bytes(content)
    (shared.home / "elsewhere").write_bytes(content)
    {
        "link": lambda: target.symlink_to(shared.home / "elsewhere"),
        "link out": lambda: target.symlink_to(outside),
        "folder": target.mkdir,
        "pipe": lambda: os.mkfifo(target),
    }[trick]()
    shared.look()
    assert shared.reasons() == {"b-1": "batch-file-differs"}
    assert shared.accepted() == 0
    assert outside.read_bytes() == content


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", ".tmp-b-1.json.0123", "Somebody Made-Up.docx", "a\nb", "-rf", "x" * 250])
def test_a_file_of_no_batch_is_left_alone_while_young_and_kept_when_it_is_old(shared: Depot, name: str) -> None:
    (shared.home / "inbox" / name).write_bytes(b"who knows")
    assert [shared.look(), shared.look(899), shared.look(1), shared.look()] == [0, 0, 1, 0]
    assert list(shared.reasons().values()) == ["batch-file-unknown"]
    assert b"who knows" in shared.files("quarantine").values()
    assert shared.files("inbox") == {}


def test_two_strange_files_of_one_name_are_both_kept(shared: Depot) -> None:
    for content in (b"one", b"two"):
        (shared.home / "inbox/notes.txt").write_bytes(content)
        shared.look()
        shared.look(900)
    assert {b"one", b"two"} <= set(shared.files("quarantine").values())


def test_a_name_that_is_no_text_is_kept_too(shared: Depot) -> None:
    (shared.home / "inbox" / os.fsdecode(b"\xff\xfe")).write_bytes(b"x")
    shared.look()
    assert shared.look(900) == 1
    assert shared.files("inbox") == {}


# -- batches that come slowly


@pytest.mark.parametrize("missing", ["b-1.json", "b-1.json.jws"])
def test_an_incomplete_batch_is_waited_for(depot: Depot, missing: str) -> None:
    files = depot.send("b-1")
    (depot.home / "inbox" / missing).unlink()
    assert [depot.look(), depot.look(600), depot.look(299)] == [0, 0, 0]
    (depot.home / "inbox" / missing).write_bytes(files[missing][:10])
    assert [depot.look(600), depot.look(299)] == [0, 0]
    (depot.home / "inbox" / missing).write_bytes(files[missing])
    assert depot.look(1) == 1
    assert depot.receipt("b-1").stage is Stage.ACCEPTED


def test_a_batch_that_never_comes_whole_goes_into_quarantine_when_nothing_moved_for_long(shared: Depot) -> None:
    shared.send("b-1")
    (shared.home / "inbox/b-1.json.jws").unlink()
    assert [shared.look(), shared.look(500)] == [0, 0]
    (shared.home / "inbox/b-1.json.jws").write_bytes(b"e")
    assert [shared.look(500), shared.look(899), shared.look(1)] == [0, 0, 1]
    assert shared.reasons() == {"b-1": "batch-incomplete"}
    assert len(shared.files("quarantine")) == 4


def test_what_is_wrong_may_still_be_being_written(tmp_path: Path) -> None:
    depot = make_depot(tmp_path, settled=2.0)
    depot.put("b-1", {"b-1.json": DOCUMENT, "b-1.json.jws": b"h..s"}, b"")
    assert [depot.look(), depot.look(1.9)] == [0, 0]
    (depot.home / "inbox/b-1.manifest.json").write_bytes(b'{"manifest": 1')
    assert [depot.look(1.9), depot.look(1.9)] == [0, 0]
    depot.send("b-1")
    assert depot.look(0.1) == 1
    assert depot.reasons() == {}
    close(depot)


def test_files_without_their_manifest_are_waited_for_as_well(depot: Depot) -> None:
    depot.send("b-1")
    kept = (depot.home / "inbox/b-1.manifest.json").read_bytes()
    (depot.home / "inbox/b-1.manifest.json").unlink()
    assert [depot.look(), depot.look(899)] == [0, 0]
    (depot.home / "inbox/b-1.manifest.json").write_bytes(kept)
    assert depot.look() == 1
    assert depot.accepted() == 1


# -- whatever happens on the way


def test_killed_between_any_two_steps_there_is_one_effect_and_one_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deaths, receipts = 0, set()
    depot = make_depot(tmp_path)
    for at in range(1, 200):
        depot.send(f"b-{at}", f"m-{at}")
        alive = True
        with interrupted(monkeypatch, at, Killed, ("write", "fsync", "rename", "unlink")):
            try:
                depot.look()
            except Killed:
                alive, deaths = False, deaths + 1
        before = depot.files("outbox/receipts").get(f"b-{at}.receipt.jws")
        depot.look()
        assert depot.files("inbox") == {}
        after = depot.files("outbox/receipts")[f"b-{at}.receipt.jws"]
        assert before in (None, after)
        receipts.add(after)
        assert len([name for name in depot.files("done") if name.startswith(f"b-{at}.")]) == 3
        if alive:
            break
    assert deaths > 8
    assert depot.accepted() == len(receipts) == deaths + 1
    assert depot.files("quarantine") == {}
    assert not [name for name in depot.files("outbox/receipts") if name.startswith(".tmp-") and name.endswith("manifest.json")]
    close(depot)


def test_killed_between_any_two_steps_of_quarantine_everything_has_one_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    depot, deaths = make_depot(tmp_path), 0
    for at in range(1, 100):
        entries = [entry(f"b-{at}.json", DOCUMENT, sha256="0" * 64), entry(f"b-{at}.json.jws", b"h..s")]
        depot.put(f"b-{at}", {f"b-{at}.json": DOCUMENT, f"b-{at}.json.jws": b"h..s"}, manifest(f"b-{at}", entries))
        alive = True
        with interrupted(monkeypatch, at, Killed, ("write", "fsync", "rename", "unlink")):
            try:
                depot.look()
            except Killed:
                alive, deaths = False, deaths + 1
        depot.look()
        assert depot.files("inbox") == {}
        kept = [Path(name).name for name in depot.files("quarantine") if name.startswith(f"b-{at}.") and ".tmp-" not in name]
        assert sorted(kept) == sorted([f"b-{at}.json", f"b-{at}.json.jws", f"b-{at}.manifest.json", *[name for name in kept if name.endswith(".fault.json")]])
        assert depot.reasons()[f"b-{at}"] == "batch-file-differs"
        if alive:
            break
    assert deaths > 5
    close(depot)


def test_a_store_that_is_away_is_waited_for_and_nothing_moves(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def away(_: Pipeline, batch: object) -> object:
        assert batch
        stop.set()
        raise StoreUnavailable("away")

    depot.send("b-1")
    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "submit", away)
        with pytest.raises(StoreUnavailable):
            depot.intake.look(stop)
    assert len(depot.files("inbox")) == 3
    assert depot.files("outbox/receipts") == {}
    assert depot.look() == 1
    assert depot.accepted() == 1


@pytest.mark.parametrize("gone", ["inbox", "done", "quarantine", "outbox/receipts"])
def test_without_every_folder_nothing_is_taken(depot: Depot, gone: str) -> None:
    depot.send("b-1")
    (depot.home / gone).rename(depot.home / "away")
    with pytest.raises(FoldersAwayError):
        depot.look()
    (depot.home / "away").rename(depot.home / gone)
    assert depot.accepted() == 0
    assert depot.look() == 1


def test_folders_that_are_away_are_told_once_and_come_back(depot: Depot) -> None:
    depot.home.rename(depot.home.with_name("away"))
    told: list[tuple[str, str]] = []
    depot.intake._report = lambda worker, kind: told.append((worker, kind))
    depot.intake._pace = Pace(interval_seconds=0.01)
    crew = Crew(lambda worker, kind: told.append((worker, kind)))
    crew.start([depot.intake])
    try:
        _wait(lambda: bool(told))
        depot.home.with_name("away").rename(depot.home)
        depot.send("b-1")
        _wait(lambda: "b-1.manifest.json" in depot.files("outbox/receipts"))
    finally:
        assert crew.stop()
    assert told == [("files.alpha", "FoldersAway")]


def _wait(until: Callable[[], bool], seconds: float = 10.0) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if until():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come")


def test_a_process_that_is_not_the_active_one_looks_at_nothing(depot: Depot) -> None:
    depot.send("b-1")
    stop = threading.Event()
    asked: list[int] = []

    def not_active() -> bool:
        asked.append(1)
        if len(asked) == 3:
            stop.set()
        return False

    depot.intake._is_active, depot.intake._pace = not_active, Pace(interval_seconds=0.001)
    depot.intake._step_down = lambda: asked.append(-1)
    depot.intake.run(stop)
    assert asked == [1, 1, 1, -1]
    assert len(depot.files("inbox")) == 3


def test_a_mistake_of_ours_keeps_the_batch_with_its_reason(depot: Depot, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.exchange import accept

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    depot.send("b-1")
    with monkeypatch.context() as patch:
        patch.setattr(accept, "duplicate_key", broken)
        depot.look()
    assert depot.reasons() == {"b-1": "internal-error"}
    assert [type(bug) for bug in depot.world.bugs] == [ZeroDivisionError]
    depot.world.bugs.clear()


def test_a_home_is_made_only_where_there_is_none_at_all(depot: Depot, tmp_path: Path) -> None:
    root = tmp_path / "new root"
    root.mkdir()
    patience = Patience(stale_seconds=1, settled_seconds=0, limit_bytes=LIMIT)
    intake = FileIntake(ALPHA, root, depot.world.pipeline, lambda: depot.world.now, patience=patience, pace=Pace(make_folders=True))
    assert intake.look(threading.Event()) == 0
    assert sorted(path.name for path in (root / ALPHA).iterdir()) == ["done", "inbox", "outbox", "quarantine"]
    (root / ALPHA / "inbox").rmdir()
    with pytest.raises(FoldersAwayError):
        intake.look(threading.Event())
    bare = FileIntake(ALPHA, tmp_path / "nowhere", depot.world.pipeline, lambda: depot.world.now, patience=patience)
    with pytest.raises(FoldersAwayError):
        bare.look(threading.Event())
    assert not (tmp_path / "nowhere").exists()

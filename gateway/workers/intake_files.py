"""File intake: what organisations put into their own inbox.

What it is: a door: a thread per organisation that looks for whole batches; the folder that a batch lies in says whose it
is. What it is not: a decision. A batch leaves the inbox only when what came of it is durable and our receipt lies in the
outbox, so that a batch found again gets the same receipt. Nothing is ever deleted: what cannot be a batch goes into
quarantine with its reason beside it.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import assert_never

from adapters.channels.drop_folder import DONE, INBOX, OUTBOX, QUARANTINE, RECEIPT, RECEIPTS, Batch, Folder, Piece, is_safe, put
from gateway.contract import Clock
from gateway.exchange.results import Accepted, Declined, Settled, SubmitResult
from gateway.exchange.submission import Submission
from gateway.pipeline import Pipeline
from gateway.workers.inbox import JOSE, Broken, Found, Half, Inbox, Patience, Unit, Whole
from gateway.workers.loop import patiently
from schemas.faults import Fault, FaultCode
from schemas.identifiers import OrganisationId
from schemas.telling import members

FAULT = ".fault.json"
_MOST_BYTES = 64 * 1024 * 1024
"""Of documents in memory at one time."""
_LONGEST_PAUSE_SECONDS = 60.0


class FoldersAwayError(Exception):
    """The folders of an organisation cannot be used now. Waited out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, and how much at one time."""

    interval_seconds: float = 2.0
    items: int = 100
    make_folders: bool = False


class FileIntake:
    """The intake of one organisation."""

    def __init__(
        self,
        organisation: OrganisationId,
        root: Path,
        pipeline: Pipeline,
        clock: Clock,
        *,
        patience: Patience,
        pace: Pace | None = None,
        is_active: Callable[[], bool] = lambda: True,
        step_down: Callable[[], None] = lambda: None,
        report: Callable[[str, str], None] = lambda _worker, _kind: None,
        refused: Callable[[FaultCode], None] = lambda _: None,
    ) -> None:
        """`is_active`: whether this process, of several, is the one that takes in; `step_down`: it is no longer. `refused`: told of what is set apart."""
        self._organisation, self._root, self._pipeline, self._clock = organisation, root, pipeline, clock
        self._pace, self._report, self._refused = pace or Pace(), report, refused
        self._is_active, self._step_down = is_active, step_down
        self._inbox = Inbox(patience, self._was_moved)

    @property
    def name(self) -> str:
        """Thread name."""
        return f"files.{self._organisation}"

    def run(self, stop: threading.Event) -> None:
        """Take in until told to stop. Folders that are away are told once, and waited for."""
        try:
            self._run(stop)
        finally:
            self._step_down()

    def _run(self, stop: threading.Event) -> None:
        pause, told = self._pace.interval_seconds, False
        while not stop.is_set():
            try:
                taken = self.look(stop) if self._is_active() else 0
                pause, told = self._pace.interval_seconds, False
            except FoldersAwayError:
                if not told:
                    self._report(self.name, "FoldersAway")
                taken, told, pause = 0, True, min(2 * pause, _LONGEST_PAUSE_SECONDS)
            if taken < self._pace.items:
                stop.wait(pause)

    def look(self, stop: threading.Event) -> int:
        """Once. Answers how many batches were dealt with. Raises FoldersAwayError; then any rest comes at the next look."""
        try:
            if self._pace.make_folders:
                self._make_folders()
            with Folder(self._root / self._organisation, INBOX) as inbox:
                # all of them, before anything is taken that could not be put away
                for within in ((DONE,), (QUARANTINE,), (OUTBOX, RECEIPTS)):
                    Folder(self._root / self._organisation, *within).close()
                found = _bounded(self._inbox.look(inbox), self._pace.items)
                self._deal_with(inbox, found, stop)
                return len(found)
        except OSError as error:
            raise FoldersAwayError from error

    def _deal_with(self, inbox: Folder, found: Sequence[Found], stop: threading.Event) -> None:
        whole = [one for one in found if isinstance(one, Whole)]
        if whole:
            results = patiently(partial(self._submit, whole), stop, partial(self._report, self.name))
            for batch, result in zip(whole, results, strict=True):
                self._settle(inbox, batch.unit, result)
        for one in found:
            if isinstance(one, Broken):
                self._set_apart(inbox, one.unit, one.fault)
            elif isinstance(one, Half):
                self._finish(inbox, one.unit)

    def _submit(self, batches: Iterable[Whole]) -> Sequence[SubmitResult]:
        now = self._clock()
        return self._pipeline.submit(
            [Submission(wire=batch.wire, packaging=batch.packaging, channel="file", peer=self._organisation, received_at=now) for batch in batches]
        )

    def _settle(self, inbox: Folder, unit: Unit, result: SubmitResult) -> None:
        """The receipt first, then the batch goes: whoever dies in between finds both as they were."""
        match result:
            case Accepted():
                self._answer(unit.stem, (result.receipt, *result.later_receipts))
                self._put_away(inbox, unit, DONE)
            case Settled():
                self._put_away(inbox, unit, DONE)
            case Declined(receipt=str(receipt), proven=True):
                self._answer(unit.stem, (receipt,))
                self._put_away(inbox, unit, DONE)
            case Declined():
                self._answer(unit.stem, (result.receipt,) if result.receipt else ())
                self._set_apart(inbox, unit, result.fault)
            case _:
                assert_never(result)

    def _answer(self, stem: str, receipts: Iterable[str]) -> None:
        """Our receipts, byte for byte as they were first made: the first under the batch's own id."""
        with Folder(self._root / self._organisation, OUTBOX, RECEIPTS) as folder:
            for number, jws in enumerate(receipts):
                name = f"{stem}.later-{number}" if number else stem
                piece = Piece(name + RECEIPT, jws.encode("ascii"), JOSE)
                put(folder, Batch(stem=name, kind="receipt", pieces=[piece], facts={"answers": stem}, prepared_at=self._clock()))

    def _set_apart(self, inbox: Folder, unit: Unit, fault: Fault) -> None:
        """The reason first: whatever lies in quarantine has one."""
        reason = members(fault) | {"batch": unit.stem, "at": self._clock().isoformat()}
        with Folder(self._root / self._organisation, QUARANTINE) as quarantine:
            quarantine.write(unit.name + FAULT, json.dumps(reason, indent=2).encode("ascii") + b"\n")
        self._put_away(inbox, unit, QUARANTINE)
        self._refused(fault.code)

    def _finish(self, inbox: Folder, unit: Unit) -> None:
        self._put_away(inbox, unit, DONE if self._lies_in(DONE, unit) else QUARANTINE)

    def _put_away(self, inbox: Folder, unit: Unit, place: str) -> None:
        """Every file, the manifest last: while it lies in the inbox, the rest of the move can be found out."""
        home = self._root / self._organisation
        with Folder(home, place) as outer:
            outer.make(unit.name)
        with Folder(home, place, unit.name) as target:
            for name in unit.files:
                with contextlib.suppress(FileNotFoundError):
                    inbox.move(name, target, _free_name(inbox, name, target))
            target.sync()
        inbox.sync()

    def _was_moved(self, unit: Unit) -> bool:
        return self._lies_in(DONE, unit) or self._lies_in(QUARANTINE, unit)

    def _lies_in(self, place: str, unit: Unit) -> bool:
        """True where a file of it lies there already."""
        try:
            with Folder(self._root / self._organisation, place, unit.name) as folder:
                return any(folder.look(name) is not None for name in unit.files)
        except FileNotFoundError:
            return False

    def _make_folders(self) -> None:
        """A home for an organisation that has none, all at once; one that lacks something may be a mount that is away."""
        if (self._root / self._organisation).exists():
            return
        new = self._root / f".new-{self._organisation}"
        for name in (INBOX, DONE, QUARANTINE, f"{OUTBOX}/{RECEIPTS}"):
            (new / name).mkdir(parents=True, exist_ok=True)
        new.rename(self._root / self._organisation)


def _bounded(found: Iterable[Found], items: int) -> list[Found]:
    """So many, and no more than fit into memory; the rest is for the next look."""
    taken: list[Found] = []
    size = 0
    for one in found:
        taken.append(one)
        size += len(one.wire.body) if isinstance(one, Whole) else 0
        if len(taken) >= items or size >= _MOST_BYTES:
            break
    return taken


def _free_name(inbox: Folder, name: str, target: Folder) -> str:
    """Its own name; another where a different file lies under that one already. Names of any kind become plain ones."""
    plain = name if is_safe(name) else "unnamed"
    found, number = target.look(plain), 1
    while found is not None and not _same(inbox, name, target, plain):
        number += 1
        plain = f"{(name if is_safe(name) else 'unnamed')[:180]}.{number}"
        found = target.look(plain)
    return plain


def _same(inbox: Folder, name: str, target: Folder, there: str) -> bool:
    try:
        return inbox.sha256(name) == target.sha256(there)
    except (OSError, ValueError):
        return False

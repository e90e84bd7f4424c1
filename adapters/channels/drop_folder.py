"""Folders that two parties share: files put down so that whoever looks sees a whole batch or none.

What it is: a directory opened once, in which names are looked up and no link is followed; durable writes by rename
within it; and the order of a batch: the files, then the manifest that names them. What it is not: a reader of what lies
there. Called by the channel `file_drop`, by the door that takes files in, and by the simulated file partner.

It holds on a mounted SFTP directory: no hard links, no locks, no unnamed files, and a missing fsync is borne where the
mount says that it has none. POSIX rename(2); the layout is docs/protocol/files.md.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self

OUTBOX: Final = "outbox"
"""We write, the partner takes."""
RECEIPTS: Final = "receipts"
"""In the outbox: our receipts."""
INBOX: Final = "inbox"
"""The partner writes, we take."""
DONE: Final = "done"
"""What was taken; nobody prunes it."""
QUARANTINE: Final = "quarantine"
MANIFEST: Final = ".manifest.json"
SIGNATURE: Final = ".jws"
RECEIPT: Final = ".receipt.jws"
TEMPORARY: Final = ".tmp-"
LARGEST_MANIFEST: Final = 64 * 1024

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)
_NO_FSYNC = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What a mount answers that knows no fsync; anything else is a failure to write."""
_PIECE_BYTES = 1024 * 1024


class UnsafeNameError(ValueError):
    """A name that is no plain file name. Its text is not repeated."""


class NotPlainError(OSError):
    """A link, a directory, a device: no plain file."""


def is_safe(name: str) -> bool:
    """True for a plain file name of letters, digits, dots, hyphens and underscores that is not hidden."""
    return _SAFE.fullmatch(name) is not None


class Folder:
    """One directory. Every name is looked up in it and nowhere else; no link is followed."""

    def __init__(self, base: Path, *within: str) -> None:
        """`base` is the operator's own and may be a link; what lies `within` may not. Raises OSError."""
        self._fd = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for name in within:
            outer = self._fd
            try:
                self._fd = os.open(_checked(name), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=outer)
            finally:
                os.close(outer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._fd)

    def names(self) -> list[str]:
        """Everything in it, in order of name."""
        with os.scandir(self._fd) as entries:
            return sorted(entry.name for entry in entries)

    def look(self, name: str) -> os.stat_result | None:
        """Of the thing itself and not of what it points to; None where it is not there."""
        try:
            return os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def read(self, name: str, limit: int) -> bytes:
        """At most `limit` bytes and one more. Raises FileNotFoundError, NotPlainError, OSError."""
        with _plainly(name, self._fd) as file:
            return b"".join(_pieces(file, limit + 1))

    def sha256(self, name: str) -> str:
        """Of a whole file, in hexadecimal, a piece at a time. Raises as `read`."""
        found = hashlib.sha256()
        with _plainly(name, self._fd) as file:
            for piece in _pieces(file, None):
                found.update(piece)
        return found.hexdigest()

    def write(self, name: str, content: bytes) -> None:
        """All of it under this name, durably, or nothing under it. Raises OSError."""
        temporary = f"{TEMPORARY}{_checked(name)}.{secrets.token_hex(4)}"
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660, dir_fd=self._fd)
        try:
            try:
                _write_all(file, content)
                _sync(file)
            finally:
                os.close(file)
            self._rename(temporary, self, name)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=self._fd)
            raise

    def move(self, name: str, to: "Folder", new_name: str) -> None:
        """Rename; where something by the new name is there, it is replaced. Raises OSError."""
        self._rename(name, to, _checked(new_name))

    def remove(self, name: str) -> None:
        """Take one name away, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._fd)

    def make(self, name: str) -> None:
        """A directory by this name, if there is nothing yet."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(_checked(name), 0o770, dir_fd=self._fd)

    def sync(self) -> None:
        """The names themselves on the disk."""
        _sync(self._fd)

    def _rename(self, name: str, to: "Folder", new_name: str) -> None:
        try:
            os.rename(name, new_name, src_dir_fd=self._fd, dst_dir_fd=to._fd)
        except FileExistsError:
            # SFTP's own rename does not replace (draft-ietf-secsh-filexfer-02 §6.5)
            os.unlink(new_name, dir_fd=to._fd)
            os.rename(name, new_name, src_dir_fd=self._fd, dst_dir_fd=to._fd)


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a batch."""

    name: str
    content: bytes
    media_type: str

    @property
    def entry(self) -> dict[str, object]:
        """As the manifest names it."""
        return {"name": self.name, "media_type": self.media_type, "size": len(self.content), "sha256": hashlib.sha256(self.content).hexdigest()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Files that belong together. `stem` is an opaque id that every name begins with."""

    stem: str
    kind: str
    """`message` or `receipt`."""
    pieces: Sequence[Piece]
    facts: Mapping[str, str] = field(default_factory=dict)
    """More for the manifest: ids and codes."""
    prepared_at: datetime
    fresh: bool = False
    """True where the content is signed anew each time, so that only its name says what it is."""


def put(folder: Folder, batch: Batch) -> bool:
    """The batch is there when this returns. False where it was there already: then nothing was touched. What an
    earlier try left of it is replaced. Raises UnsafeNameError, and OSError; then it may be there in part, and without a manifest."""
    for name in (batch.stem + MANIFEST, *(piece.name for piece in batch.pieces)):
        _checked(name)
    if _is_there(folder, batch):
        return False
    _clear(folder, batch)
    for piece in batch.pieces:
        folder.write(piece.name, piece.content)
    folder.sync()
    folder.write(batch.stem + MANIFEST, manifest(batch))
    folder.sync()
    return True


def manifest(batch: Batch) -> bytes:
    """JSON, the same for the same batch."""
    document = {
        "manifest": 1,
        "id": batch.stem,
        "kind": batch.kind,
        **batch.facts,
        "prepared_at": batch.prepared_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": [piece.entry for piece in batch.pieces],
    }
    return json.dumps(document, indent=2).encode("ascii") + b"\n"


def _is_there(folder: Folder, batch: Batch) -> bool:
    """True where its manifest is there, names the same document, and nothing that it names is missing."""
    try:
        said = json.loads(folder.read(batch.stem + MANIFEST, LARGEST_MANIFEST))
        entries = {entry["name"]: entry for entry in said["files"]}
        sizes = {name: entry["size"] for name, entry in entries.items()}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        # gone, or not one of ours: it is written (again)
        return False
    document = batch.pieces[0]
    same = batch.fresh or entries.get(document.name, {}).get("sha256") == document.entry["sha256"]
    return same and set(sizes) == {piece.name for piece in batch.pieces} and all(_size(folder, name) == size for name, size in sizes.items())


def _size(folder: Folder, name: str) -> int | None:
    found = folder.look(name)
    return found.st_size if found is not None and stat.S_ISREG(found.st_mode) else None


def _clear(folder: Folder, batch: Batch) -> None:
    """The manifest first: whoever still sees it sees all of what it names."""
    folder.remove(batch.stem + MANIFEST)
    stale = (TEMPORARY + batch.stem + ".",)
    for name in (name for name in folder.names() if name.startswith(stale)):
        folder.remove(name)
    for piece in batch.pieces:
        folder.remove(piece.name)


def _checked(name: str) -> str:
    if not is_safe(name):
        raise UnsafeNameError("not a plain file name")
    return name


@contextlib.contextmanager
def _plainly(name: str, directory: int) -> Iterator[int]:
    """A plain file, opened to be read. Neither a link is followed nor a pipe waited for."""
    try:
        file = os.open(_checked(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotPlainError(error.errno, "not a plain file") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise NotPlainError(errno.EINVAL, "not a plain file")
        yield file
    finally:
        os.close(file)


def _pieces(file: int, limit: int | None) -> Iterator[bytes]:
    left = limit
    while (left is None or left > 0) and (piece := os.read(file, _PIECE_BYTES if left is None else min(_PIECE_BYTES, left))):
        left = None if left is None else left - len(piece)
        yield piece


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _sync(file: int) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise

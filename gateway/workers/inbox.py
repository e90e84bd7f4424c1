"""An inbox of files: which batches are whole, which still come, and which never will.

What it is: manifests read strictly, and every file that they name held against what they say before anything else is
done with it. What it is not: a judgement of content or signature, nor a mover of files (`intake_files`). Layout and
order: docs/protocol/files.md. What changed since the last look is left alone, whatever is wrong with it.
"""

import hashlib
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from adapters.channels.drop_folder import LARGEST_MANIFEST, MANIFEST, SIGNATURE, Folder, NotPlainError, is_safe
from adapters.contract import WireMessage
from gateway.trust import strict_json
from gateway.trust.contract import Limits
from schemas.faults import Fault, FaultCode, Refusal, refuse

JOSE = "application/jose"
_SOAP = ("text/xml", "application/soap+xml")
_STEM = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
_MANIFEST_LIMITS = Limits(max_bytes=LARGEST_MANIFEST, max_depth=4, max_elements=200)
_LARGEST_SIGNATURE = 16 * 1024


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=True)


class _File(_Closed):
    name: Annotated[str, StringConstraints(pattern=rf"^{_STEM}(\.[A-Za-z0-9_-]+)+$", max_length=200)]
    media_type: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,200}$")] = "application/octet-stream"
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Manifest(_Closed):
    """What a partner writes; what it says beyond names, sizes and digests is for its own use."""

    manifest: Annotated[int, Field(ge=1, le=1)]
    id: Annotated[str, StringConstraints(pattern=rf"^{_STEM}$")]
    kind: Literal["message", "receipt"] | None = None
    message_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    recipient: Annotated[str, StringConstraints(max_length=200)] | None = None
    prepared_at: Annotated[str, StringConstraints(max_length=40)] | None = None
    files: Annotated[tuple[_File, ...], Field(min_length=1, max_length=2)]


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that go one way together. `name` is the same for the same manifest, so that a move can be finished."""

    stem: str
    name: str
    files: tuple[str, ...]
    """In order of moving; the manifest last."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A batch that is all there and as its manifest says."""

    unit: Unit
    wire: WireMessage
    packaging: str


@dataclass(frozen=True, slots=True)
class Half:
    """A batch of which a part was moved on already, by a look that did not come to its end."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class Broken:
    """What will never be a batch, and why."""

    unit: Unit
    fault: Fault


Found = Whole | Half | Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How much is borne, and how long."""

    stale_seconds: float
    """How long something incomplete may lie there unchanged."""
    settled_seconds: float
    """How long something wrong must have lain there unchanged: it may still be being written."""
    limit_bytes: int
    """Largest file; nothing larger is opened."""


class _NotYetError(Exception):
    """A file is missing, or shorter than its manifest says."""


@dataclass(slots=True)
class Inbox:
    """What was seen in one inbox, and since when."""

    patience: Patience
    was_moved: Callable[[Unit], bool]
    """True where a part of this unit lies where taken or broken things go."""
    monotonic: Callable[[], float] = time.monotonic
    _since: dict[str, tuple[object, float]] = field(default_factory=dict)
    _looked_at: set[str] = field(default_factory=set)

    def look(self, folder: Folder) -> Iterator[Found]:
        """In order of name, each read when it is asked for. Who stops early leaves the rest for the next look."""
        self._looked_at = set()
        names = folder.names()
        claimed: set[str] = set()
        for name in (name for name in names if name.endswith(MANIFEST) and is_safe(name)):
            unit, found = self._batch(folder, name, names)
            claimed.update(unit.files)
            if found is not None:
                yield found
        yield from self._strays(folder, [name for name in names if name not in claimed])
        self._since = {key: seen for key, seen in self._since.items() if key in self._looked_at}

    def _batch(self, folder: Folder, name: str, names: Sequence[str]) -> tuple[Unit, Found | None]:
        stem = name.removesuffix(MANIFEST)
        unit = Unit(stem, stem[:128], (*(one for one in names if one.startswith(f"{stem}.") and not one.endswith(MANIFEST)), name))
        try:
            raw = _read(folder, name, LARGEST_MANIFEST)
            unit = Unit(stem, f"{stem[:128]}.{hashlib.sha256(raw).hexdigest()[:12]}", unit.files)
            manifest = _parsed(raw, stem)
            unit = Unit(stem, unit.name, (*(entry.name for entry in manifest.files), name))
            return unit, self._whole(folder, unit, manifest)
        except _NotYetError as reason:
            return unit, self._unless_young(folder, unit, Fault(FaultCode.BATCH_INCOMPLETE, str(reason)), self.patience.stale_seconds)
        except FileNotFoundError:
            # taken away again, or by another process of ours
            return unit, None
        except Refusal as refusal:
            return unit, self._unless_young(folder, unit, refusal.fault, self.patience.settled_seconds)

    def _whole(self, folder: Folder, unit: Unit, manifest: _Manifest) -> Found:
        packaging, document, mark = _form(manifest.files)
        missing = [entry.name for entry in manifest.files if folder.look(entry.name) is None]
        if missing and self.was_moved(unit):
            return Half(unit)
        for entry in manifest.files:
            _check_size(folder, entry, self.patience.limit_bytes if entry is document else _LARGEST_SIGNATURE)
        content = _content(folder, document)
        if mark is None:
            return Whole(unit, WireMessage(content, JOSE if packaging == "jws" else document.media_type), packaging)
        # an editor or a shell that ends its lines is no attack
        signature = _content(folder, mark).rstrip(b"\r\n").decode("latin-1")
        return Whole(unit, WireMessage(content, document.media_type, {"signature": signature}), packaging)

    def _strays(self, folder: Folder, names: Sequence[str]) -> Iterator[Broken]:
        for name in names:
            found = folder.look(name)
            if found is None:
                continue
            plain = stat.S_ISREG(found.st_mode)
            mark = hashlib.sha256(f"{name!r}/{found.st_mtime_ns}".encode()).hexdigest()[:12]
            unit = Unit("stray", f"stray-{mark}", (name,))
            fault = Fault(FaultCode.BATCH_FILE_UNKNOWN, "No manifest names it." if plain else "It is no plain file.")
            broken = self._unless_young(folder, unit, fault, self.patience.stale_seconds if plain else self.patience.settled_seconds)
            if broken is not None:
                yield broken

    def _unless_young(self, folder: Folder, unit: Unit, fault: Fault, seconds: float) -> Broken | None:
        """Nothing where any of it changed within these seconds, by our own clock: a mount's may be another."""
        now = self.monotonic()
        state = [(found.st_size, found.st_mtime_ns) if (found := folder.look(name)) is not None else None for name in unit.files]
        self._looked_at.add(unit.name)
        before, since = self._since.get(unit.name, (None, now))
        if before != state:
            since = now
        self._since[unit.name] = (state, since)
        known = before == state or seconds <= 0
        return Broken(unit, fault) if known and now - since >= seconds else None


def _read(folder: Folder, name: str, limit: int) -> bytes:
    try:
        raw = folder.read(name, limit)
    except NotPlainError as error:
        raise refuse(FaultCode.BATCH_FILE_DIFFERS, "It is no plain file.", pointer=name) from error
    except PermissionError as error:
        raise refuse(FaultCode.BATCH_FILE_DIFFERS, "It may not be read.", pointer=name) from error
    if len(raw) > limit:
        raise refuse(FaultCode.TOO_LARGE, f"At most {limit} bytes are taken.", pointer=name)
    return raw


def _parsed(raw: bytes, stem: str) -> _Manifest:
    """Refuses what is no manifest of this batch; values are not repeated."""
    try:
        strict_json.parse_object(raw, _MANIFEST_LIMITS)
        manifest = _Manifest.model_validate_json(raw)
    except Refusal as refusal:
        raise refuse(FaultCode.BATCH_MANIFEST_INVALID, refusal.fault.detail) from refusal
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        pointer = "/" + "/".join(str(part) for part in wrong["loc"] if str(part).isascii())
        raise refuse(FaultCode.BATCH_MANIFEST_INVALID, "The member is missing, unknown, or of another form.", pointer=pointer) from error
    if manifest.id != stem:
        raise refuse(FaultCode.BATCH_MANIFEST_INVALID, "The id is not that of the manifest's own name.", pointer="/id")
    names = [entry.name for entry in manifest.files]
    if len(set(names)) < len(names) or not all(name.startswith(f"{stem}.") and not name.endswith(MANIFEST) for name in names):
        raise refuse(FaultCode.BATCH_MANIFEST_INVALID, "Every name begins with the id and a dot, and stands once.", pointer="/files")
    return manifest


def _form(files: Sequence[_File]) -> tuple[str, _File, _File | None]:
    """Packaging, document, and signature: a document and its signature, or one file that is signed in itself."""
    if len(files) == 1:
        (only,) = files
        if only.name.endswith(SIGNATURE):
            return "jws", only, None
        if only.media_type.partition(";")[0].strip().lower() in _SOAP:
            return "wss", only, None
    else:
        for document, mark in (files, files[::-1]):
            if mark.name == document.name + SIGNATURE:
                return "detached", document, mark
    raise refuse(
        FaultCode.BATCH_MANIFEST_INVALID, f"A batch is a document with its signature (the same name and {SIGNATURE}), or one signed file.", pointer="/files"
    )


def _check_size(folder: Folder, entry: _File, limit: int) -> None:
    """By what the directory says of it, before it is opened. Raises Refusal, _NotYetError."""
    found = folder.look(entry.name)
    if found is None:
        raise _NotYetError("A file that the manifest names is missing.")
    if not stat.S_ISREG(found.st_mode):
        raise refuse(FaultCode.BATCH_FILE_DIFFERS, "It is no plain file.", pointer=entry.name)
    if max(found.st_size, entry.size) > limit:
        raise refuse(FaultCode.TOO_LARGE, f"At most {limit} bytes are taken.", pointer=entry.name)
    if found.st_size < entry.size:
        raise _NotYetError("A file is shorter than the manifest says.")
    if found.st_size > entry.size:
        raise refuse(FaultCode.BATCH_FILE_DIFFERS, "It is longer than the manifest says.", pointer=entry.name)


def _content(folder: Folder, entry: _File) -> bytes:
    content = _read(folder, entry.name, entry.size)
    if len(content) < entry.size:
        raise _NotYetError("A file is shorter than the manifest says.")
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise refuse(FaultCode.BATCH_FILE_DIFFERS, "Its SHA-256 is another than the manifest says.", pointer=entry.name)
    return content

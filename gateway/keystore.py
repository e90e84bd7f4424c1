"""The gateway's own keys, as files.

What it is: makes, opens and rotates what lies in `keys_dir`: the key that signs messages and receipts, the
WS-Security key with its certificate, the archive keys, the parcel key and the key of the case index. What it is
not: partners' keys (those are public, and rows of the store). Called by `bootstrap` and the command line.

Theory of operation: `manifest.json` names every key, its public half and its state; the secrets lie beside it,
one file each, mode 0600 in a folder of mode 0700. Files are written and synced before the manifest names them,
and the manifest is replaced in one rename, so a crash leaves the old state or the new one.
"""

import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Flag, auto
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.trust.contract import Signer, SignerUnavailable
from gateway.trust.minting import Minted, certificate_der, certificate_pem, mint_ed25519, mint_rsa
from gateway.trust.sealing import ABSENT, KEY_BYTES, ArchiveKeys
from gateway.trust.signing import KeyUnusable, jwk_of, signer_from_pem
from schemas.identifiers import KeyId

MANIFEST = "manifest.json"
CERTIFICATE_DAYS = 3 * 365
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
MESSAGE, WSS = "message", "wss"
_ABSENT_SIGNER = "this process was not given the key"


class Need(Flag):
    """Which keys a process is given."""

    NOTHING = 0
    MESSAGE = auto()
    """Signs receipts, checkpoints and JWS messages."""
    WSS = auto()
    SEAL = auto()
    """The current archive key, and none of the older ones."""
    OPEN = auto()
    """Every archive key."""
    PARCEL = auto()
    LOOKUP = auto()
    ALL = MESSAGE | WSS | SEAL | OPEN | PARCEL | LOOKUP


class KeystoreError(Exception):
    """The keys cannot be made or used. The text names files and what to do, never what is in them."""


class SigningEntry(BaseModel):
    """One signing key in the manifest: its public half stays for ever, so that old receipts can be checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    use: str
    created: datetime
    retired: datetime | None = None
    jwk: dict[str, object]


class Manifest(BaseModel):
    """What lies in the folder."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    version: int = 1
    issuer: str
    signing: tuple[SigningEntry, ...]
    archive: tuple[str, ...]
    """Names of the archive keys, the current one last. Older ones still open what they sealed."""

    def current(self, use: str) -> SigningEntry:
        """The key that signs now."""
        return next(entry for entry in self.signing if entry.use == use and entry.retired is None)


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """Everything that this gateway may sign and open with."""

    issuer: str
    message_signer: Signer
    wss_signer: Signer
    archive: ArchiveKeys = field(repr=False)
    parcel_key: bytes = field(repr=False)
    lookup_key: bytes = field(repr=False)
    _jwks: tuple[Mapping[str, object], ...] = ()

    def public_jwks(self) -> dict[str, object]:
        """The JWK set (RFC 7517 §5) of current and retired public keys: old receipts stay verifiable."""
        return {"keys": [dict(jwk) for jwk in self._jwks]}


def create(directory: Path, *, issuer: str, now: datetime) -> None:
    """Make all keys. Refuses a folder that holds a manifest or files of any key: nothing is ever overwritten."""
    if (directory / MANIFEST).exists():
        raise KeystoreError(f"{directory} already holds keys; they are never made twice, since what they sealed would be lost")
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    archive = _archive_name(now, ())
    for name in (f"{archive}.key", "parcel.key", "lookup.key"):
        _write_new(directory / name, secrets.token_hex(KEY_BYTES).encode())
    signing = tuple(_mint(directory, use, 1, issuer, now) for use in (MESSAGE, WSS))
    _write_manifest(directory, Manifest(issuer=issuer, signing=signing, archive=(archive,)))


@dataclass(frozen=True, slots=True)
class AbsentSigner:
    """The public name of a signing key that this process was not given. See `gateway.trust.contract.Signer`."""

    key_id: KeyId
    algorithm: str

    @property
    def public_key(self) -> bytes:
        """Not here."""
        raise SignerUnavailable(_ABSENT_SIGNER)

    @property
    def certificate(self) -> bytes | None:
        """Not here."""
        raise SignerUnavailable(_ABSENT_SIGNER)

    def sign(self, data: bytes) -> bytes:
        """Not here."""
        del data
        raise SignerUnavailable(_ABSENT_SIGNER)


def open_keys(directory: Path, *, need: Need = Need.ALL, strict: bool = True) -> OwnKeys:
    """Read what is needed; using any other key raises SignerUnavailable. Files of keys that are not needed may be
    missing. Raises KeystoreError; where `strict`, also when anybody but the owner may read one."""
    manifest = read_manifest(directory)
    archive = manifest.archive if Need.OPEN in need else manifest.archive[-1:] if Need.SEAL in need else ()
    plain = [name for name, wanted in (("parcel", Need.PARCEL), ("lookup", Need.LOOKUP)) if wanted in need]
    signing = [manifest.current(use).name for use, wanted in ((MESSAGE, Need.MESSAGE), (WSS, Need.WSS)) if wanted in need]
    names = [*(f"{name}.key" for name in (*archive, *plain)), *(f"{name}.pem" for name in signing)]
    for path in (directory, *(directory / name for name in names)) if strict else ():
        _require_private(path)
    return OwnKeys(
        issuer=manifest.issuer,
        message_signer=_signer(directory, manifest.current(MESSAGE)) if Need.MESSAGE in need else _absent(manifest.current(MESSAGE)),
        wss_signer=_signer(directory, manifest.current(WSS)) if Need.WSS in need else _absent(manifest.current(WSS)),
        archive=ArchiveKeys(manifest.archive[-1] if archive else "", {name: _secret(directory / f"{name}.key") for name in archive}),
        parcel_key=_secret(directory / "parcel.key") if Need.PARCEL in need else ABSENT,
        lookup_key=_secret(directory / "lookup.key") if Need.LOOKUP in need else ABSENT,
        _jwks=tuple(entry.jwk for entry in manifest.signing),
    )


def rotate_archive(directory: Path, *, now: datetime) -> str:
    """Make a new archive key and seal with it from now on; older ones still open. Answers with its name."""
    manifest = read_manifest(directory)
    name = _archive_name(now, manifest.archive)
    _write_new(directory / f"{name}.key", secrets.token_hex(KEY_BYTES).encode())
    _write_manifest(directory, manifest.model_copy(update={"archive": (*manifest.archive, name)}))
    return name


def rotate_signing(directory: Path, use: str, *, now: datetime) -> str:
    """Make a new signing key (`message` or `wss`) and destroy the old private one; its public half stays in the
    JWK set. Partners that pin our key must know the new one first. Answers with its name."""
    if use not in {MESSAGE, WSS}:
        raise KeystoreError(f"there is no such use; there is {MESSAGE} and {WSS}")
    manifest = read_manifest(directory)
    old = manifest.current(use)
    number = 1 + sum(entry.use == use for entry in manifest.signing)
    new = _mint(directory, use, number, manifest.issuer, now)
    signing = tuple(entry.model_copy(update={"retired": now}) if entry == old else entry for entry in manifest.signing)
    _write_manifest(directory, manifest.model_copy(update={"signing": (*signing, new)}))
    (directory / f"{old.name}.pem").unlink(missing_ok=True)
    return new.name


def read_public_jwks(directory: Path) -> dict[str, object]:
    """The JWK set of `OwnKeys.public_jwks`, without opening any secret."""
    return {"keys": [dict(entry.jwk) for entry in read_manifest(directory).signing]}


def read_manifest(directory: Path) -> Manifest:
    """What lies in the folder, without the secrets. Raises KeystoreError."""
    try:
        manifest = Manifest.model_validate_json((directory / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise KeystoreError(f"{directory} holds no keys; make them with `gateway init`") from None
    except (OSError, ValidationError) as error:
        raise KeystoreError(f"{directory / MANIFEST} cannot be read ({type(error).__name__})") from error
    if not manifest.archive or any(sum(entry.use == use and entry.retired is None for entry in manifest.signing) != 1 for use in (MESSAGE, WSS)):
        raise KeystoreError(f"{directory / MANIFEST} does not name one current key for each use; restore the folder from its copy")
    return manifest


def _mint(directory: Path, use: str, number: int, issuer: str, now: datetime) -> SigningEntry:
    minted: Minted = mint_ed25519() if use == MESSAGE else mint_rsa(issuer, now=now, days=CERTIFICATE_DAYS)
    name = f"{use}-{number}"
    _write_new(directory / f"{name}.pem", minted.private_pem)
    if minted.certificate_der is not None:
        _write_new(directory / f"{name}.crt", certificate_pem(minted.certificate_der))
    jwk = jwk_of(signer_from_pem(minted.private_pem, minted.certificate_der))
    return SigningEntry(name=name, use=use, created=now, jwk=jwk)


def _absent(entry: SigningEntry) -> AbsentSigner:
    return AbsentSigner(KeyId(str(entry.jwk.get("kid", ""))), str(entry.jwk.get("alg", "")))


def _signer(directory: Path, entry: SigningEntry) -> Signer:
    certificate = directory / f"{entry.name}.crt"
    try:
        der = certificate_der(_read(certificate)) if certificate.exists() else None
        signer = signer_from_pem(_read(directory / f"{entry.name}.pem"), der)
    except KeyUnusable as error:
        raise KeystoreError(f"the key {entry.name} in {directory} cannot be used: {error}") from error
    if signer.key_id != entry.jwk.get("kid"):
        raise KeystoreError(f"the key {entry.name} in {directory} is not the one that {MANIFEST} names")
    return signer


def _secret(path: Path) -> bytes:
    try:
        key = bytes.fromhex(_read(path).decode("ascii"))
    except ValueError as error:
        raise KeystoreError(f"{path} is damaged; restore it from its copy") from error
    if len(key) != KEY_BYTES:
        raise KeystoreError(f"{path} is damaged; restore it from its copy")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeystoreError(f"{path} cannot be read ({error.strerror})") from error


def _require_private(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise KeystoreError(f"{path} cannot be read ({error.strerror})") from error
    if mode & _OTHERS:
        raise KeystoreError(f"{path} is open to others than its owner; run: chmod go= {path}")


def _archive_name(now: datetime, taken: tuple[str, ...]) -> str:
    """Named by day and number; names are never used again, since sealed rows refer to them."""
    day = now.astimezone(UTC).date().isoformat()
    return next(name for number in range(1, len(taken) + 2) if (name := f"archive-{day}-{number}") not in taken)


def _write_new(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeystoreError(f"{path} is there already, left by something that was interrupted; move it away and try again") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_manifest(directory: Path, manifest: Manifest) -> None:
    draft = directory / f"{MANIFEST}.new"
    draft.unlink(missing_ok=True)
    _write_new(draft, json.dumps(manifest.model_dump(mode="json"), indent=2).encode())
    draft.replace(directory / MANIFEST)
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

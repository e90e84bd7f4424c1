"""The audit chain: each record holds the digest of the one before it.

What it is: how a record is linked, how a chain is verified, and what a checkpoint of it says. What it is
not: storage (`gateway.store`), nor the signature of a checkpoint (`gateway.trust` signs the claims as a JWS
of typ `checkpoint+jws`).

Theory of operation. The digest of a record is SHA-256 over these bytes, written as `sha-256:` and 64 lower
case hexadecimal digits: UTF-8 of one JSON object in the canonical form of RFC 8785 (members in order of
code point, no white space, only the escapes that JSON demands, integers in plain decimals, no other
numbers), with exactly the members `at` (whole microseconds since 1970-01-01T00:00:00Z), `code`, `facts`
(names are ASCII; values are strings, integers, true, false), `previous`, `sequence`, `subject` and `v` (1).
The first record has sequence 1 and the `previous` of GENESIS. Whoever alters, removes, adds or moves a
record breaks a digest, a link or the count; whoever rewrites everything behind it meets a checkpoint.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from json.encoder import encode_basestring
from typing import Final

from gateway.audit.events import AuditEvent, AuditRecord, Fact

FORMAT_VERSION: Final = 1
CHECKPOINT_TYPE: Final = "checkpoint+jws"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """A place on the chain: the last record so far, or the one that a checkpoint names."""

    sequence: int
    digest: str


GENESIS: Final = ChainHead(0, "sha-256:" + "0" * 64)
"""Before the first record."""


class Flaw(StrEnum):
    """What can be wrong with a chain."""

    ALTERED = "altered"
    """The record's digest is not that of its content."""
    UNLINKED = "unlinked"
    """The record does not name the digest of the one before it: something was replaced or put between."""
    MISSING = "missing"
    """Records before this one are not there."""
    MISPLACED = "misplaced"
    """The record's number does not follow: it was repeated or moved."""
    TRUNCATED = "truncated"
    """The chain ends before a place that is known to exist."""
    FORKED = "forked"
    """Another record stands where a checkpoint or the head was taken: the chain was rewritten."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw, at one place."""

    flaw: Flaw
    sequence: int
    detail: str = ""


def encode_facts(facts: Mapping[str, Fact]) -> str:
    """Facts in the canonical form. Raises TypeError for what is not a fact: a bug of the caller."""
    return "{" + ",".join([f"{encode_basestring(name)}:{_encode_fact(name, facts[name])}" for name in sorted(facts)]) + "}"


def _encode_fact(name: str, value: Fact) -> str:
    if not name.isascii():
        raise TypeError(f"not a name of an audit fact: {name!r}")
    if isinstance(value, str):
        return encode_basestring(value)
    if not isinstance(value, int):
        raise TypeError(f"not an audit fact: {name!r}")
    # bool is an int: JSON's own words for it.
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else int.__repr__(value)


def content(sequence: int, previous: str, event: AuditEvent) -> bytes:
    """The bytes that a record's digest is taken of."""
    # Assembled by hand: this runs several times for each message. A property test compares it with json.dumps.
    return (
        f'{{"at":{microseconds(event.at)},"code":{encode_basestring(event.code)},"facts":{encode_facts(event.facts)}'
        f',"previous":{encode_basestring(previous)},"sequence":{sequence},"subject":{encode_basestring(event.subject)},"v":{FORMAT_VERSION}}}'
    ).encode()


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970, exactly. `at` is aware."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def link(previous: ChainHead, event: AuditEvent) -> AuditRecord:
    """The record that follows `previous`."""
    sequence = previous.sequence + 1
    return AuditRecord(sequence, event, previous.digest, _digest(content(sequence, previous.digest, event)))


def _digest(data: bytes) -> str:
    return "sha-256:" + hashlib.sha256(data).hexdigest()


def head_of(record: AuditRecord) -> ChainHead:
    """Where the chain stands after this record."""
    return ChainHead(record.sequence, record.digest)


@dataclass(slots=True)
class Verifier:
    """Walks a chain record by record in bounded memory.

    `known` are places that must lie on it: verified checkpoints and the stored head. After a flaw it goes
    on from the record as it stands, so that each flaw is named once and where it is.
    """

    at: ChainHead = GENESIS
    known: Mapping[int, str] = field(default_factory=dict)
    checked: int = 0

    def feed(self, record: AuditRecord) -> list[Finding]:
        """What is wrong with the next record."""
        findings = list(self._place(record))
        if record.digest != _digest(content(record.sequence, record.previous, record.event)):
            findings.append(Finding(Flaw.ALTERED, record.sequence))
        expected = self.known.get(record.sequence)
        if expected is not None and expected != record.digest:
            findings.append(Finding(Flaw.FORKED, record.sequence, f"known as {expected}"))
        self.at = head_of(record)
        self.checked += 1
        return findings

    def _place(self, record: AuditRecord) -> Iterable[Finding]:
        following = self.at.sequence + 1
        if record.sequence > following:
            yield Finding(Flaw.MISSING, following, f"{following} to {record.sequence - 1}")
        elif record.sequence < following:
            yield Finding(Flaw.MISPLACED, record.sequence, f"stands after {self.at.sequence}")
        elif record.previous != self.at.digest:
            yield Finding(Flaw.UNLINKED, record.sequence)

    def finish(self) -> list[Finding]:
        """What is wrong with the end: every known place must have been passed."""
        beyond = sorted(sequence for sequence in self.known if sequence > self.at.sequence)
        return [Finding(Flaw.TRUNCATED, sequence, f"the chain ends at {self.at.sequence}") for sequence in beyond]


def verify(records: Iterable[AuditRecord], start: ChainHead = GENESIS, known: Iterable[ChainHead] = ()) -> list[Finding]:
    """Every flaw of the records that should follow `start`, in order. An empty list says: whole."""
    verifier = Verifier(start, {place.sequence: place.digest for place in known if place.sequence > start.sequence})
    findings = [finding for record in records for finding in verifier.feed(record)]
    return findings + verifier.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What the gateway signs about its chain: at this time, this record was the last."""

    issuer: str
    issued_at: int
    """Whole seconds since 1970 (RFC 7519 NumericDate)."""
    head: ChainHead


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The claims that are signed, canonical."""
    claims = {"iss": checkpoint.issuer, "iat": checkpoint.issued_at, "sequence": checkpoint.head.sequence, "digest": checkpoint.head.digest}
    return _ENCODER.encode(claims).encode()


class CheckpointUnreadable(ValueError):
    """The bytes are not the claims of a checkpoint."""


def decode_checkpoint(data: bytes) -> Checkpoint:
    """Inverse of `encode_checkpoint`, for bytes whose signature was verified. Raises CheckpointUnreadable."""
    try:
        claims = json.loads(data)
        issuer, issued_at, sequence, digest = claims["iss"], claims["iat"], claims["sequence"], claims["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointUnreadable(type(error).__name__) from error
    if not isinstance(issuer, str) or not isinstance(digest, str) or not _is_count(issued_at) or not _is_count(sequence):
        raise CheckpointUnreadable("a claim has the wrong type")
    return Checkpoint(issuer=issuer, issued_at=issued_at, head=ChainHead(sequence, digest))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0

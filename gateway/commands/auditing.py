"""The walk over the audit chain.

What it is: pages of records through `audit.chain.Verifier`, in bounded memory, against the stored head and
every checkpoint whose signature holds. What it is not: a repair. Called by `gateway audit`, the demo and bench.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.audit.chain import ChainHead, CheckpointUnreadable, Finding, Verifier, decode_checkpoint
from gateway.commands.believing import keyring_of
from gateway.commands.context import Desk, now, own_keys
from gateway.contract import Store
from gateway.keystore import read_public_jwks
from gateway.records import CheckpointRecord
from gateway.trust.checkpoints import open_checkpoint
from gateway.trust.keyring import Keyring
from schemas.faults import Refusal

PAGE = 2000
TELL_EVERY = 100_000
MOST_FINDINGS = 1000
"""A chain that is rotten all through is not listed to the end."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One thing that does not hold."""

    about: str
    flaw: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the walk found."""

    records: int
    checkpoints: int
    head: ChainHead
    findings: tuple[Noted, ...]


def inspect(store: Store, keys_dir: Path, tell: Callable[[str], None]) -> AuditReport:
    """Walk all of it. The head is read first: records that are linked meanwhile are walked too."""
    head, kept = store.checkpoints.head(), store.checkpoints.all()
    keyring = keyring_of(read_public_jwks(keys_dir))
    heads, findings = _checkpoints(kept, keyring)
    verifier = Verifier(known={place.sequence: place.digest for place in (*heads, head) if place.sequence > 0})
    findings += _walk(store, verifier, tell)
    findings += [_noted(finding) for finding in verifier.finish()]
    return AuditReport(records=verifier.checked, checkpoints=len(kept), head=verifier.at, findings=tuple(findings[:MOST_FINDINGS]))


def sign_now(desk: Desk) -> tuple[bool, CheckpointRecord | None]:
    """Sign the head unless it is signed; True where a checkpoint was made, and the latest one."""
    from gateway.bootstrap import make_means
    from gateway.workers.timers import sign_checkpoint

    made = sign_checkpoint(desk.store, make_means(desk.settings, own_keys(desk.settings)), now)
    return made, desk.store.checkpoints.latest()


def _walk(store: Store, verifier: Verifier, tell: Callable[[str], None]) -> list[Noted]:
    findings: list[Noted] = []
    after = 0
    while records := store.queries.audit(after, PAGE):
        for record in records:
            findings += [_noted(finding) for finding in verifier.feed(record)]
        after = records[-1].sequence
        if after % TELL_EVERY < PAGE and after >= TELL_EVERY:
            tell(f"{after} records")
        if len(findings) > MOST_FINDINGS:
            break
    return findings


def _checkpoints(kept: Sequence[CheckpointRecord], keyring: Keyring) -> tuple[list[ChainHead], list[Noted]]:
    heads: list[ChainHead] = []
    findings: list[Noted] = []
    for record in kept:
        head = _believed(record, keyring)
        if head is None or head.sequence != record.sequence:
            findings.append(Noted(f"checkpoint {record.sequence}", "signature", "it is not signed by this gateway, or says something else"))
        else:
            heads.append(head)
    return heads, findings


def _believed(record: CheckpointRecord, keyring: Keyring) -> ChainHead | None:
    try:
        claims = open_checkpoint(record.jws, keyring.find)
        return None if claims is None else decode_checkpoint(claims).head
    except (Refusal, CheckpointUnreadable):
        return None


def _noted(finding: Finding) -> Noted:
    return Noted(f"record {finding.sequence}", finding.flaw.value, finding.detail)

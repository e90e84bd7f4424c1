"""What `gateway audit` does: the store's check of everything, with checkpoints believed by our own keys.

What it is: the reader of checkpoints that the store's check wants, and its report as lines. What it is not:
the check (`gateway.store.integrity`), nor a repair.
"""

from dataclasses import dataclass

from gateway.audit.integrity import IntegrityReport
from gateway.commands.believing import keyring_of
from gateway.commands.context import Desk, now, own_keys
from gateway.keystore import read_public_jwks
from gateway.records import CheckpointRecord
from gateway.trust.checkpoints import checkpoint_reader


@dataclass(frozen=True, slots=True)
class Noted:
    """One thing that does not hold."""

    about: str
    flaw: str
    detail: str = ""


def inspect(desk: Desk) -> tuple[IntegrityReport, tuple[Noted, ...]]:
    """Check all of it. Current and retired keys of this installation are believed, and no others."""
    report = desk.store.verify(checkpoint_reader(keyring_of(read_public_jwks(desk.settings.keys_dir))))
    chain = tuple(Noted(f"record {finding.sequence}", finding.flaw.value, finding.detail) for finding in report.findings)
    tables = tuple(Noted(doubt.subject, doubt.doubt.value, doubt.detail) for doubt in report.disagreements)
    return report, chain + tables


def sign_now(desk: Desk) -> tuple[bool, CheckpointRecord | None]:
    """Sign the head unless it is signed; True where a checkpoint was made, and the latest one."""
    from gateway.bootstrap import make_means
    from gateway.workers.timers import sign_checkpoint

    made = sign_checkpoint(desk.store, make_means(desk.settings, own_keys(desk.settings)), now)
    return made, desk.store.checkpoints.latest()

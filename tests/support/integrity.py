"""The whole audit verification, as `gateway audit verify` runs it, over one database."""

from contextlib import closing

from gateway.audit.chain import Checkpoint, decode_checkpoint
from gateway.store.opening import open_store
from gateway.trust.compact import split


def findings(url: str) -> list[object]:
    """Everything that is wrong with a store; empty when nothing is. Checkpoints are believed here: their
    signatures have tests of their own."""
    with closing(open_store(url)) as store:
        report = store.verify(_claimed)
        return [*report.findings, *report.disagreements]


def _claimed(jws: str) -> Checkpoint:
    return decode_checkpoint(split(jws.encode()).unverified_payload)

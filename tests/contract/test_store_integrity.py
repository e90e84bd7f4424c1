"""Whatever is changed behind the store's back, `verify` names it; an untouched store is found whole."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine, make_url, text

from gateway.audit.chain import GENESIS, ChainHead, Checkpoint, Flaw, head_of, link
from gateway.audit.events import AuditCode
from gateway.audit.integrity import Doubt
from gateway.changes import Changes
from gateway.contract import Store
from gateway.records import DeliveryState
from gateway.store.rows import audit_values
from schemas.identifiers import DeliveryId
from tests.support.store import accepted, digest, event, progressed, receipt, refused


def _read(jws: str) -> Checkpoint | None:
    """Stands in for the signature: `proven|sequence|digest`."""
    word, sequence, digest = jws.split("|")
    return Checkpoint(issuer="gateway", issued_at=1, head=ChainHead(int(sequence), digest)) if word == "proven" else None


@contextmanager
def _behind(url: str) -> Iterator[Connection]:
    """Somebody with a key to the cellar."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg") if url.startswith("postgresql") else url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def lived(store: Store) -> Store:
    """A store with some life in it: accepted, refused, delivered, settled, and two checkpoints."""
    store.unit_of_work.commit([accepted(f"n{number}") for number in range(600)])
    store.unit_of_work.commit([refused("bad")])
    _checkpoint(store)
    found = store.queries.deliveries([DeliveryId("d-n1"), DeliveryId("d-n2")])
    store.unit_of_work.commit([progressed(delivery, DeliveryState.HANDED_OVER, AuditCode.DELIVERY_HANDED_OVER) for delivery in found.values()])
    settled = store.queries.deliveries([DeliveryId("d-n1")])[DeliveryId("d-n1")]
    facts = {"state": "applied", "receipt": receipt("n1", stage="applied").digest}
    change = progressed(settled, DeliveryState.APPLIED, AuditCode.DELIVERY_APPLIED)
    applied = Changes(deliveries=change.deliveries, receipts=(receipt("n1", stage="applied"),), events=(event(AuditCode.DELIVERY_APPLIED, "d-n1", **facts),))
    store.unit_of_work.commit([applied])
    _checkpoint(store)
    return store


def _checkpoint(store: Store) -> None:
    head = store.checkpoints.head()
    store.checkpoints.put(f"proven|{head.sequence}|{head.digest}", head.sequence, event(AuditCode.CHECKPOINT_SIGNED, str(head.sequence)))


def test_an_untouched_store_is_whole(lived: Store) -> None:
    report = lived.verify(_read)
    assert (report.findings, report.disagreements, report.ok) == ([], [], True)
    assert (report.records, report.submissions, report.receipts, report.deliveries, report.checkpoints) == (1806, 601, 602, 600, 2)


def test_an_empty_store_is_whole(store: Store) -> None:
    assert store.verify(_read).ok


HEAD_AT = "UPDATE audit_head SET sequence = {0}, digest = (SELECT digest FROM audit_records WHERE sequence = {0})"
FLAWS = {
    "altered facts": ("UPDATE audit_records SET facts = '{}' WHERE sequence = 4", Flaw.ALTERED, 4),
    "altered code": ("UPDATE audit_records SET code = 'no.such' WHERE sequence = 700", Flaw.ALTERED, 700),
    "altered time": ("UPDATE audit_records SET at = at + 1 WHERE sequence = 1801", Flaw.ALTERED, 1801),
    "unreadable facts": ("UPDATE audit_records SET facts = 'x' WHERE sequence = 4", Flaw.ALTERED, 4),
    "altered digest": ("UPDATE audit_records SET digest = previous WHERE sequence = 4", Flaw.ALTERED, 4),
    "removed": ("DELETE FROM audit_records WHERE sequence = 500", Flaw.MISSING, 500),
    "removed across pages": ("DELETE FROM audit_records WHERE sequence BETWEEN 490 AND 1100", Flaw.MISSING, 490),
    "removed first": ("DELETE FROM audit_records WHERE sequence = 1", Flaw.MISSING, 1),
    "cut off": ("DELETE FROM audit_records WHERE sequence > 1700", Flaw.TRUNCATED, 1806),
    "cut off with the head": (
        "DELETE FROM audit_records WHERE sequence > 1700; " + HEAD_AT.format(1700),
        Flaw.TRUNCATED,
        1805,
    ),
    "head moved back": (HEAD_AT.format(1800), Flaw.MISPLACED, 1801),
    "head of another chain": ("UPDATE audit_head SET digest = 'sha-256:0'", Flaw.FORKED, 1806),
}


@pytest.mark.parametrize("name", FLAWS)
def test_a_broken_chain_is_named(lived: Store, store_url: str, name: str) -> None:
    statements, flaw, sequence = FLAWS[name]
    with _behind(store_url) as connection:
        for statement in statements.split(";"):
            connection.execute(text(statement))
    report = lived.verify(_read)
    assert not report.ok
    assert (flaw, sequence) in {(finding.flaw, finding.sequence) for finding in report.findings}


DOUBTS = {
    "a receipt's text": ("UPDATE receipts SET jws = 'other' WHERE receipt_number = 5", Doubt.RECEIPT_CHANGED),
    "a receipt and its digest": (f"UPDATE receipts SET jws = 'o', digest = '{digest('o')}' WHERE receipt_number = 5", Doubt.RECEIPT_UNKNOWN),
    "a later receipt's row": ("DELETE FROM receipts WHERE stage = 'applied'", Doubt.LOST),
    "a submission's receipt": ("UPDATE submissions SET receipt = 'x' WHERE submission_id = 's-n7'", Doubt.RECEIPT_CHANGED),
    "a submission's verdict": ("UPDATE submissions SET verdict = 'accepted' WHERE submission_id = 's-bad'", Doubt.SUBMISSION_UNKNOWN),
    "a submission's row": ("DELETE FROM submissions WHERE submission_id = 's-n599'", Doubt.LOST),
    "a message's row": ("DELETE FROM messages WHERE message_id = 'm-n3'", Doubt.LOST),
    "a delivery's row": ("DELETE FROM deliveries WHERE delivery_id = 'd-n2'", Doubt.LOST),
    "a delivery's state": ("UPDATE deliveries SET state = 'applied' WHERE delivery_id = 'd-n2'", Doubt.STATE_DIFFERS),
    "a state without any event": ("UPDATE deliveries SET state = 'applied' WHERE delivery_id = 'd-n300'", Doubt.STATE_DIFFERS),
    "a counter": ("UPDATE audit_head SET delivery_sequence = 3", Doubt.COUNTERS_DIFFER),
    "a checkpoint's signature": ("UPDATE checkpoints SET jws = 'forged|1|x' WHERE sequence = 1805", Doubt.CHECKPOINT_UNPROVEN),
    "a checkpoint's place": ("UPDATE checkpoints SET sequence = 1700 WHERE sequence = 1805", Doubt.CHECKPOINT_UNPROVEN),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_a_changed_table_is_named(lived: Store, store_url: str, name: str) -> None:
    statement, doubt = DOUBTS[name]
    with _behind(store_url) as connection:
        connection.execute(text(statement))
    report = lived.verify(_read)
    assert [found.doubt for found in report.disagreements] == [doubt]
    assert report.findings == []


def test_a_chain_that_was_written_anew_meets_its_checkpoint(lived: Store, store_url: str) -> None:
    place, rows = GENESIS, []
    records = [record for start in range(0, 2000, 1000) for record in lived.queries.audit(start, 1000)]
    for record in records:
        if record.sequence != 2:
            linked = link(place, record.event)
            place = head_of(linked)
            rows.append(audit_values(linked))
    with _behind(store_url) as connection:
        connection.execute(text("DELETE FROM audit_records"))
        names = list(rows[0])
        connection.execute(text(f"INSERT INTO audit_records ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"), rows)
        connection.execute(text("UPDATE audit_head SET sequence = :sequence, digest = :digest"), {"sequence": place.sequence, "digest": place.digest})
    assert {(finding.flaw, finding.sequence) for finding in lived.verify(_read).findings} == {(Flaw.FORKED, 1801), (Flaw.FORKED, 1805)}

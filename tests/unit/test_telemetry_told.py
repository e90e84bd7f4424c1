"""Whatever is in the audit chain was told to the log, once, and nothing else: operators' events as well as messages'."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from gateway.audit.events import AuditCode, AuditEvent
from gateway.changes import Changes
from gateway.config import LogLevel
from gateway.contract import Store
from gateway.oversight.records import Note, Operator
from gateway.partners.party import Organisation, Standing
from gateway.records import DeadLetter, DeadLetterState
from gateway.store.engine import Database
from gateway.store.head import lock_head
from gateway.store.opening import open_store
from gateway.telemetry import Telemetry, set_up_logging
from gateway.trust.digests import digest
from schemas.identifiers import OrganisationId
from tests.support.databases import migrate_quickly
from tests.support.world import make_world
from tests.unit.road.test_deliver import accept

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BY = "a.person"


def event(code: AuditCode, subject: str, **facts: str) -> AuditEvent:
    return AuditEvent(code, NOW, subject, {"by": BY, **facts})


@pytest.fixture
def told() -> list[AuditEvent]:
    return []


@pytest.fixture
def store(tmp_path: Path, told: list[AuditEvent]) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate_quickly(url)
    with closing(open_store(url, told.append)) as opened:
        yield opened


def chained(store: Store) -> list[AuditEvent]:
    return [record.event for record in store.queries.audit(0, 1000)]


def letter() -> DeadLetter:
    facts = {"letter_id": "l-1", "vhost": "gateway", "queue": "q", "reason": "rejected", "message_id": "m", "content_type": "text/plain"}
    return DeadLetter(**facts, size=1, digest=digest(b"x"), at=NOW, state=DeadLetterState.NEEDS_A_PERSON)


def test_every_kind_of_write_is_told_when_it_is_durable(store: Store, told: list[AuditEvent]) -> None:
    owner = Organisation(organisation_id=OrganisationId("alpha"), name="alpha, fictional", standing=Standing.LIVE)
    note = Note(note_id="n-1", about="partner:alpha", text="Made up.", by=Operator(BY, "A Person"), at=NOW)
    store.partners.put_organisation(owner, event(AuditCode.PARTNER_CHANGED, "alpha"))
    store.dead_letters.put(letter(), event(AuditCode.DEAD_LETTER_STORED, "l-1"))
    store.dead_letters.settle("l-1", DeadLetterState.TAKEN, event(AuditCode.DEAD_LETTER_TRIED, "l-1"))
    store.oversight.put_note(note, event(AuditCode.NOTE_WRITTEN, "n-1"))
    store.oversight.note_look([event(AuditCode.MESSAGE_VIEWED, "m-1"), event(AuditCode.AUDIT_SEARCHED, "audit")])
    store.unit_of_work.commit([Changes(events=(event(AuditCode.DELIVERY_RETRIED, "d-1"),)), Changes(events=(event(AuditCode.GROUP_RETRIED, "g-1"),))])
    store.checkpoints.put("a.b.c", 8, event(AuditCode.CHECKPOINT_SIGNED, "chain:8"))
    assert told == chained(store)
    assert len(told) == 9


def test_what_was_not_written_is_not_told(store: Store, told: list[AuditEvent]) -> None:
    store.dead_letters.put(letter(), event(AuditCode.DEAD_LETTER_STORED, "l-1"))
    assert not store.dead_letters.put(letter(), event(AuditCode.DEAD_LETTER_STORED, "again"))
    assert told == chained(store)
    assert [one.subject for one in told] == ["l-1"]


def test_what_is_rolled_back_is_not_told(tmp_path: Path, store: Store, told: list[AuditEvent]) -> None:
    """Not even where it was linked already, and the commit was next."""
    database = Database(f"sqlite:///{tmp_path / 'gateway.db'}", told.append)
    for fails in (True, False):
        with contextlib.suppress(KeyError), database.writing() as connection:
            head = lock_head(connection)
            head.append([event(AuditCode.NOTE_WRITTEN, f"fails-{fails}")])
            head.save(connection)
            if fails:
                raise KeyError("no")
    database.close()
    assert [one.subject for one in told] == ["fails-False"]
    assert told == chained(store)


def test_the_road_tells_what_it_chains(tmp_path: Path) -> None:
    world = make_world(f"sqlite:///{tmp_path / 'road.db'}")
    accept(world, "m1")
    world.deliver("C17")
    behind = [one for one in chained(world.store) if one.subject != "test"]
    assert world.events == behind
    assert {one.code for one in behind} >= {AuditCode.MESSAGE_ACCEPTED, AuditCode.DELIVERY_HANDED_OVER}
    world.store.close()


def test_a_persons_deed_is_a_line_with_the_person_in_it(tmp_path: Path) -> None:
    root, stream, telemetry = logging.getLogger(), io.StringIO(), Telemetry()
    before, level = list(root.handlers), root.level
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    migrate_quickly(url)
    set_up_logging(LogLevel.INFO, stream=stream)
    try:
        with closing(open_store(url, telemetry.observe, telemetry.written)) as opened:
            opened.oversight.note_look([event(AuditCode.FIELD_REVEALED, "m-1", purpose="incident", pointer="/payload/notes")])
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    (line,) = [json.loads(text) for text in stream.getvalue().splitlines()]
    assert (line["event"], line["subject"], line["fact_by"], line["fact_purpose"]) == ("field.revealed", "m-1", BY, "incident")
    assert telemetry.registry.get_sample_value("gateway_events_total", {"code": "field.revealed", "fault": ""}) == 1

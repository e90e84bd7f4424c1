"""The checker of the chain: what came since, and the whole once a day; every way of meddling is met, and told once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from gateway.audit.chain import Flaw
from gateway.audit.events import AuditCode, AuditEvent
from gateway.oversight.chain_checks import chain_facts, is_whole
from gateway.oversight.views import AuditSearch
from gateway.trust.checkpoints import checkpoint_reader
from gateway.trust.published import published_keyring
from gateway.trust.signing import jwk_of
from gateway.workers.chain_checker import FIRST_AFTER, ChainChecker
from gateway.workers.timers import sign_checkpoint
from tests.support.alerts import audited, firing, quiet, watcher
from tests.support.world import World, make_world

GO = threading.Event()
DAY = 24 * 3600


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = make_world(f"sqlite:///{tmp_path / 'gateway.db'}")
    quiet(found)
    happen(found, 20)
    yield found
    found.store.close()


def happen(world: World, times: int) -> None:
    """As many records more."""
    world.store.oversight.note_look([AuditEvent(AuditCode.MESSAGE_VIEWED, world.now, f"m-{number}", {"by": "op-anne"}) for number in range(times)])


def checker(world: World, *, every: float = DAY, holder: str = "one") -> ChainChecker:
    read = checkpoint_reader(published_keyring({"keys": [jwk_of(world.means.message_signer)]}))
    return ChainChecker(world.store, lambda: world.now, read, holder=holder, interval_seconds=15, whole_every_seconds=every)


def meddle(tmp_path: Path, statement: str) -> None:
    """As somebody with the database in hand would."""
    engine = create_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def head(world: World) -> int:
    return world.store.checkpoints.head().sequence


def signed(world: World) -> None:
    assert sign_checkpoint(world.store, world.means, lambda: world.now)


def test_a_chain_that_holds_leaves_nothing_on_record(world: World) -> None:
    one, before = checker(world), head(world)
    for _ in range(3):
        assert one.check_tail(GO) == []
    assert head(world) == before
    happen(world, 5)
    assert one.check_tail(GO) == []
    assert audited(world, AuditCode.AUDIT_CHECKED) == []


MEDDLING = [
    ('UPDATE audit_records SET facts = \'{"by":"op-mallory"}\' WHERE sequence = {n}', Flaw.ALTERED),
    ("UPDATE audit_records SET at = at + 1 WHERE sequence = {n}", Flaw.ALTERED),
    ("UPDATE audit_records SET code = 'no.such-code' WHERE sequence = {n}", Flaw.ALTERED),
    ("UPDATE audit_records SET facts = 'no json' WHERE sequence = {n}", Flaw.ALTERED),
    ("DELETE FROM audit_records WHERE sequence = {n}", Flaw.MISSING),
    ("UPDATE audit_records SET previous = digest WHERE sequence = {n}", Flaw.UNLINKED),
]


@pytest.mark.parametrize(("statement", "flaw"), MEDDLING)
def test_what_was_meddled_with_since_is_found_at_the_next_look_and_told_once(world: World, tmp_path: Path, statement: str, flaw: Flaw) -> None:
    one = checker(world)
    one.check_tail(GO)
    place = head(world) + 3
    happen(world, 6)
    meddle(tmp_path, statement.replace("{n}", str(place)))
    found = one.check_tail(GO)
    assert (found[0].flaw, found[0].sequence) == (flaw, place)
    happen(world, 2)
    assert one.check_tail(GO) == []
    (facts,) = audited(world, AuditCode.AUDIT_CHECKED)
    assert (facts["part"], facts["ok"], facts["flaws"], facts["first"]) == ("tail", False, len(found), f"{flaw.value} at record {place}")


@pytest.mark.parametrize(("statement", "flaw"), MEDDLING)
def test_what_was_meddled_with_long_ago_is_found_by_the_whole_check(world: World, tmp_path: Path, statement: str, flaw: Flaw) -> None:
    signed(world)
    meddle(tmp_path, statement.replace("{n}", "5"))
    one = checker(world)
    assert one.check_tail(GO) == []
    found = one.check_whole(GO)
    assert found is not None
    assert (found[0].flaw, found[0].sequence) == (flaw, 5)
    assert audited(world, AuditCode.AUDIT_CHECKED)[-1]["part"] == "whole"


def test_a_chain_that_was_cut_back_is_met_by_who_remembers_and_told_once(world: World, tmp_path: Path) -> None:
    one = checker(world)
    one.check_tail(GO)
    cut(tmp_path, head(world) - 4)
    assert [finding.flaw for finding in one.check_tail(GO)] == [Flaw.TRUNCATED]
    happen(world, 3)
    assert one.check_tail(GO) == []
    assert len(audited(world, AuditCode.AUDIT_CHECKED)) == 1


def test_a_chain_that_was_cut_back_while_nobody_looked_is_met_by_its_checkpoint(world: World, tmp_path: Path) -> None:
    signed(world)
    cut(tmp_path, head(world) - 6)
    assert [finding.flaw for finding in checker(world).check_tail(GO)] == [Flaw.TRUNCATED]
    found = checker(world).check_whole(GO)
    assert found is not None
    assert [finding.flaw for finding in found] == [Flaw.TRUNCATED]


def cut(tmp_path: Path, last: int) -> None:
    """Records after this one are gone, and the head says so."""
    meddle(tmp_path, f"DELETE FROM audit_records WHERE sequence > {last}")
    meddle(tmp_path, f"UPDATE audit_head SET sequence = {last}, digest = (SELECT digest FROM audit_records WHERE sequence = {last})")


def test_a_tail_that_was_thrown_away_behind_the_head_is_missed(world: World, tmp_path: Path) -> None:
    one = checker(world)
    one.check_tail(GO)
    happen(world, 5)
    meddle(tmp_path, f"DELETE FROM audit_records WHERE sequence > {head(world) - 2}")
    assert [finding.flaw for finding in one.check_tail(GO)] == [Flaw.TRUNCATED]


def test_a_rewritten_end_does_not_agree_with_its_checkpoint(world: World, tmp_path: Path) -> None:
    """Everything behind record 10 made anew, each link right: only the signed place knows."""
    signed(world)
    was = head(world)
    cut(tmp_path, 10)
    happen(world, was)
    assert [finding.flaw for finding in checker(world).check_tail(GO)] == [Flaw.FORKED]
    found = checker(world).check_whole(GO)
    assert found is not None
    assert [finding.flaw for finding in found] == [Flaw.FORKED]


def test_a_checkpoint_that_we_did_not_sign_proves_nothing(world: World, tmp_path: Path) -> None:
    signed(world)
    meddle(tmp_path, "UPDATE checkpoints SET jws = 'eyJhbGciOiJub25lIn0.e30.'")
    assert [finding.flaw for finding in checker(world).check_tail(GO)] == [Flaw.FORKED]


def test_a_head_that_names_another_record_is_found(world: World, tmp_path: Path) -> None:
    one = checker(world)
    meddle(tmp_path, "UPDATE audit_head SET digest = 'sha-256:0'")
    assert [finding.flaw for finding in one.check_tail(GO)] == [Flaw.FORKED]


def test_the_whole_is_checked_once_a_day_over_all_processes_and_not_at_once(world: World) -> None:
    one, other = checker(world), checker(world, holder="two")
    assert not one.whole_is_due()
    world.pass_time(seconds=FIRST_AFTER.total_seconds())
    assert one.whole_is_due()
    assert other.whole_is_due()
    assert one.check_whole(GO) == []
    assert not one.whole_is_due()
    assert not other.whole_is_due()
    (record,) = world.store.watch.audit(AuditSearch(code="audit.checked"), None, 9)
    assert is_whole(record.event)
    assert record.event.facts == {"part": "whole", "ok": True, "flaws": 0, "records": record.sequence - 1}
    world.pass_time(hours=24)
    assert one.whole_is_due()
    assert not checker(world, every=0).whole_is_due()


def test_who_is_told_to_stop_stops_half_way_and_writes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.workers.chain_checker._PAGE", 10)
    stop = threading.Event()
    stop.set()
    assert checker(world).check_whole(stop) is None
    assert world.store.leases.acquire("chain", "another", world.now, 60)
    assert checker(world).check_whole(GO) is None
    assert audited(world, AuditCode.AUDIT_CHECKED) == []


def test_a_long_chain_is_read_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.workers.chain_checker._PAGE", 7)
    monkeypatch.setattr("gateway.workers.chain_checker._REST_SECONDS", 0)
    assert checker(world).check_whole(GO) == []
    assert audited(world, AuditCode.AUDIT_CHECKED)[-1]["records"] == head(world) - 1


def test_a_break_rings_and_ends_when_the_chain_was_found_whole(world: World, tmp_path: Path) -> None:
    one, looks = checker(world), watcher(world)
    one.check_tail(GO)
    happen(world, 2)
    place = head(world)
    meddle(tmp_path, f"UPDATE audit_records SET subject = 'm-x' WHERE sequence = {place}")
    one.check_tail(GO)
    looks.look()
    assert firing(world)["audit-chain-break", ""].value == f"1 flaw, the first: altered at record {place}"
    one.check_whole(GO)
    looks.look()
    assert firing(world)
    meddle(tmp_path, f"UPDATE audit_records SET subject = 'm-1' WHERE sequence = {place}")
    assert one.check_whole(GO) == []
    world.pass_time(seconds=15)
    looks.look()
    assert firing(world) == {}


def test_a_check_that_says_nothing_of_how_many_is_believed_to_be_a_break(world: World) -> None:
    assert chain_facts(AuditEvent(AuditCode.AUDIT_CHECKED, world.now, "chain:1")).flaws == 1
    assert chain_facts(None).flaws == 0


def test_it_runs_until_told_to_stop_and_gives_the_lease_back(world: World) -> None:
    stop, one = threading.Event(), checker(world)
    thread = threading.Thread(target=one.run, args=(stop,))
    world.pass_time(seconds=FIRST_AFTER.total_seconds())
    thread.start()
    pause = threading.Event()
    while not audited(world, AuditCode.AUDIT_CHECKED):
        assert thread.is_alive()
        pause.wait(0.02)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert world.store.leases.acquire("chain", "another", world.now + timedelta(seconds=1), 5)

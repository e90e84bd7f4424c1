"""Alerts in the store: one that fires for a rule and subject, versions, mutes, and whom to tell; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gateway.audit.events import AuditCode
from gateway.contract import Store
from gateway.oversight.records import Alert, AlertState, Mute, Telling
from tests.support.oversight import ANNE, BERT, alert, codes, deed
from tests.support.store import at


def _raise(store: Store, one: Alert, *tellings: Telling) -> bool:
    return store.oversight.put_alert(one, deed(AuditCode.ALERT_RAISED, one.alert_id), tellings)


def _telling(name: str, *, means: str = "mail", due: float = 0) -> Telling:
    return Telling(alert_id=name, means=means, what="raised", due_at=at(due))


def test_an_alert_is_kept_as_it_was_raised_and_changed(store: Store) -> None:
    assert (store.oversight.alert("a1"), store.oversight.alerts(None, 10)) == (None, [])
    assert _raise(store, alert("a1"))
    kept = store.oversight.alert("a1")
    assert kept == replace(alert("a1"), version=1)
    taken = replace(kept, acknowledged_at=at(5), acknowledged_by=BERT)
    assert store.oversight.put_alert(taken, deed(AuditCode.ALERT_ACKNOWLEDGED, "a1"))
    assert store.oversight.alert("a1") == replace(taken, version=2)
    over = replace(taken, version=2, state=AlertState.RESOLVED, resolved_at=at(9))
    assert store.oversight.put_alert(over, deed(AuditCode.ALERT_RESOLVED, "a1"))
    assert store.oversight.alert("a1") == replace(over, version=3)
    assert codes(store) == [AuditCode.ALERT_RAISED, AuditCode.ALERT_ACKNOWLEDGED, AuditCode.ALERT_RESOLVED]


def test_of_two_who_change_the_same_version_one_does(store: Store) -> None:
    _raise(store, alert("a1"))
    kept = replace(alert("a1"), version=1)
    changes = [replace(kept, acknowledged_at=at(5), acknowledged_by=who) for who in (ANNE, BERT, ANNE, BERT)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda one: store.oversight.put_alert(one, deed(AuditCode.ALERT_ACKNOWLEDGED, "a1")), changes))
    assert sorted(done) == [False, False, False, True]
    found = store.oversight.alert("a1")
    assert found is not None
    assert (found.version, found.acknowledged_by) == (2, changes[done.index(True)].acknowledged_by)
    assert codes(store) == [AuditCode.ALERT_RAISED, AuditCode.ALERT_ACKNOWLEDGED]


def test_a_rule_fires_once_for_a_subject_at_a_time(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        raised = list(pool.map(lambda place: _raise(store, alert(f"a{place}"), _telling(f"a{place}")), range(4)))
    assert sorted(raised) == [False, False, False, True]
    (kept,) = store.oversight.alerts(AlertState.FIRING, 10)
    assert not _raise(store, alert("again"))
    assert _raise(store, alert("other", subject="C06"))
    assert store.oversight.put_alert(replace(kept, state=AlertState.RESOLVED, resolved_at=at(9)), deed(AuditCode.ALERT_RESOLVED, kept.alert_id))
    assert _raise(store, alert("again"))
    back = replace(kept, state=AlertState.FIRING, version=2)
    assert not store.oversight.put_alert(back, deed(AuditCode.ALERT_RAISED, kept.alert_id))
    assert [one.alert_id for one in store.oversight.due_tellings(at(0), 10)] == [kept.alert_id]
    assert codes(store).count(AuditCode.ALERT_RAISED) == 3


def test_without_an_event_only_what_was_seen_changes(store: Store) -> None:
    _raise(store, alert("a1"))
    kept = replace(alert("a1"), version=1)
    looked = replace(kept, value="44 minutes", seen_at=at(60))
    assert store.oversight.put_alert(looked, None)
    assert store.oversight.alert("a1") == replace(looked, version=2)
    assert not store.oversight.put_alert(looked, None)
    for wrong in (replace(looked, version=2, acknowledged_at=at(5), acknowledged_by=ANNE), alert("new")):
        with pytest.raises(ValueError, match="without an audit event"):
            store.oversight.put_alert(wrong, None)
    with pytest.raises(ValueError, match="nobody is told"):
        store.oversight.put_alert(replace(looked, version=2), None, [_telling("a1")])
    assert store.oversight.alert("a1") == replace(looked, version=2)
    assert codes(store) == [AuditCode.ALERT_RAISED]


def test_alerts_are_paged_newest_first_also_those_of_one_moment(store: Store) -> None:
    for name, raised in (("b", 5), ("d", 5), ("a", 9), ("c", 5), ("e", 1)):
        _raise(store, alert(name, subject=name, raised=raised))
    first = store.oversight.alerts(AlertState.FIRING, 2)
    assert [one.alert_id for one in first] == ["a", "d"]
    second = store.oversight.alerts(None, 2, first[-1].alert_id)
    assert [one.alert_id for one in (*second, *store.oversight.alerts(None, 9, second[-1].alert_id))] == ["c", "b", "e"]
    assert store.oversight.alerts(AlertState.RESOLVED, 9) == []
    assert store.oversight.alerts(None, 9, "nobody") == []


def test_a_mute_lasts_until_its_time_or_its_end(store: Store) -> None:
    mute = Mute(rule="queue-age", subject="C05", until=at(60), reason="planned work", by=ANNE)
    longer = replace(mute, until=at(600), by=BERT)
    for one in (mute, replace(mute, subject="C06"), longer):
        store.oversight.put_mute(one, deed(AuditCode.ALERT_MUTED, one.subject))
    assert store.oversight.mutes(at(59)) == [longer, replace(mute, subject="C06")]
    assert store.oversight.mutes(at(60)) == [longer]
    assert store.oversight.end_mute("queue-age", "C05", deed(AuditCode.ALERT_UNMUTED, "C05"))
    assert not store.oversight.end_mute("queue-age", "C05", deed(AuditCode.ALERT_UNMUTED, "C05"))
    assert store.oversight.mutes(at(60)) == []
    assert codes(store).count(AuditCode.ALERT_UNMUTED) == 1


def test_what_is_to_be_told_waits_until_it_was(store: Store) -> None:
    assert store.oversight.due_tellings(at(0), 10) == []
    _raise(store, alert("a1"), _telling("a1", due=5), _telling("a1", means="webhook", due=3), _telling("a1", due=99))
    due = store.oversight.due_tellings(at(5), 10)
    assert [(one.means, one.attempts) for one in due] == [("webhook", 0), ("mail", 0)]
    assert store.oversight.due_tellings(at(5), 1) == due[:1]
    store.oversight.put_off_telling(due[0].telling_id, at(50))
    assert [one.means for one in store.oversight.due_tellings(at(49), 10)] == ["mail"]
    store.oversight.told(due[1].telling_id, deed(AuditCode.ALERT_TOLD, "a1"))
    store.oversight.told(due[1].telling_id, deed(AuditCode.ALERT_TOLD, "a1"))
    assert [(one.means, one.attempts) for one in store.oversight.due_tellings(at(50), 10)] == [("webhook", 1)]
    assert codes(store) == [AuditCode.ALERT_RAISED, AuditCode.ALERT_TOLD]

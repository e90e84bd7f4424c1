"""Alerts in the store: what fires, what is silenced, whom to tell.

What it is: alerts, mutes and tellings as rows. What it is not: the rules that raise them, nor the audit events, which
`oversight` links in the same transaction. Called by `oversight`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, literal_column, select, text, tuple_, update

from gateway.audit.chain import microseconds
from gateway.oversight.records import Alert, AlertState, Mute, Operator, Telling
from gateway.store.rows import Value, Values, from_optional_time, to_optional_time, to_time
from gateway.store.tables_oversight import alerts, mutes, tellings

_MUTE = text(
    "INSERT INTO mutes (rule, subject, until, reason, operator, operator_name) VALUES (:rule, :subject, :until, :reason, :operator, :operator_name) "
    "ON CONFLICT (rule, subject) DO UPDATE SET until = excluded.until, reason = excluded.reason, "
    "operator = excluded.operator, operator_name = excluded.operator_name"
)


def read_alerts(connection: Connection, state: AlertState | None, limit: int, after: str | None) -> Sequence[Alert]:
    """Newest first; ids decide between alerts of one moment."""
    wanted = select(alerts)
    if state is not None:
        wanted = wanted.where(alerts.c.state == state.value)
    if after is not None:
        raised_at = connection.execute(select(alerts.c.raised_at).where(alerts.c.alert_id == after)).scalar_one_or_none()
        if raised_at is None:
            return []
        wanted = wanted.where(tuple_(alerts.c.raised_at, alerts.c.alert_id) < (raised_at, after))
    rows = connection.execute(wanted.order_by(alerts.c.raised_at.desc(), alerts.c.alert_id.desc()).limit(limit))
    return [_to_alert(row) for row in rows]


def read_alert(connection: Connection, alert_id: str) -> Alert | None:
    """By id."""
    row = connection.execute(select(alerts).where(alerts.c.alert_id == alert_id)).one_or_none()
    return None if row is None else _to_alert(row)


def write_alert(connection: Connection, alert: Alert, told: Sequence[Telling]) -> bool:
    """Under the lock of the head. False where another wrote before, or the rule fires for this subject already."""
    kept = read_alert(connection, alert.alert_id)
    if (0 if kept is None else kept.version) != alert.version or _fires_elsewhere(connection, alert):
        return False
    if kept is None:
        connection.execute(insert(alerts), [{"alert_id": alert.alert_id, **_alert_values(alert)}])
    elif not _update(connection, alert, _alert_values(alert)):
        return False
    if told:
        connection.execute(insert(tellings), [_telling_values(one) for one in told])
    return True


def write_look(connection: Connection, alert: Alert) -> bool:
    """What was seen last, and when. Raises ValueError for any other change: that is a deed."""
    kept = read_alert(connection, alert.alert_id)
    if kept is not None and kept.version != alert.version:
        return False
    if kept is None or replace(kept, value=alert.value, seen_at=alert.seen_at) != alert:
        raise ValueError("an alert changed without an audit event")
    return _update(connection, alert, {"value": alert.value, "seen_at": microseconds(alert.seen_at), "version": alert.version + 1})


def _update(connection: Connection, alert: Alert, values: Values) -> bool:
    as_read = (alerts.c.alert_id == alert.alert_id, alerts.c.version == alert.version)
    return connection.execute(update(alerts).where(*as_read).values(values)).rowcount == 1


def _fires_elsewhere(connection: Connection, alert: Alert) -> bool:
    if alert.state is not AlertState.FIRING:
        return False
    same = (alerts.c.rule == alert.rule, alerts.c.subject == alert.subject, alerts.c.state == literal_column("'firing'"))
    return connection.execute(select(alerts.c.alert_id).where(*same, alerts.c.alert_id != alert.alert_id)).first() is not None


def read_mutes(connection: Connection, now: datetime) -> Sequence[Mute]:
    """Those that last, the longest first."""
    wanted = select(mutes).where(mutes.c.until > microseconds(now)).order_by(mutes.c.until.desc(), mutes.c.rule, mutes.c.subject)
    return [
        Mute(rule=row.rule, subject=row.subject, until=to_time(row.until), reason=row.reason, by=Operator(row.operator, row.operator_name))
        for row in connection.execute(wanted)
    ]


def write_mute(connection: Connection, mute: Mute) -> None:
    """In the place of the one before."""
    values = {"rule": mute.rule, "subject": mute.subject, "until": microseconds(mute.until), "reason": mute.reason}
    connection.execute(_MUTE, values | {"operator": mute.by.subject, "operator_name": mute.by.name})


def remove_mute(connection: Connection, rule: str, subject: str) -> bool:
    """False where there is none."""
    return connection.execute(delete(mutes).where(mutes.c.rule == rule, mutes.c.subject == subject)).rowcount == 1


def read_tellings(connection: Connection, now: datetime, limit: int) -> Sequence[Telling]:
    """Longest due first."""
    wanted = select(tellings).where(tellings.c.due_at <= microseconds(now)).order_by(tellings.c.due_at, tellings.c.telling_id).limit(limit)
    return [
        Telling(telling_id=row.telling_id, alert_id=row.alert_id, means=row.means, what=row.what, due_at=to_time(row.due_at), attempts=row.attempts)
        for row in connection.execute(wanted)
    ]


def remove_telling(connection: Connection, telling_id: int) -> bool:
    """False where it is forgotten already."""
    return connection.execute(delete(tellings).where(tellings.c.telling_id == telling_id)).rowcount == 1


def postpone_telling(connection: Connection, telling_id: int, until: datetime) -> None:
    """One attempt more."""
    values = {"due_at": microseconds(until), "attempts": tellings.c.attempts + 1}
    connection.execute(update(tellings).where(tellings.c.telling_id == telling_id).values(values))


def _alert_values(alert: Alert) -> Values:
    by = alert.acknowledged_by
    return {
        "rule": alert.rule,
        "subject": alert.subject,
        "state": alert.state.value,
        "value": alert.value,
        "threshold": alert.threshold,
        "raised_at": microseconds(alert.raised_at),
        "seen_at": microseconds(alert.seen_at),
        "acknowledged_at": from_optional_time(alert.acknowledged_at),
        "acknowledged_by": by.subject if by else None,
        "acknowledged_name": by.name if by else None,
        "resolved_at": from_optional_time(alert.resolved_at),
        "version": alert.version + 1,
    }


def _to_alert(row: Row[tuple[Value, ...]]) -> Alert:
    return Alert(
        alert_id=row.alert_id,
        rule=row.rule,
        subject=row.subject,
        state=AlertState(row.state),
        value=row.value,
        threshold=row.threshold,
        raised_at=to_time(row.raised_at),
        seen_at=to_time(row.seen_at),
        acknowledged_at=to_optional_time(row.acknowledged_at),
        acknowledged_by=None if row.acknowledged_by is None else Operator(row.acknowledged_by, row.acknowledged_name or ""),
        resolved_at=to_optional_time(row.resolved_at),
        version=row.version,
    )


def _telling_values(telling: Telling) -> Values:
    return {
        "alert_id": telling.alert_id,
        "means": telling.means,
        "what": telling.what,
        "due_at": microseconds(telling.due_at),
        "attempts": telling.attempts,
    }

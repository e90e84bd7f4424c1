"""Tables of watching and steering: the shape of what is kept for operators.

What it is: more of `tables.METADATA`, under the same rules. What it is not: anything a message needs on its road:
the gateway delivers with all of these empty.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, text

from gateway.store.tables import METADATA, WholeNumber, maybe_text_column, maybe_time_column, number_column, text_column, text_key, time_column

FIRING: Final = text("state = 'firing'")
WAITING: Final = text("state = 'waiting'")

operator_sessions = Table(
    "operator_sessions",
    METADATA,
    text_key("session"),
    text_column("kind"),
    text_column("operator"),
    text_column("operator_name"),
    text_column("roles"),
    text_column("csrf"),
    time_column("created_at"),
    time_column("seen_at"),
    time_column("expires_at"),
    maybe_time_column("ended_at"),
    Index("ix_operator_sessions_expires", "expires_at"),
)
sign_ins = Table("sign_ins", METADATA, text_key("state"), text_column("kind"), text_column("facts"), time_column("expires_at"))
"""Sign-ins under way, each taken once."""

alerts = Table(
    "alerts",
    METADATA,
    text_key("alert_id"),
    text_column("rule"),
    text_column("subject"),
    text_column("state"),
    text_column("value"),
    text_column("threshold"),
    time_column("raised_at"),
    time_column("seen_at"),
    maybe_time_column("acknowledged_at"),
    maybe_text_column("acknowledged_by"),
    maybe_text_column("acknowledged_name"),
    maybe_time_column("resolved_at"),
    number_column("version"),
    Index("ix_alerts_state", "state", "raised_at"),
    Index("ux_alerts_firing", "rule", "subject", unique=True, sqlite_where=FIRING, postgresql_where=FIRING),
)
mutes = Table(
    "mutes",
    METADATA,
    text_key("rule"),
    text_key("subject"),
    time_column("until"),
    text_column("reason"),
    text_column("operator"),
    text_column("operator_name"),
)
tellings = Table(
    "tellings",
    METADATA,
    Column("telling_id", WholeNumber, primary_key=True, autoincrement=True),
    text_column("alert_id"),
    text_column("means"),
    text_column("what"),
    time_column("due_at"),
    number_column("attempts"),
    Index("ix_tellings_due", "due_at"),
)
"""What somebody is still to be told; told ones are gone."""

notes = Table(
    "notes",
    METADATA,
    text_key("note_id"),
    text_column("about"),
    text_column("text"),
    text_column("operator"),
    text_column("operator_name"),
    time_column("at"),
    Index("ix_notes_about", "about", "at"),
)
assignments = Table(
    "assignments",
    METADATA,
    text_key("about"),
    text_column("operator"),
    text_column("operator_name"),
    text_column("given_by"),
    text_column("given_by_name"),
    time_column("at"),
)
orders = Table(
    "orders",
    METADATA,
    text_key("order_id"),
    text_column("kind"),
    text_column("subject"),
    text_column("facts"),
    text_column("operator"),
    text_column("operator_name"),
    time_column("asked_at"),
    text_column("state"),
    maybe_time_column("done_at"),
    text_column("outcome"),
    Index("ix_orders_subject", "subject", "asked_at"),
    Index("ux_orders_waiting", "kind", "subject", unique=True, sqlite_where=WAITING, postgresql_where=WAITING),
)
reveals = Table(
    "reveals",
    METADATA,
    text_key("session"),
    text_key("message_id"),
    text_key("pointer"),
    text_column("purpose"),
    time_column("granted_at"),
    time_column("expires_at"),
    Index("ix_reveals_expires", "expires_at"),
)
searches = Table(
    "searches",
    METADATA,
    text_key("search_id"),
    text_column("operator"),
    text_column("operator_name"),
    text_column("wanted"),
    time_column("made_at"),
    time_column("expires_at"),
    Index("ix_searches_expires", "expires_at"),
)

tallies = Table(
    "tallies",
    METADATA,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    text_key("party"),
    text_key("measure"),
    number_column("count"),
)
"""How often what happened to whom, by the hour: read off the audit chain, so that no page counts a million rows."""
activities = Table(
    "activities",
    METADATA,
    text_key("party"),
    maybe_time_column("last_accepted_at"),
    maybe_time_column("last_delivered_at"),
    maybe_time_column("last_failed_at"),
    number_column("failures"),
)
"""When each party was last heard and reached: read off the chain with the tallies."""
cursors = Table("cursors", METADATA, text_key("name"), number_column("sequence"))
"""How far a reader of the audit chain has come."""

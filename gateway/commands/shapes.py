"""Records as JSON members and as rows of tables.

What it is: the shapes that scripts rely on, each in one place. What it is not: a view of content: nothing
that is sealed, no personal data, no secret is ever in them. Called by the commands.
"""

from dataclasses import asdict
from datetime import datetime

from gateway.contract import QueueFigures
from gateway.operations import Dossier, Moment
from gateway.oversight.members import Members, attempt, delivery, message, moment, receipt
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.hours import DAYS, WorkingHours
from gateway.partners.party import Organisation, Party
from gateway.records import AwaitedId, DeadLetter, Delivery, KnownId, MessageRecord
from gateway.trust.keyring import KeyRecord, KeyUse
from schemas.telling import acting


def shown(at: datetime | None) -> str:
    """A time for people."""
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")


def organisation(directory: Directory, record: Organisation) -> Members:
    """One organisation, without its password hash."""
    return {
        "id": record.organisation_id,
        "name": record.name,
        "standing": record.standing.value,
        "code": record.code,
        "owner": record.owner,
        "contact": {"role": record.contact_role, "mailbox": record.contact_mailbox} if record.contact_mailbox else None,
        "parties": list(directory.parties_of(record.organisation_id)),
        "broker_user": record.broker_user,
        "keys": sum(key.organisation == record.organisation_id for key in directory.keyring.keys.values()),
    }


def agreement(record: Agreement) -> Members:
    """One agreement."""
    return {
        "party": record.party,
        "direction": record.direction.value,
        "dialect": record.dialect,
        "version": record.version,
        "packaging": record.packaging,
        "policy": record.policy.name,
        "mode": record.mode.value,
        "endpoint": record.endpoint,
        "receipt_endpoint": record.receipt_endpoint,
        "last_stage": record.last_stage.value,
        "order": record.order.value,
        "types": sorted(record.types) if record.types is not None else None,
        "max_age_seconds": record.max_age_seconds,
        "max_bytes": record.max_bytes,
        "absorb": record.absorb,
        "broadcast_types": sorted(record.broadcast_types),
        "broadcast_reference_data": record.broadcast_reference_data,
        "broadcast_offender_data": record.broadcast_offender_data,
        "metadata_updates": record.metadata_updates,
        "working_hours": hours(record.working_hours),
        "thresholds": asdict(record.thresholds),
    }


def hours(record: WorkingHours | None) -> Members | None:
    """Working hours, days in order of the week."""
    if record is None:
        return None
    return {"days": [day.value for day in DAYS if day in record.days], "from": record.opens, "to": record.closes, "zone": record.zone}


def party(record: Party) -> Members:
    """One code on the wire."""
    return {
        "code": record.code,
        "name": record.name,
        "kind": record.kind.value if record.kind else None,
        "organisation": record.organisation,
        "route_to": record.route_to,
        "divisions": [{"code": division.code, "name": division.name} for division in record.divisions],
    }


def party_row(record: Party) -> tuple[str, ...]:
    """One code as a row."""
    divisions = ", ".join(division.code for division in record.divisions)
    return record.code, record.name, record.kind.value if record.kind else "", divisions, record.organisation, record.route_to or ""


PARTY_COLUMNS = ("party", "name", "kind", "divisions", "organisation", "routed to")


def key(record: KeyRecord, now: datetime) -> Members:
    """One pinned key."""
    return {
        "key_id": record.key_id,
        "organisation": record.organisation,
        "use": record.use.value,
        "algorithm": record.algorithm,
        "not_before": moment(record.not_before),
        "not_after": moment(record.not_after),
        "revoked_at": moment(record.revoked_at),
        "valid": record.valid_at(now),
        "speaks_for": sorted(record.speaks_for),
    }


def key_row(record: KeyRecord, now: datetime) -> tuple[str, ...]:
    """One pinned key as a row."""
    state = "valid" if record.valid_at(now) else "revoked" if record.revoked_at else "not valid now"
    speaks = " ".join(sorted(record.speaks_for)) if record.use is KeyUse.SIGN else ""
    return record.key_id, record.organisation, record.use.value, record.algorithm, shown(record.not_after), state, speaks


KEY_COLUMNS = ("key id", "organisation", "use", "algorithm", "ends", "state", "speaks for")


def queue(figures: QueueFigures) -> Members:
    """What waits for one recipient."""
    counts = {state.value: count for state, count in sorted(figures.counts.items())}
    return {"recipient": figures.recipient, "counts": counts, "oldest_unfinished": moment(figures.oldest_unfinished)}


def message_row(record: MessageRecord) -> tuple[str, ...]:
    """One message as a row."""
    return record.message_id, record.sender, record.type, record.action, record.control_reference, shown(record.accepted_at)


MESSAGE_COLUMNS = ("message id", "sender", "type", "action", "control reference", "accepted (UTC)")


def delivery_row(record: Delivery) -> tuple[str, ...]:
    """One delivery as a row."""
    blame, advice = acting(record.fault)
    fault = " ".join(part for part in (record.fault or "", record.fault_detail or "", f"(for the {blame}: {advice})" if blame else "") if part)
    return record.delivery_id, record.recipient, record.state.value, str(record.attempts), shown(record.next_attempt_at), fault


DELIVERY_COLUMNS = ("delivery id", "recipient", "state", "attempts", "next attempt (UTC)", "fault")


def dossier(found: Dossier) -> Members:
    """Everything about one message."""
    return {
        "message": message(found.message),
        "submission": {
            "submission_id": found.submission.submission_id,
            "organisation": found.submission.organisation,
            "channel": found.submission.channel,
            "packaging": found.submission.packaging,
            "verdict": found.submission.verdict.value,
            "fault": found.submission.fault,
            "content_digest": found.submission.content_digest,
            "received_at": moment(found.submission.received_at),
        },
        "deliveries": [delivery(record) for record in found.deliveries],
        "attempts": [attempt(record) for record in found.attempts],
        "receipts": [receipt(record) for record in found.receipts],
    }


def letter_row(record: DeadLetter) -> tuple[str, ...]:
    """One dead letter as a row."""
    return record.letter_id, record.queue, record.reason, record.state.value, str(record.size), shown(record.at)


LETTER_COLUMNS = ("letter id", "died in", "reason", "state", "bytes", "at (UTC)")


def timeline_entry(entry: Moment) -> Members:
    """One line of a timeline."""
    return {"at": moment(entry.at), "kind": entry.kind, "subject": entry.subject, "what": entry.what, "detail": entry.detail}


def awaited_id(one: AwaitedId) -> dict[str, str]:
    """One own id whose record has no number yet."""
    since = one.since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"organisation": one.own.organisation, "kind": one.own.kind, "own_id": one.own.own_id, "awaited_by": one.message_id, "since": since}


def known_id(one: KnownId) -> dict[str, str]:
    """One pair of the crosswalk."""
    since = one.since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    own = {"organisation": one.own.organisation, "kind": one.own.kind, "own_id": one.own.own_id}
    return own | {"record_id": one.record_id, "since": since, "source": one.source}

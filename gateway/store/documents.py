"""Documents: partners, agreements and keys as JSON, exact both ways.

What it is: how the directory is kept in rows. What it is not: the wire: nobody outside reads these. A
policy is kept by name: what a name means is code, and cannot be changed by a row.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.partners.agreement import Agreement, DeliveryMode, Direction, LastStage, OrderUntil, RetryPolicy
from gateway.partners.filters import ContentFilter, Match
from gateway.partners.hours import Day, WorkingHours
from gateway.partners.party import Division, Kind, Organisation, Party, Pause, Proof, Standing
from gateway.partners.watching import Thresholds
from gateway.trust.keyring import KeyRecord, KeyUse
from gateway.trust.policy import POLICIES
from schemas.identifiers import KeyId, OrganisationId, PartyCode


def organisation_document(organisation: Organisation) -> str:
    """An organisation as JSON."""
    return _json(asdict(organisation))


def to_organisation(document: str) -> Organisation:
    """Inverse of `organisation_document`."""
    fields = json.loads(document)
    proofs = tuple(Proof(**proof) for proof in fields.get("proofs", ()))
    paused = fields.get("paused")
    return Organisation(**fields | {"standing": Standing(fields["standing"]), "proofs": proofs, "paused": Pause(**paused) if paused else None})


def party_document(party: Party) -> str:
    """A party as JSON."""
    return _json(asdict(party))


def to_party(document: str) -> Party:
    """Inverse of `party_document`."""
    fields = json.loads(document)
    kind, divisions = fields.get("kind"), tuple(Division(**division) for division in fields.get("divisions", ()))
    return Party(**fields | {"kind": None if kind is None else Kind(kind), "divisions": divisions})


def agreement_document(agreement: Agreement) -> str:
    """An agreement as JSON. Raises ValueError for a policy that is not one of the named ones."""
    if POLICIES.get(agreement.policy.name) != agreement.policy:
        raise ValueError(f"no such security policy: {agreement.policy.name}")
    return _json(asdict(agreement) | {"policy": agreement.policy.name})


def to_agreement(document: str) -> Agreement:
    """Inverse of `agreement_document`."""
    fields = json.loads(document)
    types, hours = fields["types"], fields.get("working_hours")
    kinds = {
        "party": PartyCode(fields["party"]),
        "direction": Direction(fields["direction"]),
        "policy": POLICIES[fields["policy"]],
        "mode": DeliveryMode(fields["mode"]),
        "receipt_stages": frozenset(fields["receipt_stages"]),
        "last_stage": LastStage(fields["last_stage"]),
        "order": OrderUntil(fields["order"]),
        "types": None if types is None else frozenset(types),
        "broadcast_types": frozenset(fields.get("broadcast_types", ())),
        "retry": RetryPolicy(**fields["retry"]),
        "thresholds": Thresholds(**fields.get("thresholds", {})),
        "filters": _filters(fields.get("filters", {})),
        "working_hours": None if hours is None else WorkingHours(**hours | {"days": frozenset(Day(day) for day in hours["days"])}),
    }
    return Agreement(**fields | kinds)


def _filters(fields: Mapping[str, Any]) -> ContentFilter:
    return ContentFilter(**{name: tuple(map(_match, rules)) for name, rules in fields.items()})


def _match(fields: Mapping[str, Any]) -> Match:
    types, actions = (None if fields[name] is None else frozenset(fields[name]) for name in ("types", "actions"))
    return Match(types=types, actions=actions, codes=tuple((pointer, frozenset(wanted)) for pointer, wanted in fields["codes"]))


def key_document(key: KeyRecord) -> str:
    """A pinned key as JSON."""
    return _json(asdict(key))


def to_key(document: str) -> KeyRecord:
    """Inverse of `key_document`."""
    fields = json.loads(document)
    kinds = {
        "key_id": KeyId(fields["key_id"]),
        "organisation": OrganisationId(fields["organisation"]),
        "use": KeyUse(fields["use"]),
        "public_key": base64.b64decode(fields["public_key"]),
        "certificate": None if fields["certificate"] is None else base64.b64decode(fields["certificate"]),
        "not_before": datetime.fromisoformat(fields["not_before"]),
        "not_after": datetime.fromisoformat(fields["not_after"]),
        "revoked_at": None if fields["revoked_at"] is None else datetime.fromisoformat(fields["revoked_at"]),
        "speaks_for": frozenset(PartyCode(code) for code in fields["speaks_for"]),
    }
    return KeyRecord(**fields | kinds)


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, default=_plain, sort_keys=True, ensure_ascii=False)


def _plain(value: object) -> str | list[str]:
    match value:
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case datetime():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case _:
            raise TypeError(f"not kept in a document: {type(value).__name__}")

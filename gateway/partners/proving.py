"""Proving: what a passed conformance run is a proof of.

What it is: the digest of what a run plays by (language, channel, place, keys, trust, receipts, order), and the records that
it leaves: change one of these, and a proof is of something else; change a contact, working hours or patience, and it still
holds. What it is not: the run (`gateway.rehearsal.conformance`), nor the rule that asks for its proof (`onboarding`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Proof
from gateway.trust.keyring import KeyUse
from schemas.identifiers import PartyCode

PROVED: Final = frozenset(
    {
        *("party", "direction", "dialect", "version", "detail_dialect", "name_case", "own_ids", "types", "reduced_deletes"),
        *("mode", "endpoint", "receipt_endpoint", "timeout_seconds", "soap_version", "bare_response"),
        *("packaging", "policy", "max_age_seconds", "test_allowed"),
        *("receipt_stages", "bundle_receipts", "message_statuses", "last_stage", "order"),
    }
)
"""What of an agreement a run plays by: language, channel and place, trust, receipts and order."""
NOT_PROVED: Final = frozenset(
    {
        *("absorb", "partial", "max_messages", "max_bytes"),
        *("broadcast_types", "broadcast_reference_data", "broadcast_offender_data", "filters", "metadata_updates"),
        *("working_hours", "retry", "thresholds", "breaker_failures", "breaker_seconds"),
    }
)
"""What only this side goes by, so that no run could tell the difference."""


def agreed_digest(directory: Directory, party: PartyCode) -> str:
    """Of what a run with a party proves as it is now, both ways: `PROVED` of its agreements, and the keys that it signs and calls with."""
    agreed = [_proved(agreement) for agreement in (directory.inbound(party), directory.outbound(party)) if agreement is not None]
    proved = {"agreements": agreed, "keys": _keys(directory, party)}
    return "sha-256:" + hashlib.sha256(json.dumps(_plain(proved), sort_keys=True).encode()).hexdigest()


def _proved(agreement: Agreement) -> dict[str, object]:
    return {name: value for name, value in asdict(agreement).items() if name in PROVED}


def _keys(directory: Directory, party: PartyCode) -> list[str]:
    """Thumbprints, without those that were revoked. Certificates for TLS are renewed often, and prove nothing about a system."""
    organisation = directory.organisation_of(party)
    if organisation is None:
        return []
    signing = [key for key in directory.keyring.of_organisation(organisation.organisation_id, KeyUse.SIGN) if party in key.speaks_for]
    calling = directory.keyring.of_organisation(organisation.organisation_id, KeyUse.AUTH)
    return sorted(key.key_id for key in (*signing, *calling) if key.revoked_at is None)


def unproved(directory: Directory, organisation: Organisation) -> tuple[PartyCode, ...]:
    """The parties that are sent to and whose system has not passed the conformance suite under what is agreed now."""
    proved = {(proof.party, proof.agreed) for proof in organisation.proofs}
    sent_to = [code for code in directory.parties_of(organisation.organisation_id) if directory.outbound(code) is not None]
    return tuple(code for code in sent_to if (code, agreed_digest(directory, code)) not in proved)


def prove(organisation: Organisation, proof: Proof, now: datetime) -> tuple[Organisation, AuditEvent]:
    """Remember a passed conformance run of a party. A later run takes the place of an earlier one."""
    event = AuditEvent(AuditCode.CONFORMANCE_PASSED, now, proof.party, _facts(organisation, proof))
    return replace(organisation, proofs=(*_others(organisation, proof), proof)), event


def disprove(organisation: Organisation, proof: Proof, failed: int, now: datetime) -> tuple[Organisation, AuditEvent]:
    """A conformance run that did not pass: what was proved before is proved no more."""
    event = AuditEvent(AuditCode.CONFORMANCE_FAILED, now, proof.party, {**_facts(organisation, proof), "failed": failed})
    return replace(organisation, proofs=_others(organisation, proof)), event


def _facts(organisation: Organisation, proof: Proof) -> dict[str, Fact]:
    return {"organisation": organisation.organisation_id, "agreed": proof.agreed, "report": proof.report, "simulated": proof.simulated}


def _others(organisation: Organisation, proof: Proof) -> tuple[Proof, ...]:
    return tuple(known for known in organisation.proofs if known.party != proof.party)


def _plain(value: object) -> object:
    """The same bytes for the same agreement: sets in order, everything else as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(str(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)

"""Proving: what a passed conformance run is a proof of.

What it is: the digest of what is agreed with a party, and the records that a run leaves: change the agreement, and a proof
is of something else. What it is not: the run (`gateway.rehearsal.conformance`), nor the rule that asks for its proof
(`onboarding`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from gateway.audit.events import AuditCode, AuditEvent, Fact
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Proof
from schemas.identifiers import PartyCode


def agreed_digest(directory: Directory, party: PartyCode) -> str:
    """Of everything that is agreed with a party now, both ways."""
    agreed = [asdict(agreement) for agreement in (directory.inbound(party), directory.outbound(party)) if agreement is not None]
    return "sha-256:" + hashlib.sha256(json.dumps(_plain(agreed), sort_keys=True).encode()).hexdigest()


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

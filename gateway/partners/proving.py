"""Proving: what a passed conformance run is a proof of.

What it is: the digest of what is agreed with a party: change the agreement, and a proof is of something else. What it
is not: the proof itself (`party.Proof`), the run (`gateway.rehearsal.conformance`), nor the rule that asks for it
(`onboarding`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from gateway.partners.directory import Directory
from schemas.identifiers import PartyCode


def agreed_digest(directory: Directory, party: PartyCode) -> str:
    """Of everything that is agreed with a party now, both ways."""
    agreed = [asdict(agreement) for agreement in (directory.inbound(party), directory.outbound(party)) if agreement is not None]
    return "sha-256:" + hashlib.sha256(json.dumps(_plain(agreed), sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    """The same bytes for the same agreement: sets in order, everything else as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(str(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)

"""The directory: every organisation, party, agreement and key, as one immutable snapshot.

What it is: what the rules look facts up in. What it is not: a cache with a life of its own: the pipeline
asks the store for a new snapshot when its version has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.partners.agreement import Agreement, Direction
from gateway.partners.party import Organisation, Party
from gateway.trust.keyring import Keyring
from schemas.identifiers import OrganisationId, PartyCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """One consistent view of who is who."""

    version: int = 0
    organisations: Mapping[OrganisationId, Organisation] = field(default_factory=lambda: MappingProxyType({}))
    parties: Mapping[PartyCode, Party] = field(default_factory=lambda: MappingProxyType({}))
    agreements: Mapping[tuple[PartyCode, Direction], Agreement] = field(default_factory=lambda: MappingProxyType({}))
    keyring: Keyring = field(default_factory=Keyring)

    def organisation_of(self, code: PartyCode) -> Organisation | None:
        """Who runs this party's system."""
        party = self.parties.get(code)
        return self.organisations.get(party.organisation) if party else None

    def parties_of(self, organisation: OrganisationId) -> tuple[PartyCode, ...]:
        """The codes that an organisation runs, in order."""
        return tuple(sorted(code for code, party in self.parties.items() if party.organisation == organisation))

    def inbound(self, code: PartyCode) -> Agreement | None:
        """What was agreed for messages from this party."""
        return self.agreements.get((code, Direction.INBOUND))

    def outbound(self, code: PartyCode) -> Agreement | None:
        """What was agreed for messages to this party."""
        return self.agreements.get((code, Direction.OUTBOUND))

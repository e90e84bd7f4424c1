"""The directory: every organisation, party, agreement and key, as one immutable snapshot.

What it is: what the rules look facts up in. What it is not: a cache with a life of its own: the pipeline
asks the store for a new snapshot when its version has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
        """Who runs this party's system, now."""
        party = self.parties.get(code)
        return self.organisations.get(party.served_by) if party else None

    def parties_of(self, organisation: OrganisationId) -> tuple[PartyCode, ...]:
        """The codes that an organisation runs, in order: its own and those that are routed to it, without those that
        are routed away."""
        return tuple(sorted(code for code, party in self.parties.items() if party.served_by == organisation))

    def party_behind(self, provider: str) -> PartyCode | None:
        """Whom to address on the wire for a provider that a payload names: itself, or the party of a division."""
        return PartyCode(provider) if provider in self.parties else self.division_of(provider)

    @property
    def registers(self) -> frozenset[PartyCode]:
        """Parties whose case system keeps the register of cases: those with divisions behind them."""
        return frozenset(code for code, party in self.parties.items() if party.divisions)

    def inbound(self, code: PartyCode) -> Agreement | None:
        """What was agreed for messages from this party."""
        return self._agreed(code, Direction.INBOUND)

    def outbound(self, code: PartyCode) -> Agreement | None:
        """What was agreed for messages to this party."""
        return self._agreed(code, Direction.OUTBOUND)

    def division_of(self, code: str) -> PartyCode | None:
        """The party that a division stands behind, for telling senders whom to address."""
        return next((party.code for party in self.parties.values() if any(division.code == code for division in party.divisions)), None)

    def stand_in(self, organisation: OrganisationId, direction: Direction) -> Agreement | None:
        """What an organisation has agreed for the first of its own parties: the terms for those routed to it."""
        own = sorted(code for code, party in self.parties.items() if party.organisation == organisation and party.route_to is None)
        return next((found for code in own if (found := self.agreements.get((code, direction))) is not None), None)

    def _agreed(self, code: PartyCode, direction: Direction) -> Agreement | None:
        party = self.parties.get(code)
        if party is None or party.route_to is None:
            return self.agreements.get((code, direction))
        found = self.stand_in(party.route_to, direction)
        return replace(found, party=code) if found is not None else None

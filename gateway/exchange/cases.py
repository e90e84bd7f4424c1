"""Cases: who has to do with the cases of one batch, kept up to date with the decisions before the one in hand.

What it is: facts for routing by case, and what a decision adds to them. Without that, a message behind the one that
makes a party interested would miss it when both come in one batch. What it is not: I/O, nor a rule. Filled by the
step, drafted by one acceptance, noted once it is decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.changes import Changes
from gateway.records import CaseParties, Interest
from gateway.trust.sealing import case_lookup
from schemas.identifiers import MessageId, PartyCode

_NOBODY = CaseParties()


@dataclass(slots=True)
class Cases:
    """Of one batch; or, as a draft, of one acceptance that may still fail."""

    _lookups: dict[str, str] = field(default_factory=dict)
    """By CRN."""
    _parties: dict[str, CaseParties] = field(default_factory=dict)
    """By lookup."""
    _below: Mapping[str, CaseParties] = field(default_factory=dict)
    """What a draft was drawn from."""
    _added: list[Interest] = field(default_factory=list)

    def load(self, parties: Mapping[str, CaseParties]) -> None:
        """Take up what the store says."""
        self._parties.update(parties)

    def lookup(self, crn: str, key: bytes) -> str:
        """The case's name here."""
        found = self._lookups.get(crn)
        if found is None:
            found = self._lookups[crn] = case_lookup(key, crn)
        return found

    def of(self, crn: str | None) -> CaseParties:
        """Who has to do with it; nobody where it was not loaded, or there is no case."""
        return self._known(self._lookups.get(crn, "")) if crn is not None else _NOBODY

    def draft(self) -> "Cases":
        """A view of its own for one acceptance: what it adds stays there."""
        return Cases(self._lookups, _below=self._parties)

    def interest(self, crn: str, party: PartyCode, why: str, message_id: MessageId, now: datetime) -> None:
        """The party has to do with the case from now on, unless it had before."""
        lookup = self._lookups[crn]
        known = self._known(lookup)
        if party not in known.interested:
            self._added.append(Interest(case_lookup=lookup, party=party, since=now, why=why, message_id=message_id))
            self._parties[lookup] = replace(known, interested=known.interested | {party})

    @property
    def added(self) -> tuple[Interest, ...]:
        """What is to be written."""
        return tuple(self._added)

    def note(self, changes: Changes | None) -> None:
        """A decision was taken."""
        for interest in changes.interests if changes is not None else ():
            known = self._known(interest.case_lookup)
            self._parties[interest.case_lookup] = replace(known, interested=known.interested | {interest.party})
        for told in changes.responsibilities if changes is not None else ():
            known = self._known(told.case_lookup)
            self._parties[told.case_lookup] = replace(known, responsible=told.party)

    def _known(self, lookup: str) -> CaseParties:
        return self._parties.get(lookup) or self._below.get(lookup, _NOBODY)

"""Cards: each partner at one moment, as the list of partners and a partner's own page show it.

What it is: the picture of the gateway, by organisation, with its pause and the end of its keys. What it is not: a probe:
what is known is what happened on the road; nobody is called. Called by the console's pages and their JSON twins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.control.picture import Line, Picture
from gateway.oversight.health import Health
from gateway.oversight.keys import End, soonest_end
from gateway.partners.directory import Directory
from gateway.partners.party import Organisation, Pause
from gateway.partners.pausing import paused
from gateway.trust.keyring import KeyRecord
from schemas.identifiers import OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One organisation with everything that it serves."""

    at: datetime
    organisation: Organisation
    health: Health
    lines: tuple[Line, ...]
    """Its parties."""
    keys: tuple[KeyRecord, ...]
    """Every key that was ever pinned for it, those that end last first."""

    def sum_of(self, name: str) -> int:
        """`waiting`, `in_flight`, `dead` or `late` over all its parties."""
        return sum(getattr(line, name) for line in self.lines)

    @property
    def last_heard_at(self) -> datetime | None:
        """When a message of it was accepted last."""
        return _latest(line.activity.last_accepted_at for line in self.lines if line.activity)

    @property
    def last_reached_at(self) -> datetime | None:
        """When its system last had a message, or said what became of one."""
        return _latest(line.activity.last_delivered_at for line in self.lines if line.activity)

    @property
    def last_failed_at(self) -> datetime | None:
        """When an attempt failed last."""
        return _latest(line.activity.last_failed_at for line in self.lines if line.activity)

    @property
    def failures(self) -> int:
        """Attempts that failed since the last that did not, of the party that has most."""
        return max((line.activity.failures_since_success for line in self.lines if line.activity), default=0)

    @property
    def oldest_at(self) -> datetime | None:
        """When the oldest unfinished delivery was made."""
        return min((line.oldest_at for line in self.lines if line.oldest_at), default=None)

    @property
    def pause(self) -> Pause | None:
        """The pause that holds now."""
        return self.organisation.paused if paused(self.organisation, self.at) else None

    @property
    def key_end(self) -> End | None:
        """When the first use of its keys ends."""
        return soonest_end(self.keys)

    @property
    def key_days(self) -> int | None:
        """Days until then; None without a key."""
        return end.days_left(self.at) if (end := self.key_end) else None

    @property
    def certificate_days(self) -> int:
        """Days before the end at which a person is told."""
        return max((line.agreement.thresholds.certificate_days for line in self.lines if line.agreement), default=0)


def card_of(picture: Picture, directory: Directory, organisation_id: OrganisationId) -> Card | None:
    """One organisation's; None where it is not known."""
    organisation = directory.organisations.get(organisation_id)
    if organisation is None:
        return None
    keys = (key for key in directory.keyring.keys.values() if key.organisation == organisation_id)
    return Card(
        at=picture.at,
        organisation=organisation,
        health=picture.health[organisation_id],
        lines=picture.of(organisation_id),
        keys=tuple(sorted(keys, key=lambda key: (key.revoked_at is not None, -key.not_after.timestamp(), key.key_id))),
    )


def cards(picture: Picture, directory: Directory) -> Sequence[Card]:
    """Everybody's: those that need somebody first, then by name."""
    found = [card for name in picture.health if (card := card_of(picture, directory, name)) is not None]
    worst = list(Health)
    return sorted(found, key=lambda card: (worst.index(card.health), card.organisation.name))


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time is not None), default=None)

"""Who is responsible: provider, team and officer, and the office location.

Each of team, officer and location may come with its name: nDelius writes `CODE/Name`.
"""

from schemas.canonical.values import Code, Text
from schemas.identifiers import OfficerField, ProviderField, TeamField
from schemas.payload import Concept


class Team(Concept):
    """A team, perhaps with its name."""

    code: TeamField
    """Code of the team."""
    description: Text | None = None
    """Its name, as the sender wrote it."""


class Officer(Concept):
    """An officer, perhaps with the name."""

    code: OfficerField
    """Code of the officer."""
    description: Text | None = None
    """The officer's name, as the sender wrote it."""


class Location(Concept):
    """An office location, perhaps with its name."""

    code: Code
    """Code of the office."""
    description: Text | None = None
    """Its name, as the sender wrote it."""


class Responsibility(Concept):
    """The chain of responsibility in the order of the wire."""

    provider: ProviderField
    """The provider."""
    team: Team
    """The team of that provider."""
    officer: Officer
    """The officer of that team."""

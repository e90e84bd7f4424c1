"""Who is responsible: provider, team and officer, and the office location.

Each of team, officer and location may come with its name: nDelius writes `CODE/Name`.
"""

from schemas.canonical.values import Code, Text
from schemas.identifiers import OfficerField, ProviderField, TeamField
from schemas.payload import Concept


class Team(Concept):
    """A team, perhaps with its name."""

    code: TeamField
    description: Text | None = None


class Officer(Concept):
    """An officer, perhaps with the name."""

    code: OfficerField
    description: Text | None = None


class Location(Concept):
    """An office location, perhaps with its name."""

    code: Code
    description: Text | None = None


class Responsibility(Concept):
    """The chain of responsibility in the order of the wire."""

    provider: ProviderField
    team: Team
    officer: Officer

"""The viewer: the person behind one request.

What it is: a session as pages, actions and templates see it. What it is not: how it was found (`permitted`).
"""

from dataclasses import dataclass

from gateway.console.masking import masked
from gateway.oversight.access import Permission
from gateway.oversight.records import Operator, OperatorSession, SessionKind

BOOTSTRAP_SUBJECT = "bootstrap"
"""The subject of the operator for development. An identity provider's subject may not be this word."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is signed in."""

    session: OperatorSession

    @property
    def operator(self) -> Operator:
        """Who it is, for records and the audit."""
        return self.session.operator

    @property
    def name(self) -> str:
        """For people to read."""
        return self.session.operator.name

    @property
    def subject(self) -> str:
        """What the audit says."""
        return self.session.operator.subject

    @property
    def csrf(self) -> str:
        """What every form of theirs carries; another text at every look."""
        return masked(self.session.csrf)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may do."""
        return self.session.permissions

    @property
    def kind(self) -> SessionKind:
        """Browser or command line."""
        return self.session.kind

    @property
    def is_bootstrap(self) -> bool:
        """True for the operator for development."""
        return self.subject == BOOTSTRAP_SUBJECT

    def may(self, permission: Permission) -> bool:
        """Whether this permission is theirs."""
        return permission in self.permissions

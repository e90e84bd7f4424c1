"""Access: which role may do what.

What it is: roles, permissions, and the one table between them. What it is not: who has which role: the identity
provider says that (`gateway.console.sign_in` maps its claims). Deny by default: a permission that no role of a
person holds is not theirs. Called by the console for every route, and by `gateway.control` for every action.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an identity provider can make of a person."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    REVEAL = "reveal"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Permission(StrEnum):
    """One kind of look or touch. Every route of the console asks for exactly one."""

    WATCH = "watch"
    """Figures, queues, lists, header facts, timelines; never content."""
    SEARCH = "search"
    """Search for messages, also by case reference number."""
    RETRY = "retry"
    DISCARD = "discard"
    PAUSE = "pause"
    """Pause and resume a partner."""
    TEST = "test"
    """Send a test message."""
    NOTE = "note"
    """Write a note, take or give an assignment."""
    ALERT = "alert"
    """Acknowledge and mute an alert."""
    REVEAL = "reveal"
    """See a hidden field for a stated purpose."""
    AUDIT = "audit"
    """Search the audit, and check its chain."""
    SESSIONS = "sessions"
    """See who is signed in, and end a session."""


_WATCHING: Final = frozenset({Permission.WATCH, Permission.SEARCH})
GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.VIEWER: _WATCHING,
    Role.OPERATOR: _WATCHING | {Permission.RETRY, Permission.DISCARD, Permission.PAUSE, Permission.TEST, Permission.NOTE, Permission.ALERT},
    # Nobody sees a person's data by another role's way: whoever may reveal says so separately.
    Role.REVEAL: _WATCHING | {Permission.REVEAL},
    Role.AUDITOR: frozenset({Permission.WATCH, Permission.AUDIT}),
    Role.ADMIN: frozenset({Permission.WATCH, Permission.AUDIT, Permission.SESSIONS, Permission.PAUSE, Permission.TEST}),
}


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Everything that these roles may do together."""
    return frozenset[Permission]().union(*(GRANTS[role] for role in roles))

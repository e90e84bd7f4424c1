"""From an identity provider's claims to a person with roles here: one table, from the settings.

What it is: pure rules. What it is not: a check of the token (`identity`). Deny by default: a value that the table does
not name gives nothing, and who has no role is nobody here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.config import ConfigurationInvalid
from gateway.console.viewer import BOOTSTRAP_SUBJECT
from gateway.oversight.access import Role
from gateway.oversight.records import Operator

_LONGEST_SUBJECT = 150
_LONGEST_NAME = 100
_NAMES = ("name", "preferred_username", "user_name")


@dataclass(frozen=True, slots=True)
class ClaimTable:
    """Where roles stand in a token, what they are called there, and which claim names the person."""

    roles: Mapping[str, Role]
    paths: tuple[str, ...]
    subject: str = "sub"

    def roles_of(self, claims: Mapping[str, object]) -> tuple[Role, ...]:
        """The roles that these claims give, in the order of `Role`."""
        given = {value for path in self.paths for value in _texts(_at(claims, path))}
        held = {role for value, role in self.roles.items() if value in given}
        return tuple(role for role in Role if role in held)

    def operator_of(self, claims: Mapping[str, object]) -> Operator | None:
        """Who it is; None where no claim names somebody that the audit could write down."""
        subject = claims.get(self.subject)
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable() or subject == BOOTSTRAP_SUBJECT:
            return None
        names = (claims.get(name) for name in _NAMES)
        name = next((name for name in names if isinstance(name, str) and name.strip()), subject)
        return Operator(subject, "".join(sign for sign in name.strip() if sign.isprintable())[:_LONGEST_NAME])


def claim_table(roles: Mapping[str, str], paths: tuple[str, ...], subject: str) -> ClaimTable:
    """The table as the settings have it. Raises ConfigurationInvalid where it names a role that does not exist."""
    known = {role.value: role for role in Role}
    if unknown := sorted(set(roles.values()) - set(known)):
        raise ConfigurationInvalid(f"console_role_claims: no such role: {', '.join(unknown)}")
    return ClaimTable({value: known[role] for value, role in roles.items()}, paths, subject)


def _at(claims: Mapping[str, object], path: str) -> object:
    """The claim by its whole name first: names with dots in them are addresses of their owners (OpenID Connect Core §5.1.2)."""
    if path in claims:
        return claims[path]
    first, _, rest = path.partition(".")
    inside = claims.get(first)
    return _at(inside, rest) if rest and isinstance(inside, Mapping) else None


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    return (one for one in value if isinstance(one, str)) if isinstance(value, list) else ()

"""Content filters: which messages a recipient agreed to get.

What it is: `only` and `except` rules over type, action and coded values, and whether a message passes them; pure, on
the canonical message, so that every dialect is filtered alike. What it is not: a way to look into what people wrote:
a rule can name fields of codes and flags alone. Called by routing; checked by `onboarding` when it is agreed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel

from schemas.catalogue import CATALOGUE
from schemas.classes import FieldClass, class_of
from schemas.envelope import Header
from schemas.leaves import Path, leaves
from schemas.payload import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One rule. It matches where everything that it names matches."""

    types: frozenset[str] | None = None
    actions: frozenset[str] | None = None
    codes: tuple[tuple[str, frozenset[str]], ...] = ()
    """JSON pointer into the canonical payload, with the codes of which one stands there. A list adds no step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFilter:
    """What one recipient takes: nothing that `excepted` matches, and where there is an `only`, what it matches."""

    only: tuple[Match, ...] = ()
    excepted: tuple[Match, ...] = ()


def passes(agreed: ContentFilter, header: Header, payload: Payload) -> bool:
    """True where the recipient is to have it."""
    if any(_matches(rule, header, payload) for rule in agreed.excepted):
        return False
    return not agreed.only or any(_matches(rule, header, payload) for rule in agreed.only)


def mistake_in(agreed: ContentFilter, *, outbound: bool = True) -> str | None:
    """What is wrong with a filter as it was agreed, if anything."""
    if not outbound and agreed != ContentFilter():
        return "Filters belong to what a party receives, its outbound agreement."
    return next((found for rule in (*agreed.only, *agreed.excepted) for found in _mistakes(rule)), None)


def path_of(pointer: str) -> Path:
    """`/contact_type/code` as the names of fields, from the outside in."""
    return tuple(pointer.removeprefix("/").split("/"))


def _matches(rule: Match, header: Header, payload: Payload) -> bool:
    if rule.types is not None and header.type not in rule.types:
        return False
    if rule.actions is not None and header.action.value not in rule.actions:
        return False
    return all(not wanted.isdisjoint(_values(payload, path_of(pointer))) for pointer, wanted in rule.codes)


def _values(found: object, path: Path) -> Iterable[str]:
    """Every value at a path; none where the message leaves it open or, being a reduced delete, has no such field."""
    if found is None:
        return ()
    if isinstance(found, tuple):
        return [value for inner in found for value in _values(inner, path)]
    if not path:
        return (str(found).lower() if isinstance(found, bool) else str(found),)
    return _values(getattr(found, path[0], None), path[1:]) if isinstance(found, BaseModel) else ()


def _mistakes(rule: Match) -> list[str]:
    if rule.types is None and rule.actions is None and not rule.codes:
        return ["A rule names types, actions or codes."]
    if strange := sorted((rule.types or frozenset()) - CATALOGUE.keys()):
        return [f"There is no message type {strange[0]}."]
    if rule.codes and not rule.types:
        return ["A rule with codes names the types that have these fields."]
    return [found for pointer, _ in rule.codes for kind in sorted(rule.types or ()) for found in _mistakes_of(pointer, kind)]


def _mistakes_of(pointer: str, kind: str) -> list[str]:
    model, path = CATALOGUE[kind], path_of(pointer)
    if not pointer.startswith("/") or path not in leaves(model):
        return [f"{kind} has no field {pointer}."]
    return [] if class_of(model, path) is FieldClass.CODE else [f"{pointer} of {kind} holds no code; only codes and flags can be filtered."]

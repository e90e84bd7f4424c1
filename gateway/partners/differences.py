"""Differences: what a plan would change, field by field, for a person to read before it is done.

What it is: records before and after, compared. What it is not: the plan. Nothing here is secret: keys are public, and
of a broker password not even the hash is named. Called by the command line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Final

from gateway.partners.agreement import Agreement
from gateway.partners.party import Division, Organisation, Party
from gateway.partners.plan import Plan, Plans
from gateway.trust.keyring import KeyRecord
from gateway.trust.policy import SecurityPolicy

Record = Organisation | Party | Agreement | KeyRecord

_HIDDEN: Final = frozenset({"broker_password_hash", "public_key", "certificate"})


class Change(StrEnum):
    """What becomes of one record."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    """A code is routed to another organisation, or back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field. Empty text: nothing stands there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One record that would be written."""

    source: str
    organisation: str
    what: str
    """`organisation`, `party`, `agreement` or `key`."""
    subject: str
    change: Change
    fields: tuple[FieldChange, ...]


def differences(plans: Plans) -> tuple[Difference, ...]:
    """Every record that would be written, in order of writing per profile."""
    return tuple(difference for plan in plans.plans for difference in _of_plan(plan, plans))


def _of_plan(plan: Plan, plans: Plans) -> Iterator[Difference]:
    before = plans.before
    for organisation, _ in plan.organisations:
        yield _difference(plan, "organisation", organisation.organisation_id, before.organisations.get(organisation.organisation_id), organisation)
    for party, _ in plan.parties:
        yield _difference(plan, "party", party.code, before.parties.get(party.code), party)
    for agreement, _ in plan.agreements:
        place = (agreement.party, agreement.direction)
        yield _difference(plan, "agreement", f"{agreement.party} {agreement.direction}", before.agreements.get(place), agreement)
    for key, _ in plan.keys:
        yield _difference(plan, "key", key.key_id, before.keyring.find(key.key_id), key)


def _difference(plan: Plan, what: str, subject: str, before: Record | None, after: Record) -> Difference:
    old, new = ({} if before is None else dict(_values(before)), dict(_values(after)))
    changed = tuple(
        FieldChange(name=name, before=old.get(name, ""), after=new.get(name, "")) for name in {**old, **new} if old.get(name, "") != new.get(name, "")
    )
    change = Change.ADDED if before is None else Change.MOVED if any(field.name == "route_to" for field in changed) else Change.CHANGED
    return Difference(source=plan.source, organisation=plan.organisation.organisation_id, what=what, subject=subject, change=change, fields=changed)


def _values(record: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every field as text, those of a record inside it by a dotted name."""
    if not is_dataclass(record):
        raise TypeError(f"not a record: {type(record).__name__}")
    for field in fields(record):
        value: object = getattr(record, field.name)
        if field.name in _HIDDEN:
            continue
        if is_dataclass(value) and not isinstance(value, SecurityPolicy):
            yield from _values(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", _text(value)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case SecurityPolicy():
            return value.name
        case frozenset():
            return " ".join(sorted(map(str, value)))
        case tuple():
            return ", ".join(f"{one.code} {one.name}" if isinstance(one, Division) else str(one) for one in value)
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return f"{len(value)} entries"
        case _:
            return str(value)

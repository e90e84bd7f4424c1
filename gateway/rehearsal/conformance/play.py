"""Playing the suite: each case against one stand, and the report of it.

What it is: the loop, and what became of each case. What it is not: the cases, nor the faces of the report (`faces`).
Called by the command and by the proof.
"""

import hashlib
import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from gateway.rehearsal.conformance.cases import Case, Group, Level, Scope
from gateway.rehearsal.conformance.stand import Stand, Step
from gateway.rehearsal.conformance.suite import SUITE
from gateway.rehearsal.conformance.wrong import NotHere, Whose, Wrong


class Verdict(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_HERE = "not-applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case, played."""

    case: Case
    verdict: Verdict
    seconds: float
    found: str = ""
    todo: str = ""
    whose: Whose = Whose.PARTNER
    trail: tuple[Step, ...] = ()

    @property
    def blocks(self) -> bool:
        """True where the partner cannot be live with it."""
        return self.verdict is Verdict.FAILED and self.case.level is Level.MUST


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole run."""

    organisation: str
    party: str
    dialect: str
    packaging: str
    mode: str
    simulated: bool
    profile: str
    """Digest of the agreements and keys that were proved."""
    began_at: datetime
    seconds: float
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """True where every must-case that applies held, and there was one."""
        return not any(result.blocks for result in self.results) and any(result.verdict is Verdict.PASSED for result in self.results)

    def count(self, verdict: Verdict) -> int:
        """How many cases ended so."""
        return sum(result.verdict is verdict for result in self.results)

    def document(self) -> dict[str, object]:
        """The report as JSON, without the trails of what passed."""
        return {
            "schema": "conformance/1",
            "organisation": self.organisation,
            "party": self.party,
            "dialect": self.dialect,
            "packaging": self.packaging,
            "mode": self.mode,
            "simulated": self.simulated,
            "profile": self.profile,
            "began_at": self.began_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "passed": self.passed,
            "counts": {verdict.value: self.count(verdict) for verdict in Verdict},
            "cases": [_told(result) for result in self.results],
        }

    def digest(self) -> str:
        """Of the document: what the audit remembers."""
        return "sha-256:" + hashlib.sha256(json.dumps(self.document(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which cases to play."""

    groups: Collection[Group] = frozenset(Group)
    until_first_failure: bool = False


EVERYTHING = Choice()


def play(stand: Stand, *, profile: str, choice: Choice = EVERYTHING, progress: Callable[[Result], None] = lambda _: None) -> Report:
    """Play every chosen case, one after the other."""
    began_at, began = datetime.now(UTC), time.monotonic()
    results: list[Result] = []
    for case in SUITE:
        if case.group not in choice.groups:
            continue
        results.append(play_one(case, stand))
        progress(results[-1])
        if choice.until_first_failure and results[-1].blocks:
            break
    return Report(
        organisation=stand.organisation,
        party=stand.agreement.party,
        dialect=stand.agreement.dialect,
        packaging=stand.agreement.packaging,
        mode=stand.agreement.mode.value,
        simulated=stand.inside is not None,
        profile=profile,
        began_at=began_at,
        seconds=time.monotonic() - began,
        results=tuple(results),
    )


def play_one(case: Case, stand: Stand) -> Result:
    """Play one case. What it raises otherwise is a mistake of the kit's own."""
    began = time.monotonic()
    stand.trail.clear()
    try:
        why = _out_of_scope(case.scope, stand)
        if why:
            raise NotHere(why)
        case.play(stand)
    except NotHere as reason:
        return Result(case=case, verdict=Verdict.NOT_HERE, seconds=time.monotonic() - began, found=reason.why)
    except Wrong as wrong:
        trail = tuple(stand.trail[-12:])
        took = time.monotonic() - began
        return Result(case=case, verdict=Verdict.FAILED, seconds=took, found=wrong.found, todo=wrong.todo, whose=wrong.whose, trail=trail)
    finally:
        stand.door.refuse_next = 0
        stand.door.clear_shelf()
    return Result(case=case, verdict=Verdict.PASSED, seconds=time.monotonic() - began)


def _out_of_scope(scope: Scope, stand: Stand) -> str:
    if scope.modes and stand.mode.value not in scope.modes:
        return f"It is a case of {', '.join(sorted(scope.modes))}."
    if scope.packagings and stand.packaging.name not in scope.packagings:
        return f"It is a case of the packaging {', '.join(sorted(scope.packagings))}."
    if scope.dialects and stand.agreement.dialect not in scope.dialects:
        return f"It is a case of the dialect {', '.join(sorted(scope.dialects))}."
    return "The partner's own journal cannot be read." if scope.inside and stand.inside is None else ""


def _told(result: Result) -> dict[str, object]:
    case = result.case
    told: dict[str, object] = {"id": case.id, "group": case.group.value, "level": case.level.value, "title": case.title, "verdict": result.verdict.value}
    told["seconds"] = round(result.seconds, 3)
    if result.found:
        told["found"] = result.found
    return told | ({"todo": result.todo, "whose": result.whose.value} if result.verdict is Verdict.FAILED else {})

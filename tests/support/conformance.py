"""Simulated partners on trial, for tests of the conformance kit: in this process, over loopback, with short patience."""

import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from adapters.agencies.declarative.adapter import load
from adapters.catalogue import DIALECTS
from adapters.contract import Adapter
from gateway import bootstrap
from gateway.partners.agreement import Agreement, DeliveryMode, Direction
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.conformance.cases import Group
from gateway.rehearsal.conformance.parts import KitParts, fresh_wss_signer
from gateway.rehearsal.conformance.play import Choice, Report, play
from gateway.rehearsal.conformance.simulated import Trial, stand_for
from gateway.rehearsal.flaws import Flaws
from gateway.trust.catalogue import PACKAGINGS
from schemas.identifiers import OrganisationId, PartyCode

ISSUER = "interagency-gateway.test"
MEMORY = Path("/dev/shm")
"""Journals are written through to the disk at every entry; here the disk proves nothing."""
MAPPINGS = Path(__file__).parents[2] / "partners" / "dialects"
ORGANISATION = OrganisationId("crc-thames")


@cache
def described() -> dict[str, Adapter]:
    """The described dialects of the example set."""
    return {adapter.dialect: adapter for path in sorted(MAPPINGS.glob("*.yaml")) for adapter in [load(path.read_text(encoding="utf-8"))]}


@cache
def parts() -> KitParts:
    """The real dialects and packagings."""
    return KitParts(adapters={**DIALECTS, **described()}, packagings=PACKAGINGS, issuer=ISSUER, new_id=bootstrap.new_id, wss_signer=fresh_wss_signer())


def agreement(dialect: str, mode: str, direction: Direction) -> Agreement:
    """What the trial is about."""
    packaging = {"ndelius": "wss"}.get(dialect, "detached" if mode == "drop" else "jws")
    detail = "canonical" if dialect == "domain-events" and direction is Direction.OUTBOUND else None
    spoken = "canonical" if dialect == "domain-events" and direction is Direction.INBOUND and mode == "shelf" else dialect
    return Agreement(
        party=PartyCode("C05"),
        direction=direction,
        dialect=spoken,
        detail_dialect=detail,
        version="0-9-14",
        packaging=packaging,
        mode=DeliveryMode(mode),
        timeout_seconds=30.0,
    )


def run(
    authority: DevelopmentAuthority, dialect: str, mode: str, *flaws: str, groups: frozenset[Group] = frozenset(Group), patience_seconds: float, fast: bool
) -> Report:
    """Play some groups of the suite against a fresh simulator with these flaws."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)))
        trial = Trial(
            organisation=ORGANISATION,
            inbound=agreement(dialect, mode, Direction.INBOUND),
            outbound=agreement(dialect, mode, Direction.OUTBOUND),
            parts=parts(),
            folder=folder,
            authority=authority,
            patience_seconds=patience_seconds,
            flaws=Flaws(flaws),
        )
        return play(stand_for(trial, stack), profile="-", choice=Choice(groups, until_first_failure=fast))

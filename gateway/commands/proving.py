"""Running the conformance kit from the desk: partner and agreement from the store, parts from the composition root.

What it is: what `gateway conformance run` does. What it is not: the kit (`gateway.rehearsal.conformance`).
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway import bootstrap
from gateway.commands.context import Desk, now, operating, own_keys
from gateway.commands.output import CommandError, Exit
from gateway.config import Environment
from gateway.partners.agreement import Agreement
from gateway.partners.directory import Directory
from gateway.partners.party import Proof
from gateway.partners.proving import agreed_digest
from gateway.rehearsal.authority import DevelopmentAuthority
from gateway.rehearsal.conformance import real, simulated
from gateway.rehearsal.conformance.cases import Group
from gateway.rehearsal.conformance.parts import KitParts
from gateway.rehearsal.conformance.play import Choice, Report, Result, Verdict, play
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.flaws import Flaws, FlawUnknownError
from schemas.identifiers import OrganisationId, PartyCode

WARM_UP_SECONDS = 30.0
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be run."""

    party: str
    simulated: bool
    groups: tuple[str, ...]
    faults: tuple[str, ...]
    patience_seconds: float


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of it."""

    report: Report
    remembered: bool


@dataclass(frozen=True, slots=True)
class _Subject:
    party: PartyCode
    organisation: OrganisationId
    inbound: Agreement
    outbound: Agreement
    directory: Directory


def prove(wanted: Wanted, progress: Progress) -> Proved:
    """Play the suite against one party. A whole run without seeded faults is remembered; in live, a simulated one is not."""
    groups = _groups(wanted.groups)
    flaws = _flaws(wanted)
    with operating(with_keys=True, wired=True) as desk, ExitStack() as stack:
        subject = _subject(desk, wanted.party)
        stand = _stand(wanted, subject, desk, flaws, stack)
        if not wanted.simulated:
            progress("waiting for the partner")
            real.await_partner(stand, WARM_UP_SECONDS)
        agreed = agreed_digest(subject.directory, subject.party)
        report = play(stand, profile=agreed, choice=Choice(groups), progress=lambda result: _tell(result, progress))
        counts = not wanted.faults and not wanted.groups and not (wanted.simulated and desk.settings.environment is Environment.LIVE)
        if counts:
            _remember(desk, report, subject.party)
    return Proved(report, counts)


def _remember(desk: Desk, report: Report, party: PartyCode) -> None:
    at = now().isoformat(timespec="seconds")
    proof = Proof(party=party, agreed=report.profile, report=report.digest(), at=at, simulated=report.simulated)
    desk.operations.remember_run(proof, failed=0 if report.passed else max(1, report.count(Verdict.FAILED)))


def _stand(wanted: Wanted, subject: _Subject, desk: Desk, flaws: Flaws, stack: ExitStack) -> Stand:
    keys, settings = own_keys(desk.settings), desk.settings
    parts = KitParts(
        adapters=bootstrap.dialects(settings),
        packagings=bootstrap.packagings(),
        issuer=settings.issuer,
        new_id=bootstrap.new_id,
        wss_signer=keys.wss_signer,
    )
    try:
        if wanted.simulated:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-proving-")))
            trial = simulated.Trial(
                organisation=subject.organisation,
                inbound=subject.inbound,
                outbound=subject.outbound,
                parts=parts,
                folder=folder,
                authority=DevelopmentAuthority(folder / "authority"),
                patience_seconds=wanted.patience_seconds,
                flaws=flaws,
            )
            return simulated.stand_for(trial, stack)
        broker = bootstrap.make_broker(settings)
        stack.callback(broker.close)
        channels = bootstrap.make_channels(settings, broker)
        for channel in channels.values():
            stack.callback(channel.close)
        house = real.House(settings=settings, keys=keys, parts=parts, broker=broker, channels=channels)
        partner = real.Partner(organisation=subject.organisation, inbound=subject.inbound, outbound=subject.outbound, directory=subject.directory)
        return real.stand_for(partner, house, patience_seconds=wanted.patience_seconds, stack=stack)
    except (simulated.NoSimulatorError, real.CannotProveError) as error:
        raise CommandError(Exit.USAGE, "conformance-not-possible", f"{error}.") from error
    except OSError as error:
        remedy = "stop gateway serve for the run, or set http_port otherwise for it"
        raise CommandError(Exit.UNAVAILABLE, "door-not-free", f"The proving door cannot be opened ({type(error).__name__}).", remedy) from error


def _subject(desk: Desk, code: str) -> _Subject:
    directory, party = desk.operations.directory(), PartyCode(code)
    organisation = directory.organisation_of(party)
    if organisation is None:
        raise CommandError(Exit.NOT_FOUND, "party-unknown", "The party is not known.", "gateway partner list")
    outbound = directory.outbound(party)
    if outbound is None:
        raise CommandError(Exit.USAGE, "conformance-not-possible", "Nothing is sent to this party: it has no outbound agreement to prove.")
    # A party that only receives still signs receipts: in the same language, judged by the same policy.
    return _Subject(party, organisation.organisation_id, directory.inbound(party) or outbound, outbound, directory)


def _groups(names: tuple[str, ...]) -> frozenset[Group]:
    if strange := set(names) - set(Group):
        raise CommandError(Exit.USAGE, "group-unknown", f"There is no group {min(strange)}; there is {', '.join(Group)}.")
    return frozenset(Group(name) for name in names) or frozenset(Group)


def _flaws(wanted: Wanted) -> Flaws:
    if wanted.faults and not wanted.simulated:
        raise CommandError(Exit.USAGE, "conformance-not-possible", "A fault can be seeded into a simulator only.", "add --simulated")
    try:
        return Flaws(wanted.faults)
    except FlawUnknownError as error:
        raise CommandError(Exit.USAGE, "fault-unknown", str(error)) from error


def _tell(result: Result, progress: Progress) -> None:
    progress(f"{result.verdict.value:15} {result.case.id:24} {result.case.title}")

"""`gateway demo`: the whole road in a minute, told as it happens and proved at the end.

What it is: scene, story, audit, reckoning, one last line and an exit status. What it is not: the gateway's own word
about itself: the counts come from the partners' journals and from receipts verified against the published keys.
Called by the command line and by the scenario tests.
"""

import argparse
import contextlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from gateway.config import CONFIG_FILE_VARIABLE
from gateway.rehearsal import mischief, reckoning, sabotage, scene, story
from gateway.rehearsal.expectations import Expectations
from gateway.rehearsal.identity_provider import ROLE_CLAIMS
from gateway.rehearsal.journal import read
from gateway.rehearsal.programs import environment_for
from gateway.rehearsal.reckoning import Reckoning, Witness
from gateway.rehearsal.scene import CONSOLE_PORT, LARKSPUR, NDELIUS, OPERATORS, WEXCOMBE, Scene
from gateway.rehearsal.staying import Trickle
from gateway.rehearsal.story import Case, Play
from gateway.rehearsal.telling import Teller

DIRECTORY = Path("var") / "demo"
PATIENCE_SECONDS = 20.0
PATIENCE_WITH_SABOTAGE_SECONDS = 6.0
"""A sabotaged run is about noticing: what was dropped never comes, however long one waits."""
OK, NOT_AS_EXPECTED = 0, 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last line, and the exit status."""

    line: str
    code: int


def main(arguments: Sequence[str]) -> int:
    """Run it; 0 only if every expectation held."""
    options = _options(arguments)
    teller = Teller()
    started = time.monotonic()
    stage = scene.set_up(options.directory, options.database, teller.progress, CONSOLE_PORT if options.stay else 0)
    teller.progress(f"ready after {time.monotonic() - started:.0f} s")
    finish = stage.leave_running if options.keep else stage.close
    try:
        verdict, play, cases = _perform(stage, teller, options)
        if options.stay:
            teller.last(verdict.line)
            _stay(play, cases)
    except BaseException:
        stage.close()
        raise
    finish()
    if not options.stay:
        teller.progress(f"{time.monotonic() - started:.0f} s in all")
        teller.last(verdict.line)
    return verdict.code


def _stay(play: Play, cases: Sequence[Case]) -> None:
    """Everything goes on until somebody ends it."""
    teller, stop = play.teller, threading.Event()
    teller.act(f"The operators' console: {play.scene.console_url}")
    teller.say("   Sign in there as one of these people; nobody asks for a proof:")
    for account in OPERATORS:
        teller.say(f"   {account.name:32}{', '.join(_role(name) for name in account.roles)}")
    teller.say("   Messages go on, and something fails now and then. Ctrl-C ends it all.")
    teller.say("")

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with _told_to_end(end):
        Trickle(play, list(zip(cases, (LARKSPUR.party, WEXCOMBE.party), strict=True))).run(stop)
    teller.say("   ending")


def _role(claim: str) -> str:
    """As the console calls what the provider says."""
    return ROLE_CLAIMS[claim]


@contextlib.contextmanager
def _told_to_end(end: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the traffic, and not the taking down after it."""
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gateway demo")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    after = parser.add_mutually_exclusive_group()
    after.add_argument("--keep", action="store_true")
    after.add_argument("--stay", action="store_true")
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    parser.add_argument("--sabotage", choices=("drop-delivery",), help=argparse.SUPPRESS)
    return parser.parse_args(list(arguments))


def _perform(stage: Scene, teller: Teller, options: argparse.Namespace) -> tuple[Verdict, Play, Sequence[Case]]:
    expect = Expectations(PATIENCE_WITH_SABOTAGE_SECONDS if options.sabotage else PATIENCE_SECONDS)
    dice = random.Random(options.seed)  # noqa: S311 - made-up case numbers, the same for the same seed
    play = Play(stage, teller, expect, dice)
    if options.sabotage:
        play.sabotage = partial(sabotage.drop_delivery, stage.database_url, LARKSPUR.party)
    for party, partner in ((NDELIUS.party, stage.n00), (LARKSPUR.party, stage.c07), (WEXCOMBE.party, stage.c14)):
        teller.follow(party, partner.journal)
    cases = _tell_story(play)
    teller.quiet()
    teller.act("7  The proof: audit chain, receipts, journals")
    collected = stage.n00.collect_receipts()
    teller.say(f"   nDelius collects {collected} signed receipts: signature and chain of each verify under the published keys")
    audit_ok = _audit(stage, teller)
    result = reckoning.reckon(_witnesses(stage), stage.n00.link.published_keys())
    return _conclude(play, result, audit_ok=audit_ok, options=options), play, cases


def _tell_story(play: Play) -> Sequence[Case]:
    cases = story.transfers(play)
    story.updates(play, cases)
    story.outage(play, cases[0])
    story.unwilling(play)
    story.conflict(play, cases[0])
    mischief.refusals(play, cases[0])
    mischief.repeats(play)
    play.expect.that("no partner's own program stumbled: " + "; ".join(play.scene.failures()), not play.scene.failures())
    return cases


def _witnesses(stage: Scene) -> list[Witness]:
    partners = ((NDELIUS, stage.n00.journal), (LARKSPUR, stage.c07.journal), (WEXCOMBE, stage.c14.journal))
    return [
        Witness(party=subject.party, organisation=subject.organisation, speaks_spg=subject is NDELIUS, entries=read(journal.path))
        for subject, journal in partners
    ]


def _audit(stage: Scene, teller: Teller) -> bool:
    """`gateway audit verify`, as an operator runs it."""
    command, environment = [sys.executable, "-m", "gateway", "audit", "verify"], environment_for(stage.gateway.settings_path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    teller.say(f"   gateway audit verify: {' '.join(done.stdout.split())}")
    if done.returncode != 0:
        teller.say(f"   {done.stderr.strip()}")
    return done.returncode == 0


def _conclude(play: Play, result: Reckoning, *, audit_ok: bool, options: argparse.Namespace) -> Verdict:
    teller, failed = play.teller, [*play.expect.failed, *result.faults, *(f"lost: {thing}" for thing in result.lost)]
    if not audit_ok:
        failed.append("the audit chain does not verify")
    for claim in failed:
        teller.say(f"NOT AS EXPECTED: {claim}")
    if not failed:
        teller.say(f"   all {play.expect.held} expectations held; {result.not_applied} not applied, with its reason")
    if not options.stay:
        _try_next(play.scene, teller, keep=options.keep)
    counts = f"accepted={result.accepted} delivered={result.delivered} applied={result.applied} refused={result.refused} duplicates={result.duplicates}"
    line = f"demo: {counts} lost={len(result.lost)} audit={'ok' if audit_ok else 'broken'}"
    return Verdict(line, NOT_AS_EXPECTED if failed else OK)


def _try_next(stage: Scene, teller: Teller, *, keep: bool) -> None:
    teller.act("Try next" if keep else "Try next (gateway demo --keep leaves everything running)")
    teller.say(f"   export {CONFIG_FILE_VARIABLE}={stage.gateway.settings_path}")
    for command in ("offline messages find --party C07", "offline queues", "partner list", "audit verify", "doctor"):
        teller.say(f"   gateway {command}")
    teller.say(f"   less {stage.directory / 'journals' / 'N00.jsonl'}")
    teller.say("   gateway demo --stay")
    teller.say(f"      the same with traffic that goes on, and the operators' console at http://127.0.0.1:{CONSOLE_PORT} (or where it says):")
    teller.say("      sign in there as one of its made-up operators, from a viewer to one with every role")
    teller.say("")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`gateway demo`: the whole road in a minute, told as it happens and proved at the end.

What it is: scene, story, audit, reckoning, one last line and an exit status. What it is not: the gateway's own word
about itself: the counts come from the partners' journals and from receipts verified against the published keys.
Called by the command line and by the scenario tests.
"""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gateway.config import CONFIG_FILE_VARIABLE
from gateway.rehearsal import mischief, reckoning, sabotage, scene, story
from gateway.rehearsal.expectations import Expectations
from gateway.rehearsal.journal import read
from gateway.rehearsal.programs import environment_for
from gateway.rehearsal.reckoning import Reckoning, Witness
from gateway.rehearsal.scene import LARKSPUR, NDELIUS, WEXCOMBE, Scene
from gateway.rehearsal.story import Play
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
    stage = scene.set_up(options.directory, options.database, teller.progress)
    teller.progress(f"ready after {time.monotonic() - started:.0f} s")
    finish = stage.leave_running if options.keep else stage.close
    try:
        verdict = _perform(stage, teller, options)
    except BaseException:
        stage.close()
        raise
    finish()
    teller.progress(f"{time.monotonic() - started:.0f} s in all")
    teller.last(verdict.line)
    return verdict.code


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gateway demo")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    parser.add_argument("--sabotage", choices=("drop-delivery",), help=argparse.SUPPRESS)
    return parser.parse_args(list(arguments))


def _perform(stage: Scene, teller: Teller, options: argparse.Namespace) -> Verdict:
    expect = Expectations(PATIENCE_WITH_SABOTAGE_SECONDS if options.sabotage else PATIENCE_SECONDS)
    dice = random.Random(options.seed)  # noqa: S311 - made-up case numbers, the same for the same seed
    play = Play(stage, teller, expect, dice)
    if options.sabotage:
        play.sabotage = partial(sabotage.drop_delivery, stage.database_url, LARKSPUR.party)
    for party, partner in ((NDELIUS.party, stage.n00), (LARKSPUR.party, stage.c07), (WEXCOMBE.party, stage.c14)):
        teller.follow(party, partner.journal)
    _tell_story(play)
    teller.quiet()
    teller.act("7  The proof: audit chain, receipts, journals")
    collected = stage.n00.collect_receipts()
    teller.say(f"   nDelius collects {collected} signed receipts: signature and chain of each verify under the published keys")
    audit_ok = _audit(stage, teller)
    result = reckoning.reckon(_witnesses(stage), stage.n00.link.published_keys())
    return _conclude(play, result, audit_ok=audit_ok, keep=options.keep)


def _tell_story(play: Play) -> None:
    cases = story.transfers(play)
    story.updates(play, cases)
    story.outage(play, cases[0])
    story.unwilling(play)
    story.conflict(play, cases[0])
    mischief.refusals(play, cases[0])
    mischief.repeats(play)
    play.expect.that("no partner's own program stumbled: " + "; ".join(play.scene.failures()), not play.scene.failures())


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


def _conclude(play: Play, result: Reckoning, *, audit_ok: bool, keep: bool) -> Verdict:
    teller, failed = play.teller, [*play.expect.failed, *result.faults, *(f"lost: {thing}" for thing in result.lost)]
    if not audit_ok:
        failed.append("the audit chain does not verify")
    for claim in failed:
        teller.say(f"NOT AS EXPECTED: {claim}")
    if not failed:
        teller.say(f"   all {play.expect.held} expectations held; {result.not_applied} not applied, with its reason")
    _try_next(play.scene, teller, keep=keep)
    counts = f"accepted={result.accepted} delivered={result.delivered} applied={result.applied} refused={result.refused} duplicates={result.duplicates}"
    line = f"demo: {counts} lost={len(result.lost)} audit={'ok' if audit_ok else 'broken'}"
    return Verdict(line, NOT_AS_EXPECTED if failed else OK)


def _try_next(stage: Scene, teller: Teller, *, keep: bool) -> None:
    teller.act("Try next" if keep else "Try next (gateway demo --keep leaves everything running)")
    teller.say(f"   export {CONFIG_FILE_VARIABLE}={stage.gateway.settings_path}")
    for command in ("offline messages find --party C07", "offline queues", "partner list", "audit verify", "doctor"):
        teller.say(f"   gateway {command}")
    teller.say(f"   less {stage.directory / 'journals' / 'N00.jsonl'}")
    teller.say("")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

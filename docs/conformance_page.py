"""The page of the conformance suite: its cases and the faults of simulators, drawn from their tables.

What it is: the maker of docs/partners/conformance.md. What it is not: the place of any fact. Called by `docs.generate`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from docs.markdown import table
from gateway.rehearsal.conformance.cases import Group, Level
from gateway.rehearsal.conformance.suite import SUITE
from gateway.rehearsal.flaws import EVERYWHERE, FLAWS, Row, Way

GROUPS: Mapping[Group, str] = MappingProxyType(
    {
        Group.CONNECTION: "Is anybody there, and does every call get through?",
        Group.SCHEMA: "Each agreed message type is applied; what is invalid is not.",
        Group.SIGNATURE: "Only what we signed is believed.",
        Group.AUDIENCE: "Only what was signed for this partner is believed.",
        Group.CLOCK: "Clocks may differ by 300 seconds and no more.",
        Group.REPLAY: "What was recorded cannot be played back.",
        Group.DUPLICATES: "A message that comes again is done once.",
        Group.ORDER: "A case keeps its order.",
        Group.SIZE: "Long texts and large messages arrive whole.",
        Group.CHARACTERS: "Every character arrives, and empty is not absent.",
        Group.RECEIPTS: "Receipts are proofs.",
        Group.SENDING: "What the partner sends by itself can be taken.",
        Group.FILES: "Batches are taken whole, once, in order, and put down so.",
        Group.DETAILS: "An event and its detail are believed together, and fetched by whoever may.",
        Group.SPEED: "It answers in time.",
        Group.KEYS: "A change of our key is no outage.",
        Group.OUTAGE: "An outage or a restart loses nothing and repeats nothing.",
    }
)
_HOW = """
The suite shows whether a partner's system does what the agreement needs, before real cases depend on it. It is played from
our side, with the partner's agreement, keys, dialect and channel as the store has them. All people in its messages are made up.

```console
$ gateway conformance run --partner C05 --html report.html --junit report.xml
```

A case is a *must* or a *should*. **A run passes when no must-case that applies failed.** A whole run is remembered and audited
(`conformance.passed`, `conformance.failed`), with the digest of its report and of the agreement that was proved. A passed one lets the
partner go from proving to live; when its agreement changes before that, it is proved again. An operator may let it through without, by
`gateway partner standing ORGANISATION live --without-conformance REASON`; the reason is audited.

**While it runs, the kit is the gateway.** It listens at this installation's own `http_host` and `http_port` as a *proving door*: key
set, message and SOAP doors, mailbox. So stop `gateway serve` for the run, or run it from a second set of settings with another port,
where the partner's test system is pointed. A partner on its queue is heard by its own queue: no `intake-amqp` may run meanwhile.
The door looks at no caller tokens but those of fetches, and keeps nothing.

**What cannot be seen is not judged.** Of a real system the kit sees answers and signed receipts. With `--simulated` it starts a simulator
with the same profile, and reads its journal too: then cases marked *simulated* are played as well. A simulated run proves the profile and
the kit, and no system: in the environment `live` it is not remembered.

`gateway conformance run --simulated --fault NAME` shows what a mistake looks like in the report.

A consumer of events fetches its details from the proving door, below `public_url`; there its caller tokens are looked at. A partner on files is
met in its folders below `drop_root`. Its inbox has to be empty before, since an acceptance by the kit is not one by the gateway;
what it puts there during the run goes to `done` and `quarantine`, and what it left in its outbox is taken back at the end.

There is a suite for packaging `jws` over push, queue and shelf, for `wss` over push, for `detached` over files, and for domain events.
Simulators speak every dialect, described ones too; see [simulators](simulators.md).

A proof is of what the run plays by: language and versions, channel and addresses, keys, security policy, receipts and order. When one of these
changes before the partner is live, it is proved again; a contact, working hours, limits or waits may change.
"""


def _for(row: Row) -> str:
    return "all" if row.ways == EVERYWHERE else ", ".join(way.value for way in Way if way in row.ways)


def page(notice: str) -> str:
    """The whole page."""
    parts = ["# Conformance: proving a partner\n", notice, _HOW.strip() + "\n", f"## The {len(SUITE)} cases\n"]
    for group, sentence in GROUPS.items():
        cases = [case for case in SUITE if case.group is group]
        rows = ((case.id, case.title, case.proves, "**must**" if case.level is Level.MUST else "should", case.scope.told()) for case in cases)
        parts += [f"### {group.value.capitalize()}\n", f"{sentence}\n", table(("Case", "What is asked", "Why", "Level", "For"), rows)]
    faults = ((f"`{flaw.value}`", row.sentence, f"{row.argument:g} {row.unit}" if row.unit else "", row.group, _for(row)) for flaw, row in FLAWS.items())
    parts += [f"## The {len(FLAWS)} faults of simulators\n", _FAULTS.strip() + "\n", table(("Fault", "What it is", "By default", "Noticed by", "For"), faults)]
    return "\n".join(parts)


_FAULTS = """
Each can be seeded into a simulated partner: `gateway simulate FOLDER --fault NAME=ARGUMENT`, or a line of its file `faults.txt`, which is read
again whenever it changes. A simulator with any one of them does not pass: tests show it, one by one.
"""

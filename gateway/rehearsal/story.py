"""The story: what the partners of a rehearsal do to one another, act by act.

What it is: the business as it comes: transfers, updates, an outage; `mischief` has the rest. What it is not: the
scene (`scene`) nor the verdict (`reckoning`). Called by the demo and the scenario tests. All people and numbers are
made up.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.rehearsal import interchange
from gateway.rehearsal.expectations import Expectations
from gateway.rehearsal.journal import Entry, Journal, Noted
from gateway.rehearsal.ndelius import Letter
from gateway.rehearsal.record_versions import NO_VERSION
from gateway.rehearsal.scene import LARKSPUR, NDELIUS, WEXCOMBE, Scene
from gateway.rehearsal.telling import Teller

REQUEST, RESPONSE = "ConsolidatedTransferRequest", "ConsolidatedTransferResponse"
PROCESSED, CONFLICT = "202", "409"
OUTAGE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Case:
    """One offender's case, made up."""

    crn: str
    offender: str
    event: str
    transfer: str


@dataclass(slots=True)
class Play:
    """The scene with whoever watches it."""

    scene: Scene
    teller: Teller
    expect: Expectations
    dice: random.Random
    sabotage: Callable[[], None] | None = None
    """Done while C07 is down, behind the gateway's back."""
    letters: dict[str, Letter] = field(default_factory=dict)
    """Interchanges to be sent again later, by a name of their own."""

    def case(self) -> Case:
        """A new case with fresh numbers."""
        crn = self.dice.choice("ABDEHKMNPX") + f"{self.dice.randrange(10**6):06}"
        return Case(crn, self.number(), self.number(), self.number())

    def number(self) -> str:
        """A number as nDelius draws them."""
        return str(self.dice.randrange(2_500_000_000, 2_600_000_000))


def transfers(play: Play) -> tuple[Case, Case]:
    """A case goes to a CRC that takes it, another to one that does not."""
    play.teller.act("1  Two cases are transferred")
    accepted, rejected = play.case(), play.case()
    c07, c14, n00 = play.scene.c07, play.scene.c14, play.scene.n00
    first = _send(play, "transfer", interchange.TRANSFER_REQUEST_WITH_ORDER, LARKSPUR.party, transfer_values(accepted, LARKSPUR.party))
    second = _send(play, "rejected transfer", interchange.TRANSFER_REQUEST, WEXCOMBE.party, transfer_values(rejected, WEXCOMBE.party))
    _answered(play, accepted, LARKSPUR.party, "TA", first)
    _answered(play, rejected, WEXCOMBE.party, "TR,INC", second)
    for party, journal in ((LARKSPUR.party, c07.journal), (WEXCOMBE.party, c14.journal)):
        play.expect.soon(f"{party} gets the receipt 'applied' for its answer", journal, _receipt("applied", NDELIUS.party))
    play.expect.that("nDelius applied both answers", len(n00.journal.entries(Noted.APPLIED)) == 2)
    return accepted, rejected


def updates(play: Play, cases: Sequence[Case]) -> None:
    """Contact, Address and CustodyRelease follow each transfer, in order."""
    play.teller.act("2  Updates follow each case, in order")
    for case, receiver in zip(cases, (LARKSPUR.party, WEXCOMBE.party), strict=True):
        letters = [_send(play, f"{sample} {receiver}", sample, receiver, values) for sample, values in _updates(play, case, receiver)]
        for letter in letters:
            _processed(play, letter)
    for case, journal in zip(cases, (play.scene.c07.journal, play.scene.c14.journal), strict=True):
        wanted = [REQUEST, "Contact", "Address", "CustodyRelease"]
        play.expect.that(f"case {case.crn} is applied in the order sent", _types_of(journal, case) == wanted)


def outage(play: Play, case: Case) -> None:
    """C07 goes down; what is sent meanwhile waits, and arrives once, in order, when it is back."""
    play.teller.act("3  C07 is down for a while")
    c07 = play.scene.c07
    c07.stop()
    letters = [_send(play, f"while down {place}", interchange.CONTACT, LARKSPUR.party, contact_values(play, case, LARKSPUR.party)) for place in range(3)]
    for letter in letters:
        play.expect.that(f"{letter.reference} is accepted while C07 is down", _is_accepted(play, letter))
    if play.sabotage is not None:
        play.sabotage()
    play.teller.say(f"   the gateway keeps trying for {OUTAGE_SECONDS:.0f} s")
    time.sleep(OUTAGE_SECONDS)
    play.expect.that("nothing of it reached C07 meanwhile", not any(entry.noted is Noted.RECEIVED for entry in _since_down(c07.journal)))
    c07.start()
    for letter in letters:
        _processed(play, letter)
    play.expect.that("what waited is applied in the order sent, once each", _types_of(c07.journal, case)[-3:] == ["Contact"] * 3)


def unwilling(play: Play) -> None:
    """A recipient's system would not: its own word goes back to the sender."""
    play.teller.act("4  What a recipient would not apply")
    play.teller.say("   C14 holds no such case:")
    case = Case("Z" + f"{play.dice.randrange(10**6):06}", play.number(), play.number(), play.number())
    letter = _send(play, "unwilling", interchange.CONTACT, WEXCOMBE.party, contact_values(play, case, WEXCOMBE.party))
    entry = play.expect.soon("nDelius is told that C14 did not apply it", play.scene.n00.journal, _notified(letter.reference))
    play.expect.that("its status code is a failure", entry is not None and entry.text("status").startswith("5"))


def conflict(play: Play, case: Case) -> None:
    """An update on a version that is no longer the record's is not applied; on the current one it is."""
    play.teller.say("   an update of a contact that C07 has changed meanwhile:")
    contact = contact_values(play, case, LARKSPUR.party)
    _processed(play, _send(play, "first", interchange.CONTACT, LARKSPUR.party, contact | {"SPGVersion": NO_VERSION}))
    stale = _send(play, "stale", interchange.CONTACT, LARKSPUR.party, contact)
    told = play.expect.soon("nDelius is told of the conflict", play.scene.n00.journal, _notified(stale.reference))
    current = told.text("current") if told is not None else ""
    play.expect.that("it is a conflict that names the current version", told is not None and told.text("status") == CONFLICT and current != "")
    play.teller.say("   the same change again, on the current version:")
    _processed(play, _send(play, "corrected", interchange.CONTACT, LARKSPUR.party, contact | {"SPGVersion": current}))


def _send(play: Play, name: str, sample: str, receiver: str, values: Mapping[str, str]) -> Letter:
    letter, answer = play.scene.n00.send(sample, receiver, values)
    play.letters[name] = letter
    play.expect.that(f"nDelius's {letter.reference} for {receiver} is answered 200", answer.accepted)
    return letter


def _answered(play: Play, case: Case, party: str, outcome: str, letter: Letter) -> None:
    n00 = play.scene.n00.journal
    came = play.expect.soon(
        f"{party} answers the transfer of {case.crn}", n00, lambda entry: entry.noted is Noted.APPLIED and entry.text("key") == case.transfer
    )
    play.expect.that(f"{party} says {outcome}", came is not None and came.text("outcome") == outcome)
    _processed(play, letter)


def _processed(play: Play, letter: Letter) -> None:
    claim = f"nDelius gets the status notification for {letter.reference}"
    entry = play.expect.soon(claim, play.scene.n00.journal, _notified(letter.reference))
    play.expect.that(f"{letter.reference} was processed", entry is not None and entry.text("status") == PROCESSED)


def _is_accepted(play: Play, letter: Letter) -> bool:
    return any(entry.text("reference") == letter.reference for entry in play.scene.n00.journal.entries(Noted.ACCEPTED))


def _notified(reference: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.noted is Noted.NOTIFIED and entry.text("reference") == reference


def _receipt(stage: str, recipient: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.noted is Noted.RECEIPT and (entry.text("stage"), entry.text("recipient")) == (stage, recipient)


def _since_down(journal: Journal) -> Sequence[Entry]:
    entries = journal.entries()
    return entries[max(place for place, entry in enumerate(entries) if entry.noted is Noted.DOWN) :]


def _types_of(journal: Journal, case: Case) -> list[str]:
    return [entry.text("type") for entry in journal.entries(Noted.APPLIED) if entry.text("case") == case.crn]


def _updates(play: Play, case: Case, receiver: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (interchange.CONTACT, contact_values(play, case, receiver)),
        (interchange.ADDRESS, offender_values(case) | {"OffenderAddressID": play.number(), "TestIndicator": "N"}),
        (interchange.CUSTODY_RELEASE, offender_values(case) | {"EventID": case.event, "TestIndicator": "N"}),
    ]


def contact_values(play: Play, case: Case, receiver: str) -> dict[str, str]:
    """What a contact of this case says."""
    place = {"Provider": receiver, "Team": f"{receiver}A12", "ContactOfficer": f"{receiver}A294", "Location": f"{receiver}L02"}
    return offender_values(case) | place | {"ContactID": play.number(), "EventID": case.event, "MessageType": "UPD"}


def transfer_values(case: Case, receiver: str) -> dict[str, str]:
    """What a request to transfer this case says."""
    parts: dict[str, str] = {}
    for kind in ("OM", "OS"):
        parts |= {
            f"{kind}TransferToProvider": receiver,
            f"{kind}TransferToResponsibleTeam": f"{receiver}KNT",
            f"{kind}TransferToResponsibleOfficer": f"{receiver}A192",
        }
    return offender_values(case) | parts | {"TransferID": case.transfer, "EventID": case.event, "MessageType": "INS"}


def offender_values(case: Case) -> dict[str, str]:
    """Whom it is about."""
    return {"CaseReferenceNumber": case.crn, "OffenderID": case.offender}

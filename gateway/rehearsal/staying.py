"""What goes on after the story for whoever looks around: a trickle of made-up messages, and troubles now and then.

What it is: nDelius writing about the cases of the story and new ones, a recipient that misbehaves for a while and gets
better again, all told in a line. What it is not: proved: nothing is counted here. Called by `gateway demo --stay` and by
whoever takes pictures of the console. All people and numbers are made up.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from gateway.rehearsal import interchange
from gateway.rehearsal.jose import NotBelievedError
from gateway.rehearsal.languages import NO_SUCH_CASE_PREFIX
from gateway.rehearsal.scene import LARKSPUR, WEXCOMBE
from gateway.rehearsal.story import Case, Play, contact_values, offender_values, transfer_values
from schemas.identifiers import PartyCode

SECONDS_BETWEEN: Final = 1.5
MOST_CASES: Final = 12
_NOWHERE: Final = PartyCode("C21")
"""A party that nobody has been onboarded for."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with C07, from one message of a round to another."""

    begins: int
    ends: int
    flaw: str
    words: str


ROUND: Final = 60
"""Messages until the troubles begin again."""
TROUBLES: Final = (
    Trouble(4, 8, "refuses-big-messages=64", "C07 refuses what it is sent"),
    Trouble(16, 28, "http-500", "C07 answers every call with 500"),
    Trouble(40, 44, "not-applied-everything", "C07's case system applies nothing"),
)


@dataclass(slots=True)
class Trickle:
    """One message after the other."""

    play: Play
    cases: list[tuple[Case, str]]
    """Cases with the party that has each."""
    sent: int = 0
    _active: Trouble | None = field(default=None)

    def run(self, stop: threading.Event, *, seconds_between: float = SECONDS_BETWEEN, most: int | None = None) -> None:
        """Until told to stop, or until there were as many."""
        while (most is None or self.sent < most) and not stop.wait(seconds_between):
            self.step()

    def step(self) -> None:
        """One message; and the trouble that is due."""
        self._trouble(self.sent % ROUND)
        try:
            self._kinds()[self.play.dice.randrange(len(self._kinds()))]()
        except (httpx.HTTPError, NotBelievedError) as error:
            self.play.teller.say(f"   nDelius could not hand something in: {error}")
        self.sent += 1

    def _kinds(self) -> Sequence[Callable[[], None]]:
        """What may be sent; what is frequent stands there more than once."""
        return (*4 * [self._contact], *2 * [self._address], self._release, self._transfer, self._unknown_case, self._unknown_party)

    def _trouble(self, place: int) -> None:
        due = next((one for one in TROUBLES if one.begins <= place < one.ends), None)
        if due is self._active:
            return
        self.play.scene.c07.flaws.only([due.flaw] if due else [])
        self.play.teller.say(f"   {due.words}" if due else "   C07 is well again")
        self._active = due

    def _contact(self) -> None:
        case, party = self.play.dice.choice(self.cases)
        self._send(interchange.CONTACT, party, contact_values(self.play, case, party) | {"MessageType": "INS"})

    def _address(self) -> None:
        case, party = self.play.dice.choice(self.cases)
        self._send(interchange.ADDRESS, party, offender_values(case) | {"OffenderAddressID": self.play.number(), "TestIndicator": "N"})

    def _release(self) -> None:
        case, party = self.play.dice.choice(self.cases)
        self._send(interchange.CUSTODY_RELEASE, party, offender_values(case) | {"EventID": case.event, "TestIndicator": "N"})

    def _transfer(self) -> None:
        case, party = self.play.case(), self.play.dice.choice((LARKSPUR.party, WEXCOMBE.party))
        sample = interchange.TRANSFER_REQUEST_WITH_ORDER if party == LARKSPUR.party else interchange.TRANSFER_REQUEST
        self._send(sample, party, transfer_values(case, party))
        self.cases = [*self.cases, (case, party)][-MOST_CASES:]

    def _unknown_case(self) -> None:
        """The recipient has no such case, and says so."""
        new = self.play.case()
        case = Case(NO_SUCH_CASE_PREFIX + new.crn[1:], new.offender, new.event, new.transfer)
        party = self.play.dice.choice((LARKSPUR.party, WEXCOMBE.party))
        self._send(interchange.CONTACT, party, contact_values(self.play, case, party))

    def _unknown_party(self) -> None:
        """Refused at the door: nobody is there."""
        case, _ = self.play.dice.choice(self.cases)
        self._send(interchange.CONTACT, _NOWHERE, contact_values(self.play, case, _NOWHERE))

    def _send(self, sample: str, party: str, values: dict[str, str]) -> None:
        self.play.scene.n00.send(sample, party, values)

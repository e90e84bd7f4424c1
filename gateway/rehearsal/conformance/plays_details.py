"""Plays about domain events: a thin event, and its detail, fetched from where it lies by a caller that proves who it is.

What it is: cases as functions over a stand of a consumer of events. What it is not: their list (`suite`). Details lie with the proving
door, which answers for them as the gateway does.
"""

import json
from dataclasses import replace

from adapters.contract import HandedOver
from gateway.rehearsal.conformance.door import Fetched
from gateway.rehearsal.conformance.letters import Letter
from gateway.rehearsal.conformance.stand import Stand
from gateway.rehearsal.conformance.wrong import NotHere, Wrong
from gateway.trust.digests import digest
from schemas.receipts import Stage

BOTH = "Believe an event and its detail only together: signature, audience, digest, ids and case."
LATER = "While a detail cannot be had, answer 503 or leave the event lying; it comes again."


def fetches(stand: Stand) -> None:
    """The detail of an event is fetched, by a caller token that checks."""
    letter = _event(stand)
    stand.hand_over(letter)
    stand.door.wait_for(lambda: bool(_fetches(stand, letter)), stand.patience_seconds)
    found = _fetches(stand, letter)
    if not found:
        raise Wrong("The detail of an event was not fetched.", "Fetch what lies at `detailUrl` before you do anything.")
    _must_be_believed(found)
    stand.must_be_applied(letter)


def a_token_each(stand: Stand) -> None:
    """Each fetch has a caller token of its own."""
    letters = [_event(stand) for _ in range(3)]
    for letter in letters:
        stand.hand_over(letter)
        stand.door.wait_for(lambda letter=letter: bool(_fetches(stand, letter)), stand.patience_seconds)  # type: ignore[misc]
    _must_be_believed([one for letter in letters for one in _fetches(stand, letter)])
    for letter in letters:
        stand.must_be_applied(letter)


def refused_once(status: int, stand: Stand) -> None:
    """A fetch that is refused or fails once is no reason to give an event up: nothing is done, and it is done when it comes again."""
    letter = _event(stand)
    stand.door.refuse_details.append(status)
    try:
        told = stand.hand_over(letter)
        stand.door.wait_for(lambda: bool(_fetches(stand, letter)), stand.patience_seconds)
        if stand.mode.value == "push" and isinstance(told.handover, HandedOver):
            raise Wrong("An event whose detail could not be fetched was answered with 2xx.", LATER)
        if stand.mode.value == "push" and stand.effects(letter):
            raise Wrong("An event was applied without its detail.", LATER)
    finally:
        stand.door.refuse_details.clear()
    if stand.mode.value == "push":
        stand.must_take(letter)
    stand.must_be_applied(letter)


def fetched_twice(stand: Stand) -> None:
    """An event that is handed over again gets the same receipt and no second effect, whether its detail is fetched again or not."""
    letter = _event(stand)
    first = stand.must_apply(letter)
    before = len(stand.statements(letter))
    stand.must_take(letter)
    stand.door.wait_for(lambda: len(stand.statements(letter)) > before, stand.patience_seconds)
    said = {heard.id for heard in stand.statements(letter)}
    if stand.effects(letter) not in (None, 1) or (first is not None and said != {first.id}):
        raise Wrong("An event that came again was done again.", "Know an event by `messageId`; hand in the receipt that you made.")
    _must_be_believed(_fetches(stand, letter))


def from_elsewhere(stand: Stand) -> None:
    """A detail that does not lie with the gateway is not even asked for."""
    if stand.elsewhere is None:
        raise NotHere("There is no other address that could be watched.")
    letter = _event(stand)
    url = f"{stand.door.base_url}{letter.detail_path}".encode()
    moved = letter.with_document(letter.document.replace(url, stand.elsewhere.url(letter.detail_path).encode()), stand.agreement.packaging)
    before = stand.elsewhere.calls
    stand.must_refuse(moved, why="its detail does not lie with the gateway")
    if stand.elsewhere.calls != before:
        raise Wrong("A detail was asked for where nothing of the gateway's lies.", "Fetch below the gateway's address as you know it, whatever an event says.")


def another_detail(stand: Stand) -> None:
    """A detail that is not the one of the event's digest is not applied."""
    letter = _event(stand)
    other = json.loads(letter.said)
    other["document"] |= {name: value for name, value in json.loads(_event(stand, notes="Another.").said)["document"].items() if name in ("notes", "narrative")}
    _must_not_fit(stand, replace(letter, detail=json.dumps(other).encode()), "its detail is not the one that the event has the digest of")


def signed_by_nobody(stand: Stand) -> None:
    """A detail that somebody else signed is not applied."""
    letter, stranger = _event(stand), stand.new_signer()
    stand.must_refuse_laid(letter, stranger, why="a stranger signed its detail")


def another_message(stand: Stand) -> None:
    """An event and a detail that tell of different messages are not applied."""
    letter = _event(stand)
    content = json.loads(letter.said)
    content["header"]["sender"] = "C99"
    detail = json.dumps(content).encode()
    event = letter.document.replace(digest(letter.said).encode(), digest(detail).encode())
    _must_not_fit(stand, replace(letter.with_document(event, stand.agreement.packaging), detail=detail), "event and detail name different senders")


def receipts_the_event(stand: Stand) -> None:
    """The receipt names the digest of the event, which holds that of the detail."""
    letter = _event(stand)
    heard = stand.must_apply(letter)
    if heard is not None and heard.digest != letter.digest:
        raise Wrong("The receipt's sent_digest is not that of the event.", "Take SHA-256 of the event as it came, not of its detail.")


def _event(stand: Stand, notes: str = "Made up.") -> Letter:
    letter = stand.letter(notes=notes)
    if letter.detail is None:
        raise NotHere("This partner is sent whole messages.")
    return letter


def _fetches(stand: Stand, letter: Letter) -> list[Fetched]:
    with stand.door.changed:
        return [one for one in stand.door.fetched if one.path == letter.detail_path]


def _must_be_believed(fetched: list[Fetched]) -> None:
    problem = next((one.problem for one in fetched if one.problem), "")
    if problem:
        todo = "Make a caller token for each fetch, with your key of use auth."
        raise Wrong(f"A detail was asked for with a caller token that is not believed: {problem}.", todo)


def _must_not_fit(stand: Stand, letter: Letter, why: str) -> None:
    stand.must_refuse(letter, why=why)
    if any(heard.stage is Stage.APPLIED for heard in stand.statements(letter)):
        raise Wrong(f"It was applied, although {why}.", BOTH)

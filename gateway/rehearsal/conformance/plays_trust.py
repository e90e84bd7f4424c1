"""Plays about belief: signatures, audiences, clocks, replays, duplicates, and keys that change.

What it is: cases as functions over a stand. What it is not: their list (`suite`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from adapters.contract import WireMessage
from gateway.rehearsal.conformance.letters import Letter
from gateway.rehearsal.conformance.stand import FINAL, Stand
from gateway.rehearsal.conformance.wrong import NotHere, Wrong

Bend = Callable[[Stand, Letter], WireMessage]
NOT_DONE_AGAIN = "Remember our message id with its receipt, on your disk; answer the same message with the same receipt and do nothing."
AT_ONCE = 5


def not_believed(bend: Bend, why: str, stand: Stand) -> None:
    """A message that was signed wrongly is not applied."""
    letter = stand.letter()
    stand.must_refuse(letter, bend(stand, letter), why=why)


def for_somebody_else(audience: str, stand: Stand) -> None:
    """A message that was signed for somebody else is not applied."""
    letter = stand.letter()
    meant = audience.format(own=stand.organisation)
    stand.must_refuse(letter, stand.seal(letter, audience=meant), why="it was signed for somebody else")


def for_another_party(stand: Stand) -> None:
    """A message whose header names another recipient is not applied."""
    letter = stand.letter()
    own = stand.agreement.party.encode()
    marks = (b'"recipients":["' + own, b'"recipient":"' + own, b"ReceiverIdentity>" + own, b"H,1,N00," + own)
    mark = next((mark for mark in marks if mark in letter.document), None)
    if mark is None:
        raise NotHere("The dialect does not name the recipient.")
    other = letter.document.replace(mark, mark[: -len(own)] + b"C99", 1)
    stand.must_refuse(letter.with_document(other, stand.agreement.packaging), why="it is for another party")


def dated(shift: timedelta, stand: Stand) -> None:
    """A clock that differs as far as is allowed is no reason to refuse."""
    letter = stand.letter()
    stand.must_apply(letter, stand.seal(letter, now=datetime.now(UTC) + shift))


def dated_wrongly(shift: timedelta, why: str, stand: Stand) -> None:
    """A signature outside its time is not believed."""
    letter = stand.letter()
    stand.must_refuse(letter, stand.seal(letter, now=datetime.now(UTC) + shift), why=why)


def too_old(stand: Stand) -> None:
    """A signature older than was agreed is not believed."""
    dated_wrongly(-timedelta(seconds=stand.agreement.max_age_seconds + 3600), "its signature is older than was agreed", stand)


def prepared_long_ago(stand: Stand) -> None:
    """A message that waited here for three days is applied: it is the signature that must be fresh."""
    stand.must_apply(stand.letter(prepared_at=datetime.now(UTC) - timedelta(days=3)))


def replayed(stand: Stand) -> None:
    """The same bytes again have no second effect."""
    letter = stand.letter()
    wire = stand.seal(letter)
    stand.must_apply(letter, wire)
    stand.must_take(letter, wire)
    _must_be_done_once(stand, letter)


def resent(stand: Stand) -> None:
    """The same message under a fresh signature has no second effect."""
    letter = stand.letter()
    stand.must_apply(letter)
    stand.must_take(letter)
    _must_be_done_once(stand, letter)


def same_receipt(stand: Stand) -> None:
    """The same message again is answered by the same receipt, byte for byte."""
    letter = stand.letter()
    first = stand.must_apply(letter)
    before = len(stand.statements(letter))
    stand.must_take(letter)
    # A status notification is sent once: the SOAP answer is all that a duplicate gets.
    stand.door.wait_for(lambda: len(stand.statements(letter)) > before, min(0.4, stand.patience_seconds) if stand.is_soap else stand.patience_seconds)
    said = {heard.id for heard in stand.statements(letter) if heard.stage in FINAL}
    if first is not None and len(stand.statements(letter)) == before and not stand.is_soap:
        raise Wrong("The same message again was answered by no receipt.", NOT_DONE_AGAIN)
    if len(said) > 1:
        raise Wrong(f"The same message again was answered by another receipt: there are {len(said)} ids.", NOT_DONE_AGAIN)


def resent_several_times(stand: Stand) -> None:
    """However often a message comes, it is done once."""
    letter = stand.letter()
    stand.must_apply(letter)
    for _ in range(4):
        stand.must_take(letter)
    _must_be_done_once(stand, letter)


def at_the_same_time(stand: Stand) -> None:
    """The same message over several connections at the same time is done once."""
    if stand.mode.value == "drop":
        raise NotHere("A folder has one copy of a file at a time.")
    letter = stand.letter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: stand.hand_over(letter), range(AT_ONCE)))
    stand.must_be_applied(letter)
    _must_be_done_once(stand, letter)


def duplicate_between_others(stand: Stand) -> None:
    """A message that comes again after others of its case does not go back in time."""
    case = stand.writer.case()
    first, second = stand.letter(case=case, contact_id="1"), stand.letter(case=case, contact_id="2")
    stand.must_apply(first)
    stand.must_apply(second)
    stand.must_take(first)
    _must_be_done_once(stand, first)


def new_key(stand: Stand) -> None:
    """Our next key, published beside the present one, is believed without anybody's help."""
    successor = stand.new_signer()
    stand.door.published.append(successor)
    try:
        letter = stand.letter()
        stand.must_apply(letter, stand.seal(letter, signer=successor))
        stand.must_apply(stand.letter())
    finally:
        stand.door.published.remove(successor)


def key_changed_over(stand: Stand) -> None:
    """After we changed to the new key for good, messages are applied."""
    old, successor = stand.signer, stand.new_signer()
    stand.door.published[:] = [successor if key.key_id == old.key_id else key for key in stand.door.published]
    try:
        letter = stand.letter()
        stand.must_apply(letter, stand.seal(letter, signer=successor))
    finally:
        stand.door.published[:] = [old if key.key_id == successor.key_id else key for key in stand.door.published]


def withdrawn_key(stand: Stand) -> None:
    """A key that we do not publish any more is not believed."""
    withdrawn = stand.new_signer()
    stand.door.published.append(withdrawn)
    letter = stand.letter()
    try:
        stand.must_apply(letter, stand.seal(letter, signer=withdrawn))
    finally:
        stand.door.published.remove(withdrawn)
    stand.must_apply(stand.letter())
    late = stand.letter()
    stand.must_refuse(late, stand.seal(late, signer=withdrawn), why="its key was withdrawn")


def _must_be_done_once(stand: Stand, letter: Letter) -> None:
    if stand.mode.value != "push":
        stand.door.wait_for(lambda: len(stand.statements(letter)) > 1, min(0.5, stand.patience_seconds))
    times = stand.effects(letter)
    if times is not None and times != 1:
        raise Wrong(f"It was done {times} times.", NOT_DONE_AGAIN)
    said = {heard.id for heard in stand.statements(letter) if heard.stage in FINAL}
    if len(said) > 1:
        raise Wrong(f"One message has {len(said)} different receipts.", NOT_DONE_AGAIN)

"""Plays about running: the endpoint, receipts, speed, outages, and what the partner sends by itself.

What it is: cases as functions over a stand. What it is not: their list (`suite`).
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from adapters.contract import HandedOver, WireMessage
from gateway.rehearsal.conformance.door import Heard, Sent, is_fresh
from gateway.rehearsal.conformance.letters import Letter
from gateway.rehearsal.conformance.stand import FINAL, Stand
from gateway.rehearsal.conformance.wrong import NotHere, Whose, Wrong
from schemas.catalogue import CATALOGUE
from schemas.envelope import Entry, Misread
from schemas.receipts import Stage

PROMPT_SECONDS = 2.0
IN_A_ROW = 12
AT_ONCE = 6
REQUEST, RESPONSE = "ConsolidatedTransferRequest", "ConsolidatedTransferResponse"


# -- connection ---------------------------------------------------------------------------------------------


def answers(stand: Stand) -> None:
    """A valid message is taken at the first call."""
    stand.must_take(stand.letter())


def answers_a_ping(stand: Stand) -> None:
    """A connection notification is taken."""
    stand.must_take(stand.letter("ConnectionNotification"))


def first_call(stand: Stand) -> None:
    """Every message of a dozen is taken at its first call, one after the other."""
    for _ in range(IN_A_ROW):
        stand.must_take(stand.letter())


def side_by_side(stand: Stand) -> None:
    """Messages of different cases are taken side by side."""
    letters = [stand.letter() for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(stand.hand_over, letters))
    if not all(isinstance(one.handover, HandedOver) for one in told):
        raise Wrong("Of several calls at the same time not all were answered.", "Answer calls of different cases side by side.", Whose.BOTH)
    for letter in letters:
        stand.must_be_applied(letter)


def answers_signed(stand: Stand) -> None:
    """What is signed in an answer is called what it is."""
    told = stand.must_take(stand.letter())
    answer = told.handover.answer if isinstance(told.handover, HandedOver) else None
    if answer is not None and answer.body and not stand.packaging.accepts(answer.content_type):
        raise Wrong(f"The answer's content type is {answer.content_type!r}.", "Call a signed receipt application/jose, a SOAP answer application/soap+xml.")


def empty_call(stand: Stand) -> None:
    """A call with nothing in it is refused, and breaks nothing."""
    _nonsense(stand, b"")


def garbage(stand: Stand) -> None:
    """A call with anything in it is refused, and breaks nothing."""
    _nonsense(stand, b"\x00\xff\x00 nothing that could be read \xfe")


def cut_short(stand: Stand) -> None:
    """Half a message is refused, and breaks nothing."""
    letter = stand.letter()
    wire = stand.seal(letter)
    _nonsense(stand, wire.body[: len(wire.body) // 2])


def _nonsense(stand: Stand, body: bytes) -> None:
    letter = stand.letter()
    content_type = stand.seal(letter).content_type
    told = stand.hand_over(letter, WireMessage(body, content_type))
    stand.door.clear_shelf()
    if isinstance(told.handover, HandedOver) and stand.mode.value == "push":
        raise Wrong("Nonsense was answered with 2xx.", "Answer 4xx to what cannot be read: a 2xx says that you have it.")
    stand.must_apply(stand.letter())


# -- receipts -----------------------------------------------------------------------------------------------


def receipted(stand: Stand) -> tuple[Letter, Heard]:
    """A message with the receipt that it got."""
    letter = stand.letter()
    heard = stand.must_apply(letter)
    if heard is None:
        raise NotHere("By agreement this partner's answer is its only word.")
    return letter, heard


def believable(stand: Stand) -> None:
    """Each receipt is signed by a key that is pinned for the partner."""
    before = len(stand.door.disbelieved)
    receipted(stand)
    if len(stand.door.disbelieved) > before:
        raise Wrong(f"Something came that could not be believed: {stand.door.disbelieved[-1].cause}.", "Sign with the key that you gave us.")


def digest_is_right(stand: Stand) -> None:
    """The receipt names the digest of exactly what was received."""
    letter, heard = receipted(stand)
    if heard.digest != letter.digest:
        raise Wrong("The receipt's sent_digest is not that of the message.", "Take SHA-256 of the payload of the JWS as it came.")


def party_is_right(stand: Stand) -> None:
    """The receipt speaks for the party that the message was for."""
    _, heard = receipted(stand)
    if heard.recipient != stand.agreement.party:
        raise Wrong(f"The receipt speaks for {heard.recipient}.", f"Put {stand.agreement.party} into `recipient`.")


def audience_is_ours(stand: Stand) -> None:
    """The claims name the same audience as the header."""
    _, heard = receipted(stand)
    if heard.audience != stand.door.issuer:
        raise Wrong("The claim `aud` is not our audience.", "Put our audience, as you were told it, into the claim `aud`.")


def fresh(stand: Stand) -> None:
    """The receipt is dated now."""
    _, heard = receipted(stand)
    if not is_fresh(heard, datetime.now(UTC)):
        raise Wrong("The receipt is not dated now: clocks may differ by 300 s.", "Set your clock by NTP.")


def only_one(stand: Stand) -> None:
    """A message has one final receipt, and nothing after it."""
    letter, _ = receipted(stand)
    receipted(stand)
    stand.door.wait_for(lambda: len({heard.id for heard in stand.statements(letter)}) > 1, min(0.4, stand.patience_seconds))
    said = stand.statements(letter)
    if len({heard.id for heard in said if heard.stage in FINAL}) > 1:
        raise Wrong("One message has several final receipts.", "Make the receipt of a message once, keep it, and send that one.")
    stages = [heard.stage for heard in said]
    if Stage.DELIVERED in stages and stages.index(Stage.DELIVERED) > min(place for place, stage in enumerate(stages) if stage in FINAL):
        raise Wrong("After the final receipt came an earlier stage.", "Say delivered before applied, or not at all.")


def ids_differ(stand: Stand) -> None:
    """No two receipts have the same id."""
    ids = Counter(receipted(stand)[1].id for _ in range(3))
    if max(ids.values()) > 1:
        raise Wrong("Two receipts have the same id.", "Draw a fresh id for each receipt.")


def about_this(stand: Stand) -> None:
    """Nothing is said about messages that were never sent."""
    receipted(stand)
    strange = [heard for heard in stand.door.heard if heard.subject not in stand.subjects]
    if strange:
        raise Wrong("A receipt is about a message that was never sent.", "Name our message id as `sub`.")


# -- speed --------------------------------------------------------------------------------------------------


def prompt(stand: Stand) -> None:
    """A call is answered, or a message is collected and receipted, within two seconds."""
    letter = stand.letter()
    began = time.monotonic()
    told = stand.must_take(letter)
    took = told.seconds
    if stand.mode.value != "push":
        stand.must_be_applied(letter)
        took = time.monotonic() - began
    if took > PROMPT_SECONDS:
        raise Wrong(f"It took {took:.1f} s.", f"Answer within {PROMPT_SECONDS:g} s: make it durable, answer, and do the work afterwards.")


def within_agreement(stand: Stand) -> None:
    """A call is answered within the agreed time-out."""
    told = stand.must_take(stand.letter())
    if told.seconds > stand.agreement.timeout_seconds:
        raise Wrong(f"It took {told.seconds:.1f} s.", "Answer within the agreed time-out.")


def keeps_up(stand: Stand) -> None:
    """Twenty messages of twenty cases are applied, at half a second each at the most."""
    began = time.monotonic()
    letters = [stand.letter() for _ in range(20)]
    for letter in letters:
        stand.must_take(letter)
    for letter in letters:
        stand.must_be_applied(letter)
    if time.monotonic() - began > len(letters) * 0.5:
        raise Wrong("Twenty messages took more than ten seconds.", "A busy hour brings several messages a second.")


# -- outage -------------------------------------------------------------------------------------------------


def back_again(stand: Stand) -> None:
    """After an outage, what waited is done once, in order."""
    inside, case = stand.looked_into(), stand.writer.case()
    stand.must_apply(stand.letter(case=case, contact_id="1"))
    inside.stop()
    waiting = [stand.letter(case=case, contact_id=str(number)) for number in (2, 3)]
    told = stand.hand_over(waiting[0])
    if stand.mode.value == "push" and isinstance(told.handover, HandedOver):
        raise Wrong("An endpoint that is off took a message.", "Let nothing answer in your place that has not made the message durable.")
    inside.start()
    for letter in waiting if stand.mode.value == "push" else waiting[1:]:
        stand.must_take(letter)
    for letter in waiting:
        stand.must_be_applied(letter)


def remembers(stand: Stand) -> None:
    """What was done before a restart is not done again after it."""
    inside, letter = stand.looked_into(), stand.letter()
    first = stand.must_apply(letter)
    inside.restart()
    stand.must_take(letter)
    stand.must_apply(stand.letter())
    again = {heard.id for heard in stand.statements(letter) if heard.stage in FINAL}
    if stand.effects(letter) != 1 or (first is not None and again != {first.id}):
        raise Wrong("After a restart it did a message again.", "Keep message ids and receipts on disk, not in memory.")


def goes_on(stand: Stand) -> None:
    """After a restart, new messages are applied."""
    stand.looked_into().restart()
    stand.must_apply(stand.letter())


# -- sending ------------------------------------------------------------------------------------------------


def answer_to_a_transfer(stand: Stand) -> Sent:
    """What a transfer request is answered with. Raises Wrong where nothing comes, NotHere for who sends no messages."""
    if not stand.sends:
        raise NotHere("This partner sends receipts, and no messages.")
    before = len(stand.door.sent)
    stand.must_apply(stand.letter(REQUEST))
    if not stand.door.wait_for(lambda: len(stand.door.sent) > before, stand.patience_seconds):
        raise Wrong("A transfer request was not answered.", f"Answer a {REQUEST} with a {RESPONSE} of your own.")
    return stand.door.sent[-1]


def answers_transfers(stand: Stand) -> None:
    """A transfer request is answered by a message of the partner's own that we can read."""
    sent = answer_to_a_transfer(stand)
    wrong = sent.fault or next((f"{entry.faults[0].code.value} at {entry.faults[0].pointer}" for entry in sent.entries if isinstance(entry, Misread)), "")
    if wrong:
        raise Wrong(f"The partner's own message cannot be taken: {wrong}.", "gateway check says everything that is wrong with a document.")


def known_types(stand: Stand) -> None:
    """The partner's own messages are of types that exist."""
    sent = answer_to_a_transfer(stand)
    types = [entry.header.type if isinstance(entry, Entry) else entry.type for entry in sent.entries]
    if sent.fault or any(kind not in CATALOGUE for kind in types):
        raise Wrong("The partner's own message is of a type that does not exist.", "docs/messages lists the types.")


def own_ids(stand: Stand) -> None:
    """Each of the partner's own messages has an id of its own."""
    ids = [entry.sender_message_id for _ in range(2) for entry in answer_to_a_transfer(stand).entries]
    if len(set(ids)) != len(ids):
        raise Wrong("Two of the partner's own messages have the same id.", "Draw a fresh message id for each message; the same id says the same message.")


def own_references(stand: Stand) -> None:
    """Each status notification has a control reference of its own."""
    ids = [receipted(stand)[1].id for _ in range(2)]
    if len(set(ids)) != len(ids):
        raise Wrong("Two status notifications have the same control reference.", "Draw a fresh SenderControlReference for each interchange.")


def tries_again(stand: Stand) -> None:
    """While we cannot be reached, the partner keeps its word and says it later."""
    if stand.mode.value not in ("shelf",):
        raise NotHere("This partner's receipts come as answers, or by a broker that keeps them.")
    letter = stand.letter()
    stand.hand_over(letter)
    stand.door.refuse_next = 2
    stand.must_be_applied(letter)

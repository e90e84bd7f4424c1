"""Mischief: what must be refused, each for its own reason, and what must be answered with its first receipt.

What it is: the attacks and accidents of the demo, sent through the public doors. What it is not: the attack tests
(those are many more). Called by the demo. RFC 9457 problems and SOAP faults carry the code that is compared.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from adapters.contract import WireMessage
from gateway.rehearsal import interchange
from gateway.rehearsal.gateway_link import Caller
from gateway.rehearsal.jose import PartnerKey
from gateway.rehearsal.journal import Noted
from gateway.rehearsal.json_crc import problem_code, receipt_in
from gateway.rehearsal.ndelius import Letter
from gateway.rehearsal.queue_crc import QueueCrc
from gateway.rehearsal.scene import AUDIENCE, LARKSPUR, NDELIUS, WEXCOMBE
from gateway.rehearsal.story import Case, Play, contact_values
from schemas.faults import FaultCode

LATE = timedelta(days=2)


def refusals(play: Play, case: Case) -> None:
    """Tampered, unknown, impostor, stale, malformed, reused."""
    play.teller.act("5  What must be refused is refused, each with its own explanation")
    _tampered(play, case)
    _unknown_sender(play)
    _impostor(play)
    _stale(play, case)
    _malformed(play, case)
    _reused(play, case)


def repeats(play: Play) -> None:
    """Replayed and repeated: the first answer again, and no second effect."""
    play.teller.act("6  What comes again gets its first receipt again")
    n00 = play.scene.n00
    letter = play.letters["transfer"]
    play.teller.say("   the same bytes, replayed:")
    play.expect.that("a replayed interchange is answered 200", n00.hand_in(letter).accepted)
    play.teller.say("   the same interchange under a fresh signature:")
    play.expect.that("a re-signed interchange is answered 200", n00.hand_in(n00.sign(letter.content)).accepted)
    _repeat_over_https(play)
    _repeat_by_c14(play)


def _tampered(play: Play, case: Case) -> None:
    n00 = play.scene.n00
    letter = n00.sign(n00.write(interchange.CONTACT, LARKSPUR.party, contact_values(play, case, LARKSPUR.party)))
    altered = letter.wire.body.replace(b"<SensitiveContact>N<", b"<SensitiveContact>Y<")
    play.expect.that("the tampered letter differs", altered != letter.wire.body)
    _soap_refused(
        play, "tampered with", Letter(letter.reference, letter.content, WireMessage(altered, letter.wire.content_type)), FaultCode.SIGNATURE_NOT_ACCEPTED
    )


def _unknown_sender(play: Play) -> None:
    stranger = PartnerKey.generate()
    jws = stranger.sign(_message("C21", stranger.key_id[:8]), kind="message", audience=AUDIENCE)
    _https_refused(play, "from an unknown sender", jws, FaultCode.NOT_AUTHENTICATED, Caller("strangers", stranger, AUDIENCE))


def _impostor(play: Play) -> None:
    jws = play.scene.c07.keys.sign.sign(_message(WEXCOMBE.party, str(uuid.uuid4())), kind="message", audience=AUDIENCE)
    _https_refused(play, "by C07 in the name of C14", jws, FaultCode.SENDER_NOT_ALLOWED, None)


def _stale(play: Play, case: Case) -> None:
    n00 = play.scene.n00
    content = n00.write(interchange.CONTACT, LARKSPUR.party, contact_values(play, case, LARKSPUR.party), prepared_at=datetime.now(UTC) - LATE)
    _soap_refused(play, "signed two days ago", n00.sign(content, now=datetime.now(UTC) - LATE), FaultCode.STALE)


def _malformed(play: Play, case: Case) -> None:
    n00 = play.scene.n00
    content = n00.write(interchange.CONTACT, LARKSPUR.party, contact_values(play, case, LARKSPUR.party) | {"ControlCount": "2"})
    _soap_refused(play, "malformed: ControlCount 2 for one message", n00.sign(content), FaultCode.CONTROL_COUNT_WRONG)


def _reused(play: Play, case: Case) -> None:
    n00 = play.scene.n00
    reference = play.letters["transfer"].reference
    content = n00.write(interchange.CONTACT, LARKSPUR.party, contact_values(play, case, LARKSPUR.party), reference=reference)
    _soap_refused(play, "other content under a used control reference", n00.sign(content), FaultCode.KEY_REUSED)


def _soap_refused(play: Play, what: str, letter: Letter, code: FaultCode) -> None:
    play.teller.say(f"   {NDELIUS.party} sends something {what}:")
    answer = play.scene.n00.hand_in(letter)
    play.expect.that(f"something {what} is refused as {code.value} (it was {answer.code})", answer.code == code.value)


def _https_refused(play: Play, what: str, jws: str, code: FaultCode, caller: Caller | None) -> None:
    play.teller.say(f"   something {what}:")
    c07 = play.scene.c07
    answer = c07.try_signed(jws, caller)
    found, receipt = problem_code(answer), receipt_in(answer)
    c07.journal.write(Noted.DECLINED, code=found, title=str(answer.json().get("title", "")), receipt=receipt if caller is None else None)
    play.expect.that(f"something {what} is refused as {code.value} (it was {found})", found == code.value)


def _repeat_over_https(play: Play) -> None:
    play.teller.say("   C07's own message, byte for byte, again:")
    c07 = play.scene.c07
    first = c07.journal.entries(Noted.ACCEPTED)[0].text("receipt")
    again = c07.repeat_last()
    play.expect.that("C07's duplicate gets its first receipt byte for byte", again == first)


def _repeat_by_c14(play: Play) -> None:
    c14 = play.scene.c14
    play.teller.say(f"   C14's own message, again {'over AMQP' if isinstance(c14, QueueCrc) else 'at the door'}:")
    first = c14.journal.entries(Noted.ACCEPTED)[0].text("receipt")
    c14.repeat_last()
    play.expect.soon(
        "C14's duplicate gets its first receipt byte for byte",
        c14.journal,
        lambda entry: entry.noted is Noted.REPEATED and entry.text("receipt") == first,
    )


def _message(sender: str, message_id: str) -> bytes:
    header: Mapping[str, object] = {
        "message_id": message_id,
        "sender": sender,
        "recipients": [NDELIUS.party],
        "type": "ConnectionNotification",
        "action": "SYS",
        "version": "0-9-14",
        "control_reference": message_id,
        "prepared_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    return json.dumps({"header": header, "document": {}}).encode()

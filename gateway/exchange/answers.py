"""Answers: what a peer's synchronous answer to a push says, once its signature has been looked at.

What it is: from an unverified `Handover` to a `Word`, or to the refusal to believe it. What it is not: a
channel. A 2xx without a readable signed receipt is `delivered` on the transport's word; a signed receipt
can say more; a SOAP peer's answer is its SPGInterchangeResponse.
"""

from datetime import datetime

from adapters.agencies.ndelius.answers import read_interchange_response
from adapters.contract import HandedOver, Handover, WireMessage
from gateway.exchange import statements
from gateway.exchange.route import Leg
from gateway.exchange.settle import Word
from gateway.records import Delivery
from gateway.trust.contract import Limits, Lookup, Packaging
from gateway.trust.soap import unwrap_unsigned
from schemas.faults import Refusal
from schemas.receipts import Basis, Stage

_ANSWER_LIMITS = Limits(max_bytes=1024 * 1024)
_DELIVERED = Word(stage=Stage.DELIVERED, basis=Basis.TRANSPORT)


class AnswerNotBelieved(Exception):
    """The peer's answer was not signed as agreed, or makes no sense: the hand-over is tried again."""


def word_of_answer(handover: Handover, delivery: Delivery, leg: Leg, packaging: Packaging, lookup: Lookup, *, issuer: str, now: datetime) -> Word | None:
    """The recipient's word; None where it said no without a statement of its own. Raises AnswerNotBelieved."""
    answer = handover.answer
    if leg.agreement.packaging == "wss":
        return _soap_word(handover, answer, leg, packaging, lookup, issuer, now)
    if answer is not None and packaging.accepts(answer.content_type) and answer.body:
        word = _signed_word(answer, delivery, packaging, lookup, issuer, now)
        if word is not None:
            return word
    return _DELIVERED if isinstance(handover, HandedOver) else None


def _signed_word(answer: WireMessage, delivery: Delivery, packaging: Packaging, lookup: Lookup, issuer: str, now: datetime) -> Word | None:
    """A signed receipt in the answer; None where it cannot be believed: then the transport's word stands alone."""
    try:
        verified = packaging.verify(answer, lookup, audience=issuer, now=now, limits=_ANSWER_LIMITS)
        statement = statements.of_receipt(verified, answer)
    except Refusal:
        return None
    about_this = statement.message_id == delivery.message_id and statement.sent_digest == delivery.sent_digest
    return statement.word if about_this and statement.recipient in (None, delivery.recipient) else None


def _soap_word(handover: Handover, answer: WireMessage | None, leg: Leg, packaging: Packaging, lookup: Lookup, issuer: str, now: datetime) -> Word | None:
    if answer is None or not answer.body:
        raise AnswerNotBelieved("The SOAP endpoint answered without a body.")
    try:
        if leg.agreement.bare_response:
            content = unwrap_unsigned(answer.body, _ANSWER_LIMITS).claimed_content
        else:
            verified = packaging.verify(answer, lookup, audience=issuer, now=now, limits=_ANSWER_LIMITS)
            if verified.key.organisation != leg.organisation:
                raise AnswerNotBelieved("The answer was signed by another organisation.")
            content = verified.content
        status = read_interchange_response(content)
    except Refusal as refusal:
        raise AnswerNotBelieved(f"The SOAP answer was not accepted: {refusal.fault.code.value}.") from refusal
    if isinstance(handover, HandedOver) and 200 <= status < 300:
        return _DELIVERED
    if status >= 500:
        raise AnswerNotBelieved(f"The recipient answered with status {status}.")
    return None

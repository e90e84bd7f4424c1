"""Statements: a recipient's own word about a delivery, read from what it signed.

What it is: a signed receipt or an InterchangeStatusNotification, as one shape, and the checks that tie it
to the delivery that it settles. What it is not: the settlement (`settle`).
"""

import base64
import json
import re
from dataclasses import dataclass

from adapters.contract import WireMessage
from gateway.exchange.delivery import EVENT_OF_STAGE, may_follow
from gateway.exchange.settle import Word
from gateway.exchange.translate import sequence_of
from gateway.partners.directory import Directory
from gateway.records import Delivery
from gateway.trust.contract import VerifiedContent
from gateway.trust.detached import whole
from schemas.checks import spg_version
from schemas.envelope import Entry, Interchange
from schemas.faults import FAULTS, Category, FaultCode, Refusal, refuse
from schemas.identifiers import ZERO_VERSION, Digest, MessageId, OrganisationId
from schemas.messages.interchange_status_notification import InterchangeStatusNotification, MessageStatus
from schemas.receipts import Basis, Evidence, FaultClaim, Stage, from_claims
from schemas.status_codes import of_status

_OF_RECIPIENTS = (Stage.DELIVERED, Stage.APPLIED, Stage.NOT_APPLIED)
_ITS_TO_SAY = (Category.CONTENT, Category.DELIVERY)
"""Faults of our table that a recipient's system can find."""
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONGEST_TITLE, _LONGEST_DETAIL = 200, 500
"""Characters; nDelius cuts error texts at 499."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one organisation said, with how to find the delivery that it is about."""

    organisation: OrganisationId
    message_id: MessageId | None = None
    recipient: str | None = None
    sequence: int | None = None
    sent_digest: Digest | None = None
    """None where the form carries none (a status notification names our control reference instead)."""
    word: Word

    @property
    def subject(self) -> str:
        """What the audit names when the statement settles nothing."""
        return self.message_id or f"sequence:{self.sequence}"


def of_receipt(verified: VerifiedContent, wire: WireMessage) -> Statement:
    """Read a partner's signed receipt. Refuses what is no receipt of a recipient."""
    receipt = from_claims(json.loads(verified.content))
    if receipt.stage not in _OF_RECIPIENTS:
        raise refuse(FaultCode.RECEIPT_STAGE_INVALID, "A recipient can say delivered, applied or not-applied.", pointer="/stage")
    if receipt.sent_digest is None:
        raise refuse(FaultCode.RECEIPT_DIGEST_MISMATCH, "sent_digest is missing.", pointer="/sent_digest")
    evidence = Evidence("application/jose", whole(wire).body.decode("ascii"))
    word = Word(
        stage=receipt.stage,
        basis=Basis.RECIPIENT_RECEIPT,
        fault=_bounded(receipt.fault),
        evidence=evidence,
        record_id=receipt.record_id,
        local_id=receipt.local_id,
    )
    return Statement(
        organisation=verified.key.organisation,
        message_id=MessageId(receipt.subject),
        recipient=receipt.recipient,
        sent_digest=receipt.sent_digest,
        word=word,
    )


def _bounded(fault: FaultClaim | None) -> FaultClaim | None:
    """A partner's reason as we repeat it: its evidence holds the whole of what it wrote."""
    if fault is None:
        return None
    code = fault.code if _CODE.fullmatch(fault.code) else FaultCode.NOT_APPLIED.value
    current = _version(fault.current_version) if code == FaultCode.VERSION_CONFLICT.value else ""
    return FaultClaim(code, fault.title[:_LONGEST_TITLE], fault.detail[:_LONGEST_DETAIL], fault.pointer[:_LONGEST_TITLE], current_version=current)


def _version(claimed: str) -> str:
    """The version of a record as it goes on to the sender; empty where it is none."""
    try:
        version = spg_version(claimed)
    except Refusal:
        return ""
    return "" if version == ZERO_VERSION else version


def notification_in(interchange: Interchange) -> InterchangeStatusNotification | None:
    """The status notification, where the interchange is one and nothing else."""
    (first, *others) = interchange.entries
    if others or not isinstance(first, Entry) or not isinstance(first.payload, InterchangeStatusNotification):
        return None
    return first.payload


def of_notification(said: InterchangeStatusNotification, interchange: Interchange, verified: VerifiedContent, wire: WireMessage) -> Statement:
    """Read a status notification: it names our control reference in ReceiverControlReference."""
    sequence = sequence_of(interchange.answers or "")
    if sequence is None:
        raise refuse(
            FaultCode.RECEIPT_NOT_OURS, "ReceiverControlReference is not one of ours.", pointer="/SPGInterchange/SPGInterchangeHeader/ReceiverControlReference"
        )
    meaning = of_status(int(said.status_code))
    fault = _fault_of(said, meaning.fault, meaning.sentence) if meaning.fault else None
    evidence = Evidence(wire.content_type or "application/soap+xml", base64.b64encode(wire.body).decode("ascii"))
    entry = _entry_of(said)
    number = entry.record_id if entry is not None and meaning.stage is Stage.APPLIED else None
    word = Word(stage=meaning.stage, basis=Basis.RECIPIENT_NOTIFICATION, fault=fault, evidence=evidence, record_id=number)
    return Statement(organisation=verified.key.organisation, recipient=interchange.sender, sequence=sequence, word=word)


def _fault_of(said: InterchangeStatusNotification, usual: FaultCode, sentence: str) -> FaultClaim:
    """What a failing status says; more exactly by its entry, where the recipient's agreement gives it one."""
    entry = _entry_of(said)
    code = _named(entry) or usual
    current = entry.current_version if entry is not None and code is FaultCode.VERSION_CONFLICT else None
    number = str(said.status_code)
    return FaultClaim(code.value, FAULTS[code].title, f"StatusCode {number}: {sentence}", value=number, current_version=current or "")


def _entry_of(said: InterchangeStatusNotification) -> MessageStatus | None:
    """We hand over one message at a time, so there is one entry that can be meant."""
    return next((one for one in said.messages if one.reference == 1), None)


def _named(entry: MessageStatus | None) -> FaultCode | None:
    try:
        code = FaultCode(entry.fault) if entry is not None and entry.fault else None
    except ValueError:
        return None
    return code if code is not None and FAULTS[code].category in _ITS_TO_SAY else None


def check(statement: Statement, delivery: Delivery | None, directory: Directory) -> Delivery:
    """Only the delivery's verified recipient settles it, with the digest of what was sent."""
    organisation = directory.organisation_of(delivery.recipient) if delivery else None
    if delivery is None or organisation is None or organisation.organisation_id != statement.organisation:
        raise refuse(FaultCode.RECEIPT_NOT_OURS)
    if statement.recipient is not None and statement.recipient != delivery.recipient:
        raise refuse(FaultCode.RECEIPT_NOT_OURS)
    if delivery.sent_digest is None or statement.sent_digest not in (None, delivery.sent_digest):
        raise refuse(FaultCode.RECEIPT_DIGEST_MISMATCH, pointer="/sent_digest")
    if not may_follow(delivery.state, EVENT_OF_STAGE[statement.word.stage]) and not said_before(statement, delivery):
        raise refuse(FaultCode.RECEIPT_STAGE_INVALID, f"The delivery is {delivery.state.value}.", pointer="/stage")
    return delivery


def said_before(statement: Statement, delivery: Delivery) -> bool:
    """True where the delivery stands where this statement would put it, or further on the same way."""
    stage = statement.word.stage
    return delivery.state.value == stage.value or (stage is Stage.DELIVERED and delivery.state.value in (Stage.APPLIED.value, Stage.NOT_APPLIED.value))

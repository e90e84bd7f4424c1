"""What a simulated CRC sends and is told about it: signed messages out, the gateway's receipts in, all in its journal.

What it is: the part that every channel shares: note before sending, believe a receipt only when it checks, notice
when a repeated answer is not the first one byte for byte. What it is not: a channel. Called by `json_crc`,
`queue_crc`, `shelf_crc` and `file_crc`.
"""

import json
from collections.abc import Mapping

from gateway.rehearsal.case_system import CaseSystem
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.jose import NotBelievedError, PublishedKeys, digest_of
from gateway.rehearsal.journal import Journal, Noted
from gateway.rehearsal.languages import Form
from gateway.rehearsal.receipt_book import FIRST, Held, ReceiptBook, Standing, TooEarlyError
from schemas.receipts import Stage

ANSWER_CODES = ("TA", "TR", "TAKEN", "DECLINED")
REUSED_ID = "5a0d8f66-0000-4000-8000-000000000001"


class Correspondence:
    """One CRC's outgoing mail and the receipts for it."""

    def __init__(self, case_system: CaseSystem, journal: Journal, flaws: Flaws | None = None, form: Form | None = None) -> None:
        self._case_system, self._journal, self._form = case_system, journal, form
        self._flaws = flaws or Flaws()
        self._book: ReceiptBook | None = None
        self.last_sent = ""
        """The last message as it was signed, to be handed in again."""

    def trust(self, keys: PublishedKeys) -> None:
        """Believe receipts under these keys; take up what the journal holds already."""
        self._book = ReceiptBook(self._case_system.identity.organisation, keys)
        for entry in self._journal.entries():
            if entry.noted in (Noted.ACCEPTED, Noted.DECLINED, Noted.RECEIPT) and entry.text("receipt"):
                self._book.take(entry.text("receipt"))

    def compose(self, payload: bytes) -> str:
        """Note a message and sign it."""
        self.last_sent = self._case_system.sign(self.worded(payload))
        return self.last_sent

    def worded(self, payload: bytes) -> bytes:
        """Note a message, and put it into the partner's own language."""
        payload = self._spoiled(payload)
        document = payload if self._form is None else self._form.write(payload)
        self.note_sent(json.loads(payload), digest_of(document))
        return document

    def note_sent(self, content: Mapping[str, object], digest: str) -> None:
        """Before it goes out."""
        header, document = object_in(content["header"]), object_in(content["document"])
        kind, named = str(header["type"]), header.get("recipients")
        facts = self._case_system.facts(kind, document)
        noted = {"reference": str(header["message_id"]), "receiver": ",".join(named) if isinstance(named, list) else "", "type": kind}
        self._journal.write(Noted.SENT, **noted, case=facts.case, key=facts.key, named=facts.version, digest=digest)

    def told(self, jws: str) -> Held:
        """A receipt came. Raises NotBelievedError, which is noted too."""
        if self._book is None:
            raise NotBelievedError("the gateway's keys are not known yet")
        try:
            held, standing = self._book.take(jws)
        except TooEarlyError:
            raise
        except NotBelievedError as error:
            self._journal.write(Noted.DISTRUSTED, reason=str(error))
            raise
        noted, facts = self._entry(held, standing)
        self._journal.write(noted, **facts)
        return held

    def declined_without_receipt(self, reference: str, code: str) -> None:
        """The gateway said no before it knew who asks: there is no receipt for strangers."""
        self._journal.write(Noted.DECLINED, reference=reference, code=code)

    def _spoiled(self, payload: bytes) -> bytes:
        """A message of its own with the flaws that it has."""
        has, content = self._flaws.has, json.loads(payload)
        if has(Flaw.REUSES_MESSAGE_IDS):
            content["header"] |= {"message_id": REUSED_ID, "control_reference": REUSED_ID}
        if self._form is not None:
            # its other mistakes are made in its own words: see `described`
            return json.dumps(content, ensure_ascii=False).encode()
        if has(Flaw.SENDS_UNKNOWN_TYPE):
            content["header"]["type"] = "ConsolidatedRumour"
        if has(Flaw.SENDS_INVALID_CODES):
            content["document"] = with_unknown_codes(content["document"])
        return json.dumps(content, ensure_ascii=False).encode()

    def _entry(self, held: Held, standing: Standing) -> tuple[Noted, Mapping[str, str]]:
        receipt = held.receipt
        facts = {"stage": receipt.stage.value, "subject": receipt.subject, "receipt": held.jws}
        if receipt.fault is not None and receipt.fault.current_version:
            facts["current"] = receipt.fault.current_version
        if receipt.stage in FIRST:
            facts |= {"reference": receipt.control_reference or "", "code": receipt.fault.code if receipt.fault else ""}
            facts["received"] = receipt.received_digest or ""
            first = Noted.ACCEPTED if receipt.stage is Stage.ACCEPTED else Noted.DECLINED
            return (first if standing is Standing.NEW else Noted.REPEATED), facts
        return (Noted.RECEIPT if standing is Standing.NEW else Noted.REPEATED), facts | {"recipient": receipt.recipient or ""}


def object_in(value: object) -> Mapping[str, object]:
    """A JSON object. Raises NotBelievedError."""
    if not isinstance(value, Mapping):
        raise NotBelievedError("not a JSON object")
    return value


def with_unknown_codes(value: object) -> object:
    """The same document, with codes of an answer to a transfer that are in no list."""
    if isinstance(value, dict):
        return {name: with_unknown_codes(inner) for name, inner in value.items()}
    if isinstance(value, str):
        return "QQ" if value in ANSWER_CODES else value
    return [with_unknown_codes(inner) for inner in value] if isinstance(value, list) else value

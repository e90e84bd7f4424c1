"""Letters: the messages that the conformance kit sends, made up, in the partner's own language.

What it is: one sample of every message type with fresh numbers, written by the dialect that the agreement names, as a
delivery of the gateway would be. What it is not: signed (`stand`). All people and numbers are made up.
"""

import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources

from adapters.contract import Adapter, Document, Outgoing
from gateway.partners.agreement import Agreement
from gateway.trust.content import document_digest
from gateway.trust.digests import digest
from schemas.canonical.case import CasePayload
from schemas.catalogue import ANSWERING
from schemas.envelope import Entry, Header, Message
from schemas.identifiers import MessageId, PartyCode

SENDER = PartyCode("N00")
SAMPLES: Mapping[str, str] = {
    "Address": "Address-ins-full",
    "ApprovedPremisesReferral": "ApprovedPremisesReferral-ins-full",
    "CommunityRequirement": "CommunityRequirement-ins-full-0",
    "ConnectionNotification": "ConnectionNotification-nocode-norcr",
    "ConsolidatedTransferRequest": "ConsolidatedTransferRequest-OM-new",
    "ConsolidatedTransferResponse": "ConsolidatedTransferResponse-OM-accept",
    "Contact": "Contact-ins-full",
    "CustodyDate": "CustodyDate-ins-full",
    "CustodyRecall": "CustodyRecall-ins-full",
    "CustodyRecallChange": "CustodyRecallChange-ins-full",
    "CustodyRelease": "CustodyRelease-ins-full",
    "CustodyReleaseChange": "CustodyReleaseChange-ins-full",
    "Event": "Event-ins-full",
    "GetDocumentList": "GetDocumentList-ins",
    "LicenceCondition": "LicenceCondition-ins-full",
    "OFFLOCRequest": "OFFLOCRequest-ins",
    "OFFLOCRequest2": "OFFLOCRequest2-ins",
    "PSSRequirement": "PSSRequirement-ins-full",
    "ProcessContact": "ProcessContact-ins-full",
    "RateCardIntervention": "RateCardIntervention-ins-full",
    "TerminateSentence": "TerminateSentence-ins-full",
    "UPWContact": "UPWContact-ins-full",
    "UPWDetails": "UPWDetails-ins-full",
}
"""Message type to its sample. A status notification is missing: it is never answered, so nothing could be judged."""
_REFERENCE_BASE = 1_000_000_000_000
ANSWERED = "1500000000000"
"""What a message that must answer something says that it answers."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, written for the partner and not signed."""

    message_id: MessageId
    type: str
    case: str
    reference: str
    document: bytes
    digest: str
    detail: bytes | None = None
    """Where the document only points at it: what it says."""
    detail_path: str = ""

    @property
    def said(self) -> bytes:
        """What is said: the document itself, or its detail."""
        return self.document if self.detail is None else self.detail

    def with_document(self, document: bytes, packaging: str) -> "Letter":
        """The same letter with another document."""
        return replace(self, document=document, digest=document_digest(packaging, document))

    def saying(self, said: bytes, packaging: str) -> "Letter":
        """The same letter that says something else: for an event, with the digest of its other detail."""
        if self.detail is None:
            return self.with_document(said, packaging)
        event = self.document.replace(digest(self.detail).encode(), digest(said).encode())
        return replace(self.with_document(event, packaging), detail=said)


@dataclass(frozen=True, slots=True)
class Details:
    """Where details lie, and who writes them."""

    adapter: Adapter
    base_url: str


class Writer:
    """Writes letters of one run. Numbers are drawn so that two runs do not meet."""

    def __init__(self, adapter: Adapter, samples: Adapter, agreement: Agreement, new_id: Callable[[], str], details: Details | None = None) -> None:
        self._details = details
        self._adapter, self._samples, self._agreement, self._new_id = adapter, samples, agreement, new_id
        self._dice = random.SystemRandom()
        self._numbers = itertools.count(int(datetime.now(UTC).timestamp() * 1000) % 10**12)
        self._read: dict[str, Entry] = {}

    @property
    def media_type(self) -> str:
        """Content type of what it writes."""
        return self._adapter.media_type

    def case(self) -> str:
        """A case that nobody has."""
        return self._dice.choice("ABDEHKMNPX") + f"{self._dice.randrange(10**6):06}"

    def write(self, kind: str = "Contact", *, case: str | None = None, prepared_at: datetime | None = None, **changed: object) -> Letter:
        """A letter of this type, with fields of its payload changed. Refuses what the dialect cannot say."""
        entry = self._sample(kind)
        crn = case or self.case()
        of_case = isinstance(entry.payload, CasePayload)
        payload = entry.payload.model_copy(update={**({"crn": crn} if of_case else {}), **changed})
        message_id, now = MessageId(self._new_id()), prepared_at or datetime.now(UTC)
        header = self._header(entry.header, crn if of_case else None, now)
        reference = str(_REFERENCE_BASE + next(self._numbers))
        written, path = self._pointed(Message(message_id, header, payload), reference, now)
        digested = document_digest(self._agreement.packaging, written.content)
        return Letter(message_id, kind, crn, reference, written.content, digested, written.detail, path)

    def _header(self, sample: Header, crn: str | None, now: datetime) -> Header:
        return replace(
            sample,
            sender=SENDER,
            recipients=(self._agreement.party,),
            version=self._agreement.version if self._agreement.version.startswith("0-9-") else sample.version,
            case_reference=crn,
            in_reply_to=ANSWERED if sample.type in ANSWERING else None,
            prepared_at=now,
            test=self._agreement.test_allowed or None,
        )

    def _pointed(self, message: Message, reference: str, now: datetime) -> tuple[Document, str]:
        """The document; where it only points, with its detail and the path of it."""
        outgoing = self._outgoing(message, reference, now)
        if self._details is None:
            return self._adapter.write(message, outgoing), ""
        path = f"/v1/deliveries/{self._new_id()}/detail"
        detail = self._details.adapter.write(message, outgoing).content
        pointing = replace(outgoing, detail_url=self._details.base_url + path, detail_digest=digest(detail))
        return replace(self._adapter.write(message, pointing), detail=detail), path

    def _outgoing(self, message: Message, reference: str, now: datetime) -> Outgoing:
        return Outgoing(
            sender=SENDER,
            recipient=self._agreement.party,
            control_reference=reference,
            answers=message.header.in_reply_to,
            version=self._agreement.version,
            prepared_at=now,
            reduced_deletes=self._agreement.reduced_deletes,
            message_statuses=self._agreement.message_statuses,
            name_case=self._agreement.name_case,
        )

    def _sample(self, kind: str) -> Entry:
        if kind not in self._read:
            content = resources.files("gateway.rehearsal").joinpath("data", f"{SAMPLES[kind]}.xml").read_bytes()
            (entry,) = self._samples.read(content).entries
            if not isinstance(entry, Entry):
                raise ValueError(f"the sample of {kind} cannot be read")
            self._read[kind] = entry
        return self._read[kind]

"""The office of a simulated system that speaks SPG: what it believes, checks, keeps and says, and how it gets that wrong.

What it is: the judgements between an interchange and its status notification, each with its flaw. What it is not: the
endpoint, nor the records (`ndelius`). Called by it. The form is checked against the published XSD, as a supplier would.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

from lxml import etree

from adapters.contract import WireMessage
from gateway.rehearsal.flaws import Flaw, Flaws
from gateway.rehearsal.interchange import NAMESPACE, SpgInterchange, SpgStatus
from gateway.rehearsal.jose import digest_of
from gateway.rehearsal.keeping import comparable, kept_tree, tree_of
from gateway.rehearsal.languages import objection_to
from gateway.rehearsal.receipt_office import SOMEBODY_ELSE
from gateway.trust import soap
from gateway.trust.contract import Limits, Packaging, SealOrder, Signer
from gateway.trust.minting import mint_rsa
from gateway.trust.signing import signer_from_pem
from schemas.faults import FaultCode

PROCESSED, RECEIVED, NOT_FOUND, UNPROCESSABLE, FAILED = 202, 200, 404, 422, 599
OTHER_REFERENCE = "1999999999999"
_FORGIVES = {
    FaultCode.SIGNATURE_NOT_ACCEPTED: Flaw.ACCEPTS_BAD_SIGNATURE,
    FaultCode.MALFORMED: Flaw.ACCEPTS_BAD_SIGNATURE,
    FaultCode.STALE: Flaw.ACCEPTS_REPLAY_STALE,
    FaultCode.FROM_THE_FUTURE: Flaw.ACCEPTS_FUTURE_DATED,
}
_VALIDATING = threading.Lock()
"""One schema for all threads: libxml2 keeps the errors of a validation in it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One status notification that is owed."""

    answers: str
    sender: str
    ended: tuple[SpgStatus, ...]


class SpgOffice:
    """Judges and speaks for one party."""

    def __init__(self, party: str, signer: Signer, packaging: Packaging, flaws: Flaws, *, careful: bool) -> None:
        self._party, self._signer, self._packaging, self._flaws, self._careful = party, signer, packaging, flaws, careful
        self._stranger: Signer | None = None

    def now(self) -> datetime:
        """As its own clock tells it."""
        return datetime.now(UTC) + timedelta(seconds=self._flaws.argument(Flaw.WRONG_CLOCK))

    def seal(self, document: bytes, audience: str, *, now: datetime | None = None, key: Signer | None = None) -> WireMessage:
        """Sign what it says, as well as its flaws let it."""
        order = SealOrder(document=document, kind="message", audience=audience, now=now or self.now())
        if self._flaws.has(Flaw.UNSIGNED_RECEIPT):
            return WireMessage(soap.wrap(document, order.soap_version), soap.content_type(order.soap_version))
        return self._packaging.seal(order, key or self._own_signer())

    def forgiven(self, wire: WireMessage, code: FaultCode) -> bytes | None:
        """Content that was not to be believed, where it believes it all the same."""
        flaw = _FORGIVES.get(code)
        return soap.unwrap_unsigned(wire.body, Limits()).claimed_content if flaw is not None and self._flaws.has(flaw) else None

    def is_for_us(self, incoming: SpgInterchange) -> bool:
        """True where it names this party, or nobody looks."""
        return not self._careful or incoming.receiver == self._party or self._flaws.has(Flaw.ACCEPTS_WRONG_AUDIENCE)

    def objection(self, incoming: SpgInterchange, content: bytes, number: int) -> SpgStatus | None:
        """Why its case system will not do a message; None where it will."""
        has = self._flaws.has
        if has(Flaw.NOT_APPLIED_EVERYTHING):
            return SpgStatus(number, FAILED)
        if self._careful and not (has(Flaw.ACCEPTS_SCHEMA_INVALID) or has(Flaw.IGNORES_UNKNOWN_FIELDS)) and not _well_formed(content):
            return SpgStatus(number, UNPROCESSABLE, FaultCode.STRUCTURE_INVALID.value)
        if self._careful and objection_to(incoming.messages[number - 1].case):
            return SpgStatus(number, NOT_FOUND)
        return None

    def kept_digest(self, content: bytes) -> str:
        """Of the messages as they are kept."""
        return digest_of(comparable(kept_tree(messages_of(content), self._flaws)))

    def told(self, incoming: SpgInterchange, ended: Sequence[SpgStatus]) -> tuple[Told, ...]:
        """The status notifications that it sends about an interchange."""
        has = self._flaws.has
        if has(Flaw.RECEIPT_NEVER):
            return ()
        done = tuple(SpgStatus(status.number, PROCESSED) for status in ended) if has(Flaw.LYING_RECEIPT) else tuple(ended)
        answers = OTHER_REFERENCE if has(Flaw.RECEIPT_FOR_OTHER_MESSAGE) else incoming.reference
        first = Told(answers, SOMEBODY_ELSE if has(Flaw.RECEIPT_FOR_OTHER_PARTY) else self._party, done)
        late = (first,) if has(Flaw.RECEIPT_TWICE) else ()
        received = tuple(SpgStatus(status.number, RECEIVED) for status in ended)
        return (first, *late, *((replace(first, ended=received),) if has(Flaw.RECEIPT_OUT_OF_ORDER) else ()))

    def _own_signer(self) -> Signer:
        if not (self._flaws.has(Flaw.WRONG_SIGNATURE) or self._flaws.has(Flaw.SIGNED_BY_OLD_KEY)):
            return self._signer
        if self._stranger is None:
            minted = mint_rsa("Nobody", now=datetime.now(UTC), days=1)
            self._stranger = signer_from_pem(minted.private_pem, minted.certificate_der)
        return self._stranger


def messages_of(content: bytes) -> object:
    """The messages of an interchange as values."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    return ["messages", [tree_of(message) for message in root.iter(f"{{{NAMESPACE}}}SPGMessage")]]


def _well_formed(content: bytes) -> bool:
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    counted = root.findtext(f".//{{{NAMESPACE}}}ControlCount") or ""
    if counted.strip() != str(sum(1 for _ in root.iter(f"{{{NAMESPACE}}}SPGMessage"))):
        return False
    with _VALIDATING:
        return bool(_schema(root.get("SchemaVersion", "")).validate(root))


@cache
def _schema(version: str) -> etree.XMLSchema:
    place = files("schemas").joinpath("published", version)
    (name,) = (entry.name for entry in place.iterdir() if entry.name.endswith(".xsd"))
    return etree.XMLSchema(etree.fromstring(place.joinpath(name).read_bytes()))

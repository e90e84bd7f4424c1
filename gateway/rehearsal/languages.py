"""The languages of the simulated CRCs: what their own documents say, written by hand as a supplier would.

What it is: enough of each document to journal it and to answer a transfer. What it is not: the gateway's adapters,
which it must not share: two readings of one document are what makes a check. Called by `case_system`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from gateway.rehearsal.record_names import NO_RECORD, RECORD_NAMES
from gateway.rehearsal.record_versions import named

TransferAnswer = Mapping[str, object]
NO_SUCH_CASE_PREFIX = "Z"
"""The simulated case systems hold no case whose number starts so: what is sent about one is not applied."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a document says, as far as a journal needs it."""

    case: str
    key: str
    """Number by which both ends know the thing: see `record_names`. Empty where the message is about none."""
    objection: str = ""
    """Why the case system will not apply it."""
    version: str = ""
    """Version of the record that it names."""


@dataclass(frozen=True, slots=True)
class Answering:
    """How a CRC answers transfer requests."""

    provider: str
    user: str
    rejected_reason: str | None = None
    """A code; None: it accepts."""


class Form(Protocol):
    """Documents that are no JSON of ours: read into it, and written from it."""

    @property
    def media_type(self) -> str:
        """Content type of the documents."""

    def read(self, document: bytes) -> dict[str, object]:
        """`header` and `document`. Raises NotBelievedError."""

    def write(self, payload: bytes) -> bytes:
        """The document of a message in JSON with `header` and `document`."""


class Language(Protocol):
    """One supplier's documents."""

    @property
    def name(self) -> str:
        """Name of the dialect in agreements."""

    @property
    def form(self) -> Form | None:
        """How its documents stand in bytes; None: as JSON with `header` and `document`."""

    def facts(self, kind: str, document: Mapping[str, object]) -> Facts: ...

    def transfer_response(self, request: Mapping[str, object], answering: Answering) -> TransferAnswer: ...


class CanonicalLanguage:
    """The gateway's published canonical form, spoken by a system that has no dialect of its own."""

    name = "canonical"
    form: Form | None = None

    def facts(self, kind: str, document: Mapping[str, object]) -> Facts:
        """Case and number; a case that is not held is an objection."""
        case = str(document.get("crn", ""))
        stamp = document.get("version")
        version = named(stamp.get("version")) if isinstance(stamp, Mapping) else ""
        name = RECORD_NAMES.get(kind, NO_RECORD).canonical
        # A delete by key alone names its record in one way, whatever it is.
        key = str(document.get("record_id", document.get(name, "")))
        return Facts(case, key, _unknown(kind) or objection_to(case), version)

    def transfer_response(self, request: Mapping[str, object], answering: Answering) -> TransferAnswer:
        """Accept or reject every part of a request."""
        return {
            "crn": request["crn"],
            "version": {"updated_by": answering.user},
            "offender_id": request["offender_id"],
            "transfer_id": request["transfer_id"],
            "transfer_date": datetime.now(UTC).date().isoformat(),
            "transfer_user": answering.user,
            "parts": [self._part(part, answering) for part in objects(request["parts"])],
        }

    def _part(self, asked: Mapping[str, object], answering: Answering) -> TransferAnswer:
        transferring = asked["transferring"]
        outcome: dict[str, object] = {"status": "TA"}
        if answering.rejected_reason:
            outcome = {"status": "TR", "rejected_reason": {"code": answering.rejected_reason}}
        entity = {"entity_id": asked["entity_id"]} if "entity_id" in asked else {}
        return {
            "kind": asked["kind"],
            **entity,
            "version": {"updated_by": answering.user},
            **outcome,
            "transferring_provider": transferring["provider"] if isinstance(transferring, Mapping) else "",
            "receiving": asked["receiving"],
        }


class CaseflowLanguage:
    """A supplier's own documents: other names, other codes, references with a prefix, British dates."""

    name = "caseflow"
    form: Form | None = None

    def facts(self, kind: str, document: Mapping[str, object]) -> Facts:
        """Case and number; references are written CF-TRF-2584368421, and CF-TRF-NEW where there is none yet."""
        case = str(document.get("caseNo", ""))
        name = RECORD_NAMES.get(kind, NO_RECORD)
        reference = str(document.get("recordRef", document.get(name.caseflow, "")))
        objection = _unknown(kind) or objection_to(case)
        if not reference.startswith((name.prefix, "~")):
            objection = objection or "The record is not named as records of its kind are here."
        number = reference.removeprefix(name.prefix)
        return Facts(case, "0" if number == "NEW" else number, objection, named(document.get("recordVersion")))

    def transfer_response(self, request: Mapping[str, object], answering: Answering) -> TransferAnswer:
        """Take or decline every component of a request."""
        return {
            "caseNo": request["caseNo"],
            "personRef": request["personRef"],
            "changedBy": answering.user,
            "transferRef": request["transferRef"],
            "transferDate": datetime.now(UTC).strftime("%d/%m/%Y"),
            "requestedBy": answering.user,
            "components": [self._component(component, answering) for component in objects(request["components"])],
        }

    def _component(self, asked: Mapping[str, object], answering: Answering) -> TransferAnswer:
        kept = {name: asked[name] for name in ("component", "subjectRef", "fromProvider", "toProvider", "toWorker") if name in asked}
        if answering.rejected_reason:
            return {**kept, "changedBy": answering.user, "state": "DECLINED", "declineReason": answering.rejected_reason}
        return {**kept, "changedBy": answering.user, "state": "TAKEN"}


def _unknown(kind: str) -> str:
    return "" if kind in RECORD_NAMES else "Nothing of this kind is kept here."


def objection_to(case: str) -> str:
    """Why a simulated case system will not take something about this case; empty where it will."""
    return "No such case is held here." if case.startswith(NO_SUCH_CASE_PREFIX) else ""


def objects(value: object) -> Sequence[Mapping[str, object]]:
    """A JSON array of objects."""
    if not isinstance(value, Sequence) or not all(isinstance(item, Mapping) for item in value):
        raise TypeError("not an array of objects")
    return value

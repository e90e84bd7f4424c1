"""Every event that there is: its type and its one sentence, for each message type with each of its actions.

What it is: a table of what a message is about, spread over the catalogue of types and actions. What it is not: anything
that depends on what a message says of a person: type and sentence are the same for everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from schemas.catalogue import ACTIONS
from schemas.envelope import Action


@dataclass(frozen=True, slots=True)
class EventName:
    """What an event is called, for programs and for people."""

    event_type: str
    description: str


@dataclass(frozen=True, slots=True)
class _Subject:
    stem: str
    words: str


_CASE: Final = "probation-case"
_GATEWAY: Final = "probation-gateway"
_SUBJECTS: Final[Mapping[str, _Subject]] = MappingProxyType(
    {
        "Address": _Subject(f"{_CASE}.address", "An address"),
        "ApprovedPremisesReferral": _Subject(f"{_CASE}.approved-premises-referral", "A referral to approved premises"),
        "CommunityRequirement": _Subject(f"{_CASE}.community-requirement", "A requirement of a community sentence"),
        "ConnectionNotification": _Subject(f"{_GATEWAY}.connection", "The connection"),
        "ConsolidatedTransferRequest": _Subject(f"{_CASE}.transfer-request", "A request to transfer a case"),
        "ConsolidatedTransferResponse": _Subject(f"{_CASE}.transfer-response", "An answer to a request to transfer a case"),
        "Contact": _Subject(f"{_CASE}.contact", "A contact"),
        "CustodyDate": _Subject(f"{_CASE}.custody-date", "A key date in custody"),
        "CustodyRecall": _Subject(f"{_CASE}.custody-recall", "A recall to custody"),
        "CustodyRecallChange": _Subject(f"{_CASE}.custody-recall-change", "A change to a recall to custody"),
        "CustodyRelease": _Subject(f"{_CASE}.custody-release", "A release from custody"),
        "CustodyReleaseChange": _Subject(f"{_CASE}.custody-release-change", "A change to a release from custody"),
        "Event": _Subject(f"{_CASE}.event", "An event with its offences and sentence"),
        "GetDocumentList": _Subject(f"{_CASE}.document-list", "A list of documents"),
        "InterchangeStatusNotification": _Subject(f"{_GATEWAY}.interchange", "An interchange"),
        "LicenceCondition": _Subject(f"{_CASE}.licence-condition", "A licence condition"),
        "OFFLOCRequest": _Subject(f"{_CASE}.prison-location-request", "A request for a prison location"),
        "OFFLOCRequest2": _Subject(f"{_CASE}.prison-location-request-2", "A request for a prison location (second edition)"),
        "PSSRequirement": _Subject(f"{_CASE}.post-sentence-supervision-requirement", "A requirement of post-sentence supervision"),
        "ProcessContact": _Subject(f"{_CASE}.process", "A process"),
        "RateCardIntervention": _Subject(f"{_CASE}.rate-card-intervention", "An intervention of the rate card"),
        "TerminateSentence": _Subject(f"{_CASE}.sentence-termination", "The termination of a sentence"),
        "UPWContact": _Subject(f"{_CASE}.unpaid-work-appointment", "An appointment for unpaid work"),
        "UPWDetails": _Subject(f"{_CASE}.unpaid-work-details", "The particulars of unpaid work"),
    }
)
_VERBS: Final[Mapping[Action, str]] = MappingProxyType(
    {Action.INSERT: "created", Action.UPDATE: "updated", Action.DELETE: "deleted", Action.SYSTEM: "tested", Action.RESPONSE: "answered"}
)


def _name(kind: str, action: Action) -> EventName:
    subject, verb = _SUBJECTS[kind], _VERBS[action]
    plural = "were" if subject.words.startswith("The particulars") else "was"
    return EventName(f"{subject.stem}.{verb}", f"{subject.words} {plural} {verb}.")


EVENTS: Final[Mapping[tuple[str, Action], EventName]] = MappingProxyType(
    {(kind, action): _name(kind, action) for kind, actions in ACTIONS.items() for action in sorted(actions)}
)
"""Message type and action to the event. Total over the catalogue: a type without a subject fails at the import."""

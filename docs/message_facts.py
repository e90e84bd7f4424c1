"""What is known of each message besides its fields: group, ways, version, and the sentences of its module.

What it is: facts read off models and catalogue, and one row per type where the sources had to be read. What it is
not: a page. Called by the makers of message pages.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc
from typing import Final

from adapters.agencies.caseflow.documents import SHAPES as CASEFLOW
from adapters.catalogue import DIALECTS, POINTING
from docs.message_fields import key_element, model_of_page
from schemas.canonical.case import CaseRequest
from schemas.catalogue import ACTIONS, ANSWERS, CATALOGUE, KEYS
from schemas.envelope import Action


class Group(StrEnum):
    """What a message is for."""

    RECORD = "record"
    REQUEST = "request"
    TRANSFER = "transfer"
    SYSTEM = "system"
    ANSWER = "answer"


GROUPS: Final[Mapping[Group, str]] = {
    Group.RECORD: "A record of one case was inserted, changed or deleted.",
    Group.REQUEST: "A partner asks something about one case. It changes nothing.",
    Group.TRANSFER: "A case, or a part of one, is to move from one provider to another.",
    Group.SYSTEM: "It concerns the connection, and no case.",
    Group.ANSWER: "It says what became of an interchange.",
}
ACTION_WORDS: Final[Mapping[Action, str]] = {
    Action.INSERT: "insert: the record is new",
    Action.UPDATE: "update: the record as it is now",
    Action.DELETE: "delete: the record is gone",
    Action.SYSTEM: "system",
    Action.RESPONSE: "response",
}


@dataclass(frozen=True, slots=True)
class Ways:
    """Who sends it to whom, as far as the sources say: in a word for the index, in a sentence for the page."""

    to_crc: str
    to_ndelius: str
    told: str


_OURS: Final = "our reading"
_RECORD_WAYS: Final = Ways(
    "yes",
    "type not named",
    "When a record of a case changes, nDelius tells each CRC with an interest in the case. nDelius also takes records from CRCs; the\n"
    "sources do not name which types.",
)
_TRANSFER_WAYS: Final = Ways(
    f"yes ({_OURS})",
    f"yes ({_OURS})",
    "{way} nDelius stands for every division of the National Probation Service. No source\nshows a transfer from one CRC to another.",
)
_OFFLOC_WAYS: Final = Ways("no source", "yes", "A CRC asks nDelius. No public source shows the answer.")
_WAYS: Final[Mapping[str, Ways]] = {
    "ConsolidatedTransferRequest": Ways(
        _TRANSFER_WAYS.to_crc, _TRANSFER_WAYS.to_ndelius, _TRANSFER_WAYS.told.format(way="From the provider that gives away to the one that is to take over.")
    ),
    "ConsolidatedTransferResponse": Ways(
        _TRANSFER_WAYS.to_crc, _TRANSFER_WAYS.to_ndelius, _TRANSFER_WAYS.told.format(way="Back from the provider that was asked to the one that asked.")
    ),
    "OFFLOCRequest": _OFFLOC_WAYS,
    "OFFLOCRequest2": _OFFLOC_WAYS,
    "GetDocumentList": Ways(
        "no source",
        f"yes ({_OURS})",
        "A CRC asks nDelius (our reading: the search id is the CRC's). No public source shows the answer.",
    ),
    "ConnectionNotification": Ways(f"yes ({_OURS})", "yes", "Either side may send one at any time to see whether the way is open."),
    "InterchangeStatusNotification": Ways(
        f"yes ({_OURS})",
        "yes",
        "From whoever had to process an interchange, through the gateway, to whoever sent it. The gateway settles its delivery by it. A sender\n"
        "that speaks SPG then gets one, written by the gateway in the recipient's name, once every message of its interchange has come to its\n"
        "end; any other sender gets signed receipts.",
    ),
    "SPGInterchangeResponse": Ways(
        "yes",
        "yes",
        "Back on the connection that an interchange came by, from whoever was called. It is not routed: the gateway answers its callers\n"
        "itself, and reads the answers of those that it calls.",
    ),
}
"""Where a type is not a record as all others are."""

_EVENTS: Final = "that of its event"
_VERSIONS: Final[Mapping[str, str]] = {
    "CustodyDate": _EVENTS,
    "CustodyRecall": _EVENTS,
    "CustodyRecallChange": _EVENTS,
    "CustodyRelease": _EVENTS,
    "CustodyReleaseChange": _EVENTS,
    "TerminateSentence": f"{_EVENTS} ({_OURS})",
}
TERMS: Final[Mapping[str, tuple[str, ...]]] = {
    "Address": ("No fixed abode",),
    "ApprovedPremisesReferral": ("Approved premises", "Event"),
    "CommunityRequirement": ("Event", "Requirement"),
    "ConnectionNotification": (),
    "ConsolidatedTransferRequest": ("Transfer", "Offender manager (OM)", "Order supervisor (OS)", "Court report (CR)", "Institutional report (IR)"),
    "ConsolidatedTransferResponse": ("Transfer", "Offender manager (OM)", "Order supervisor (OS)"),
    "Contact": ("Contact", "Event", "Requirement", "Non-statutory intervention (NSI)", "Enforcement action", "Rehabilitation activity requirement (RAR)"),
    "CustodyDate": ("Event", "Key date"),
    "CustodyRecall": ("Event", "Licence", "Recall"),
    "CustodyRecallChange": ("Event", "Licence", "Recall"),
    "CustodyRelease": ("Event", "Release"),
    "CustodyReleaseChange": ("Event", "Release"),
    "Event": ("Event", "Order supervisor (OS)", "TICS", "Allocation", "Risk of serious recidivism (RSR)", "Offender group reconviction scale (OGRS)"),
    "GetDocumentList": (),
    "InterchangeStatusNotification": ("Control reference",),
    "LicenceCondition": ("Event", "Licence", "Licence condition"),
    "OFFLOCRequest": ("OFFLOC",),
    "OFFLOCRequest2": ("OFFLOC",),
    "PSSRequirement": ("Event", "Post-sentence supervision (PSS)"),
    "ProcessContact": ("Process", "Breach", "Non-statutory intervention (NSI)"),
    "RateCardIntervention": ("Rate card", "Non-statutory intervention (NSI)"),
    "SPGInterchangeResponse": (),
    "TerminateSentence": ("Event", "Termination"),
    "UPWContact": ("Unpaid work (UPW)", "Event"),
    "UPWDetails": ("Unpaid work (UPW)", "Event"),
}
"""Words of the glossary that a page repeats."""
_PLAINER: Final[Mapping[str, str]] = {
    "ConsolidatedTransferRequest": "A provider asks another to take over a case or parts of it.",
    "ConsolidatedTransferResponse": "The receiver's answer to a transfer request, part by part.",
    "OFFLOCRequest2": "Where is this offender in prison? (second edition)",
    "UPWContact": "One appointment of an offender on a project of unpaid work.",
}
"""Where neither docstring stands by itself."""
_SAYS_ITS_NAME: Final = re.compile(r"One [a-z]+( condition)?\.")
ELSEWHERE: Final = (
    "Offender",
    "CustodyLocation",
    "CustodyReleaseUndo",
    "CustodyRecallUndo",
    "CustodyPSSUndo",
    "ProviderLAO",
    "AllocateOffender",
    "court and institutional reports",
    "personal circumstances",
    "broadcasts of reference data",
    "searches for an offender",
    "document metadata and permissions",
)
"""What nDelius is known to have exchanged, and nobody has published."""
ALL: Final = (*CATALOGUE, *ANSWERS)
"""Every message that has a page."""


def group_of(kind: str) -> Group:
    """What the message is for."""
    if kind in ANSWERS or Action.RESPONSE in ACTIONS[kind]:
        return Group.ANSWER
    if Action.SYSTEM in ACTIONS[kind]:
        return Group.SYSTEM
    if issubclass(CATALOGUE[kind], CaseRequest):
        return Group.REQUEST
    return Group.RECORD if kind in KEYS else Group.TRANSFER


def actions_of(kind: str) -> tuple[Action, ...]:
    """In the order in which a record lives."""
    return tuple(action for action in Action if action in ACTIONS.get(kind, ()))


def ways_of(kind: str) -> Ways:
    """Who sends it to whom."""
    return _WAYS[kind] if group_of(kind) is not Group.RECORD else _RECORD_WAYS


def version_of(kind: str) -> str:
    """Whose version the message carries."""
    match group_of(kind):
        case Group.RECORD:
            return _VERSIONS.get(kind, "its own")
        case Group.TRANSFER:
            return "the transfer's, and one in each part"
        case _:
            return "none"


def key_of(kind: str) -> str:
    """Field and SPG element of a record's key."""
    return f"`{KEYS[kind]}` (`{key_element(kind)}`)" if kind in KEYS else "none"


def dialects_of(kind: str) -> tuple[str, ...]:
    """Who speaks it; events only point at it. The synchronous answer belongs to SPG alone."""
    if kind in ANSWERS:
        return ("ndelius",)
    return tuple(name for name in DIALECTS if name not in POINTING and (name != "caseflow" or kind in CASEFLOW))


def headline(kind: str) -> str:
    """One sentence that says what the message is: its module's, its class's, or a better one for outsiders."""
    if kind in _PLAINER:
        return _PLAINER[kind]
    name, _, own = _paragraphs(kind)[0].partition(": ")
    return _split(own[0].upper() + own[1:])[0] if name == kind else _sentences(kind)[0]


def more(kind: str) -> str:
    """What its class says besides."""
    return " ".join(sentence for sentence in _sentences(kind) if sentence != headline(kind) and not _SAYS_ITS_NAME.fullmatch(sentence))


def source(kind: str) -> str:
    """Where the facts come from."""
    told = next(paragraph for paragraph in _paragraphs(kind) if paragraph.startswith("Source: "))
    told = told.removeprefix("Source: ")
    return told[0].upper() + told[1:]


def _paragraphs(kind: str) -> list[str]:
    text = sys.modules[model_of_page(kind).__module__].__doc__ or ""
    return [" ".join(part.split()) for part in cleandoc(text).split("\n\n")]


def _sentences(kind: str) -> list[str]:
    return _split(" ".join(cleandoc(model_of_page(kind).__doc__ or "").split()))


def _split(text: str) -> list[str]:
    return re.split(r"(?<=[.?]) ", text)

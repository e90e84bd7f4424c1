"""Shapes: what a careful partner asks of a message before it believes that it understands it.

What it is: the header of the JSON form, and for the documents of a contact every name, which of them must be there,
and how each is written, as a supplier reads them off the pages. What it is not: the gateway's own models and dialects,
which a partner does not have. Called by the case systems of simulated partners that check what they are sent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_DATE, _BRITISH_DATE, _TIME = r"\d{4}-\d{2}-\d{2}", r"\d{2}/\d{2}/\d{4}", r"\d{2}:\d{2}:\d{2}(\.\d+)?"
_TEXT = r"(?s).+"
_NUMBER = r"\d{1,20}"
_OWN_ID = r"~[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}"
_CRN = r"[A-Z]\d{6}"
_FLAG = r"Yes|No"

_TYPES = """
Address ApprovedPremisesReferral CommunityRequirement ConnectionNotification ConsolidatedTransferRequest ConsolidatedTransferResponse Contact
CustodyDate CustodyRecall CustodyRecallChange CustodyRelease CustodyReleaseChange Event GetDocumentList InterchangeStatusNotification
LicenceCondition OFFLOCRequest OFFLOCRequest2 PSSRequirement ProcessContact RateCardIntervention TerminateSentence UPWContact UPWDetails
"""
TYPES: Final = frozenset(_TYPES.split())


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that is wrong, without what was found there."""

    sentence: str
    is_unknown_name: bool = False


@dataclass(frozen=True, slots=True)
class _Member:
    form: str | type
    needed: bool = False
    is_id: bool = False
    """A number of nDelius, in whose place an own id may be agreed."""


def _needed(form: str | type) -> _Member:
    return _Member(form, needed=True)


def _id(form: str) -> _Member:
    return _Member(form, needed=True, is_id=True)


_CONTACT: Final[Mapping[str, Mapping[str, _Member]]] = {
    "canonical": {
        "crn": _needed(_CRN),
        "version": _needed(dict),
        "offender_id": _id(_NUMBER),
        "contact_id": _id(_NUMBER),
        **dict.fromkeys(("event_id", "licence_condition_id", "nsi_id", "pss_requirement_id", "requirement_id"), _Member(_NUMBER, is_id=True)),
        "alert": _needed(bool),
        "contact_type": _needed(dict),
        "contact_date": _needed(_DATE),
        "start_time": _needed(_TIME),
        "responsible": _needed(dict),
        **dict.fromkeys(("location", "outcome", "enforcement_action"), _Member(dict)),
        "sensitive": _needed(bool),
        "notes": _Member(_TEXT),
        "rar": _Member(bool),
    },
    "caseflow": {
        "caseNo": _needed(_CRN),
        "personRef": _id(r"CF-PER-(\d+|NEW)"),
        "changedBy": _needed(_TEXT),
        "entryRef": _id(r"CF-ENT-(\d+|NEW)"),
        "recordVersion": _Member(r"[0-9A-Fa-f]{32}"),
        **dict.fromkeys(("sentenceRef", "conditionRef", "requirementRef", "interventionRef", "supervisionRef"), _Member(_TEXT)),
        "alert": _needed(_FLAG),
        "entryType": _needed(_TEXT),
        "entryDate": _needed(_BRITISH_DATE),
        "entryTime": _needed(_TIME),
        "provider": _needed(_TEXT),
        "worker": _needed(_TEXT),
        **dict.fromkeys(("workerName", "site", "outcome", "enforcement", "narrative"), _Member(_TEXT)),
        "restricted": _needed(_FLAG),
        "activityDay": _Member(_FLAG),
    },
}
_HEADER: Final[Mapping[str, _Member]] = {
    "message_id": _needed(_TEXT),
    "sender": _needed(r"[A-Z0-9]{3}"),
    "recipients": _needed(list),
    "type": _needed("|".join(sorted(TYPES))),
    "action": _needed("INS|UPD|DEL|SYS|RSP"),
    "version": _needed(r"0-9-\d+"),
    "control_reference": _needed(_TEXT),
    "case_reference": _Member(_CRN),
    "in_reply_to": _Member(_TEXT),
    "prepared_at": _needed(r"\d{4}-\d{2}-\d{2}T.+"),
    "test": _Member(bool),
}


def objections(language: str, header: Mapping[str, object], document: Mapping[str, object], *, own_ids: bool = False) -> Iterator[Objection]:
    """Everything that is wrong with a message, the header first. `own_ids`: records may be named as this system names them."""
    yield from _compared("header", header, _HEADER, own_ids=own_ids)
    shape = _CONTACT.get(language) if header.get("type") == "Contact" and header.get("action") != "DEL" else None
    if shape is not None:
        yield from _compared("document", document, shape, own_ids=own_ids)


def _compared(place: str, found: Mapping[str, object], shape: Mapping[str, _Member], *, own_ids: bool) -> Iterator[Objection]:
    for name in found.keys() - shape.keys():
        yield Objection(f"There is no {name} in the {place}.", is_unknown_name=True)
    for name, member in shape.items():
        if name not in found:
            if member.needed:
                yield Objection(f"{name} is missing in the {place}.")
        elif not _fits(found[name], member, own_ids=own_ids):
            yield Objection(f"{name} is not written as it must be in the {place}.")


def _fits(value: object, member: _Member, *, own_ids: bool) -> bool:
    if value is None:
        return not member.needed
    if own_ids and member.is_id and isinstance(value, str) and re.fullmatch(_OWN_ID, value):
        return True
    if isinstance(member.form, type):
        return isinstance(value, member.form)
    return isinstance(value, str) and re.fullmatch(member.form, value) is not None

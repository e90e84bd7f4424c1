"""What each field means, for somebody who knows neither probation nor nDelius.

What it is: a sentence for every field whose model has none, and the lookup that prefers the model's own. What it is
not: a rule; "our reading" marks what the sources do not say. Called by the makers of message pages.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel

from schemas.leaves import Path, parts_of_type

ROLES: Final[Mapping[str, str]] = {
    "managed_by": "who manages the process",
    "receiving": "who is to take over",
    "referring": "who refers",
    "responsible": "who is responsible",
    "transferring": "who gives it away",
}
WORDS: Final[Mapping[str, str]] = {
    "actual_end_date": "When it ended.",
    "actual_start_date": "When it started.",
    "alert": "Whoever is responsible is to be told of it (our reading).",
    "allocated_provider": "The provider that the case was given to.",
    "allocation_date": "When that was decided.",
    "allocation_decision": "Which side is to supervise: the National Probation Service or a CRC (our reading).",
    "appointment_date": "The day of the work.",
    "attendance_count": "How often the person came.",
    "category": "What kind of referral.",
    "contact_date": "The day on which it happened or is to happen.",
    "contact_type": "What kind of contact: a visit, a call, a letter and so on.",
    "conviction_date": "When a court convicted.",
    "county": "County.",
    "decision": "What was decided on the referral.",
    "decision_provider": "The provider that decided on the allocation.",
    "district": "Part of the town.",
    "end_date": "When the process ended.",
    "enforcement_action": "What is done about a failure to comply: a warning, a breach and so on.",
    "entered_length_unit": "Unit of the entered length.",
    "event_id": "The event that it belongs to.",
    "expected_end_date": "When it is to end.",
    "expected_start_date": "When it is to start.",
    "group": "The group that the referral is filed under (our reading).",
    "high_visibility_vest": "The person is to wear one.",
    "house_number": "Number of the house.",
    "imposed_date": "When the court imposed it.",
    "intended_provider": "The provider that is to do the work.",
    "key_date": "The date itself.",
    "key_date_type": "Which of the key dates.",
    "kind": "What is transferred.",
    "length": "How long it lasts, in the unit of its type (our reading).",
    "length_days": "The length in days.",
    "length_minutes": "Minutes of work that the court ordered.",
    "length_unit": "Unit of the length.",
    "licence_condition_id": "The licence condition that it belongs to.",
    "location": "The office where it takes place.",
    "main_category": "What kind it is.",
    "minutes_offered": "Minutes of work that the person is offered.",
    "no_fixed_abode": "The person has no settled home.",
    "notes": "What an officer wrote.",
    "nsi_id": "The non-statutory intervention that it belongs to.",
    "offence_code": "What was done, by code.",
    "offence_count": "How many offences.",
    "offence_date": "When the offence was done.",
    "officer": "officer",
    "order_type": "What the court ordered.",
    "outcome": "How it ended: came, stayed away, completed and so on.",
    "postcode": "Postcode.",
    "process_sub_type": "What kind of process, in more detail.",
    "process_type": "What kind of process.",
    "project_name": "Name of the project that the work is done for.",
    "project_type": "What kind of project.",
    "provider": "provider",
    "reason": "Why it is to move.",
    "recall_date": "When the person was recalled.",
    "recall_location": "Where to, mostly a prison.",
    "recall_reason": "Why the person was recalled.",
    "referral_date": "When it was referred.",
    "release_date": "When the person was released.",
    "release_type": "What kind of release.",
    "requirement_id": "The requirement that it belongs to.",
    "rsr_date": "When the score was worked out.",
    "rsr_provider": "The provider that worked it out.",
    "search_id": "The number that the asker chose for its question.",
    "second_length": "Length of a second part of the sentence (our reading).",
    "second_length_unit": "Unit of the second length.",
    "sensitive": "Not to be shown to everybody.",
    "sentence_date": "When the court sentenced.",
    "source_type": "What kind of place the referral came from (our reading).",
    "stage": "The stage that it has reached.",
    "start_date": "When the process started.",
    "status": "How it stands.",
    "street_name": "Name of the street.",
    "sub_category": "What kind it is, in more detail.",
    "team": "team",
    "termination_date": "When it came to its end.",
    "termination_reason": "Why it came to its end.",
    "town_city": "Town or city.",
    "transfer_date": "When it was asked or answered (our reading).",
    "transfer_id": "nDelius's number of the transfer; the response names the same.",
    "transfer_user": "Who asked or answered; nDelius writes `SURNAME,FORENAME` (our reading).",
    "transferring_provider": "The provider that gives it away.",
}
"""Field name to its meaning, wherever the name stands."""
CLEARER: Final[Mapping[str, str]] = {
    "version": "[The version](README.md#versions-of-records) that the sender holds of the record.",
}
"""Field name to a sentence that stands instead of the model's, which is written for whoever knows the wire."""
SPECIAL: Final[Mapping[tuple[str, str], str]] = {
    ("CommunityRequirement", "length"): "How long it lasts.",
    ("ConnectionNotification", "code"): "Any status code; what a system makes of it is its own affair.",
    ("Contact", "pss_requirement_id"): "The requirement of post-sentence supervision that it belongs to.",
    ("Contact", "start_time"): "When it begins.",
    ("Event", "entered_length"): "How long the sentence lasts.",
    ("Event", "length"): "How long the sentence lasts, in the unit that follows.",
    ("Event", "ogrs3_score1"): "Offender group reconviction scale.",
    ("Event", "ogrs3_score2"): "Offender group reconviction scale.",
    ("InterchangeStatusNotification", "status_code"): "What became of it: see the codes below.",
    ("PSSRequirement", "length"): "How long it lasts.",
    ("ProcessContact", "outcome"): "How the process ended.",
    ("ProcessContact", "stage_reached_at"): "When it reached that stage.",
    ("RateCardIntervention", "outcome"): "How it ended.",
    ("RateCardIntervention", "status_reached_at"): "When it came to stand so.",
    ("SPGInterchangeResponse", "status"): "200: received. Any other from 200 to 299 is taken to say the same.",
    ("TerminateSentence", "recorded_at"): "When the end was recorded (our reading).",
    ("UPWContact", "end_time"): "When the work ends. Local civil time.",
    ("UPWContact", "start_time"): "When the work begins.",
    ("ConsolidatedTransferRequest", "status"): "Where the part stands: pending when it is asked.",
    ("ConsolidatedTransferResponse", "status"): "The answer: accepted or rejected.",
    ("UPWDetails", "status"): "How the hours stand: being worked, completed and so on.",
}
"""Message type and field name to what it means there."""


def meaning_of(model: type[BaseModel], kind: str, path: Path) -> str:
    """The sentence for a place of a payload. Raises KeyError where nobody wrote one."""
    if path[-2:-1] and path[-2] in ROLES:
        return _of_role(model, path)
    if path[-1] in CLEARER:
        return CLEARER[path[-1]]
    *_, own = _told(model, path)
    special = SPECIAL.get((kind, path[-1]), "")
    if own:
        return f"{special} {own}".strip()
    return special or WORDS[path[-1]]


def _of_role(model: type[BaseModel], path: Path) -> str:
    role = ROLES[path[-2]].capitalize()
    own = next((told for told in _told(model, path[:-1]) if path[-1] == "provider" and told != f"{role}."), "")
    return f"{role}: {WORDS[path[-1]]}. {own}".strip()


def _told(model: type[BaseModel], path: Path) -> Iterator[str]:
    """What the model says of the last step of a path."""
    field = model.model_fields[path[0]]
    if len(path) == 1:
        yield " ".join((field.description or "").split())
        return
    for inner in parts_of_type(field.annotation):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _told(inner, path[1:])

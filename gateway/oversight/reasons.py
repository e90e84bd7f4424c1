"""Reasons: why people do what they do, by code, so that it can be counted, and never a person's data.

What it is: the lists behind the choices on the pages. What it is not: free text, which stands beside the code and is
bounded here. Called by the console's forms, by `gateway.control`, and by the documentation.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

DISCARD_REASONS: Final[Mapping[str, str]] = {
    "superseded": "A newer message says the same or more",
    "wrong-recipient": "It was addressed to the wrong partner",
    "sent-in-error": "Its sender says that it was sent in error",
    "case-closed": "The case is closed or has moved on",
    "cannot-be-taken": "The recipient cannot take it, and will not be able to",
    "test-data": "It was a test",
    "other": "Another reason, stated in words",
}
PAUSE_REASONS: Final[Mapping[str, str]] = {
    "planned-maintenance": "Planned maintenance at the partner",
    "partner-asked": "The partner asked for it",
    "partner-fault": "The partner's system answers wrongly",
    "investigation": "We are looking into something",
    "security": "A concern about security",
}
REVEAL_PURPOSES: Final[Mapping[str, str]] = {
    "fault": "To find out why a message failed",
    "partner-question": "To answer a question of its sender or recipient",
    "transfer": "To check a transfer between providers",
    "data-quality": "To check the quality of data",
    "incident": "To deal with an incident",
    "subject-access": "To answer a request of the person concerned",
}
MUTE_REASONS: Final[Mapping[str, str]] = {
    "known-work": "Known work is going on",
    "being-mended": "Somebody is mending it",
    "false-alarm": "It is a false alarm",
}
LONGEST_TEXT: Final = 300
"""Characters of a stated reason."""
_LOOKS_PERSONAL: Final = re.compile(
    r"\b[A-Za-z][0-9]{6}\b|\b[A-Za-z][0-9]{4}[A-Za-z]{2}\b|\b[0-9]{2,4}/[0-9]{1,7}[A-Za-z]\b|\b[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}\b|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b"
)
"""A case reference number, a prison number, a PNC number, a date: what must not stand in a reason, which goes to the sender."""


class ReasonInvalid(ValueError):
    """The code or the text cannot be taken. Its own text may be shown to the person who wrote it."""


def checked(code: str, text: str, known: Mapping[str, str], *, needs_text: bool = False) -> tuple[str, str]:
    """Code and text, stripped. Raises ReasonInvalid."""
    text = " ".join(text.split())
    if code not in known:
        raise ReasonInvalid("Choose a reason.")
    if not text and (needs_text or code == "other"):
        raise ReasonInvalid("Say in a few words why.")
    return code, bounded_text(text)


def bounded_text(text: str) -> str:
    """A text that people wrote, as it may be kept. Raises ReasonInvalid."""
    if len(text) > LONGEST_TEXT:
        raise ReasonInvalid(f"Use at most {LONGEST_TEXT} characters.")
    if any(not (sign.isprintable() or sign.isspace()) for sign in text):
        raise ReasonInvalid("Use letters, digits and punctuation: the text holds signs that nobody can see.")
    if _LOOKS_PERSONAL.search(_plain(text)):
        raise ReasonInvalid("Leave out dates of birth and the numbers of cases and people: this text is kept, and may be sent on.")
    return text


def _plain(text: str) -> str:
    """Full-width letters and the digits of other scripts as those of a keyboard: a number is one, however it is written."""
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in unicodedata.normalize("NFKC", text))

"""SPG interchanges of many messages for tests of the road: good ones, and one bad one of every kind.

All people and numbers are made up.
"""

import re
from collections.abc import Sequence
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "vectors" / "spg" / "plain"
GOOD = "good"
BAD = {
    "unknown-type": "type-unknown",
    "missing": "element-missing",
    "bad-value": "value-invalid",
    "bad-action": "code-unknown",
    "unagreed": "type-not-agreed",
}
"""What is wrong with a message, and the code of the fault that it gets. `unagreed` wants an agreement without Address."""


def interchange_of(kinds: Sequence[str], *, receiver: str = "C17", reference: str = "1500000000100") -> bytes:
    """One interchange from N00, a message per kind, numbered from 1; each about a case and a record of its own."""
    text = _sample("Contact-ins-full", receiver, reference)
    start, end = text.index("<SPGMessage>"), text.rindex("</SPGMessage>") + len("</SPGMessage>")
    messages = "".join(_message(kind, number) for number, kind in enumerate(kinds, start=1))
    return (text[:start] + messages + text[end:].replace("<ControlCount>1<", f"<ControlCount>{len(kinds)}<")).encode()


def _message(kind: str, number: int) -> str:
    text = _sample("Address-ins-full" if kind == "unagreed" else "Contact-ins-full", "C17", "1")
    message = text[text.index("<SPGMessage>") : text.rindex("</SPGMessage>") + len("</SPGMessage>")]
    message = _put(_put(message, "MessageReferenceNumber", str(number)), "MessageVersionNumber", "0-9-14")
    message = _put(message, "CaseReferenceNumber", f"X{number:06}")
    return _spoilt(_put(message, "ContactID", str(2500000000 + number)), kind)


def _spoilt(message: str, kind: str) -> str:
    match kind:
        case "unknown-type":
            return message.replace("<Contact><ContactDetails>", "<Postcard><ContactDetails>").replace(
                "</ContactDetails></Contact>", "</ContactDetails></Postcard>"
            )
        case "missing":
            return re.sub(r"<ContactDate>[^<]*</ContactDate>", "", message)
        case "bad-value":
            return _put(message, "ContactDate", "2026-02-30")
        case "bad-action":
            return _put(message, "MessageType", "SYS")
        case _:
            return message


def _sample(name: str, receiver: str, reference: str) -> str:
    text = (SAMPLES / f"{name}.xml").read_text()
    for element, value in {
        "SenderIdentity": "N00",
        "ReceiverIdentity": receiver,
        "SenderControlReference": reference,
        "DateOfPreparation": "2026-11-23",
        "TimeOfPreparation": "11:59:00",
    }.items():
        text = _put(text, element, value)
    return text


def _put(text: str, element: str, value: str) -> str:
    return re.sub(rf"<{element}>[^<]*</{element}>", f"<{element}>{value}</{element}>", text)

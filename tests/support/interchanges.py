"""Interchanges of any size: one real sample's message, again and again.

What it is: a message of about 2 kB (a Contact with long notes unless told), numbered and spread over many cases. What it
is not: real data: all people and numbers are made up. Called by tests of large interchanges, and by the bench.
"""

import re
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "vectors" / "spg" / "plain"
_NOTES = b"<Notes>" + b"Rang in the morning; all of this is made up. " * 16 + b"</Notes>"
_MESSAGE = re.compile(rb"<SPGMessage>.*</SPGMessage>", re.DOTALL)


def interchange(count: int, *, sample_name: str = "Contact-ins-full", reference: str = "1700000000001") -> bytes:
    """An interchange from N00 to C05 of this many messages of about 2 kB."""
    sample = (SAMPLES / f"{sample_name}.xml").read_bytes()
    for name, value in {
        "SenderIdentity": "N00",
        "ReceiverIdentity": "C05",
        "SenderControlReference": reference,
        "DateOfPreparation": "2026-11-23",
        "TimeOfPreparation": "11:59:00",
        "TestIndicator": "N",
        "ControlCount": str(count),
    }.items():
        sample = re.sub(f"<{name}>[^<]*<".encode(), f"<{name}>{value}<".encode(), sample)
    sample = re.sub(rb"<Notes>[^<]*</Notes>", _NOTES, sample)
    found = _MESSAGE.search(sample)
    if found is None:
        raise LookupError("the sample holds no message")
    return b"".join((sample[: found.start()], *(_numbered(found[0], number) for number in range(1, count + 1)), sample[found.end() :]))


def _numbered(message: bytes, number: int) -> bytes:
    """The message under its own number, of a case, an officer and a version of its own as in real traffic."""
    for name, value in {
        "MessageReferenceNumber": str(number),
        "CaseReferenceNumber": f"X{number % 5000 + 1:06d}",
        "OffenderID": str(2_500_000_000 + number % 5000),
        "EventID": str(2_600_000_000 + number % 7000),
        "RequirementID": str(2_700_000_000 + number),
        "ContactOfficer": f"C05A{number % 400:03d}",
    }.items():
        message = re.sub(f"<{name}>[^<]*<".encode(), f"<{name}>{value}<".encode(), message)
    return re.sub(rb"<SPGVersion>[0-9A-F]{32}<", f"<SPGVersion>{number:032X}<".encode(), message)

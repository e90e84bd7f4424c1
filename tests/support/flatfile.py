"""Messages that the flat file can say, by hypothesis, and its vectors. All people and numbers are made up.

What it is: whatever the canonical model can hold, but for codes that the flat file's lists do not know: those are
replaced by one that they do. What it is not: the models' own strategies (see `tests.support.payloads`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from adapters.agencies.flatfile import codes
from schemas.envelope import Message
from schemas.identifiers import MessageId
from tests.support.dialects import messages_of

FLATFILE = Path(__file__).parent.parent / "vectors" / "flatfile"
LISTED: Mapping[tuple[str, ...], codes.CodeTable] = {
    ("Contact", "contact_type"): codes.CONTACT_TYPES,
    ("Contact", "outcome"): codes.CONTACT_OUTCOMES,
    ("Contact", "enforcement_action"): codes.ENFORCEMENT_ACTIONS,
    ("Address", "status"): codes.ADDRESS_STATUSES,
    ("CustodyRelease", "release_type"): codes.RELEASE_TYPES,
    ("CustodyReleaseChange", "release_type"): codes.RELEASE_TYPES,
    ("ConsolidatedTransferRequest", "reason"): codes.TRANSFER_REASONS,
    ("ConsolidatedTransferResponse", "rejected_reason"): codes.REJECTION_REASONS,
}
"""Message type and coded field to the list of the flat file that has it."""


def flat_messages(kind: str, *, reduced: bool | None = None) -> st.SearchStrategy[Message]:
    """Messages of one type, as `messages_of`."""
    return st.builds(_sayable, messages_of(kind, reduced=reduced), st.integers(0, 99))


def batches(kind: str, other: str) -> st.SearchStrategy[Sequence[Message]]:
    """One to four messages of two types under one header, each with an id of its own."""
    many = st.lists(st.one_of(flat_messages(kind, reduced=False), flat_messages(other, reduced=False)), max_size=3)
    return st.builds(lambda first, more: _agreed([first, *more]), flat_messages(kind, reduced=False), many)


def _agreed(messages: Sequence[Message]) -> Sequence[Message]:
    first = messages[0].header
    answers = next((made.header.in_reply_to for made in messages if made.header.in_reply_to), None)
    return [
        Message(
            MessageId(f"id-{number}"),
            replace(made.header, test=first.test, application=first.application, version=first.version, in_reply_to=answers, reference=number),
            made.payload,
        )
        for number, made in enumerate(messages, 1)
    ]


def _sayable(message: Message, dice: int) -> Message:
    said = message.payload.model_dump(mode="json", exclude_unset=True)
    for holder in (said, *said.get("parts", ())):
        for (kind, name), table in LISTED.items():
            if kind == message.header.type and holder.get(name) is not None:
                known = sorted(table.own)
                holder[name]["code"] = known[dice % len(known)]
    return replace(message, payload=type(message.payload).model_validate_json(json.dumps(said)))

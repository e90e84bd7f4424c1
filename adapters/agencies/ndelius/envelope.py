"""The records around the payloads, as tables: interchange header and trailer, message header and trailer, answer.

What it is: element names, order and optionality. What it is not: the code that checks that they agree (see
`interchange`), nor which optional element a message type has (see `tables`).
"""

from typing import Final

from adapters.agencies.ndelius.codes import DATE, FLAG, NUMBER, TIME
from adapters.agencies.ndelius.documents import Leaf, Record

HEADER: Final = Record(
    "SPGInterchangeHeader",
    (
        Leaf(element="SenderIdentity", path=("sender",)),
        Leaf(element="ReceiverIdentity", path=("receiver",)),
        Leaf(element="SenderControlReference", path=("reference",)),
        Leaf(element="ReceiverControlReference", path=("answers",), required=False),
        Leaf(element="DateOfPreparation", path=("date",), kind=DATE),
        Leaf(element="TimeOfPreparation", path=("time",), kind=TIME),
        Leaf(element="ApplicationReference", path=("application",), required=False),
        Leaf(element="TestIndicator", path=("test",), kind=FLAG, required=False),
        Leaf(element="TestControlData", path=("test_control_data",), required=False),
    ),
)
TRAILER: Final = Record(
    "SPGInterchangeTrailer",
    (
        Leaf(element="SenderControlReference", path=("reference",)),
        Leaf(element="ReceiverControlReference", path=("answers",), required=False),
        Leaf(element="ControlCount", path=("count",), kind=NUMBER),
        Leaf(element="SenderIdentity", path=("sender",)),
        Leaf(element="ReceiverIdentity", path=("receiver",)),
    ),
)
MESSAGE_HEADER: Final = Record(
    "SPGMessageHeader",
    (
        Leaf(element="MessageType", path=("action",)),
        Leaf(element="MessageVersionNumber", path=("version",)),
        Leaf(element="MessageReferenceNumber", path=("reference",), kind=NUMBER),
    ),
)
MESSAGE_TRAILER: Final = Record("SPGMessageTrailer", (Leaf(element="MessageReferenceNumber", path=("reference",), kind=NUMBER),))
RESPONSE: Final = Record("SPGInterchangeResponse", (Leaf(element="SPGInterchangeResponseType", path=("status",), kind=NUMBER),))
"""The synchronous answer: no interchange, so no header and no references."""

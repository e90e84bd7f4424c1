"""ConnectionNotification: a test of the connection. Concerns no case.

Source: the public payload template `SpgInterchangeMessage` of the Strategic Partner Gateway.
"""

from schemas.canonical.values import StatusNumber, Text
from schemas.payload import Payload


class ConnectionNotification(Payload):
    """A ping, empty or with a code."""

    code: StatusNumber | None = None
    """Any status code; what a system makes of it is its own affair."""
    test_control_data: Text | None = None
    """Free text that SPG carries in the interchange header."""

"""SPGInterchangeResponse: the synchronous answer on the same HTTP exchange.

Source: the public payload template `CrcResponse` of the Strategic Partner Gateway. It is no interchange: it has
no header, no references, and travels nowhere by itself.
"""

from schemas.canonical.values import StatusNumber
from schemas.payload import Payload


class SPGInterchangeResponse(Payload):
    """200: received. It says nothing of what becomes of the messages."""

    status: StatusNumber
    """200: received. Any other from 200 to 299 is taken to say the same."""

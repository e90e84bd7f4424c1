"""The dialect `ndelius`: SPG XML, both ways.

What it is: the port of `adapters.contract` over `interchange` and `writing`. Pure; holds nothing.
"""

from adapters.agencies.ndelius.interchange import read_interchange
from adapters.agencies.ndelius.writing import write_interchange
from adapters.contract import MAX_MESSAGES, Document, Outgoing
from adapters.names import Dialect
from schemas.envelope import Interchange, Message


class NdeliusAdapter:
    """SPG XML as nDelius and the CRC systems of its time speak it."""

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return Dialect.NDELIUS.value

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return "application/xml"

    def read(self, content: bytes, max_messages: int = MAX_MESSAGES, /) -> Interchange:
        """An SPGInterchange to canonical."""
        return read_interchange(content, max_messages)

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as an SPGInterchange."""
        return write_interchange((message,), outgoing)

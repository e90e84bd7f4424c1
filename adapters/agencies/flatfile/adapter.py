"""The dialect `flatfile`: CSV batches with control totals, both ways.

What it is: the port of `adapters.contract` over `batch` and `writing`. Pure; holds nothing.
"""

from adapters.agencies.flatfile.batch import read_batch
from adapters.agencies.flatfile.writing import write_batch
from adapters.contract import MAX_MESSAGES, Document, Outgoing
from adapters.names import Dialect
from schemas.envelope import Interchange, Message

MEDIA_TYPE = "text/csv"


class FlatFileAdapter:
    """A batch of record-typed lines, with its own codes, dates and ids."""

    @property
    def dialect(self) -> str:
        """Its name in agreements."""
        return Dialect.FLATFILE.value

    @property
    def media_type(self) -> str:
        """Content type of the documents it writes."""
        return MEDIA_TYPE

    def read(self, content: bytes, max_messages: int = MAX_MESSAGES, /) -> Interchange:
        """A batch of any number of messages to canonical."""
        return read_batch(content, max_messages)

    def write(self, message: Message, outgoing: Outgoing) -> Document:
        """One message as a batch of its own."""
        return write_batch((message,), outgoing)
